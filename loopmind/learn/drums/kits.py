"""Kits thrown together of one-shots that never met, and what a studio does to them.

One-shots come from labelled collections, from FoxDot's samples (a folder for each letter), from the
kits of soundfonts, struck note by note, and from synthesis. A sound's name decides for good whether
it is learned from or chosen by.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from loopmind.files.decode import AudioFileError
from loopmind.learn.drums.patterns import VOICES
from loopmind.learn.sounds import synth
from loopmind.learn.sounds.drum_kits import LONGEST_S, VOICE_OF, from_attack, one_shot
from loopmind.learn.sounds.fluid import PARTS, Part, Player
from loopmind.learn.sounds.held_back import NEITHER_KITS, TEST_KITS
from loopmind.learn.sounds.material import our_instrument
from loopmind.learn.sounds.phrases import KITS
from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note

F32 = NDArray[np.float32]
Shelf = dict[str, list[F32]]

_KIT_VOICES = (*VOICES, "open", "percussion")
_HELD_PERCENT = 35
_STRUCK, _HELD_S = 110, 3.0
_SAME = 1e-3
_LASTING = ("cymbal", "open")
_MANY = ("tom", "cymbal", "percussion")
_LETTERS = {
    "a/lower": "hat", "n/lower": "hat", "_/hyphen": "hat", "_/equals": "open",
    "x/lower": "kick", "x/upper": "kick", "v/lower": "kick", "v/upper": "kick", "a/upper": "kick",
    "o/lower": "snare", "o/upper": "snare", "i/lower": "snare", "i/upper": "snare",
    "u/lower": "snare", "_/asterix": "clap", "h/upper": "clap", "_/hash": "cymbal",
    "_/tilde": "cymbal", "m/lower": "tom", "m/upper": "tom", "h/lower": "percussion",
    "s/lower": "percussion", "s/upper": "percussion", "t/lower": "percussion",
    "t/upper": "percussion", "d/lower": "percussion", "e/lower": "percussion",
    "p/lower": "percussion",
}  # fmt: skip


def shelf_of(parts: Iterable[Mapping[str, Sequence[F32]]]) -> Shelf:
    """All sounds of several kits by voice."""
    shelf: Shelf = {}
    for part in parts:
        for voice, sounds in part.items():
            shelf.setdefault(voice, []).extend(sounds)
    return shelf


def lettered(folder: Path, *, held: bool) -> Shelf:
    """FoxDot's drum samples (`snd` of the package `foxdot`): those to choose by, or the others."""
    shelf: Shelf = {}
    for letter, voice in _LETTERS.items():
        for path in sorted((folder / letter).glob("*")):
            _put(shelf, voice, path, f"{letter}/{path.name}", held)
    return shelf


def one_shots(labels: Path, *, held: bool) -> Shelf:
    """The drums among the one-shots of a labels.csv: those to choose by, or the others.

    Kits that tests are played by are left out.
    """
    shelf: Shelf = {}
    with labels.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file)
                if row["kind"] == "oneshot"
                and not any(kit in row["path"] for kit in (*TEST_KITS, *NEITHER_KITS))]  # fmt: skip
    for row in rows:
        voice = our_instrument(row["instrument"], row["path"], row["truth"])
        if voice == "hat" and "open" in row["path"].lower():
            voice = "open"
        if voice in _KIT_VOICES:
            _put(shelf, voice, labels.parent / row["path"], row["path"], held)
    return shelf


def _put(shelf: Shelf, voice: str, path: Path, name: str, held: bool) -> None:
    if (zlib.crc32(name.encode()) % 100 < _HELD_PERCENT) != held:
        return
    try:
        kept = one_shot(path)
    except AudioFileError:
        return  # what cannot be read is no sound to learn from
    if kept is not None:
        shelf.setdefault(voice, []).append(kept)


