"""The words that prompts are made of: instruments, moods, energies, mix styles, filler.

Genres bring their own words (compose/genres.py). How sentences are read lives in prompt.py.
"""

from __future__ import annotations

INSTRUMENT_WORDS: dict[str, str] = {
    "kick": "kick", "kicks": "kick", "bass drum": "kick", "kick drum": "kick",
    "snare": "snare", "snares": "snare", "clap": "clap", "claps": "clap", "handclaps": "clap",
    "hat": "hat", "hats": "hat", "hi hat": "hat", "hi hats": "hat", "hi-hat": "hat",
    "hi-hats": "hat", "hihat": "hat", "hihats": "hat",
    "cymbal": "cymbal", "cymbals": "cymbal", "crash": "cymbal", "ride": "cymbal",
    "tom": "tom", "toms": "tom",
    "percussion": "percussion", "percussions": "percussion", "perc": "percussion",
    "percs": "percussion", "shaker": "percussion", "shakers": "percussion",
    "bongo": "percussion", "bongos": "percussion", "conga": "percussion",
    "congas": "percussion", "cowbell": "percussion", "tambourine": "percussion",
    "drum": "drums", "drums": "drums", "drum loop": "drums", "drum loops": "drums",
    "breakbeats": "drums", "breaks": "drums", "drumkit": "drums",
    "bass": "bass", "basses": "bass", "bassline": "bass", "basslines": "bass",
    "bass line": "bass", "808": "bass", "808s": "bass", "sub": "bass", "sub bass": "bass",
    "subbass": "bass",
    "keys": "keys", "piano": "keys", "pianos": "keys", "rhodes": "keys", "keyboard": "keys",
    "keyboards": "keys", "organ": "keys", "electric piano": "keys", "e-piano": "keys",
    "harpsichord": "keys", "bells": "keys", "bell": "keys", "marimba": "keys",
    "vibraphone": "keys", "chord": "chords", "chords": "chords",
    "guitar": "guitar", "guitars": "guitar", "acoustic guitar": "guitar",
    "electric guitar": "guitar", "acoustic guitars": "guitar", "ukulele": "guitar",
    "banjo": "guitar",
    "pad": "pad", "pads": "pad", "textures": "pad",
    "lead": "lead", "leads": "lead", "melody": "lead", "melodies": "lead", "synth": "lead",
    "synths": "lead", "synthesizer": "lead", "synthesizers": "lead", "arp": "lead",
    "arps": "lead", "arpeggio": "lead", "pluck": "lead", "plucks": "lead", "riff": "lead",
    "strings": "strings", "string": "strings", "violin": "strings", "violins": "strings",
    "cello": "strings", "cellos": "strings", "orchestra": "strings", "viola": "strings",
    "brass": "brass", "horn": "brass", "horns": "brass", "trumpet": "brass",
    "trumpets": "brass", "trombone": "brass", "tuba": "brass",
    "woodwind": "woodwind", "woodwinds": "woodwind", "flute": "woodwind", "flutes": "woodwind",
    "sax": "woodwind", "saxophone": "woodwind", "clarinet": "woodwind", "oboe": "woodwind",
    "vocal": "vocal", "vocals": "vocal", "voice": "vocal", "voices": "vocal", "vox": "vocal",
    "singing": "vocal", "singer": "vocal", "choir": "vocal", "acapella": "vocal",
    "acapellas": "vocal", "rapping": "vocal", "adlibs": "vocal",
    "fx": "fx", "effects": "fx", "sfx": "fx", "risers": "fx", "noises": "fx",
}  # fmt: skip

