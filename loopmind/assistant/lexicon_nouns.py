"""The nouns of editing: sections and tracks; further moods; and words without a wish."""

from __future__ import annotations

# sections beyond their own names
SECTION_NOUNS: dict[str, str] = {
    "intro": "intro", "intros": "intro", "introduction": "intro", "verse": "verse",
    "verses": "verse", "hook": "hook", "hooks": "hook", "chorus": "hook", "choruses": "hook",
    "refrain": "hook", "refrains": "hook", "bridge": "bridge", "bridges": "bridge",
    "middle eight": "bridge", "middle 8": "bridge", "breakdown": "breakdown",
    "breakdowns": "breakdown", "break down": "breakdown", "break": "breakdown", "drop": "drop",
    "drops": "drop", "outro": "outro", "outros": "outro", "ending": "outro",
    "the end": "end", "the very end": "end", "end": "end", "the start": "start",
    "beginning": "start", "the beginning": "start", "the very beginning": "start",
    "start": "start", "the opening": "start", "the very start": "start", "the top": "start",
    "chorusses": "hook", "strophe": "verse", "strophes": "verse", "stanza": "verse",
    "stanzas": "verse", "finale": "outro", "intermezzo": "breakdown",
    "interlude": "breakdown", "coda": "outro",
}  # fmt: skip
SECTION_WORDS_PLURAL = frozenset(
    {"verses", "hooks", "choruses", "refrains", "bridges", "breakdowns", "drops", "intros",
     "outros", "chorusses", "strophes", "stanzas"}
)  # fmt: skip
UNSUPPORTED_SECTIONS = ("pre-chorus", "prechorus", "pre chorus", "pre-hook", "post-chorus",
                        "solo section", "drum break", "beat switch",
                        "tag", "pause", "silence", "riser", "risers", "impact", "transition",
                        "transitions", "lyrics", "crash")  # fmt: skip