def of_font(font: Path) -> Shelf:
    """Every drum of a soundfont's kits, struck alone; what several kits share is there once."""
    wanted = [(pitch, kit) for pitch in sorted(VOICE_OF) for kit in KITS]
    shelf: Shelf = {}
    with Player(font) as player:
        known: list[F32] = []  # the last ones: all kits strike one drum, then the next
        for first in range(0, len(wanted), PARTS):
            group = wanted[first : first + PARTS]
            parts = [Part(kit, (Note(0.0, _HELD_S, pitch, _STRUCK),), drums=True)
                     for pitch, kit in group]  # fmt: skip
            for (pitch, _), sound in zip(group, player.play(parts, LONGEST_S), strict=True):
                kept = from_attack(sound)
                if kept is not None and not any(_alike(kept, other) for other in known):
                    known = [*known[1 - len(KITS) :], kept]
                    shelf.setdefault(VOICE_OF[pitch], []).append(kept)
    return shelf


def _alike(one: F32, other: F32) -> bool:
    return one.shape == other.shape and bool(np.abs(one - other).max() < _SAME)


def synthesised(rng: np.random.Generator, each: int) -> Shelf:
    """`each` shakers, jingles, sticks and plain hats, and a quarter of every other machine drum."""
    shelf: Shelf = {}
    for voice, kind, sound in synth.sounds(rng, each // 4):
        if kind == "oneshot" and voice in _KIT_VOICES:
            shelf.setdefault(voice, []).append(_stereo(sound))
    for _ in range(each):
        shelf.setdefault("percussion", []).append(_stereo(_jingles(rng)))
        shelf["percussion"].append(_stereo(_grains(rng)))
        shelf["percussion"].append(_stereo(_stick(rng)))
        shelf.setdefault("hat", []).append(_stereo(_burst(rng)))
    return shelf


def _stereo(sound: NDArray[np.floating]) -> F32:
    peak = max(float(np.abs(sound).max(initial=0.0)), 1e-6)
    return np.stack([sound, sound]).astype(np.float32) / np.float32(peak)


def _band(sound: NDArray[np.float64], low_hz: float, high_hz: float) -> NDArray[np.float64]:
    sos = scipy.signal.butter(2, (low_hz, high_hz), "bandpass", fs=RENDER_RATE_HZ, output="sos")
    return np.asarray(scipy.signal.sosfilt(sos, sound))


def _jingles(rng: np.random.Generator) -> NDArray[np.float64]:
    """A tambourine or sleigh bells: high modes struck several times within some 30 ms."""
    t = np.arange(int(rng.uniform(0.08, 0.4) * RENDER_RATE_HZ)) / RENDER_RATE_HZ
    out = np.zeros(t.size)
    for _ in range(int(rng.integers(3, 9))):
        late = np.maximum(t - rng.exponential(0.012), 0.0)
        ring = np.exp(-late / rng.uniform(0.01, 0.12)) * (late > 0)
        out += ring * np.sin(2 * np.pi * rng.uniform(3500, 12000) * late) * rng.uniform(0.3, 1.0)
    skin = np.exp(-t / 0.02) * _band(rng.standard_normal(t.size), 200, 1500)
    noise = np.exp(-t / rng.uniform(0.02, 0.1)) * _band(rng.standard_normal(t.size), 4000, 14000)
    return np.asarray(out + noise * rng.uniform(0.2, 1.5) + skin * rng.choice([0.0, 0.0, 1.0]))


def _grains(rng: np.random.Generator) -> NDArray[np.float64]:
    """Maracas, cabasa, egg, guiro: noise that swells, or a row of short scrapes."""
    seconds = float(np.exp(rng.uniform(np.log(0.03), np.log(0.25))))
    t = np.arange(int(seconds * RENDER_RATE_HZ)) / RENDER_RATE_HZ
    rise = float(rng.choice([0.02, 0.2, 0.5, 0.8]))
    shape = np.minimum(t / (seconds * rise), (seconds - t) / (seconds * (1.0 - rise)))
    shape = np.clip(shape, 0.0, 1.0) ** rng.uniform(0.8, 3.0)
    if rng.random() < 0.25:
        shape = shape * (np.sin(2 * np.pi * rng.uniform(25.0, 90.0) * t) > 0.2)
    low = float(np.exp(rng.uniform(np.log(1500), np.log(7000))))
    return _band(rng.standard_normal(t.size), low, min(low * rng.uniform(1.6, 4.0), 16000)) * shape


def _stick(rng: np.random.Generator) -> NDArray[np.float64]:
    """A side stick: a click, two or three modes of the rim, now and then the snares a little."""
    t = np.arange(int(0.2 * RENDER_RATE_HZ)) / RENDER_RATE_HZ
    out = rng.standard_normal(t.size) * np.exp(-t / 0.0015) * rng.uniform(0.2, 1.0)
    for _ in range(int(rng.integers(2, 4))):
        out += np.sin(2 * np.pi * rng.uniform(350, 3200) * t) * np.exp(
            -t / rng.uniform(0.004, 0.03)
        )
    rattle = _band(rng.standard_normal(t.size), 1500, 9000) * np.exp(-t / 0.04)
    return np.asarray(out + rattle * rng.choice([0.0, 0.0, 0.15]))


def _burst(rng: np.random.Generator) -> NDArray[np.float64]:
    """A drum machine's plainest hat: noise above a corner that is soon gone."""
    decay_s = float(np.exp(rng.uniform(np.log(0.008), np.log(0.06))))
    t = np.arange(int((5 * decay_s + 0.01) * RENDER_RATE_HZ)) / RENDER_RATE_HZ
    low = float(np.exp(rng.uniform(np.log(2500), np.log(9000))))
    return _band(rng.standard_normal(t.size), low, 18000) * np.exp(-t / decay_s)


def drawn(shelf: Mapping[str, Sequence[F32]], rng: np.random.Generator) -> dict[str, list[F32]]:
    """A kit of sounds that never met, each as a sampler might play it."""
    kit: dict[str, list[F32]] = {}
    for voice, sounds in shelf.items():
        if voice == "open" and rng.random() < 0.3:
            continue
        count = 5 if voice in _MANY else int(rng.integers(1, 3))
        chosen = [sounds[int(index)] for index in rng.integers(len(sounds), size=count)]
        kit[voice] = [_sampled(sound, voice, rng) for sound in chosen]
        kit[voice] = [_layered(sound, voice, shelf, rng) for sound in kit[voice]]
    return kit


def _layered(
    sound: F32, voice: str, shelf: Mapping[str, Sequence[F32]], rng: np.random.Generator
) -> F32:
    """As producers make drums: another of its kind, a click or a noise under it, driven, ringing.

    What is laid under is softer, and what is struck is still the one drum that the voice says.
    """
    out = sound.astype(np.float64)
    if rng.random() < 0.25:
        others = shelf[voice]
        under = _sampled(others[int(rng.integers(len(others)))], voice, rng)
        out = _over(out, under, float(rng.uniform(-14.0, -3.0)))
    if rng.random() < 0.2:
        out = _over(out, _stereo(_burst(rng)), float(rng.uniform(-24.0, -9.0)))
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 3))):
            hertz = float(np.exp(rng.uniform(np.log(150.0), np.log(12000.0))))
            b, a = scipy.signal.iirpeak(hertz, float(rng.uniform(0.7, 5.0)), fs=RENDER_RATE_HZ)
            gain = 10.0 ** (float(rng.uniform(-12.0, 12.0)) / 20.0) - 1.0
            out = out + gain * scipy.signal.lfilter(b, a, out, axis=1)
    if rng.random() < 0.25:
        out = np.tanh(out / max(float(np.abs(out).max()), 1e-6) * float(rng.uniform(1.5, 12.0)))
    if rng.random() < 0.12:
        hold = int(rng.integers(2, 6))  # an old sampler's rate
        out = np.repeat(out[:, ::hold], hold, axis=1)[:, : out.shape[1]]
    if rng.random() < 0.15:
        rise = round(float(rng.uniform(0.001, 0.008)) * RENDER_RATE_HZ)
        out[:, :rise] *= np.linspace(0.2, 1.0, rise)[: out.shape[1]]
    peak = max(float(np.abs(out).max(initial=0.0)), 1e-6)
    return np.asarray(out / peak, np.float32)


