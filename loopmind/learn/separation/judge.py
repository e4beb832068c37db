"""How well mixes are taken apart: SDR, SI-SDR and their gain over the mix, classical peers beside.

A table has the columns path (the mix) and some of drums, bass, vocals, other (its stems; empty
where there is none). SI-SDR is over all channels (Le Roux et al., "SDR - half-baked or well
done?", 2019), SDR is mir_eval's bss_eval on the mono sum. All figures are medians over the mixes
that have the stem.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.separation import LIGHT, separate
from loopmind.analysis.listening.separators import open_separator
from loopmind.dsp.resample import resample
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn.judging import OURS, Labelled, Progress, Row, read_labels, unusable
from loopmind.learn.separation.peers import peers
from loopmind.learn.sounds.pieces import STEMS
from loopmind.learn.sounds.render import RENDER_RATE_HZ
from loopmind.music.audio import Audio

F32 = NDArray[np.float32]

BEST_PEER = "best classical"
_LONGEST_S = 30.0
_SILENT = 1e-4
_ALONE_DB = 40.0  # a stem that is all there is has nothing to be gained


def si_sdr(estimate: F32, truth: F32) -> float:
    """Scale-invariant SDR in dB over all channels together."""
    a, b = estimate.ravel().astype(np.float64), truth.ravel().astype(np.float64)
    scale = float(a @ b) / (float(b @ b) + 1e-20)
    wanted = scale * b
    return float(10.0 * np.log10((wanted @ wanted + 1e-20) / (np.sum((a - wanted) ** 2) + 1e-20)))


def judge(
    labels: Path, progress: Progress, *, model: str = LIGHT, threads: int = 2, sdr: bool = True
) -> list[Row]:
    """The figures of `model` on the mixes of a table, with the peers' on the same mixes.

    At most the first 30 s of each mix are judged. Raises LoopMindError for a table that is of no
    use, ModelError.
    """
    lines, bad = read_labels(labels, ("path",), some=STEMS)
    separator = open_separator(model, threads=threads)
    gains: dict[str, dict[str, list[float]]] = {}
    plain: dict[str, list[float]] = {}
    levels: dict[str, list[float]] = {}
    for number, line in enumerate(lines):
        progress(number, len(lines), line.path.name)
        try:
            mix, truth = _read(line)
        except AudioFileError as error:
            what = f"{Path(error.path).name} {error.reason}"
            bad.append(unusable(f"{labels.name}, line {line.line}", what, error.remedy))
            continue
        except ValueError as error:
            what, _, remedy = str(error).partition("; ")
            bad.append(unusable(f"{labels.name}, line {line.line}", what, remedy))
            continue
        found = separate(
            Audio(mix, RENDER_RATE_HZ), separator,
            progress=lambda *_, at=number: progress(at, len(lines), ""),
        )  # fmt: skip
        ours = dict(zip(found.names, (sound.samples for sound in found.sounds), strict=True))
        base = {stem: si_sdr(mix, sound) for stem, sound in truth.items()}
        truth = {stem: sound for stem, sound in truth.items() if base[stem] < _ALONE_DB}
        for of, estimates in {OURS: ours, **peers(mix)}.items():
            for stem, sound in truth.items():
                if stem in estimates:
                    gain = si_sdr(estimates[stem], sound) - base[stem]
                    gains.setdefault(stem, {}).setdefault(of, []).append(gain)
        for stem in truth:
            levels.setdefault(stem, []).append(base[stem] + gains[stem][OURS][-1])
        if sdr and truth:
            for stem, value in bss_sdr(ours, truth).items():
                plain.setdefault(stem, []).append(value)
    progress(len(lines), len(lines), "")
    return [*_rows(gains, levels, plain), *bad]


def bss_sdr(found: Mapping[str, F32], truth: Mapping[str, F32]) -> dict[str, float]:
    """mir_eval's SDR in dB of each stem of `truth`, on the mono sums."""
    import mir_eval

    stems = list(truth)
    reference = np.stack([truth[stem].mean(axis=0) for stem in stems])
    estimate = np.stack([found[stem].mean(axis=0) for stem in stems])
    if not all(np.any(row) for row in (*reference, *estimate)):
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a newer release wants to drop what the field cites
        values = mir_eval.separation.bss_eval_sources(
            reference, estimate, compute_permutation=False
        )[0]
    return {stem: float(value) for stem, value in zip(stems, values, strict=True)}


def _rows(
    gains: Mapping[str, Mapping[str, list[float]]], levels: Mapping[str, list[float]],
    plain: Mapping[str, list[float]],
) -> list[Row]:  # fmt: skip
    rows = []
    for stem in STEMS:
        if stem not in gains:
            continue
        middle = {of: float(np.median(values)) for of, values in gains[stem].items()}
        what = f"{stem}: SI-SDR gain over the mix"
        rows += [Row(what, value, "dB", of) for of, value in middle.items()]
        others = [value for of, value in middle.items() if of != OURS]
        if others:
            rows.append(Row(what, max(others), "dB", BEST_PEER))
        rows.append(Row(f"{stem}: SI-SDR", float(np.median(levels[stem])), "dB", OURS))
        if stem in plain:
            rows.append(Row(f"{stem}: SDR (mir_eval)", float(np.median(plain[stem])), "dB", OURS))
        rows.append(Row(f"{stem}: mixes", float(len(levels[stem])), "files", OURS))
    return rows


def _read(line: Labelled) -> tuple[F32, dict[str, F32]]:
    """Mix (2, samples) and the stems that are heard in it, equally long, at RENDER_RATE_HZ."""
    mix = _stereo(line.path)
    truth: dict[str, F32] = {}
    for stem in STEMS:
        file = line.file(stem)
        if file is None:
            continue
        sound = _stereo(file)
        length = min(mix.shape[1], sound.shape[1])
        if abs(mix.shape[1] - sound.shape[1]) > RENDER_RATE_HZ:
            own, whole = (s.shape[1] / RENDER_RATE_HZ for s in (sound, mix))
            raise ValueError(
                f"{file.name} is not as long as {line.path.name} ({own:.1f} and {whole:.1f} s); "
                "export both from start to end"
            )
        padded = np.zeros_like(mix)
        padded[:, :length] = sound[:, :length]
        if float(np.sqrt(np.mean(padded**2))) > _SILENT:
            truth[stem] = padded
    if not truth:
        raise ValueError(f"no stem of {line.path.name} can be heard; leave it out")
    return mix, truth


def _stereo(path: Path) -> F32:
    audio = read_audio(path, max_seconds=_LONGEST_S)
    sound = resample(audio.samples, audio.rate_hz, RENDER_RATE_HZ)
    return np.ascontiguousarray(np.broadcast_to(sound, (2, sound.shape[1])), np.float32)
