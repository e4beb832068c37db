"""How well sung melodies are heard: eight tunes by six made-up voices, with known notes.

Voices: an exact sine, a sung vowel with vibrato and scoops, legato with glides and no gaps,
short syllables, humming, whistling two octaves up; each with its tuning, uneven timing (18 ms),
breath noise and a small room. Note F1 counts a note as right within 50 ms and on its semitone.

    python benchmarks/bench_voice.py
"""

from __future__ import annotations

import time

import numpy as np

from loopmind.analysis.melody import melody_of
from loopmind.analysis.notes import sung_notes
from loopmind.analysis.voice import track_voice
from loopmind.music.key import Key

RATE = 22050
STYLES = ("exact", "sung", "legato", "syllables", "hum", "whistle")
# Name: key, tempo, (MIDI, beats) with 0 for a rest.
TUNES: dict[str, tuple[str, float, list[tuple[int, float]]]] = {
    "ode": ("D major", 100, [(66, 1), (66, 1), (67, 1), (69, 1), (69, 1), (67, 1), (66, 1), (64, 1),
            (62, 1), (62, 1), (64, 1), (66, 1), (66, 1.5), (64, 0.5), (64, 2)]),
    "jacques": ("F major", 110, [(65, 1), (67, 1), (69, 1), (65, 1)] * 2 + [(69, 1), (70, 1),
                (72, 2)] * 2 + [(72, 0.5), (74, 0.5), (72, 0.5), (70, 0.5), (69, 1), (65, 1)] * 2),
    "twinkle": ("C major", 90, [(60, 1), (60, 1), (67, 1), (67, 1), (69, 1), (69, 1), (67, 2),
                (65, 1), (65, 1), (64, 1), (64, 1), (62, 1), (62, 1), (60, 2)]),
    "greensleeves": ("A minor", 120, [(69, 1), (72, 2), (74, 1), (76, 1.5), (77, 0.5), (76, 1),
                     (74, 2), (71, 1), (67, 1.5), (69, 0.5), (71, 1), (72, 2), (69, 1),
                     (69, 1.5), (68, 0.5), (69, 1), (71, 2), (68, 1), (64, 2), (69, 3)]),
    "sakura": ("A minor", 80, [(69, 1), (69, 1), (71, 2)] * 2 + [(69, 1), (71, 1), (72, 1),
               (71, 1), (69, 1), (71, 0.5), (69, 0.5), (65, 2)]),
    "joshua": ("D minor", 116, [(62, 1), (61, 0.5), (62, 0.5), (64, 1), (65, 0.5), (65, 1),
               (67, 0.5), (65, 0.5), (67, 0.5), (69, 2), (67, 1), (67, 1), (67, 2), (65, 1),
               (65, 1), (65, 2)]),
    "trap": ("F minor", 140, [(65, 0.75), (65, 0.75), (68, 0.5), (67, 1), (63, 1), (65, 1.5),
             (0, 0.5), (72, 0.5), (70, 0.5), (68, 0.5), (67, 0.5)] * 2),
    "house": ("C minor", 124, [(67, 0.5), (0, 0.5), (67, 0.5), (70, 0.5), (0, 0.5), (72, 0.5),
              (70, 0.5), (67, 0.5), (65, 0.5), (0, 0.5), (63, 0.5), (65, 0.5), (67, 1),
              (60, 1)] * 2),
}  # fmt: skip
_FORMANTS = {
    "sung": ((730, 90), (1090, 110), (2440, 140)), "legato": ((300, 60), (870, 90), (2240, 140)),
    "syllables": ((570, 80), (840, 100), (2410, 140)), "hum": ((250, 60), (1000, 200), (2000, 250)),
}  # fmt: skip
Truth = list[tuple[float, float, int]]


