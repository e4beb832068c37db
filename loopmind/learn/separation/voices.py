"""Voices to learn separation from, where no recorded singing may be had: speech, made to sing.

Speech (of a folder, or spoken by espeak-ng) is taken apart into its spectral envelope and is
given another source: a pulse train that follows a melody with glides and vibrato, and noise where
the speech had no voice (a channel vocoder; Dudley, "The vocoder", 1939).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import scipy.fft
import soundfile
from numpy.typing import NDArray

from loopmind.dsp.resample import resample
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn.sounds.render import RENDER_RATE_HZ

F32 = NDArray[np.float32]

_WINDOW, _HOP = 2048, 256
_ENVELOPE = 60  # cepstral coefficients kept: formants, not the speaker's own pitch
_SCALE = (0, 2, 3, 5, 7, 8, 10)
_WORDS = """
    love night fire away rain hold me now river running home again tonight falling light
    heart never over stay dream shadow morning window higher summer open silver burning road
    la la la oh oh yeah amor noche vida siempre liebe nacht wieder feuer amour toujours soleil
"""
_SPEAKERS = ("en", "en+f2", "en+f4", "en-us+m3", "en-us+f5", "de+f3", "de+m1", "es+f1", "fr+m4")


def speech_files(folders: Sequence[Path]) -> list[Path]:
    """Recordings of speech below `folders`, sorted."""
    return sorted(
        path for folder in folders for path in folder.rglob("*")
        if path.suffix.lower() in (".ogg", ".wav", ".flac")
    )  # fmt: skip


def recorded_speech(files: Sequence[Path], rng: np.random.Generator) -> Iterator[F32]:
    """Stretches of 5 to 9 s of recorded speech, mono at RENDER_RATE_HZ, clip after clip, endless.

    Raises ValueError where no file can be read.
    """
    while True:
        clips: list[F32] = []
        wanted = rng.uniform(5.0, 9.0) * RENDER_RATE_HZ
        for index in rng.permutation(len(files))[:40].tolist():
            try:
                audio = read_audio(files[index], max_seconds=8.0)
            except AudioFileError:
                continue
            mono = audio.samples.mean(axis=0, keepdims=True, dtype=np.float32)
            clip = resample(mono, audio.rate_hz, RENDER_RATE_HZ)[0]
            peak = float(np.abs(clip).max(initial=0.0))
            if clip.size > 0.3 * RENDER_RATE_HZ and peak > 0.02:
                clips.append(clip / np.float32(peak))
            if sum(clip.size for clip in clips) > wanted:
                break
        if not clips:
            raise ValueError("none of the voices can be read")
        yield np.concatenate(clips)


def spoken(rng: np.random.Generator) -> Iterator[F32]:
    """Random words by espeak-ng, mono at RENDER_RATE_HZ, endless; none where it is missing."""
    program = shutil.which("espeak-ng")
    if program is None:
        return
    while True:
        text = " ".join(rng.choice(_WORDS.split(), 12).tolist())
        voice, speed = str(rng.choice(_SPEAKERS)), int(rng.integers(90, 170))
        pitch = int(rng.integers(20, 80))
        with tempfile.TemporaryDirectory() as folder:
            wav = Path(folder) / "words.wav"
            subprocess.run(
                [program, "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", str(wav), text],
                check=True, capture_output=True,
            )  # fmt: skip
            samples, rate_hz = soundfile.read(wav, dtype="float32")
        clip = resample(samples[None], rate_hz, RENDER_RATE_HZ)[0]
        yield clip / np.float32(max(1e-3, float(np.abs(clip).max(initial=0.0))))


def sung(speech: F32, rng: np.random.Generator, seconds: float) -> F32:
    """`speech` (mono, RENDER_RATE_HZ) sung to a melody of its own, float32 (frames,)."""
    frames = round(seconds * RENDER_RATE_HZ)
    slow = float(rng.uniform(1.1, 1.9))
    envelope, voiced = _envelope(speech)
    count = frames // _HOP + 1
    at = np.arange(count) / slow
    at = (at % max(1, envelope.shape[0] - 1)).astype(np.int64)
    source = _source(_melody_hz(count, rng), voiced[at], rng)
    window = np.hanning(_WINDOW).astype(np.float32)
    padded = np.zeros(count * _HOP + _WINDOW, np.float32)
    padded[: source.size] = source
    parts = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[: count * _HOP : _HOP]
    made = scipy.fft.irfft(scipy.fft.rfft(parts * window) * envelope[at]) * window
    out = np.zeros(padded.size, np.float32)
    for index in range(count):
        out[index * _HOP : index * _HOP + _WINDOW] += made[index]
    out = out[:frames]
    return out / np.float32(max(1e-6, float(np.abs(out).max(initial=0.0))))


def _envelope(speech: F32) -> tuple[F32, F32]:
    """Spectral envelope of each frame (count, bins), and how voiced it is, 0 to 1."""
    padded = np.pad(speech, (0, _WINDOW))
    parts = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    spectrum = np.abs(scipy.fft.rfft(parts * np.hanning(_WINDOW).astype(np.float32)))
    cepstrum = scipy.fft.irfft(np.log(spectrum + 1e-3))
    cepstrum[:, _ENVELOPE:-_ENVELOPE] = 0.0
    envelope = np.exp(scipy.fft.rfft(cepstrum).real).astype(np.float32)
    power = spectrum**2
    split = round(2500 * _WINDOW / RENDER_RATE_HZ)
    share = power[:, :split].sum(axis=1) / (power.sum(axis=1) + 1e-9)
    return envelope, np.clip((share - 0.3) / 0.4, 0.0, 1.0).astype(np.float32)


def _melody_hz(count: int, rng: np.random.Generator) -> F32:
    """A melody's pitch in every frame: steps of a scale, glides between them, vibrato."""
    root = int(rng.integers(45, 68))
    degree, pitches = int(rng.integers(0, 7)), np.zeros(count)
    first = 0
    while first < count:
        length = int(rng.uniform(0.18, 0.9) * RENDER_RATE_HZ / _HOP)
        degree = int(np.clip(degree + rng.integers(-2, 3), 0, 10))
        pitches[first : first + length] = root + 12 * (degree // 7) + _SCALE[degree % 7]
        first += length
    glide = int(rng.integers(6, 16))
    pitches = np.convolve(np.pad(pitches, glide, mode="edge"), np.ones(glide) / glide, "same")
    pitches = pitches[glide:-glide]
    seconds = np.arange(count) * _HOP / RENDER_RATE_HZ
    pitches += rng.uniform(0.0, 0.5) * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * seconds)
    return (440.0 * 2.0 ** ((pitches - 69.0) / 12.0)).astype(np.float32)


def _source(pitch_hz: F32, voiced: F32, rng: np.random.Generator) -> F32:
    """Pulses at `pitch_hz` where voiced, noise where not: one value per sample."""
    frames = pitch_hz.size * _HOP
    at = np.arange(frames) / _HOP
    grid = np.arange(pitch_hz.size)
    pitch = np.interp(at, grid, pitch_hz)
    phase = np.cumsum(pitch / RENDER_RATE_HZ)
    struck = np.flatnonzero(np.diff(np.floor(phase), prepend=0.0) > 0)
    pulses = np.zeros(frames, np.float32)
    # A pulse lies between two samples: as much on each as it is near.
    after = ((phase[struck] % 1.0) * RENDER_RATE_HZ / pitch[struck]).clip(0.0, 1.0)
    strength = np.sqrt(RENDER_RATE_HZ / pitch[struck])
    pulses[struck] += (strength * (1.0 - after)).astype(np.float32)
    pulses[np.maximum(struck - 1, 0)] += (strength * after).astype(np.float32)
    share = np.interp(at, grid, voiced).astype(np.float32)
    noise = rng.standard_normal(frames).astype(np.float32)
    return pulses * share + 0.5 * noise * (1.0 - 0.9 * share)
