"""What models are judged by and never learn from: pieces, programs of a soundfont, drum kits."""

from __future__ import annotations

TEST_MIDI = ("openttd-openmsx", "planetblupi-music-midi", "pianobooster")
TEST_FONTS = ("MuseScore_General_Full.sf3",)
# MuseScore General is made of FluidR3 for the most part, which plays in training, often under other
# names: these are the programs of whose samples none was found in what is learned from, by sound
# (`shared.py`), but for SHARED_PROGRAMS. No other plays in a test, nor do its drum kits.
TEST_PROGRAMS = frozenset((
    0, 1, 3, 5, 38, 39, 42, 44, 45, 48, 49, 50, 51, 62, 63, 80, 81, 86, 87, 88, 89, 90, 92, 95, 97,
))  # fmt: skip
# Samples of TEST_PROGRAMS were found in these programs of other soundfonts, by cross-correlation
# (.99 and more; `shared.py` does it for whole collections): they do not play in training.
SHARED_PROGRAMS = {
    "GeneralUser-v1.47.sf2": frozenset((5, 8, 10, 39, 42, 88, 92, 98)),
    "A320U.sf2": frozenset((8, 10)),
}

TEST_KITS = ("ColomboAcousticDrumkit", "HardElectro1", "drumpy", "drumterm")
# 81 of its 106 samples are those of GMRockKit, which plays in training, and some hold two strokes.
NEITHER_KITS = ("The Black Pearl 1.0",)