def voice(tune: str, style: str, seed: int) -> tuple[np.ndarray, Truth]:
    """The sound of a tune in one style, and its notes as (start, end, MIDI)."""
    rng = np.random.default_rng(seed)
    _, bpm, melody = TUNES[tune]
    octave = 24 if style == "whistle" else 0
    exact = style == "exact"
    at, truth = 0.15, []
    for midi, beats in melody:
        if midi:
            start = at + (0.0 if exact else rng.normal(0, 0.018))
            gap = 0.015 if style == "legato" else 0.06
            truth.append((start, at + beats * 60 / bpm - gap, midi + octave))
        at += beats * 60 / bpm
    size = int((at + 0.6) * RATE)
    pitch, level = np.full(size, float(truth[0][2])), np.zeros(size)
    tuning = rng.uniform(-0.35, 0.35)
    before = truth[0][2]
    for start, end, midi in truth:
        a, b = int(start * RATE), int(end * RATE)
        t = np.arange(b - a) / RATE
        own = midi + tuning + (0.0 if exact else rng.normal(0, 0.12))
        glides = style == "legato" and abs(before - midi) < 8
        origin = before if glides else midi - (0.0 if style in ("exact", "whistle") else 1.0)
        depth = {"sung": 0.35, "legato": 0.35, "whistle": 0.12}.get(style, 0.0)
        swing = depth * np.clip((t - 0.2) / 0.2, 0, 1) * np.sin(2 * np.pi * 5.4 * t)
        reach = 0.028 if style in ("legato", "sung") else 0.012
        pitch[a:] = own
        pitch[a:b] += (origin - midi) * np.exp(-t / reach) + swing
        rise = np.minimum(1, t / 0.025) * np.minimum(1, (t[-1] - t + 1e-4) / 0.03)
        level[a:b] = rise * rng.uniform(0.6, 1.0)
        before = midi
    hertz = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    sound = np.zeros(size)
    for h in range(1, 2 if style in ("exact", "whistle") else 30):
        gain = np.ones(size)
        for centre, width in _FORMANTS.get(style, ()):
            gain = gain + 3.0 / np.sqrt(1 + ((h * hertz - centre) / width) ** 2)
        sound += gain / h * np.sin(h * phase) * (h * hertz < RATE / 2)
    sound = sound / np.abs(sound).max() * level + 0.004 * rng.normal(0, 1, size)
    room = np.exp(-np.arange(4000) / 1100) * rng.normal(0, 0.02, 4000)
    room[0] = 1.0
    wet = np.fft.irfft(np.fft.rfft(sound, size + 4000) * np.fft.rfft(room, size + 4000))[:size]
    return (wet / np.abs(wet).max() * 0.7).astype(np.float32), truth


def f1(found: Truth, truth: Truth, *, pitch: bool = True) -> float:
    """F1 of notes: starts within 50 ms, and with `pitch` on the same semitone."""
    used: set[int] = set()
    for start, _, midi in truth:
        near = [
            (abs(a - start), i) for i, (a, _, m) in enumerate(found)
            if i not in used and abs(a - start) <= 0.05 and (not pitch or m == midi)
        ]  # fmt: skip
        if near:
            used.add(min(near)[1])
    return 2 * len(used) / max(len(found) + len(truth), 1)


def main() -> None:
    print("| voice | onset F1 | note F1 | tempo right | up to an octave | key right |")
    print("|---|---|---|---|---|---|")
    spent = length = 0.0
    everything = []
    for style in STYLES:
        rows = []
        for number, tune in enumerate(TUNES):
            sound, truth = voice(tune, style, 100 + number)
            started = time.perf_counter()
            heard = sung_notes(track_voice(sound, RATE)).notes
            melody = melody_of(heard)
            spent += time.perf_counter() - started
            length += sound.size / RATE
            found = [(n.start_s, n.end_s, round(n.pitch)) for n in heard]
            key, bpm, _ = TUNES[tune]
            ratio = melody.bpm / bpm
            rows.append((
                f1(found, truth, pitch=False), f1(found, truth), abs(ratio - 1) < 0.03,
                any(abs(ratio / k - 1) < 0.03 for k in (0.5, 1, 2)), melody.key == Key.parse(key),
            ))  # fmt: skip
        everything += rows
        print(f"| {style} | " + " | ".join(f"{x:.2f}" for x in np.mean(rows, axis=0)) + " |")
    print("| all | " + " | ".join(f"{x:.2f}" for x in np.mean(everything, axis=0)) + " |")
    print(f"\n{length / spent:.0f} seconds of voice heard a second.")


if __name__ == "__main__":
    main()
