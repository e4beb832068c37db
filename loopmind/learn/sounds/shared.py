"""Which samples two collections share: what is judged by must not be in what is learned from.

    python -m loopmind.learn.sounds.shared --judged DIR|FONT ... --learned DIR|FONT ... [--above .9]

Names tell little: sounds are copied from kit to kit and from soundfont to soundfont under other
names. Here the first tenth of a second of each judged sound is sought in every learned one, by
normalised cross-correlation of their differences (so that low partials do not make all alike).
A copy is found at any level and cut elsewhere, not at another pitch or through an equaliser; plain
waves of one pitch are alike without being copies.
"""

from __future__ import annotations

import argparse
import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.files.decode import AUDIO_SUFFIXES, AudioFileError, read_audio

F32 = NDArray[np.float32]

_RATE_HZ = 22050
_TEMPLATE, _LONGEST = 2200, 14000
_ATTACK, _AUDIBLE = 0.05, 0.1
_FONTS = (".sf2", ".sf3")
_SHORTEST, _QUIET = 600, 0.01
_AT_ONCE = 64
_COMPRESSED = 0x10
_SAMPLE = struct.Struct("<20sIIIIIBbHH")


@dataclass(frozen=True)
class Shared:
    """A judged sound, the learned one that is likest it, and how much: 1 is a copy."""

    judged: str
    learned: str
    likeness: float


def sounds_of(place: Path) -> Iterator[tuple[str, F32]]:
    """Name and sound (mono, 22,050 Hz, .64 s at most) of every sample of a folder or soundfont.

    Files that cannot be read are left out. Raises FileNotFoundError where there is nothing.
    """
    if not place.exists():
        raise FileNotFoundError(f"there is no folder or soundfont {place}")
    samples = _of_font(place) if place.suffix in _FONTS else _of_folder(place)
    for name, sound, rate_hz in samples:
        kept = _brought(sound, rate_hz)
        if kept.size >= _SHORTEST and float(np.abs(kept).max()) > _QUIET:
            yield f"{place.name}: {name}", kept


def _brought(sound: F32, rate_hz: int) -> F32:
    import soxr

    first = sound[: round(1.2 * _LONGEST * rate_hz / _RATE_HZ)]
    return np.asarray(soxr.resample(first, rate_hz, _RATE_HZ)[:_LONGEST], np.float32)


def _of_folder(place: Path) -> Iterator[tuple[str, F32, int]]:
    for path in sorted(place.rglob("*")):
        if path.suffix.lower() not in AUDIO_SUFFIXES:
            continue
        try:
            audio = read_audio(path, max_seconds=1.0)
        except AudioFileError:
            continue  # what cannot be read is neither learned from nor judged by
        mono = np.ascontiguousarray(audio.samples.mean(axis=0), np.float32)
        yield path.relative_to(place).as_posix(), mono, audio.rate_hz


def _of_font(place: Path) -> Iterator[tuple[str, F32, int]]:
    """The samples of a SoundFont 2 or 3 (compressed) file, as its `shdr` lists them."""
    import soundfile

    data = place.read_bytes()
    headers, pool = b"", b""
    for kind, begin, size in _chunks(data, 12, len(data)):
        if kind == b"LIST":
            for part, at, length in _chunks(data, begin + 4, begin + size):
                if part == b"shdr":
                    headers = data[at : at + length]
                elif part == b"smpl":
                    pool = data[at : at + length]
    for at in range(0, len(headers) - _SAMPLE.size, _SAMPLE.size):  # the last one ends the list
        label, start, end, _, _, rate_hz, _, _, _, flags = _SAMPLE.unpack_from(headers, at)
        name = label.split(b"\0")[0].decode("latin-1").strip()
        if flags & _COMPRESSED:
            sound, rate_hz = soundfile.read(io.BytesIO(pool[start:end]), dtype="float32")
            sound = sound if sound.ndim == 1 else sound[:, 0]
        else:
            sound = np.frombuffer(pool[2 * start : 2 * end], "<i2").astype(np.float32) / 32768.0
        if rate_hz > 0 and sound.size:
            yield name, sound, rate_hz


def _chunks(data: bytes, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, first byte and length of each RIFF chunk between two places."""
    while begin + 8 <= end:
        (size,) = struct.unpack_from("<I", data, begin + 4)
        yield data[begin : begin + 4], begin + 8, size
        begin += 8 + size + (size & 1)


def shared(judged: Sequence[tuple[str, F32]], learned: Iterator[tuple[str, F32]]) -> list[Shared]:
    """For each judged sound the learned one that is likest it, the likest pairs first."""
    size = 1 << (_LONGEST + _TEMPLATE).bit_length()
    spectra = np.conj(np.fft.rfft([_template(sound) for _, sound in judged], size, axis=1))
    best = [Shared(name, "", 0.0) for name, _ in judged]
    for name, sound in learned:
        heard = np.diff(sound, prepend=sound[:1])
        energy = np.convolve(heard.astype(np.float64) ** 2, np.ones(_TEMPLATE))[_TEMPLATE - 1 :]
        level = np.sqrt(np.maximum(energy, 1e-12))
        spectrum = np.fft.rfft(heard, size)
        audible = level > _AUDIBLE * level.max()
        for first in range(0, len(spectra), _AT_ONCE):
            group = spectra[first : first + _AT_ONCE] * spectrum
            found = np.abs(np.fft.irfft(group, size, axis=1)[:, : heard.size])
            likeness = np.where(audible, found / level, 0.0).max(axis=1)
            for number, value in enumerate(likeness.tolist(), first):
                if value > best[number].likeness:
                    best[number] = Shared(best[number].judged, name, value)
    return sorted(best, key=lambda pair: -pair.likeness)


def _template(sound: F32) -> F32:
    """What is sought: a tenth of a second from the attack on, of unit length."""
    level = np.abs(sound)
    attack = int(np.argmax(level > _ATTACK * level.max()))
    part = np.diff(np.pad(sound, (0, _TEMPLATE)), prepend=sound[:1])[attack : attack + _TEMPLATE]
    return np.asarray(part / max(float(np.linalg.norm(part)), 1e-9), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judged", type=Path, nargs="+", required=True)
    parser.add_argument("--learned", type=Path, nargs="+", required=True)
    parser.add_argument("--above", type=float, default=0.9, help="likeness that is told")
    args = parser.parse_args()
    judged = [sound for place in args.judged for sound in sounds_of(place)]
    pairs = shared(judged, (sound for place in args.learned for sound in sounds_of(place)))
    alike = [pair for pair in pairs if pair.likeness > args.above]
    for pair in alike:
        print(f"{pair.likeness:.3f}  {pair.judged}  is  {pair.learned}")
    print(f"{len(alike)} of {len(judged)} judged sounds are in what is learned from")


if __name__ == "__main__":
    main()