# track words beyond the vocabulary of prompts; "=drums" is the drum loop alone
TRACK_WORDS: dict[str, str] = {
    "drum loop": "=drums", "drumloop": "=drums", "drum break": "=drums", "breakbeat": "=drums",
    "drum sample": "=drums", "drum loops": "=drums", "drum track": "drums",
    "beat": "drums", "beats": "drums", "kit": "drums", "drum kit": "drums", "drumset": "drums",
    "drum set": "drums", "drums": "drums", "drum": "drums", "rhythm section": "drums",
    "all the drums": "drums", "all drums": "drums", "the whole kit": "drums",
    "drum pattern": "drums", "drum beat": "drums", "drum part": "drums",
    "eight-oh-eight": "bass", "eight oh eight": "bass", "808": "bass", "808s": "bass",
    "808 bass": "bass", "low bass": "bass", "baseline": "bass", "base line": "bass",
    "sub": "bass", "bass guitar": "bass", "bass part": "bass", "basline": "bass",
    "hh": "hat", "hihats": "hat", "highhats": "hat", "high hats": "hat", "high hat": "hat",
    "high-hats": "hat", "hi-hat": "hat", "hat pattern": "hat", "hatz": "hat", "open hat": "hat",
    "closed hat": "hat", "hi hats": "hat", "hihat": "hat", "rolling hats": "hat",
    "top loop": "percussion", "congas": "percussion", "triangle": "percussion",
    "maracas": "percussion", "claves": "percussion", "woodblock": "percussion",
    "harmony": "chords", "harmonies": "chords", "chord progression": "chords",
    "progression": "chords", "chord": "chords", "chords": "chords", "e piano": "keys",
    "grand piano": "keys", "wurlitzer": "keys", "wurli": "keys", "clavinet": "keys",
    "synth pad": "pad", "pads": "pad", "atmos": "pad", "drone": "pad", "ambient pad": "pad",
    "synth keys": "keys", "vibes keys": "keys", "celesta": "keys", "glockenspiel": "keys",
    "main melody": "melody", "melody": "melody", "melodies": "melody", "topline": "melody",
    "top line": "melody", "lead melody": "melody", "lead": "melody", "leads": "melody",
    "riff": "melody", "hook melody": "melody", "motif": "melody", "tune part": "melody",
    "melody loop": "melody", "lead line": "melody", "melodic part": "melody",
    "synth": "synth", "synths": "synth", "synthesizer": "synth", "arp": "synth", "arps": "synth",
    "arpeggio": "synth", "pluck": "synth", "plucks": "synth", "synth lead": "synth",
    "lead synth": "synth", "lead guitar": "guitar", "guitar line": "guitar", "synth line": "synth",
    "guitar melody": "guitar", "guitar riff": "guitar", "guitar loop": "guitar",
    "lead vocal": "vocal", "lead vocals": "vocal", "singer": "vocal", "vocal chops": "vocal",
    "vocal chop": "vocal", "chops": "vocal", "vocal sample": "vocal", "vox": "vocal",
    "acapella": "vocal", "rapper": "vocal", "rap": "vocal", "ad-libs": "vocal",
    "ad libs": "vocal", "adlibs": "vocal", "vocals": "vocal", "voice": "vocal",
    "backing vocals": "vocal", "background vocals": "vocal", "vocal loop": "vocal",
    "fx": "fx", "effects": "fx", "sound effects": "fx", "sfx": "fx", "noise": "fx",
    "riser": "fx", "risers": "fx", "sweeps": "fx", "impacts": "fx", "foley": "fx",
    "ear candy": "fx", "sweep": "fx", "vinyl crackle": "fx", "crackle": "fx",
    "saxophone": "woodwind", "horn section": "brass", "string section": "strings",
    "orchestral strings": "strings", "trumpets": "brass", "whistle": "woodwind",
    "harp": "strings", "sitar": "guitar", "kalimba": "keys", "xylophone": "keys",
    "rim": "percussion", "rimshot": "percussion", "clave": "percussion", "snap": "clap",
    "snaps": "clap", "kick drum": "kick", "bass drum": "kick", "kicks": "kick", "kik": "kick",
    "music box": "keys", "bell": "keys", "bells": "keys",
    "drummer": "drums", "bassist": "bass", "bass player": "bass", "guitarist": "guitar",
    "guitar player": "guitar", "pianist": "keys", "piano player": "keys",
    "keyboard player": "keys", "keyboardist": "keys", "percussionist": "percussion",
    "vocalist": "vocal", "songstress": "vocal", "crooner": "vocal",
}  # fmt: skip
# Words that carry no wish.
FILLER = frozenset(
    """
    please pls plz thanks thank you can could would will shall should i i'd i'll i'm im id we
    we'd we'll let's lets me us hey hi hello yo ok okay alright right bro man dude cool nice
    good great well uh um hmm maybe perhaps possibly probably think guess feel kind sort of like
    actually basically really honestly just now here there both do does did done doing be been
    is are was were it'd you you'd you're to a an the and then please-and-thank-you quite rather
    pretty there's i've need needs needed gonna going got gotta have has having had want wants
    wanted would'd able again-please which who whom bit little sounding sounds so too as at
    more-or-less if possible for-me your my our mine yeah yep yea sure still even already always
    ever yet loopmind assistant could've might must may oh god damn sick dope love fam mate sir
    kinda sorta gotcha listen look see wait section sections bit's go ahead quickly simply time
    moment second-thought overall whole entire completely entirely fully properly total nicely
    better best bring-it bars bar's feels feeling sounds-like way by myself real totally all of
    up on for with in from that this those these what's it its it's doesn't seem seems right-now
    currently at-the-moment tiny when where much many lot lots very every any rather-more track
    tracks line something somewhere somehow someone anything stuff play plays playing played sit
    sits sitting song's mix feel feels vibe vibes wondering wonder suggest suggestion prefer
    preferably hope hoping ideally idea mean absolutely definitely literally instead anyway
    anymore mind favor favour kindly
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)
# Qualities beyond the vocabulary of prompts -> moods, joined by "|".
MOODS: dict[str, str] = {
    "intimate": "calm|warm", "lighter": "bright", "mean": "aggressive", "nasty": "aggressive",
    "grimy": "dark|distorted", "grime": "dark",
    "savage": "aggressive", "rough": "distorted", "dusty": "lo-fi", "dusty lofi": "lo-fi",
    "lo-fi": "lo-fi", "lofi": "lo-fi", "low-fi": "lo-fi", "melodic": "dreamy",
    "emotional": "sad", "cry": "sad", "depressing": "sad", "depressed": "sad", "somber": "sad|dark",
    "gothic": "dark", "creepy": "dark", "horror": "dark", "villain": "dark", "cold": "dark",
    "icy": "dark", "mellow": "calm", "chill": "calm", "cheery": "happy", "joyous": "happy",
    "light-hearted": "happy", "lighthearted": "happy", "heavenly": "dreamy",
    "angelic": "dreamy", "otherworldly": "dreamy", "lush": "dreamy", "spacy": "dreamy",
    "floaty": "dreamy", "ambient": "dreamy|calm", "hard": "aggressive", "heavy": "aggressive",
    "bangin": "aggressive", "punchy": "punchy", "punchier": "punchy", "tight": "punchy",
    "knocky": "punchy", "snappier": "punchy", "summer": "happy", "summery": "happy",
    "sunny": "happy", "bright": "bright", "shiny": "bright", "shimmery": "bright",
    "dirty": "distorted", "filthy": "distorted", "crushed": "distorted", "fuzzy": "distorted",
    "screaming": "aggressive", "smooth": "calm", "soothing": "calm", "relaxing": "calm",
    "laid back": "calm", "groovy": "punchy", "bouncy": "punchy", "funky": "punchy",
    "vintage": "lo-fi", "old school": "lo-fi", "retro": "lo-fi", "nostalgic": "dreamy",
    "sentimental": "sad", "tragic": "sad", "blue": "sad", "gloomy": "dark", "moody": "dark",
    "sinister": "dark", "menacing": "dark", "evil": "dark", "spooky": "dark", "eerie": "dark",
    "mysterious": "dark", "haunting": "dark", "night": "dark", "tense": "dark",
    "organic": "warm", "rich": "warm", "full-bodied": "warm", "cozy": "warm", "soulful": "warm",
    "woolly": "warm", "rounder": "warm", "round": "warm", "soft": "calm", "gentle": "calm",
    "metallic": "bright", "glassy": "bright", "pretty": "happy", "sweet": "happy",
    "romantic": "warm", "sexy": "warm", "sensual": "warm", "magical": "dreamy", "hazy": "dreamy",
    "trippy": "dreamy", "psychedelic": "dreamy", "hostile": "aggressive", "violent": "aggressive",
    "upbeat": "happy", "blown out": "distorted", "blown-out": "distorted",
    "overdriven": "distorted",
    "nastier": "aggressive", "older": "lo-fi",
    **dict.fromkeys(
        ("gangster", "gangsta", "thug", "thuggish", "tough", "badass", "vicious", "furious",
         "ferocious", "ruthless", "rebellious", "punky", "fiery", "raging"), "aggressive"),
    **dict.fromkeys(
        ("wicked", "brooding", "foreboding", "unsettling", "uneasy", "suspenseful", "ghostly",
         "haunted", "bleak", "grim", "morbid", "macabre", "nocturnal", "shadowy", "murderous",
         "demonic", "satanic", "occult"), "dark"),
    **dict.fromkeys(
        ("wistful", "mournful", "tearful", "heartbroken", "heartbreaking", "yearning", "longing",
         "desolate", "sorrowful", "tear-jerking", "gut-wrenching", "weepy"), "sad"),
    **dict.fromkeys(
        ("jolly", "merry", "jubilant", "perky", "bubbly", "carefree", "breezy", "tropical",
         "festive", "cheeky", "quirky", "optimistic", "triumphant", "celebratory"), "happy"),
    **dict.fromkeys(
        ("celestial", "surreal", "mystical", "weightless", "starry", "enchanted", "fairy-tale",
         "misty", "foggy", "underwater", "submerged", "aquatic"), "dreamy"),
    **dict.fromkeys(
        ("velvety", "silky", "creamy", "buttery", "comforting", "homely", "tender", "inviting",
         "human"), "warm"),
    **dict.fromkeys(
        ("serene", "tranquil", "zen", "hushed", "delicate", "lazy", "drowsy", "restful"), "calm"),
    **dict.fromkeys(("luminous", "radiant", "glowing", "crystalline", "gleaming"), "bright"),
    **dict.fromkeys(("rusty", "worn", "worn-out", "degraded", "antique", "scratched"), "lo-fi"),
    **dict.fromkeys(("percussive", "snapping", "knocking", "kicking"), "punchy"),
    "busted": "distorted", "cleaner": "clean", "clean": "clean",
}  # fmt: skip
# Opinions: they ask for nothing by themselves.
REMARKS = frozenset(
    """
    boring bored wack trash weird meh bad worse worst ugly annoying lame awful terrible horrible
    whack stupid generic cheesy corny off sucks suck hate hates love loves like likes nice great
    good fire lit perfect beautiful amazing crazy insane dope sick hard-to-say okay fine solid
    banging slaps wrong tired flat weak cool vibing vibe flow head ears chest friend girlfriend
    mom car studio listened played yesterday today tomorrow everyone people nobody tiktok
    spotify
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)
# Track words that name a part whatever plays it; others name an instrument.
OWN_NAMES = frozenset({
    "melody", "melodies", "main melody", "lead melody", "topline", "top line", "riff", "motif",
    "lead line", "melody loop", "lead", "leads", "chords", "chord", "chord progression",
    "progression", "harmony", "harmonies", "keys", "keyboard", "keyboards", "beat", "beats",
    "drums",
    "drum", "kit", "drum kit", "drum loop", "drum beat", "drum pattern", "bass", "bassline", "808",
    "808s", "bass line", "baseline", "sub", "perc", "percs", "percussion", "percussions", "hats",
    "hat", "hi hats", "hi hat", "hihats", "hihat", "hh", "kick", "kicks", "kick drum", "bass drum",
    "vocal", "vocals", "vox", "voice", "voices", "singer", "singing", "acapella", "rap", "fx",
    "effects", "sfx", "pad", "pads", "sound effects", "rapping", "rapper", "guitar",
    "guitars", "guitar loop", "808 bass",
    "snare", "snares", "all the drums", "all drums", "the whole kit", "drum track",
    "rhythm section", "lead vocal", "lead vocals",
})  # fmt: skip

# Names that genres also go by, but that mean something else in a wish about a song.
NO_GENRES = frozenset(
    {"club", "radio", "chart", "epic", "alternative", "atmospheric", "soulful", "groove", "cowbell",
     "drone", "bassline", "swing", "score", "film", "movie", "trailer", "glitch", "dance"}
)  # fmt: skip
