"""The song that the sentences of the phrase bank are read against: a made-up trap draft and crate.

Nothing is chosen or arranged here: every value is written down, so that the sentences keep their
meaning whatever becomes of the composing code.
"""

from __future__ import annotations

import functools

from compose_factory import crate, make

from loopmind.music.brief import Brief
from loopmind.music.draft import Draft
from loopmind.music.key import Key
from loopmind.music.loop import Crate, Loop, Role
from loopmind.music.mix import Compressor, EqBand, Master, Mix, Strip
from loopmind.music.palette import Candidate, Choice, Palette
from loopmind.music.song import Clip, Hit, Section, SectionKind, Song, Track

BPM = 140.0
KEY = "F# minor"
# name, kind, bars, energy, tracks that play
FORM: tuple[tuple[str, SectionKind, int, float, str], ...] = (
    ("intro", "intro", 8, 0.2, "chords pad fx"),
    ("verse 1", "verse", 16, 0.5, "drums kick hat bass chords vocal"),
    ("hook 1", "hook", 8, 0.85, "drums kick hat perc bass chords lead vocal"),
    ("verse 2", "verse", 16, 0.55, "drums kick hat perc bass chords pad vocal"),
    ("hook 2", "hook", 8, 0.92, "drums kick hat perc bass chords lead pad vocal"),
    ("bridge 1", "bridge", 8, 0.35, "chords pad lead vocal"),
    ("hook 3", "hook", 8, 1.0, "drums kick hat perc bass chords lead pad vocal fx"),
    ("outro", "outro", 8, 0.15, "chords pad"),
)
# track, its name, role, instrument, sends, file names: the sound that plays, then the runners-up
TRACKS: tuple[tuple[str, str, Role, str, float | None, tuple[str, ...]], ...] = (
    ("drums", "Drums", "drums", "drums", -20.0,
     ("trap_drum_loop_140", "dusty_break_138", "hard_drums_142", "drill_drums_140")),
    ("kick", "Kick", "drums", "kick", None, ("kick_deep", "kick_punchy", "kick_short")),
    ("hat", "Hat", "drums", "hat", None, ("hat_closed", "hat_crisp", "hat_lofi")),
    ("perc", "Percussion hit", "percussion", "percussion", -18.0,
     ("perc_wood", "shaker_soft", "perc_rim")),
    ("bass", "Bass", "bass", "bass", None,
     ("808_long_F#", "sub_bass_F#m", "reese_bass_A", "808_distorted_F#")),
    ("chords", "Chords", "chords", "keys", -14.0,
     ("rhodes_chords_F#m", "dark_piano_F#m", "organ_A", "bright_keys_A")),
    ("pad", "Pad", "pad", "pad", -12.0,
     ("warm_pad_F#m", "dark_analog_pad_F#m", "glass_pad_A", "choir_pad_F#m")),
    ("lead", "Lead", "lead", "guitar", -14.0,
     ("guitar_melody_F#m", "dark_guitar_F#m", "flute_melody_A", "synth_lead_F#m")),
    ("vocal", "Vocal", "vocal", "vocal", -14.0,
     ("vocal_hook_F#m", "vocal_chop_A", "vocal_adlib_F#m")),
    ("fx", "Effects", "fx", "fx", -10.0, ("vinyl_noise", "impact_fx", "riser_long")),
)  # fmt: skip
_KIT = {"kick": "X.....x...x.....", "hat": "x.x.x.x.x.x.x.x.", "perc": "......x......x.."}
_MOODS = {
    "dark": "dark", "dusty": "lo-fi", "lofi": "lo-fi", "hard": "aggressive", "warm": "warm",
    "bright": "bright", "punchy": "punchy", "distorted": "distorted", "soft": "calm",
    "glass": "dreamy",
}  # fmt: skip
# Sounds in the crate that play nothing yet, for what is added.
_SPARE: tuple[tuple[str, str], ...] = (
    ("strings", "sad_strings_F#m"), ("brass", "brass_stabs_A"), ("keys", "bells_F#m"),
    ("woodwind", "sax_riff_F#m"), ("lead", "analog_lead_F#m"), ("pad", "analog_pad_lush_A"),
)  # fmt: skip


