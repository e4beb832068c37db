"""Fine-tuning the fit model on the user's own songs: tracks that sound together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from loopmind.analysis.hear import hear
from loopmind.compose.learned_fit import read_model
from loopmind.errors import LoopMindError
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn.fit.data import Sample, cut_track, read, write
from loopmind.learn.fit.lists import CANDIDATES, Stock, learned_scores, lists_of, stock, top1
from loopmind.learn.fit.model import FitConfig, train, write_model
from loopmind.learn.judging import Progress, Row
from loopmind.learn.tuning.course import Budget, Pair
from loopmind.learn.tuning.material import stem_folders
from loopmind.music.audio import Audio
from loopmind.music.loop import ROLES

_BEATS = 16
_MOST_CUTS = 6
_LONGEST_S = 300.0
_ROUNDS = 5
_FEWEST_STRANGERS = 2


class FitTrainer:
    """What `learn.tuning` asks of the fit model."""

    def find(self, folder: Path) -> tuple[list[Pair], list[Row]]:
        """Folders of stems, each one song."""
        return stem_folders(folder)

    def score(self, model: Path, pairs: Sequence[Pair], progress: Progress) -> dict[str, float]:
        """How often the right loop is picked beside all its mates, and beside one of them."""
        held = _stock(pairs, None, progress)
        chosen = read_model(model)
        found = []
        for turn in range(_ROUNDS):
            lists = _lists(held, turn)
            found.append(top1(learned_scores(chosen, held, lists), lists))
        return {"right one, beside all mates": float(np.mean([f[1] for f in found])),
                "right one, beside one mate": float(np.mean([f[0] for f in found]))}  # fmt: skip

    def tune(
        self, model: Path, pairs: Sequence[Pair], target: Path, budget: Budget, progress: Progress
    ) -> None:
        """Train on from the weights in use."""
        held = _stock(pairs, budget.work / "loops.jsonl", progress)
        start = read_model(model)
        config = FitConfig(
            hidden=start.tower.shape[1], rate=4e-4, epochs=6, seed=budget.seed, members=1,
            strangers=max(_FEWEST_STRANGERS, min(11, _most_strangers(held))), rounds=2,
        )  # fmt: skip
        made = train(
            held, config, start=start, checkpoint=budget.work / "checkpoint.pt",
            report=lambda epoch, epochs, loss: progress(epoch, epochs, f"loss {loss:.3f}"),
        )  # fmt: skip
        # What strangers score elsewhere is better known than from one user's few songs.
        write_model(replace(made, centre=start.centre, spread=start.spread), target)


def _lists(held: Stock, turn: int):  # type: ignore[no-untyped-def]
    strangers = min(CANDIDATES - 1, _most_strangers(held))
    lists = lists_of(held, np.random.default_rng([11, turn]), strangers=strangers)
    if strangers < _FEWEST_STRANGERS or not len(lists.anchor):
        raise LoopMindError(
            "too few songs to tell what belongs together from what does not; add songs with stems "
            "of the same roles (drums, bass ...)"
        )
    return lists


def _most_strangers(held: Stock) -> int:
    """How many strangers the role with the most of them has from other songs."""
    most = 0
    for role in ROLES:
        rows = [s for s in held.samples if s.role == role]
        for piece in {s.piece for s in rows}:
            most = max(most, sum(s.piece != piece for s in rows))
    return most


def _stock(pairs: Sequence[Pair], kept: Path | None, progress: Progress) -> Stock:
    if kept is not None and kept.is_file():
        return stock(read([kept]))
    samples: list[Sample] = []
    for number, pair in enumerate(pairs):
        progress(number, len(pairs), Path(pair.source).name)
        samples += samples_of_song(pair)
    if kept is not None:
        write(samples, kept)
    return stock(samples)


def samples_of_song(pair: Pair) -> list[Sample]:
    """The loops of one song: every track cut at the same bars, where at least two of them play."""
    tracks: dict[str, Audio] = {}
    for name, path in pair.stems.items():
        try:
            tracks[name] = read_audio(path, max_seconds=_LONGEST_S)
        except AudioFileError:
            continue
    bpm, start_s = pair.bpm, 0.0
    if bpm is None and tracks:
        first = next((n for n in tracks if pair.roles.get(n) == "drums"), next(iter(tracks)))
        heard = hear(tracks[first], path="", digest="")
        bpm, start_s = heard.bpm, heard.downbeat_s
    if not bpm or len(tracks) < 2:
        return []
    length = max(audio.duration_s for audio in tracks.values())
    window = _BEATS * 60.0 / bpm
    places = np.arange(start_s, length - window, window)
    chosen = (
        places[np.linspace(0, len(places) - 1, min(_MOST_CUTS, len(places))).astype(int)]
        if len(places)
        else places
    )
    made: list[Sample] = []
    for number, place in enumerate(chosen.tolist()):
        cut: list[Sample] = []
        for name, audio in tracks.items():
            digest = f"{pair.source}-{number}-{name}"
            loop = cut_track(audio.samples, audio.rate_hz, place, _BEATS, bpm, digest)
            role = pair.roles.get(name) or (loop.best_role if loop is not None else "")
            if loop is not None and role in ROLES and role != "fx":
                cut.append(Sample(pair.source, f"{pair.source}-{number}", "own", role, bpm,
                                  _BEATS, loop))  # fmt: skip
        made += cut if len(cut) > 1 else []
    return made


TRAINER = FitTrainer()
