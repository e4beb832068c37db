"""Moods in the names of sounds: what sound designers and producers called dark, soft or crunchy."""

from __future__ import annotations

import re

from loopmind.music.loop import MOODS

_WORDS: dict[str, str] = {
    "dark": "dark darker darkness gloom gloomy shadow shadows night midnight doom evil devil "
    "devils sinister ominous haunted ghost muffled dull murky deep black horror",
    "bright": "bright brite brilliant shiny shimmer shimmering sparkle sparkling glass glassy "
    "crystal glitter sharp sunny silver ice icy",
    "warm": "warm mellow velvet smooth analog analogue vintage round",
    "aggressive": "aggressive hard harder hardest hardcore acid battle rage angry heavy brutal "
    "scream screaming killer industrial monster hoover powerful wild harsh attack",
    "calm": "calm soft softer softest gentle peace peaceful quiet sweet relax relaxed ambient "
    "chill slow serene hush",
    "dreamy": "dream dreams dreamy dreaming space ambient fantasy ether ethereal heaven heavens "
    "heavenly float floating celestial angel angels cosmic atmos atmosphere halo fairy galaxy "
    "astral mystic magic",
    "happy": "happy joy joyful funny cheerful merry party jolly toy playful carnival",
    "sad": "sad melancholy melancholic tragic lonely mourning tears lament sorrow crying",
    "lo-fi": "lofi vinyl dusty tape old 8bit chip chips chiptune crushed noisy retro",
    "punchy": "punch punchy pluck plucked slap stab stabs snap snappy percussive thump pizzicato "
    "tight",
    "clean": "clean pure simple sine sines clear",
    "distorted": "dist distort distorted distortion overdrive overdriven fuzz fuzzy dirty grunge "
    "crunch crunchy gritty saturated",
}
_MOODS_OF = {
    word: tuple(mood for mood in MOODS if word in _WORDS[mood].split())
    for words in _WORDS.values()
    for word in words.split()
}
_SPELLED = re.compile(r"8[ -]?bit|lo[ -]?fi|[a-z]+")
_NOT = frozenset({"not", "no", "non", "less", "without"})


def named_moods(name: str) -> frozenset[str]:
    """The moods that the name of a sound speaks of; one that is denied is not among them.

    >>> sorted(named_moods("AngryLead 2")), sorted(named_moods("Organ (not distorted)"))
    (['aggressive'], [])
    """
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    words = [word.replace(" ", "").replace("-", "") for word in _SPELLED.findall(split)]
    found: set[str] = set()
    for before, word in zip(["", *words], words, strict=False):
        if before not in _NOT:
            found.update(_MOODS_OF.get(word, ()))
    return frozenset(found)
