"""Fitting real drum loops: speed (processor time), and how whole attacks stay, beside peers.

For every hit of every loop: how far its energy envelope lies from where it belongs (cross
correlation, milliseconds), how much of its attack's peak is left (dB), and how much louder than in
the source it is just before it (pre-echo, dB). Peers in the same run: Rubber Band R3 (pedalboard),
librosa's phase vocoder. Hits are found by LoopMind's own detector, so `lag` of slices shows only
that they are moved as meant.

    python benchmarks/bench_fit.py [LOOPS] [--every 5]
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from loopmind.compose.fit import fit_loop
from loopmind.dsp.slices import find_hits, sliced_stretch
from loopmind.dsp.stretch import Samples, circular, exact, phase_stretch
from loopmind.files.decode import read_audio
from loopmind.music.audio import Audio

Method = Callable[[Samples, int, int], Samples]
DEFAULT = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "loops"


def envelope(samples: Samples, rate_hz: int) -> np.ndarray:
    power = np.diff(samples.mean(axis=0), prepend=0.0) ** 2
    size = rate_hz // 1000
    return np.convolve(power, np.ones(size) / size, "same")


def measure(source: Samples, made: Samples, hits: np.ndarray, rate_hz: int) -> np.ndarray:
    """(hits, 3): |lag| in ms, attack in dB, pre-echo in dB."""
    before, after = envelope(source, rate_hz), envelope(made, rate_hz)
    reach = rate_hz // 50
    rows = []
    for hit in hits:
        goal = round(int(hit) * after.size / before.size)
        piece = np.sqrt(before[np.arange(hit - reach // 2, hit + reach) % before.size])
        field = np.sqrt(after[np.arange(goal - reach // 2 - reach, goal + 2 * reach) % after.size])
        match = np.correlate(field - field.mean(), piece - piece.mean(), "valid")
        lag = abs(int(match.argmax()) - reach) / rate_hz * 1000
        old = before[np.arange(hit - reach, hit + reach) % before.size]
        new = after[np.arange(goal - reach, goal + reach) % after.size]
        quiet = slice(0, reach - reach // 7)
        echo_old = old[quiet].mean() / max(old.max(), 1e-12) + 1e-7
        echo_new = new[quiet].mean() / max(new.max(), 1e-12) + 1e-7
        attack = 10 * np.log10((new.max() + 1e-12) / (old.max() + 1e-12))
        rows.append((lag, attack, 10 * np.log10(echo_new / echo_old)))
    return np.array(rows)


def rubber_band(samples: Samples, frames_out: int, rate_hz: int) -> Samples:
    import pedalboard

    context = rate_hz // 4
    ratio = samples.shape[1] / frames_out
    fed = circular(samples, -context, samples.shape[1] + 2 * context)
    made = pedalboard.time_stretch(fed, rate_hz, stretch_factor=ratio, high_quality=True)
    return exact(np.ascontiguousarray(made[:, round(context / ratio) :]), frames_out)


def librosa_vocoder(samples: Samples, frames_out: int, rate_hz: int) -> Samples:
    import librosa

    made = librosa.effects.time_stretch(samples, rate=samples.shape[1] / frames_out)
    return exact(np.ascontiguousarray(made, dtype=np.float32), frames_out)


METHODS: dict[str, Method] = {
    "slices (drums)": lambda samples, frames, rate: sliced_stretch(
        samples, frames, rate_hz=rate, hits=find_hits(samples, rate)
    ),
    "signalsmith (all else)": lambda samples, frames, rate: phase_stretch(
        samples, frames, rate_hz=rate
    ),
    "rubber band R3": rubber_band,
    "librosa": librosa_vocoder,
}


def drum_loops(folder: Path, every: int) -> list[tuple[Audio, float]]:
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["kind"] == "loop" and r["bpm"]]
    drums = [r for r in rows if r["instrument"] == "drum loop"][::every]
    return [(read_audio(folder / r["path"]), float(r["bpm"])) for r in drums]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("loops", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--every", type=int, default=5, help="take every n-th drum loop")
    arguments = parser.parse_args()
    loops = drum_loops(arguments.loops, arguments.every)
    results = []
    for ratio in (0.8, 0.93, 1.2):
        for name, method in METHODS.items():
            rows, spent, length = [], 0.0, 0.0
            method(loops[0][0].samples[:, :44100], 48000, 44100)  # imports and plans
            for audio, _ in loops:
                frames = round(audio.frames / ratio)
                start = time.process_time()
                made = method(audio.samples, frames, audio.rate_hz)
                spent += time.process_time() - start
                length += frames / audio.rate_hz
                hits = find_hits(audio.samples, audio.rate_hz)
                rows.append(measure(audio.samples, made, hits, audio.rate_hz))
            lag, attack, echo = np.concatenate(rows).T
            results.append(
                {
                    "ratio": ratio, "method": name, "hits": len(lag),
                    "lag_ms_median": round(float(np.median(lag)), 2),
                    "lag_ms_p90": round(float(np.percentile(lag, 90)), 2),
                    "attack_db_median": round(float(np.median(attack)), 2),
                    "attack_db_p10": round(float(np.percentile(attack, 10)), 2),
                    "pre_echo_db_p90": round(float(np.percentile(echo, 90)), 1),
                    "times_real_time": round(length / spent, 1),
                }
            )  # fmt: skip
            print(json.dumps(results[-1]), flush=True)
    start = time.process_time()
    length = 0.0
    for number, (audio, bpm) in enumerate(loops):
        beats = max(1, round(audio.duration_s * bpm / 60))
        role = "drums" if number % 3 == 0 else "chords"
        made_audio = fit_loop(
            audio,
            rate_hz=44100,
            source_bpm=bpm,
            start_s=0.0,
            beats=beats,
            bpm=bpm * 0.93,
            role=role,
        )
        length += made_audio.duration_s
    spent = time.process_time() - start
    print(json.dumps({"whole fit, one drum loop in three": f"{length / spent:.0f}x real time"}))


if __name__ == "__main__":
    main()
