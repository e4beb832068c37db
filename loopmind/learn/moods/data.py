"""What moods are learned from and judged by: named sounds, and pairs with a known difference.

A set is one .npz file of numbers; no audio is kept. Everything learned from is rendered by
synthesisers and soundfonts; recordings, LMMS's own presets and one soundfont only judge.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.frontend import ANALYSIS_RATE, frontend
from loopmind.analysis.moods import energy_of, numbers_of
from loopmind.analysis.rhythm import hear_rhythm
from loopmind.analysis.timbre import character_of, listen
from loopmind.analysis.tone import hear_tone
from loopmind.files.atomic import atomic_path
from loopmind.learn.moods.contrasts import (
    EVEN,
    HELD,
    PLAYED,
    STILL,
    TREATMENTS,
    replayed,
    treated,
)
from loopmind.learn.moods.handmade import values_of
from loopmind.learn.moods.named import named_moods
from loopmind.learn.sounds import lmms
from loopmind.learn.sounds.material import Sound, as_analysed, mono_sound
from loopmind.learn.sounds.phrases import KITS, major_phrase, played_loop, single_notes
from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note, Phrase, render_phrases
from loopmind.music.audio import Audio
from loopmind.music.loop import DRUM_INSTRUMENTS, MOODS

F32 = NDArray[np.float32]

LONGEST_S = 8.0
_LONGEST = round(LONGEST_S * ANALYSIS_RATE)
_PRESETS_AT_ONCE = 3
_RING_S = 1.5
_PROGRAM = {"bass": 38, "lead": 81, "pad": 89, "strings": 48, "brass": 61, "woodwind": 73,
            "vocal": 52, "keys": 4, "guitar": 26, "fx": 121, "": 4}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Set:
    """Sounds and pairs of them.

    numbers: float32 (sounds, n), see `numbers_of`. hand: float32 (sounds, moods), the hand-made
    values. named: bool (sounds, moods), what their names say; speaks: whether the name was read.
    kind, instrument, source, mode (of its key, where a person told it): one text a sound. pairs:
    int64 (pairs, 3): the first sound is more of a mood (its number in MOODS) than the second, or
    as much, where `still` is true. how: the change that was made, one text a pair.
    """

    numbers: F32
    hand: F32
    named: NDArray[np.bool_]
    speaks: NDArray[np.bool_]
    kind: NDArray[np.str_]
    instrument: NDArray[np.str_]
    source: NDArray[np.str_]
    mode: NDArray[np.str_]
    pairs: NDArray[np.int64]
    how: NDArray[np.str_]

    @property
    def still(self) -> NDArray[np.bool_]:
        """(pairs,): whether the two sounds must be told alike."""
        return np.asarray(np.char.endswith(self.how, STILL))


@dataclass(frozen=True, eq=False)
class Named:
    """A sound with its name; without one ("") it is only changed. mode: of its key, if known."""

    sound: Sound
    name: str
    mode: str = ""


def heard_numbers(samples: F32, rate_hz: int) -> tuple[F32, F32] | None:
    """(numbers, hand-made values) of mono samples, as hearing has them; None for silence."""
    spectra = frontend(Audio(np.ascontiguousarray(samples[None], np.float32), rate_hz))
    tone = hear_tone(spectra)
    listened = listen(spectra, tone)
    if listened.heard is None:
        return None
    rhythm = hear_rhythm(spectra, told_loop=listened.loop)
    character = character_of(spectra, rhythm, tone, listened)
    return numbers_of(character, listened.heard[1]), values_of(character, energy_of(character))


class Builder:
    """Collects sounds and pairs into a Set."""

    def __init__(self) -> None:
        self.rows: list[tuple[F32, F32, frozenset[str], bool, tuple[str, str, str, str]]] = []
        self.pairs: list[tuple[int, int, int, str]] = []

    def add(
        self, samples: F32, rate_hz: int, sound: Sound, name: str = "", mode: str = ""
    ) -> int | None:
        """The number of a sound that was heard; None where there is nothing to hear."""
        heard = heard_numbers(samples, rate_hz)
        if heard is None:
            return None
        moods = named_moods(name)
        told = (sound.kind, sound.instrument, sound.source, mode)
        self.rows.append((*heard, moods, bool(name), told))
        return len(self.rows) - 1

    def add_named(self, item: Named, changes: int, rng: np.random.Generator) -> None:
        """A sound, `changes` treated copies of it, and one that should be told as it is.

        Single sounds are given some silence to ring out in, for what a hall adds.
        """
        samples = as_analysed(item.sound, LONGEST_S)
        if item.sound.kind == "oneshot":
            silence = round(float(rng.uniform(0.0, _RING_S)) * ANALYSIS_RATE)
            samples = np.pad(samples, (0, silence))[:_LONGEST]
        plain = self.add(samples, ANALYSIS_RATE, item.sound, item.name, item.mode)
        for how in rng.choice(sorted(TREATMENTS), changes, replace=False):
            other = treated(samples, ANALYSIS_RATE, str(how), rng)
            number = self.add(other, ANALYSIS_RATE, item.sound)
            self._pair(number, plain, str(how), TREATMENTS[how][1:])
        how = "narrow" if item.sound.kind == "oneshot" or rng.random() < 0.5 else "repeat"
        other = treated(samples, ANALYSIS_RATE, how, rng)[:_LONGEST]
        self._alike(self.add(other, ANALYSIS_RATE, item.sound), plain, how, EVEN[how][1])

    def add_played(self, font: Path, count: int, rng: np.random.Generator) -> None:
        """`count` phrases in major keys, each with every change of PLAYED, as long as it is."""
        plans = []
        for _ in range(count):
            program, notes, keep_s, tonic = major_phrase(rng)
            keep_s = min(keep_s, LONGEST_S)
            plans.append(("", Phrase(notes, program, keep_s)))
            plans += [
                (how, Phrase(replayed(notes, how, tonic), program, keep_s))
                for how in PLAYED if how != "slow"
            ]  # fmt: skip
            # What is half as fast is twice as long, and so is what is played twice.
            again = tuple(replace(n, start_s=n.start_s + keep_s) for n in notes)
            twice = min(2.0 * keep_s, LONGEST_S)
            plans.append(("", Phrase((*notes, *again), program, twice)))
            plans.append(("slow", Phrase(replayed(notes, "slow", tonic), program, twice)))
        for _ in range(count):  # single sounds, struck hard and softly
            drums = bool(rng.random() < 0.6)
            program = int(rng.choice(KITS)) if drums else int(rng.integers(0, 112))
            pitch = int(rng.integers(35, 60)) if drums else int(rng.integers(36, 80))
            for how, velocity in (("", rng.integers(100, 127)), ("gentle", rng.integers(25, 60))):
                hit = (Note(0.0, 0.5, pitch, int(velocity)),)
                plans.append((how, Phrase(hit, program, 1.5, drums)))
        clips = render_phrases(font, [phrase for _, phrase in plans])
        plain: int | None = None
        for (how, _), clip in zip(plans, clips, strict=True):
            sound = Sound(clip, RENDER_RATE_HZ, "", "loop", f"font:{font.stem}")
            number = None
            if float(np.abs(clip).max(initial=0.0)) > 1e-3:
                number = self.add(as_analysed(sound, LONGEST_S), ANALYSIS_RATE, sound)
            if not how:
                plain = number
            else:
                self._pair(number, plain, how, PLAYED[how])

    def _pair(
        self, changed: int | None, plain: int | None, how: str,
        moods: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> None:  # fmt: skip
        if changed is None or plain is None:
            return
        more, less = moods
        self.pairs += [(changed, plain, MOODS.index(mood), how) for mood in more]
        self.pairs += [(plain, changed, MOODS.index(mood), how) for mood in less]

    def _alike(
        self, changed: int | None, plain: int | None, how: str, moods: tuple[str, ...]
    ) -> None:
        """Two sounds that must be told alike: a pair in both orders."""
        if changed is not None and plain is not None:
            for pair in ((changed, plain), (plain, changed)):
                self.pairs += [(*pair, MOODS.index(mood), how + STILL) for mood in moods]

    def pair_kinds(self, count: int, rng: np.random.Generator) -> None:
        """`count` pairs of a sound that is held by strings, voices or a pad, and of a drum."""
        instruments = [told[1] for *_, told in self.rows]
        held = [n for n, name in enumerate(instruments) if name in ("pad", "strings", "vocal")]
        drums = [n for n, name in enumerate(instruments) if name in DRUM_INSTRUMENTS]
        for _ in range(count if held and drums else 0):
            self._pair(int(rng.choice(held)), int(rng.choice(drums)), "held", (HELD, ()))

    def write(self, target: Path) -> int:
        """Write the set; how many sounds it holds. Raises OutputError."""
        numbers, hand, named, speaks, told = zip(*self.rows, strict=True)
        kind, instrument, source, mode = zip(*told, strict=True)
        with atomic_path(target) as part, part.open("wb") as file:
            np.savez_compressed(
                file,
                numbers=np.array(numbers, np.float32),
                hand=np.array(hand, np.float32),
                named=np.array([[mood in moods for mood in MOODS] for moods in named]),
                speaks=np.array(speaks),
                kind=np.array(kind),
                instrument=np.array(instrument),
                source=np.array(source),
                mode=np.array(mode),
                pairs=np.array([pair[:3] for pair in self.pairs], np.int64).reshape(-1, 3),
                how=np.array([pair[3] for pair in self.pairs]),
            )
        return len(numbers)


def load(files: Sequence[Path]) -> Set:
    """Sets put together. Raises FileNotFoundError where there are none."""
    if not files:
        raise FileNotFoundError("no sets to learn from; run the build step first")
    parts, first = [], 0
    for file in files:
        with np.load(file, allow_pickle=False) as archive:
            part = {name: archive[name] for name in Set.__dataclass_fields__}
        part["pairs"] = part["pairs"] + np.array([first, first, 0])
        first += len(part["numbers"])
        parts.append(part)
    return Set(*(np.concatenate([p[name] for p in parts]) for name in Set.__dataclass_fields__))


def preset_sounds(
    presets: Sequence[lmms.Preset], source: str, rng: np.random.Generator
) -> Iterator[Named]:
    """A note and a loop of each preset, under its name."""
    for first in range(0, len(presets), _PRESETS_AT_ONCE):
        plans = []
        for preset in presets[first : first + _PRESETS_AT_ONCE]:
            program = _PROGRAM.get(preset.instrument, 4)
            for item in single_notes(rng, 1, programs=[program]):
                plans.append((preset, "oneshot", item.phrase.notes, item.phrase.keep_s))
            notes, seconds, _ = played_loop(preset.instrument or "keys", rng)
            plans.append((preset, "loop", notes, min(seconds, 6.0)))
        try:
            clips = lmms.render_presets([(p, notes, s) for p, _, notes, s in plans])
        except RuntimeError:  # a preset that LMMS dies of takes its neighbours along
            print(f"left out: {[p.file.stem for p, *_ in plans[::2]]}", flush=True)
            continue
        for (preset, kind, _, _), clip in zip(plans, clips, strict=True):
            if float(np.abs(clip).max(initial=0.0)) > 1e-3:
                sound = Sound(clip, RENDER_RATE_HZ, preset.instrument, kind, source)
                yield Named(sound, preset.file.stem.split("-", 1)[-1])


def recorded_sounds(labels: Path) -> Iterator[Named]:
    """The one-shots and loops of a labels.csv under their own names, without unreadable ones."""
    with labels.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] in ("oneshot", "loop")]
    for row in rows:
        found = mono_sound(labels.parent / row["path"], LONGEST_S)
        if found is not None:
            sound = Sound(*found, row["instrument"], row["kind"], row["source"], row["path"])
            yield Named(sound, Path(row["path"]).stem, row["key"].partition(" ")[2])