def _over(sound: NDArray[np.float64], under: F32, level_db: float) -> NDArray[np.float64]:
    out = np.zeros((2, max(sound.shape[1], under.shape[1])))
    out[:, : sound.shape[1]] = sound
    out[:, : under.shape[1]] += under * 10.0 ** (level_db / 20.0)
    return out


def _sampled(sound: F32, voice: str, rng: np.random.Generator) -> F32:
    """Faster or slower, brighter or duller, cut shorter: the same sound as another one."""
    width = 7.0 if voice in ("hat", "open", "cymbal", "percussion") else 4.0
    speed = 2.0 ** float(rng.uniform(-width, width) / 12.0)
    longest = int((3.0 if voice in _LASTING else 1.2) * RENDER_RATE_HZ)
    at = np.arange(min(int(sound.shape[1] / speed), longest)) * speed
    here = np.arange(sound.shape[1])
    made = np.stack([np.interp(at, here, side) for side in sound]).astype(np.float32)
    if rng.random() < 0.5:
        b, a = scipy.signal.butter(1, float(rng.uniform(600.0, 8000.0)), fs=RENDER_RATE_HZ)
        low = scipy.signal.lfilter(b, a, made, axis=1).astype(np.float32)
        made = low + np.float32(10.0 ** (rng.uniform(-9.0, 9.0) / 20.0)) * (made - low)
    if rng.random() < 0.35:
        shortest, longest_s = (0.12, 0.8) if voice in _LASTING else (0.015, 0.3)
        fall_s = float(np.exp(rng.uniform(np.log(shortest), np.log(longest_s))))
        made = made * np.exp(
            -np.arange(made.shape[1]) / (fall_s * RENDER_RATE_HZ), dtype=np.float32
        )
    peak = max(float(np.abs(made).max(initial=0.0)), 1e-6)
    return np.asarray(made / np.float32(peak), np.float32)


