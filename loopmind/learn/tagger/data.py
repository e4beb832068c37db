"""What the tagger learns from: every sound as the network is shown it, with what is known of it.

A set is one .npz file: pictures in 8 bits, the analyser's features, and the truth. Sounds are
altered by `learn.augment` before they are heard, so a set holds each sound once plain and then
varied.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.features import shape_of, timbre_features
from loopmind.analysis.frontend import ANALYSIS_RATE, frontend
from loopmind.analysis.instrument import PERCUSSION_KINDS
from loopmind.analysis.listening.tagger import pictures
from loopmind.analysis.tone import hear_tone
from loopmind.files.atomic import atomic_path
from loopmind.learn.sounds.augment import vary
from loopmind.learn.sounds.held_back import NEITHER_KITS, TEST_FONTS, TEST_KITS, TEST_MIDI
from loopmind.learn.sounds.material import Sound, as_analysed
from loopmind.music.audio import Audio
from loopmind.music.loop import INSTRUMENTS, ROLE_OF_INSTRUMENT, ROLES

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

KINDS = ("oneshot", "loop")
LONGEST_S = 8.0
_LONGEST = round(LONGEST_S * ANALYSIS_RATE)
_STEPS = 255.0
# Nothing of what the test pieces are made of is ever learned from.
_NEVER = tuple(
    name.replace(" ", "") for name in (*TEST_KITS, *NEITHER_KITS, "Black_Pearl", *TEST_FONTS)
)


@dataclass(frozen=True, eq=False)
class Examples:
    """Sounds as the network is shown them, and their truth; all fields equally long.

    near, far: uint8 pictures (see `shown`). features: float32 (n, 239). varied: 1 where the sound
    was altered. sound: number of the sound, equal for its variations. role, words: may be empty.
    """

    near: U8
    far: U8
    features: F32
    instrument: NDArray[np.str_]
    role: NDArray[np.str_]
    kind: NDArray[np.str_]
    source: NDArray[np.str_]
    path: NDArray[np.str_]
    words: NDArray[np.str_]
    varied: NDArray[np.int8]
    sound: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.features)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Examples:
        return Examples(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    @property
    def recorded(self) -> NDArray[np.bool_]:
        """Recordings with labels of their own, by which the model is judged."""
        made = ("font:", "folder:", "synthesis", "zynaddsubfx", "foxdot")
        return np.array([not name.startswith(made) for name in self.source.tolist()])

    @property
    def learnable(self) -> NDArray[np.bool_]:
        """All but what the test pieces are made of."""
        return np.array([
            not any(name in f"{source} {path}".replace(" ", "") for name in _NEVER)
            for source, path in zip(self.source.tolist(), self.path.tolist(), strict=True)
        ])  # fmt: skip

    def truth(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Numbers of instrument, role and kind."""
        instrument = np.array([INSTRUMENTS.index(name) for name in self.instrument.tolist()])
        role = np.array([
            ROLES.index(role or ROLE_OF_INSTRUMENT[name])
            for role, name in zip(self.role.tolist(), self.instrument.tolist(), strict=True)
        ])  # fmt: skip
        kind = np.array([KINDS.index(name) for name in self.kind.tolist()])
        return instrument, role, kind


def shown(pictures: U8) -> F32:
    """Stored pictures as the network sees them, -1 to 1."""
    return np.asarray(pictures.astype(np.float32) * (2.0 / _STEPS) - 1.0, np.float32)


def stored(picture: F32) -> U8:
    """A picture in 8 bits (steps of .3 dB)."""
    return np.asarray(np.rint((picture + 1.0) * (0.5 * _STEPS)), np.uint8)


def inputs_of(samples: F32, rate_hz: int) -> tuple[F32, F32, F32]:
    """(near, far, features) of mono `samples`, exactly as the analyser computes them."""
    spectra = frontend(Audio(np.ascontiguousarray(samples[None], np.float32), rate_hz))
    tone = hear_tone(spectra)
    shape = shape_of(spectra.mono, spectra.rate_hz, spectra.power, spectra.hop)
    return (*pictures(spectra), timbre_features(shape, tone, tone.heard))


def build(sounds: Iterable[Sound], target: Path, *, variations: int) -> int:
    """Write `sounds` and `variations` altered copies of each to `target`; returns how many."""
    columns: dict[str, list[object]] = {name: [] for name in Examples.__dataclass_fields__}
    for index, sound in enumerate(sounds):
        rng = np.random.default_rng([zlib.crc32(target.stem.encode()), index])
        plain = as_analysed(sound, LONGEST_S)  # at that rate varying it costs half
        for copy in range(variations + 1):
            heard = vary(plain, ANALYSIS_RATE, rng)[:_LONGEST] if copy else plain
            near, far, features = inputs_of(heard, ANALYSIS_RATE)
            row = (stored(near), stored(far), features, sound.instrument, sound.role, sound.kind,
                   sound.source, sound.path, sound.words, int(copy > 0), index)  # fmt: skip
            for name, value in zip(columns, row, strict=True):
                columns[name].append(value)
    arrays: dict[str, Any] = {name: np.array(values) for name, values in columns.items()}
    arrays["features"] = arrays["features"].astype(np.float32)
    arrays["varied"] = arrays["varied"].astype(np.int8)
    with atomic_path(target) as part, part.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return len(arrays["features"])


def load(work: Path, names: Sequence[str] = ("examples-*.npz",)) -> Examples:
    """All examples built in `work`. Raises FileNotFoundError where nothing was built."""
    files = sorted(file for name in names for file in work.glob(name))
    if not files:
        raise FileNotFoundError(f"no examples in {work}; run the build step first")
    fields = Examples.__dataclass_fields__
    parts: list[dict[str, NDArray[np.generic]]] = []
    first = 0
    for file in files:
        with np.load(file, allow_pickle=False) as archive:
            part = {name: archive[name] for name in fields}
        part["sound"] = part["sound"] + first
        first = int(part["sound"].max()) + 1
        parts.append(part)
    return Examples(*(np.concatenate([part[name] for part in parts]) for name in fields))


def learnable_midi(paths: Sequence[Path]) -> list[Path]:
    """MIDI files but those that the test pieces are made of."""
    return [path for path in paths if not any(name in str(path) for name in TEST_MIDI)]


def coarse(name: str) -> str:
    """The class as labels elsewhere know it: kinds of percussion are one."""
    return "percussion" if name in PERCUSSION_KINDS else name


def coarse_choice(probabilities: F32) -> str:
    """The likeliest coarse class."""
    sums: dict[str, float] = {}
    for name, p in zip(INSTRUMENTS, probabilities, strict=True):
        sums[coarse(name)] = sums.get(coarse(name), 0.0) + float(p)
    return max(sums, key=lambda name: sums[name])
