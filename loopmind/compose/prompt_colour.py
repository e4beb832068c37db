"""Readers of colour in a prompt: genre, moods, and the style of the mix."""

from __future__ import annotations

import re

from loopmind.compose import genres
from loopmind.compose.prompt_reading import Reading, any_of
from loopmind.compose.vocabulary import ENERGY_WORDS, MIX_WORDS, MOOD_WORDS, OPPOSITE_MOOD


def read_mix_style(r: Reading) -> None:
    for m in r.matches(any_of(MIX_WORDS)):
        r.take(m)
        style = (
            MIX_WORDS[re.sub(r"\s+", " ", m[0])] if m[0] in MIX_WORDS else MIX_WORDS[_close(m[0])]
        )
        if "mix_style" not in r.fields:
            r.fields["mix_style"] = style
            r.understood.append(f"mix: {style}")
    return


def _close(word: str) -> str:
    return next(w for w in MIX_WORDS if re.sub(r"[\s-]+", " ", w) == re.sub(r"[\s-]+", " ", word))


def read_genre(r: Reading) -> None:
    found = r.matches(rf"{any_of([*genres.aliases(), 'r&b', 'd&b', 'lo-fi', 'hip-hop', 'k-pop'])}")
    heads: list[tuple[re.Match[str], str]] = []
    for m in found:
        name = genres.find(m[0])
        if name is None or re.search(r"\b(?:not|no)\s(?:too\s|a\s)?$", r.low[: m.start()]):
            continue
        heads.append((m, name))
    chosen: str | None = r.fields.get("genre")
    for i, (m, name) in enumerate(heads):
        r.take(m)
        if m[0] in ENERGY_WORDS and "energy" not in r.fields:
            _energy_word(r, ENERGY_WORDS[m[0]])
        # In "lo-fi house" the last of a run of genres is the noun, the others colour it.
        runs_on = i + 1 < len(heads) and not re.sub(
            r"[\s-]|style|influenced|inspired|tinged|flavou?red", "",
            r.low[m.end() : heads[i + 1][0].start()],
        )  # fmt: skip
        if chosen is None and not runs_on:
            chosen = name
            set_genre(r, name)
        elif runs_on and heads[i + 1][1] == name:
            continue
        elif name not in (chosen, r.fields.get("genre")):
            colour = MOOD_WORDS.get(m[0])
            if colour:
                _add_moods(r, colour)
            else:
                r.ignored.append(f"{m[0]} (one genre a song)")


def set_genre(r: Reading, name: str) -> None:
    r.fields["genre"] = name
    r.understood.append(f"genre: {name}")


def _add_moods(r: Reading, moods: tuple[str, ...]) -> None:
    held = r.fields.get("moods", ())
    new = tuple(m for m in moods if m not in held)
    r.fields["moods"] = (*held, *new)
    if new:
        r.understood.append(f"mood: {', '.join(new)}")


def read_moods(r: Reading) -> None:
    for m in r.matches(any_of({**MOOD_WORDS, **ENERGY_WORDS})):
        word = m[0] if m[0] in MOOD_WORDS or m[0] in ENERGY_WORDS else re.sub(r"[\s-]+", " ", m[0])
        r.take(m)
        negated = re.search(r"\b(?:not|less|isn't|never|no)\s(?:too\s|so\s|very\s|that\s|a\s)?$",
                            r.low[: m.start()])  # fmt: skip
        moods = MOOD_WORDS.get(word, ())
        if negated:
            opposite = tuple(dict.fromkeys(OPPOSITE_MOOD[mood] for mood in moods))
            _add_moods(r, opposite)
            continue
        _add_moods(r, moods)
        energy = ENERGY_WORDS.get(word)
        if energy is not None and "energy" not in r.fields:
            _energy_word(r, energy)


def _energy_word(r: Reading, energy: float) -> None:
    r.fields["energy"] = energy
    level = "high" if energy >= 0.65 else "low" if energy <= 0.35 else "medium"
    r.understood.append(f"energy: {level}")
