"""From sounds and notes to the sampler's zones and strikes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from loopmind.dsp.effects import sampler
from loopmind.dsp.effects.sampler import NoteQueue, Strike, Zone
from loopmind.dsp.slices import find_hits
from loopmind.dsp.unit import Part, Unit
from loopmind.music.audio import Audio
from loopmind.music.notes import Notes
from loopmind.runtime.live.clip_unit import material

FIRST_SLICE = 36


def prepare_sampler(
    rate_hz: float, settings: dict[str, Any], sounds: Sequence[Audio], notes: Notes | None,
    queue: NoteQueue,
) -> Part:  # fmt: skip
    """Settings: root, spread (each sound its own note from the root on), one_shot, choke and
    those of the sampler; name, by which a keyboard finds it. Values: sounds, notes (or None);
    shared: the keyboard's queue."""
    root, spread = float(settings["root"]), bool(settings["spread"])
    zones = []
    for number, sound in enumerate(sounds):
        own = round(root) + number
        zones.append(
            Zone(
                material(sound, int(rate_hz), 1.0, False),
                root=float(own) if spread else root,
                low=own if spread else 0,
                high=own if spread else 127,
                choke=int(bool(settings["choke"])),
                sustain=not settings["one_shot"],
            )
        )
    return sampler.prepare(rate_hz, settings, zones, strikes(notes, rate_hz), queue)


def prepare_slices(
    rate_hz: float, settings: dict[str, Any], sound: Audio, notes: Notes | None, queue: NoteQueue
) -> Part:
    """Settings: slices (0: at its hits) and those of the sampler. Slice n is note 36 + n; a new
    slice chokes the one before. Without notes the slices play in order, as the loop did."""
    samples = material(sound, int(rate_hz), 1.0, False)
    cuts = slice_starts(samples, int(rate_hz), int(settings["slices"]))
    ends = [*cuts[1:], samples.shape[1]]
    zones = [
        Zone(
            np.ascontiguousarray(samples[:, a:b]), root=FIRST_SLICE + n, low=FIRST_SLICE + n,
            high=FIRST_SLICE + n, choke=1, sustain=False,
        )
        for n, (a, b) in enumerate(zip(cuts, ends, strict=True))
    ]  # fmt: skip
    if notes is None:
        played = [
            Strike(a, FIRST_SLICE + n, 1.0, b - a)
            for n, (a, b) in enumerate(zip(cuts, ends, strict=True))
        ]
    else:
        played = strikes(notes, rate_hz)
    return sampler.prepare(rate_hz, settings, zones, played, queue)


def slice_starts(samples: np.ndarray, rate_hz: int, slices: int) -> list[int]:
    """Where slices begin: `slices` equal ones, or (0) one at each hit."""
    frames = samples.shape[1]
    if slices > 0:
        return [round(n * frames / slices) for n in range(min(slices, frames))]
    near = round(0.01 * rate_hz)  # a hit this close to either end is the loop's own first one
    hits = [int(hit) for hit in find_hits(samples, rate_hz) if near < hit < frames - near]
    return [0, *hits[: 127 - FIRST_SLICE]]


def strikes(notes: Notes | None, rate_hz: float) -> list[Strike]:
    """Notes as strikes on absolute frames."""
    if notes is None:
        return []
    return [
        Strike(
            round(note.start_s * rate_hz), round(note.pitch), note.velocity,
            max(round((note.end_s - note.start_s) * rate_hz), 1),
        )
        for note in notes.notes
    ]  # fmt: skip


SAMPLER = Unit(sampler.SAMPLER.kernel, prepare_sampler, shared=NoteQueue)
SLICES = Unit(sampler.SAMPLER.kernel, prepare_slices, shared=NoteQueue)
