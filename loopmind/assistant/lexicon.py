"""The words of editing, gathered: verbs, nouns, and phrases by kind.

Instruments, moods and genres come from the vocabulary of prompts (compose/vocabulary.py) and are
only added to here. How words make a wish lives in lexer.py, clauses.py and the frames.
"""

from loopmind.assistant.lexicon_nouns import (
    FILLER,
    MOODS,
    NO_GENRES,
    OWN_NAMES,
    REMARKS,
    SECTION_NOUNS,
    SECTION_WORDS_PLURAL,
    TRACK_WORDS,
    UNSUPPORTED_SECTIONS,
)
from loopmind.assistant.lexicon_phrases import PHRASES
from loopmind.assistant.lexicon_verbs import IRREGULAR, PARTICLE_VERBS, RARELY_VERBS, VERBS

__all__ = [
    "FILLER",
    "IRREGULAR",
    "MOODS",
    "NO_GENRES",
    "OWN_NAMES",
    "PARTICLE_VERBS",
    "PHRASES",
    "RARELY_VERBS",
    "REMARKS",
    "SECTION_NOUNS",
    "SECTION_WORDS_PLURAL",
    "TRACK_WORDS",
    "UNSUPPORTED_SECTIONS",
    "VERBS",
]
