"""Further phrases with the kind that each is read as: of time, of going, of growing."""

from __future__ import annotations

FURTHER_PHRASES: dict[str, tuple[str, str]] = {}


def _put(kind: str, value: str, *phrases: str) -> None:
    for phrase in phrases:
        FURTHER_PHRASES[phrase] = (kind, value)


_put("swing", "swing", "swing", "swingy", "swung", "swinging", "swings", "swing feel", "swing it",
     "a swing", "swing groove", "shuffle feel", "shuffled feel", "shuffle groove", "a shuffle",
     "shuffle rhythm", "shuffled", "swingier", "more swung")  # fmt: skip
_put("swing", "triplet", "triplet feel", "triplet swing", "triplets", "triplet", "triplet groove")
_put("swing", "straight", "straighten", "straighten out", "straight feel", "straight eighths",
     "unswung", "straighter", "straight rhythm", "no swing at all", "quantized straight",
     "straight groove", "dead straight", "completely straight", "straight time", "straightened",
     "straight again", "straight")  # fmt: skip
_put("filler", "now", "right now", "at the moment", "at this point", "as of now", "for the moment")
_put("verb", "delete", "away with", "out of here with", "off with", "enough of")
_put("verb", "undo", "the version from before")
_put("part", "ontop", "underneath it", "below it", "on top of this")
_put("quant", "soaked", "swim in", "swims in", "float in", "floats in", "bathe in", "drown in")
_put("swell", "swell", "gradually", "steadily", "progressively", "continuously", "increasingly",
     "bit by bit", "step by step", "little by little", "over time", "crescendo", "decrescendo",
     "more and more", "less and less", "as it goes", "as it goes on")  # fmt: skip
