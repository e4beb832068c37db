"""How grooves sound: drum one-shots, a plain synthesiser, and the rooms they are heard in."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note

F32 = NDArray[np.float32]


def read_kits(collection: Path, rng: np.random.Generator) -> list[dict[str, list[F32]]]:
    """Drum one-shots of the collection, as kits: sound name -> samples at RENDER_RATE_HZ."""
    import soundfile
    import soxr

    names = {"kick": "kick", "snare": "snare", "hat": "hat", "clap": "clap", "perc": "percussion"}
    kits: dict[str, dict[str, list[F32]]] = {}
    with (collection / "labels.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["kind"] != "oneshot" or row["instrument"] not in names:
                continue
            path = collection / row["path"]
            try:
                sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                continue
            mono = soxr.resample(sound.mean(axis=1), rate, RENDER_RATE_HZ, quality="HQ")
            peak = float(np.abs(mono).max(initial=0.0))
            if peak < 0.01 or mono.size > 4 * RENDER_RATE_HZ:
                continue
            kit = kits.setdefault(str(Path(row["path"]).parent), {})
            kit.setdefault(names[row["instrument"]], []).append(mono / peak)
    found = [kit for kit in kits.values() if sum(map(len, kit.values())) >= 3]
    everything: dict[str, list[F32]] = {}
    for kit in found:
        for name, sounds in kit.items():
            everything.setdefault(name, []).extend(sounds)
    for kit in found:
        for name, sounds in everything.items():
            if name not in kit:
                kit[name] = [sounds[int(rng.integers(len(sounds)))]]
    return found


def mix_hits(
    hits: Sequence[tuple[str, float, float]], kit: Mapping[str, Sequence[F32]], length_s: float,
    rng: np.random.Generator,
) -> F32:  # fmt: skip
    """(sound, time in seconds, velocity) `hits` played on `kit`, with a tail of three seconds."""
    out = np.zeros(round((length_s + 3.0) * RENDER_RATE_HZ), np.float32)
    loose_s = float(rng.choice([0.0, 0.0, 0.003, 0.008]))
    chosen = {
        name: sounds[int(rng.integers(len(sounds)))] for name, sounds in kit.items() if len(sounds)
    }
    levels = {name: 10 ** (rng.uniform(-9, 0) / 20) for name in chosen}
    for name, at, velocity in hits:
        if name not in chosen:
            continue
        sound = chosen[name]
        start = max(0, round((at + rng.normal(0.0, 1.0) * loose_s) * RENDER_RATE_HZ))
        n = min(sound.size, out.size - start)
        if n > 0:
            gain = np.float32(velocity * levels[name] * (1 + 0.08 * rng.normal()))
            out[start : start + n] += gain * sound[:n]
    return out


def synth_part(notes: Sequence[Note], seconds: float, rng: np.random.Generator) -> F32:
    """`notes` on a plain additive synthesiser of random character, float32 (frames,)."""
    out = np.zeros(round(seconds * RENDER_RATE_HZ), np.float32)
    attack = float(10 ** rng.uniform(-3.0, -1.0))
    decay = float(10 ** rng.uniform(-1.2, 0.3))
    sustain = float(rng.choice([0.0, 0.0, 0.3, 0.8]))
    bright = float(rng.uniform(0.7, 2.4))
    odd = rng.random() < 0.3
    click = float(rng.choice([0.0, 0.0, 0.2, 0.6]))
    for note in notes:
        release = float(min(0.3, 0.2 * decay + 0.02))
        n = round((note.length_s + release) * RENDER_RATE_HZ)
        t = np.arange(n, dtype=np.float32) / np.float32(RENDER_RATE_HZ)
        hertz = 440.0 * 2.0 ** ((note.pitch - 69) / 12.0)
        sound = np.zeros(n, np.float32)
        for k in range(1, min(16, int(10000 / hertz)) + 1, 2 if odd else 1):
            phase = rng.uniform(0, 6.28)
            sound += np.sin(np.float32(2 * np.pi * hertz * k) * t + np.float32(phase)) / k**bright
        shape = np.minimum(1.0, t / attack) * (sustain + (1 - sustain) * np.exp(-t / decay))
        shape *= np.clip((note.length_s + release - t) / release, 0.0, 1.0)
        sound *= shape.astype(np.float32)
        if click:
            burst = min(n, 400)
            sound[:burst] += (click * rng.standard_normal(burst)).astype(np.float32)
        start = round(note.start_s * RENDER_RATE_HZ)
        n = min(n, out.size - start)
        if n > 0:
            out[start : start + n] += np.float32(note.velocity / 127.0) * sound[:n]
    return out


def placed(sound: F32, rng: np.random.Generator) -> F32:
    """`sound` in a room, dulled, driven or as it is."""
    kind = rng.random()
    if kind < 0.2:
        tail_s = float(10 ** rng.uniform(-0.9, 0.4))
        n = round(1.5 * tail_s * RENDER_RATE_HZ)
        room = rng.standard_normal(n) * np.exp(-np.arange(n) / (0.3 * tail_s * RENDER_RATE_HZ))
        size = int(2 ** np.ceil(np.log2(sound.size + n)))
        wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(room, size), size)[: sound.size]
        wet *= rng.uniform(0.1, 0.7) * np.abs(sound).max() / max(np.abs(wet).max(), 1e-9)
        return (sound + wet).astype(np.float32)
    if kind < 0.32:
        hertz = np.fft.rfftfreq(sound.size, 1 / RENDER_RATE_HZ)
        edge = float(10 ** rng.uniform(2.4, 3.6))
        dull = np.fft.rfft(sound) / (1.0 + (hertz / edge) ** 2)
        return np.fft.irfft(dull, sound.size).astype(np.float32)
    if kind < 0.42:
        drive = float(rng.uniform(1.5, 8.0)) / max(float(np.abs(sound).max()), 1e-9)
        return np.asarray(np.tanh(drive * sound), np.float32)
    return sound