MOOD_WORDS: dict[str, tuple[str, ...]] = {
    "dark": ("dark",), "darker": ("dark",), "gloomy": ("dark",), "sinister": ("dark",),
    "evil": ("dark", "aggressive"), "menacing": ("dark", "aggressive"), "eerie": ("dark",),
    "spooky": ("dark",), "haunting": ("dark", "dreamy"), "scary": ("dark",), "noir": ("dark",),
    "ominous": ("dark",), "mysterious": ("dark", "dreamy"), "night": ("dark",),
    "nighttime": ("dark",), "midnight": ("dark",), "moody": ("dark", "sad"),
    "bright": ("bright",), "brighter": ("bright",), "sunny": ("bright", "happy"),
    "shiny": ("bright",), "sparkling": ("bright",), "summery": ("bright", "happy"),
    "summer": ("bright", "happy"), "glittery": ("bright",),
    "warm": ("warm",), "warmer": ("warm",), "cozy": ("warm", "calm"), "cosy": ("warm", "calm"),
    "soulful": ("warm",), "smooth": ("warm", "calm"), "lush": ("warm", "dreamy"),
    "romantic": ("warm", "sad"), "sexy": ("warm",), "organic": ("warm",),
    "aggressive": ("aggressive",), "angry": ("aggressive",), "hard": ("aggressive", "punchy"),
    "heavy": ("aggressive",), "brutal": ("aggressive", "distorted"), "violent": ("aggressive",),
    "fierce": ("aggressive",), "gritty": ("aggressive", "distorted"),
    "powerful": ("aggressive",), "tense": ("dark", "aggressive"),
    "calm": ("calm",), "calmer": ("calm",), "chill": ("calm",), "chilled": ("calm",),
    "chilling": ("calm",), "relaxed": ("calm",), "relaxing": ("calm",), "mellow": ("calm",),
    "soft": ("calm",), "gentle": ("calm",), "peaceful": ("calm",), "soothing": ("calm",),
    "quiet": ("calm",), "sleepy": ("calm", "dreamy"), "laid-back": ("calm",),
    "laid back": ("calm",), "laidback": ("calm",),
    "dreamy": ("dreamy",), "ethereal": ("dreamy",), "floating": ("dreamy",),
    "spacey": ("dreamy",), "spacy": ("dreamy",), "hazy": ("dreamy",), "airy": ("dreamy",),
    "hypnotic": ("dreamy",), "trippy": ("dreamy",), "psychedelic": ("dreamy",),
    "nostalgic": ("dreamy", "sad"), "atmospheric": ("dreamy",), "cosmic": ("dreamy",),
    "happy": ("happy",), "happier": ("happy",), "uplifting": ("happy", "bright"),
    "joyful": ("happy",), "cheerful": ("happy",), "feel-good": ("happy",),
    "feel good": ("happy",), "fun": ("happy",), "positive": ("happy",), "playful": ("happy",),
    "euphoric": ("happy", "bright"), "upbeat": ("happy",), "hopeful": ("happy",),
    "sad": ("sad",), "sadder": ("sad",), "melancholic": ("sad",), "melancholy": ("sad",),
    "emotional": ("sad",), "heartbreak": ("sad",), "lonely": ("sad",), "crying": ("sad",),
    "depressing": ("sad", "dark"), "bittersweet": ("sad", "warm"),
    "lo-fi": ("lo-fi",), "lofi": ("lo-fi",), "dusty": ("lo-fi", "warm"), "crackly": ("lo-fi",),
    "grainy": ("lo-fi",), "vintage": ("lo-fi", "warm"), "old-school": ("lo-fi",),
    "retro": ("lo-fi",), "dirty": ("distorted",),
    "punchy": ("punchy",), "bouncy": ("punchy", "happy"), "groovy": ("punchy", "warm"),
    "hard-hitting": ("punchy", "aggressive"), "hard hitting": ("punchy", "aggressive"),
    "tight": ("punchy",), "driving": ("punchy",), "funky": ("punchy", "warm"),
    "clean": ("clean",), "crisp": ("clean", "bright"), "pure": ("clean",),
    "minimal": ("clean",), "distorted": ("distorted",), "crunchy": ("distorted",),
    "fuzzy": ("distorted",), "overdriven": ("distorted",), "noisy": ("distorted",),
}  # fmt: skip

OPPOSITE_MOOD: dict[str, str] = {
    "dark": "bright", "bright": "dark", "aggressive": "calm", "calm": "aggressive",
    "happy": "sad", "sad": "happy", "clean": "distorted", "distorted": "clean",
    "lo-fi": "clean", "warm": "bright", "dreamy": "punchy", "punchy": "calm",
}  # fmt: skip

ENERGY_WORDS: dict[str, float] = {
    "high energy": 0.9, "high-energy": 0.9, "lots of energy": 0.9, "full of energy": 0.9,
    "energetic": 0.85, "energised": 0.85, "energized": 0.85, "intense": 0.9, "banger": 0.9,
    "hype": 0.9, "hyped": 0.9, "upbeat": 0.75, "driving": 0.75, "powerful": 0.85,
    "club banger": 0.9, "hard-hitting": 0.85, "hard hitting": 0.85, "explosive": 0.95,
    "medium energy": 0.5, "moderate energy": 0.5, "low energy": 0.2, "low-energy": 0.2,
    "chill": 0.25, "chilled": 0.25, "relaxed": 0.25, "relaxing": 0.2, "calm": 0.2,
    "mellow": 0.3, "laid-back": 0.3, "laid back": 0.3, "laidback": 0.3, "gentle": 0.2,
    "sleepy": 0.1, "peaceful": 0.15, "soothing": 0.15, "quiet": 0.15, "epic": 0.85,
    "euphoric": 0.85, "brutal": 0.95, "soft": 0.25,
}  # fmt: skip

