"""Words for the effects of a track, for fills, and for where they fall in time."""

from __future__ import annotations

EFFECT_PHRASES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        ("echo", "echoes", "echos", "delay", "delays", "echo effect", "delay effect", "tape echo",
         "tape delay", "analog delay", "analogue delay", "slapback", "slapback delay",
         "slapback echo", "slap echo", "slap delay", "dub delay", "dub echo"), ("effect", "echo")),
    **dict.fromkeys(
        ("chorus effect", "chorus pedal", "chorusing", "doubler", "chorus fx", "doubling",
         "double tracking", "double tracked", "voice doubling", "doubling effect", "detune",
         "detuning",
         "wow and flutter", "ensemble effect"),
        ("effect", "chorus")),
    **dict.fromkeys(
        ("flanger", "flanging", "flange", "flanged", "jet sound"), ("effect", "flanger")),
    **dict.fromkeys(
        ("phaser", "phasing", "phasey", "phased", "swirl", "swirls", "swirling", "swirly"),
        ("effect", "phaser")),
    **dict.fromkeys(
        ("tremolo", "trem", "tremolo effect", "wobble", "wobbles", "wobbling", "wobbly", "warble",
         "warbling", "warbly", "pulsing", "pulsating", "throbbing", "quiver", "quivering",
         "trembling"), ("effect", "tremolo")),
    **dict.fromkeys(
        ("bitcrusher", "bitcrush", "bit crusher", "bit crush", "bitcrushing", "bit crushing",
         "crusher", "bitcrusher effect", "8 bit crusher", "bitcrushed", "bit crushed", "8 bit",
         "8 bit sound", "chiptune sound", "gameboy sound"), ("effect", "crusher")),
    **dict.fromkeys(("eighth note", "eighth notes", "an eighth note", "8th note", "eighth",
                     "half a beat", "half beat"), ("notelen", "0.5")),
    **dict.fromkeys(("dotted eighth", "dotted eighth note", "dotted eighth notes", "dotted 8th"),
                    ("notelen", "0.75")),
    **dict.fromkeys(("quarter note", "quarter notes", "a quarter note", "every beat"),
                    ("notelen", "1")),
    **dict.fromkeys(("sixteenth note", "sixteenth notes", "sixteenth", "16th note"),
                    ("notelen", "0.25")),
    **dict.fromkeys(("half note", "half notes"), ("notelen", "2")),
    **dict.fromkeys(
        ("drum fill", "drum fills", "fill", "fills", "fill in", "fill ins"), ("fill", "")),
    **dict.fromkeys(
        ("drum roll", "drum rolls", "snare roll", "snare rolls", "snare fill", "tom fill",
         "snare fills", "tom fills"), ("fill", "roll")),
    **dict.fromkeys(("stutter", "stutters", "stutter fill", "stutter fills", "drum stutter",
                     "beat repeat"), ("fill", "stutter")),
}  # fmt: skip
ABSENT_EFFECTS = (
    "autotune", "auto-tune", "vocoder", "pitch correction", "wah", "wah wah", "gate", "noise gate",
    "de-esser", "lyrics", "talkbox", "vibrato", "harmonizer", "harmoniser", "ping pong delay",
    "humanize", "time signature", "waltz", "metronome", "glitch effects",
    "ring modulator", "ring mod", "rotary speaker",
    "leslie", "pitch shifter", "exciter", "granular effect", "formant shifter",
    "robot voice", "robotic voice", "robot effect", "robotic", "robot",
)  # fmt: skip
"""What people ask for that is not there: said, with what there is."""
