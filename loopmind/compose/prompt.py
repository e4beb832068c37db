"""A wish in plain words becomes a Brief, offline: one small reader a kind of wish.

Readers run in a fixed order and take their words out of the text, so that no word is read twice;
what nobody took is reported as ignored. Limits: English; one genre a song (further ones are
reported); "only my guitar loops" still allows drums, "nothing but guitar" does not.
The readers live in prompt_*.py, the words themselves in vocabulary.py.
"""

from __future__ import annotations

import re
from typing import Any

from loopmind.compose import genres
from loopmind.compose.prompt_colour import read_genre, read_mix_style, read_moods
from loopmind.compose.prompt_figures import (
    read_energy,
    read_key,
    read_length,
    read_length_words,
    read_tempo,
    read_tempo_words,
)
from loopmind.compose.prompt_reading import Reading
from loopmind.compose.prompt_sounds import (
    read_folders,
    read_forbidden,
    read_only,
    read_section_wishes,
    read_wanted,
)
from loopmind.compose.spelling import correct
from loopmind.compose.vocabulary import (
    ENERGY_WORDS,
    FILLER,
    INSTRUMENT_WORDS,
    LENGTH_WORDS,
    MIX_WORDS,
    MODE_WORDS,
    MOOD_WORDS,
    NUMBER_WORDS,
    SECTION_WORDS,
    SOURCE_NOUNS,
    TEMPO_WORDS,
)
from loopmind.music.brief import Brief


def read_prompt(text: str) -> Brief:
    """The Brief that `text` asks for. Never fails: what is not understood is in `ignored`.

    >>> brief = read_prompt("dark trap 140 bpm in F# minor, 2:30, no vocals")
    >>> brief.genre, brief.bpm, str(brief.key), brief.moods, brief.length_s, brief.forbidden
    ('trap', (140.0, 140.0), 'F# minor', ('dark',), 150.0, ('vocal',))
    """
    cleaned, corrections = correct(_clean(text), _known_words())
    reading = Reading(cleaned)
    reading.understood += [f"read {wrong!r} as {right!r}" for wrong, right in corrections]
    for reader in (
        read_length,
        read_tempo,
        read_key,
        read_section_wishes,
        read_folders,
        read_only,
        read_forbidden,
        read_mix_style,
        read_genre,
        read_energy,
        read_tempo_words,
        read_moods,
        read_length_words,
        read_wanted,
    ):
        reader(reading)
    _leftovers(reading)
    return Brief(
        prompt=text,
        understood=tuple(dict.fromkeys(reading.understood)),
        ignored=tuple(dict.fromkeys(reading.ignored)),
        **reading.fields,
    )


def _clean(text: str) -> str:
    # Typographic quotes, dashes and accidentals become their plain cousins.
    for fancy, plain in (("2019", "'"), ("201c", '"'), ("201d", '"'), ("2013", "-"),
                         ("2014", ", "), ("266f", "#"), ("266d", "b")):  # fmt: skip
        text = text.replace(chr(int(fancy, 16)), plain)
    return " ".join(text.split())


def _known_words() -> frozenset[str]:
    words: set[str] = set(FILLER) | set(SECTION_WORDS) | set(SOURCE_NOUNS)
    tables: tuple[dict[str, Any], ...] = (
        INSTRUMENT_WORDS, MOOD_WORDS, ENERGY_WORDS, MIX_WORDS, LENGTH_WORDS, TEMPO_WORDS,
        MODE_WORDS, NUMBER_WORDS, genres.aliases(),
    )  # fmt: skip
    for table in tables:
        for phrase in table:
            words.update(phrase.split())
    words.update(
        ("minor", "major", "without", "except", "sharp", "flat", "nothing", "instrumental")
    )
    return frozenset(words)


def _leftovers(r: Reading) -> None:
    """Report runs of words that nobody took; filler in between does not break a run."""
    run: list[str] = []
    previous_end = 0
    for m in re.finditer(r"[^\s,.;!?()\"]+", r.low):
        gap = r.low[previous_end : m.start()]
        previous_end = m.end()
        free = not any(r.taken[m.start() : m.end()])
        wish = free and m[0].strip("':-") not in FILLER and re.search(r"\w", m[0]) is not None
        if run and (not wish or re.search(r"[,.;!?]", gap)):
            r.ignored.append(" ".join(run))
            run = []
        if wish:
            run.append(m[0])
    if run:
        r.ignored.append(" ".join(run))
