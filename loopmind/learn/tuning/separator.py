"""Fine-tuning the light separator on the user's own songs: stems whose sum is the mix."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from loopmind.analysis.listening.separation import LightSeparator, separate
from loopmind.dsp.resample import resample
from loopmind.errors import LoopMindError
from loopmind.files.decode import AudioFileError, probe, read_audio, to_stereo
from loopmind.learn.judging import Progress, Row
from loopmind.learn.separation.data import (
    DATA_NAME,
    INDEX_NAME,
    SHELF_FRAMES,
    Mixes,
    Shelf,
    ShelfWriter,
    example,
)
from loopmind.learn.separation.data import Row as ShelfRow
from loopmind.learn.separation.judge import si_sdr
from loopmind.learn.separation.model import Batch, loss_of, regions
from loopmind.learn.sounds.pieces import STEMS
from loopmind.learn.sounds.render import RENDER_RATE_HZ
from loopmind.learn.tuning.course import LONGEST_S, Budget, Pair
from loopmind.learn.tuning.graph import trainable, tune, write_back
from loopmind.learn.tuning.material import stem_folders, stem_of
from loopmind.music.audio import Audio

F32 = NDArray[np.float32]

_JUDGED_S = 30.0
_LEARNED_S = 240.0
_WINDOWS = 12
_BATCH = 2
_RATE = 3e-4
_STAY = 1e-3
_QUIET = 1e-3


class SeparatorTrainer:
    """What `learn.tuning` asks of the separator."""

    def find(self, folder: Path) -> tuple[list[Pair], list[Row]]:
        """Folders of stems, each one song."""
        return stem_folders(folder)

    def score(self, model: Path, pairs: Sequence[Pair], progress: Progress) -> dict[str, float]:
        """Median gain in SI-SDR over the mix: of all stems, and of each that is in them."""
        separator = LightSeparator(model)
        gains: dict[str, list[float]] = {}
        for number, pair in enumerate(pairs):
            progress(number, len(pairs), Path(pair.source).name)
            stems = _stems(pair, _JUDGED_S)
            if not stems:
                continue
            mix = np.stack(list(stems.values())).sum(axis=0)
            made = separate(Audio(mix, RENDER_RATE_HZ), separator, tuple(stems))
            for name, audio in zip(made.names, made.sounds, strict=True):
                gain = si_sdr(audio.samples, stems[name]) - si_sdr(mix, stems[name])
                gains.setdefault(name, []).append(gain)
        if not gains:
            raise LoopMindError("none of the held-back songs can be read; check their stems")
        everything = [gain for own in gains.values() for gain in own]
        figures = {"SI-SDR gain, dB": float(np.mean(everything))}
        figures |= {f"{n}, median dB": float(np.median(gains[n])) for n in STEMS if n in gains}
        return figures

    def tune(
        self, model: Path, pairs: Sequence[Pair], target: Path, budget: Budget, progress: Progress
    ) -> None:
        """Train on: the same examples and losses as the shipped model's training."""
        place = budget.work / "shelf"
        if not (place / INDEX_NAME).is_file():
            with ShelfWriter(place) as shelf:
                for number, pair in enumerate(pairs):
                    progress(number, len(pairs), Path(pair.source).name)
                    _put(shelf, pair)
        if not (place / DATA_NAME).stat().st_size:
            raise LoopMindError("none of the songs to learn from can be read")
        shelves, mixes, parts = Shelf(place), Mixes(whole=0.6), regions()
        net = trainable(model)
        given, said = net.inputs[0], net.outputs[0]

        def batch_of(rng: np.random.Generator) -> Batch:
            return Batch.of(np.stack([example(shelves, mixes, rng) for _ in range(_BATCH)]))

        def loss(rng: np.random.Generator) -> torch.Tensor:
            batch = batch_of(rng)
            masks = torch.cat([net({given: mix[None]})[said] for mix in batch.mix])
            return loss_of(masks, batch, parts)

        tune(net, loss, budget, progress, rate=_RATE, stay=_STAY, steps=400)
        some = batch_of(np.random.default_rng(0)).mix[:1]
        write_back(net, model, target, {given: some.numpy()})


def _stems(pair: Pair, seconds: float) -> dict[str, F32]:
    """The stems of a song by our names, tracks of one stem summed, equally long; silent ones not.

    Of a longer song the middle; silence follows a stem that ends before the others.
    """
    lengths_s = []
    for path in pair.stems.values():
        with suppress(AudioFileError):
            lengths_s.append(min(probe(path).duration_s, LONGEST_S))
    length_s = max(lengths_s, default=0.0)
    first_s = max(0.0, (length_s - seconds) / 2)
    frames = round(min(length_s, seconds) * RENDER_RATE_HZ)
    sums: dict[str, F32] = {}
    for name, path in pair.stems.items():
        try:
            audio = read_audio(path, max_seconds=LONGEST_S)
        except AudioFileError:
            continue
        stem = stem_of(pair.roles.get(name) or name) if stem_of(name) == "other" else stem_of(name)
        total = sums.setdefault(stem, np.zeros((2, frames), np.float32))
        first = round(first_s * audio.rate_hz)
        part = to_stereo(audio.samples[:, first : first + round(seconds * audio.rate_hz)])
        if part.shape[1]:
            sound = resample(part, audio.rate_hz, RENDER_RATE_HZ)[:, :frames]
            total[:, : sound.shape[1]] += sound
    return {
        stem: sound for stem, sound in sums.items()
        if frames and float(np.sqrt(np.mean(sound**2))) > _QUIET
    }  # fmt: skip


def _put(shelf: ShelfWriter, pair: Pair) -> None:
    stems = _stems(pair, _LEARNED_S)
    frames = next(iter(stems.values())).shape[1] if stems else 0
    latest = max(0, frames - SHELF_FRAMES)
    count = min(_WINDOWS, 1 + latest // SHELF_FRAMES)
    for number, at in enumerate(np.linspace(0, latest, count).astype(int).tolist()):
        for stem, sound in stems.items():
            part = sound[:, at : at + SHELF_FRAMES]
            cut = np.zeros((2, SHELF_FRAMES), np.float32)
            cut[:, : part.shape[1]] = part
            shelf.add(ShelfRow(stem, f"{pair.source}-{number}", "folder:own"), cut)


TRAINER = SeparatorTrainer()