MIX_WORDS: dict[str, str] = {
    "tape": "tape", "tape mix": "tape", "tape sound": "tape", "tape vibe": "tape",
    "on tape": "tape", "cassette": "tape", "vinyl": "tape", "analog": "tape",
    "analogue": "tape", "analog mix": "tape", "saturated": "tape", "saturated mix": "tape",
    "raw": "raw", "raw mix": "raw", "unmixed": "raw", "unprocessed": "raw", "dry": "raw",
    "rough mix": "raw", "untouched": "raw", "demo mix": "raw", "no effects mix": "raw",
    "polished": "polished", "polished mix": "polished", "radio ready": "polished",
    "radio-ready": "polished", "professional": "polished", "clean mix": "polished",
    "well mixed": "polished", "modern mix": "polished", "glossy": "polished",
    "mastered": "polished", "slick": "polished",
}  # fmt: skip

LENGTH_WORDS: dict[str, float] = {
    "very short": 45.0, "really short": 45.0, "short": 75.0, "shortish": 90.0,
    "long": 240.0, "very long": 330.0, "extended": 270.0, "full length": 180.0,
    "full-length": 180.0, "medium length": 150.0, "jingle": 20.0,
}  # fmt: skip

TEMPO_WORDS: dict[str, str] = {
    "slow": "slow", "slower": "slow", "slowed": "slow", "downtempo": "slow", "slowly": "slow",
    "very slow": "very slow", "really slow": "very slow", "fast": "fast", "faster": "fast",
    "uptempo": "fast", "up-tempo": "fast", "up tempo": "fast", "quick": "fast",
    "very fast": "very fast", "really fast": "very fast", "super fast": "very fast",
    "midtempo": "mid", "mid-tempo": "mid", "mid tempo": "mid", "medium tempo": "mid",
    "moderate tempo": "mid",
}  # fmt: skip

NUMBER_WORDS: dict[str, float] = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "half a": 0.5,
    "one and a half": 1.5, "two and a half": 2.5, "three and a half": 3.5,
}  # fmt: skip

MODE_WORDS: dict[str, str] = {
    "aeolian": "minor", "dorian": "minor", "phrygian": "minor",
    "ionian": "major", "mixolydian": "major", "lydian": "major",
}  # fmt: skip

SOURCE_NOUNS = (
    "one-shots", "one shots", "oneshots", "samples", "sample", "sounds", "sound", "loops",
    "loop", "folders", "folder", "packs", "pack", "kits", "kit", "recordings", "recording",
    "files", "stems",
)  # fmt: skip

SECTION_WORDS = (
    "intro", "verse", "verses", "hook", "hooks", "chorus", "bridge", "breakdown", "drop",
    "outro", "beginning", "end", "ending", "start", "middle",
)  # fmt: skip

# Words that carry no wish of their own; all else that is left over is reported as ignored.
FILLER = frozenset(
    """
    a an the and or but of in on at to for from with as is are be it its it's this that these
    those i i'd id i'm im want wants wanted would like need needs please pls can could you your
    me my mine our we us give make makes made making create creates build builds produce
    generate generates do let lets let's get something some thing things kind sort type style
    styled vibe vibes vibey feel feeling feels mood moods beat beats song songs track tracks
    tune tunes music musical piece instrumental number jam production arrangement loop loops
    sample samples sound sounds sounding file files use uses used using around about roughly
    approximately approx circa near nearly bpm tempo key mode genre so which very really quite
    super pretty bit little lot lots more much too just only also maybe perhaps not all any
    every everything out up into over by new nice good great cool best awesome sick have has
    having had here there then plus go goes going put add adds added adding include including
    includes featuring feat ft should must long length minute minutes seconds blend blends mix
    mixed mixing mixes combine combined combining energy level full whole one hey hi hello
    loopmind thanks thank set between keep kept work works own where when what if radio edit
    version time total folder folders pack packs kit kits finished complete based inspired
    influenced touch bits than
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)

ADJECTIVES_NOT_FOLDERS = FILLER | {
    "favourite", "favorite", "old", "other", "few", "different", "same", "newest", "latest",
    "three", "two", "four", "wav", "available", "existing",
}  # fmt: skip