@functools.cache
def loops() -> dict[str, Loop]:
    """All sounds by file name."""
    found = {}
    for track, _, _, instrument, _, names in TRACKS:
        for name in names:
            found[name] = _loop(instrument, name, oneshot=track in _KIT)
    for instrument, name in _SPARE:
        found[name] = _loop(instrument, name, oneshot=False)
    for voice in ("snare", "clap"):
        found[f"{voice}_tight"] = _loop(voice, f"{voice}_tight", oneshot=True)
    return found


def _loop(instrument: str, name: str, *, oneshot: bool) -> Loop:
    key = "F# minor" if "F#" in name else "A major" if name.endswith("_A") else None
    moods = tuple(mood for word, mood in _MOODS.items() if word in name)
    folder = "Tokyo" if "pad" in name else instrument
    return make(
        instrument, name=f"crate/{folder}/{name}.wav", kind="oneshot" if oneshot else "loop",
        bpm=BPM, key=key, moods=moods, beats=16.0,
    )  # fmt: skip


def assistant_crate() -> Crate:
    """The sounds at hand."""
    return crate(list(loops().values()))


def _candidate(name: str, place: int) -> Candidate:
    loop = loops()[name]
    score = 0.9 - 0.1 * place
    parts = (("rhythm", score), ("harmony", score), ("mood", 0.7))
    bpm = BPM if loop.kind == "loop" else None
    return Candidate(loop.digest, score, parts, bpm, 16.0 if bpm else 0.0, 1.0, 0)


def _choice(track: str, role: Role, instrument: str, names: tuple[str, ...]) -> Choice:
    ranked = [_candidate(name, place) for place, name in enumerate(names)]
    return Choice(
        track, role, instrument, ranked[0], tuple(ranked[1:]),
        f"{names[0]} suits the mood and its rhythm locks in with the others.",
    )  # fmt: skip


def _clip(track: str, name: str, section: Section, number: int) -> Clip:
    loop = loops()[name]
    start, beats = 4.0 * section.start_bar, 4.0 * section.bars
    clip_id = f"{section.name}/{track}/{number}"
    if track in _KIT:
        hits = tuple(
            Hit(4.0 * bar + step / 4.0, loop.digest, 0.9 if mark == "X" else 0.7)
            for bar in range(section.bars)
            for step, mark in enumerate(_KIT[track])
            if mark != "."
        )
        return Clip(clip_id, track, start, beats, hits=hits)
    return Clip(
        clip_id, track, start, beats, loop.digest, source_bpm=BPM, loop_beats=16.0,
    )  # fmt: skip


def assistant_draft() -> Draft:
    """Trap, 140 bpm, F# minor, eight sections, ten tracks."""
    brief = Brief(prompt="dark trap, 140 bpm, F# minor", genre="trap", moods=("dark",))
    sections, bar = [], 0
    for name, kind, bars, energy, _ in FORM:
        sections.append(Section(name, kind, bar, bars, energy))
        bar += bars
    sounds = {track: names[0] for track, *_, names in TRACKS}
    clips = [
        _clip(track, sounds[track], section, 0)
        for section, (*_, plays) in zip(sections, FORM, strict=True)
        for track in plays.split()
    ]
    palette = Palette(
        BPM, Key.parse(KEY), 4, 0.5,
        tuple(_choice(track, role, kind, names) for track, _, role, kind, _, names in TRACKS),
    )  # fmt: skip
    song = Song(
        title="Trap in F# minor", brief=brief, seed=1, bpm=BPM, key=Key.parse(KEY),
        beats_per_bar=4, swing=0.5, sections=tuple(sections),
        tracks=tuple(Track(track, name, role, kind) for track, name, role, kind, *_ in TRACKS),
        clips=tuple(clips),
    )  # fmt: skip
    strips = tuple(
        Strip(
            track, -3.0, eq=(EqBand("lowcut", 30.0 if track in ("kick", "bass") else 120.0),),
            compressor=Compressor(-18.0, 2.5, 0.01, 0.12) if track in ("bass", "vocal") else None,
            drive=0.1, reverb_send_db=send, why="Turned down 3.0 dB to sit in the balance.",
        )
        for track, _, _, _, send, _ in TRACKS
    )  # fmt: skip
    return Draft(brief, palette, song, Mix("polished", strips, master=Master(target_lufs=-14.0)))