def on_a_bus(mono: F32, rng: np.random.Generator) -> F32:
    """What a drum bus does: a room now and then, a compressor that pumps, drive."""
    out = mono
    if rng.random() < 0.4:
        tail_s = float(np.exp(rng.uniform(np.log(0.1), np.log(1.5))))
        n = round(tail_s * RENDER_RATE_HZ)
        room = rng.standard_normal(n) * 10.0 ** (-3.0 * np.arange(n) / n)
        b, a = scipy.signal.butter(1, float(rng.uniform(1500.0, 9000.0)), fs=RENDER_RATE_HZ)
        room = scipy.signal.lfilter(b, a, room)
        wet = scipy.signal.fftconvolve(out, room)[: out.size]
        wet *= 10.0 ** (rng.uniform(-22.0, -6.0) / 20.0) / max(
            float(np.sqrt((room**2).sum())), 1e-9
        )
        out = out + wet
    if rng.random() < 0.4:
        step = 64
        level = np.abs(out[: out.size // step * step]).reshape(-1, step).max(axis=1)
        fall = float(np.exp(-step / (rng.uniform(0.04, 0.3) * RENDER_RATE_HZ)))
        held = np.empty_like(level)
        last = 0.0
        for index, value in enumerate(level.tolist()):
            last = value if value > last else last * fall
            held[index] = last
        edge = float(np.quantile(held, 0.9)) * 10.0 ** (rng.uniform(-20.0, 0.0) / 20.0) + 1e-9
        gain = np.maximum(held / edge, 1.0) ** -float(rng.uniform(0.3, 0.85))
        out = out * np.interp(np.arange(out.size), np.arange(gain.size) * step + step, gain)
    if rng.random() < 0.2:
        out = np.tanh(out * (rng.uniform(1.0, 6.0) / max(float(np.abs(out).max()), 1e-9)))
    return np.asarray(out, np.float32)
