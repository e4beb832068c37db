"""Reading sound files of any kind that libsndfile knows, and what can be saved of damaged ones.

More than two channels are mixed down to stereo by the weights of ITU-R BS.775 (centre and
surrounds at -3 dB, the low-frequency channel left out) for 3 to 8 channels in WAVE order, else
odd channels left and even ones right; each side is then scaled so that it cannot clip.
"""

from __future__ import annotations

import io
import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from loopmind.errors import LoopMindError
from loopmind.files.containers import describe, is_text, rescue_riff
from loopmind.music.audio import Audio, Samples

AUDIO_SUFFIXES = frozenset(
    {".wav", ".wave", ".bwf", ".aif", ".aiff", ".aifc", ".flac", ".ogg", ".oga", ".opus", ".mp3"}
    | {".mp2", ".au", ".snd", ".caf", ".w64", ".rf64"}
    | {".m4a", ".aac", ".mp4", ".wma", ".wv", ".ape"}  # refused, with the remedy
)
MIDI_SUFFIXES = frozenset({".mid", ".midi"})

_BLOCK_FRAMES = 1 << 18
_SAMPLES_AT_ONCE = 1 << 28
_SALVAGE_FRAMES = 1 << 10
_SALVAGE_SKIP = 1 << 12
LOUDEST = 1e4
"""Samples beyond this are no sound."""
_RESCUE_LIMIT_BYTES = 1 << 30
_WRONG_SIZE = re.compile(r"^ *(data|SSND) *:.*should be", re.MULTILINE)  # libsndfile's log
_TEXT_BYTES = 4096
_HALF = float(np.sqrt(0.5))


class AudioFileError(LoopMindError):
    """A file cannot be used as audio: what is wrong with it and what the user can do."""

    def __init__(self, path: str | Path, reason: str, remedy: str) -> None:
        super().__init__(f"{path} {reason}; {remedy}")
        self.path = str(path)
        self.reason = reason
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[AudioFileError], tuple[str, str, str]]:
        return type(self), (self.path, self.reason, self.remedy)


@dataclass(frozen=True)
class AudioInfo:
    """What a file's header says: rate, channels, frames, and the format by libsndfile's name."""

    rate_hz: int
    channels: int
    frames: int
    format: str

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz


@dataclass(frozen=True)
class Decoded:
    """Decoded audio (mono or stereo), what its file holds in all, and notes on its damage."""

    audio: Audio
    info: AudioInfo
    notes: tuple[str, ...]


def read_audio(path: str | Path, *, max_seconds: float | None = None) -> Audio:
    """Decode `path` to float32 (1 or 2 channels, frames); at most its first `max_seconds`.

    Extensions that lie and damaged headers are tolerated. Raises AudioFileError.
    """
    return decode(path, max_seconds=max_seconds).audio


def probe(path: str | Path) -> AudioInfo:
    """Rate, channels and frames of `path` without decoding it. Raises AudioFileError."""
    with _open(Path(path), []) as sound:
        return _info(sound)


def decode(path: str | Path, *, max_seconds: float | None = None) -> Decoded:
    """As `read_audio`, with the file's full length and notes on damage. Raises AudioFileError."""
    file = Path(path)
    notes: list[str] = []
    with _open(file, notes) as sound:
        info = _info(sound)
        if _WRONG_SIZE.search(sound.extra_info):
            notes.append("its size field does not match its length; read what is there")
        wanted = info.frames
        if max_seconds is not None:
            wanted = min(wanted, max(1, round(max_seconds * info.rate_hz)))
        blocks, failed = _read_blocks(sound, wanted)
    if failed:
        blocks = _salvage(file, blocks, wanted, notes)
    got = sum(block.shape[1] for block in blocks)
    if got == 0:
        raise AudioFileError(file, "holds no samples", "copy it again from its source")
    if not failed and got < wanted * 0.99:
        share = 100.0 * got / wanted
        notes.append(f"it is cut short: {share:.0f} % of its announced length could be read")
    samples = blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)
    _check_numbers(file, samples)
    frames = got if failed or got < wanted else info.frames
    info = AudioInfo(info.rate_hz, info.channels, frames, info.format)
    return Decoded(Audio(samples, info.rate_hz), info, tuple(notes))


def open_sound(path: str | Path) -> soundfile.SoundFile:
    """The file, opened for reading in pieces. Raises AudioFileError."""
    return _open(Path(path), [])


def _info(sound: soundfile.SoundFile) -> AudioInfo:
    return AudioInfo(sound.samplerate, sound.channels, sound.frames, sound.format)


def _open(file: Path, notes: list[str]) -> soundfile.SoundFile:
    """The opened file, by way of a rescued copy in memory where libsndfile refuses it."""
    size = _check_file(file)
    # Bytes, because soundfile encodes text strictly and a path may hold undecodable letters.
    name = str(file) if sys.platform == "win32" else os.fsencode(file)
    try:
        return soundfile.SoundFile(name)
    except (soundfile.LibsndfileError, RuntimeError):
        with file.open("rb") as stream:
            what = describe(stream)
            stream.seek(0)
            is_riff = stream.read(4) in (b"RIFF", b"RF64") and size <= _RESCUE_LIMIT_BYTES
            stream.seek(0)
            rescued = rescue_riff(stream.read()) if is_riff else None
    if rescued is not None:
        try:
            sound = soundfile.SoundFile(io.BytesIO(rescued))
        except (soundfile.LibsndfileError, RuntimeError):
            raise AudioFileError(file, *what) from None
        notes.append(
            "it is Ogg Vorbis inside a WAV container"
            if sound.format == "OGG"
            else "its header is damaged; read by its format and data chunks"
        )
        return sound
    raise AudioFileError(file, *what)


def _check_file(file: Path) -> int:
    """The size of `file`, which is an ordinary readable file; AudioFileError if it is not."""
    try:
        status = file.stat()
        if stat.S_ISDIR(status.st_mode):
            if file == Path():  # what an empty name becomes
                raise AudioFileError(file, "names no file", "name a recording")
            raise AudioFileError(file, "is a folder, not a file", "name a file")
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise AudioFileError(file, "is a device or pipe, not a file", "name a file")
        if status.st_size == 0:
            raise AudioFileError(file, "is empty (0 bytes)", "copy it again from its source")
        with file.open("rb") as stream:
            # libsndfile's MP3 reader prints what it finds odd in a text.
            if is_text(stream.read(_TEXT_BYTES)):
                raise AudioFileError(file, *describe(stream))
            return status.st_size
    except FileNotFoundError:
        if file.is_symlink():
            reason = "is a link to a file that does not exist"
            raise AudioFileError(file, reason, "remove or mend the link") from None
        raise AudioFileError(file, "does not exist", "check the path") from None
    except PermissionError:
        raise AudioFileError(
            file, "may not be read: permission denied", "allow reading it in its file properties"
        ) from None
    except (OSError, RuntimeError) as error:  # RuntimeError: Python 3.10-3.12 on symlink loops
        words = getattr(error, "strerror", None) or str(error)
        raise AudioFileError(
            file, f"cannot be opened: {words.lower()}", "check the disk or remove the file"
        ) from None


def _read_blocks(sound: soundfile.SoundFile, wanted: int) -> tuple[list[Samples], bool]:
    """Blocks of at most two channels up to `wanted` frames, and whether decoding failed."""
    channels = min(2, sound.channels)
    # So many may be a damaged header's: room for them is made as they come.
    at_once = wanted * channels <= _SAMPLES_AT_ONCE
    whole = np.empty((channels, wanted if at_once else 0), np.float32)
    blocks: list[Samples] = []
    got, failed = 0, False
    while got < wanted:
        try:
            block = sound.read(min(_BLOCK_FRAMES, wanted - got), dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, RuntimeError):
            failed = True
            break
        if len(block) == 0:
            break
        if at_once:
            # Laid out channel by channel while it is still in the processor's cache.
            stereo = block.T if channels == sound.channels else to_stereo(block.T)
            whole[:, got : got + len(block)] = stereo
        else:
            blocks.append(to_stereo(block.T))
        got += len(block)
    if at_once and got:
        blocks = [whole if got == wanted else whole[:, :got].copy()]
    return blocks, failed


def _salvage(file: Path, blocks: list[Samples], wanted: int, notes: list[str]) -> list[Samples]:
    """Go on behind damage: each try reopens the file and seeks a little further.

    A failed decoder stays failed, hence the reopening. What lies in a gap becomes silence, so
    what follows keeps its place in time; a damaged end is cut off.
    """
    got = sum(block.shape[1] for block in blocks)
    lost = pending = 0
    good_until = got
    skip = _SALVAGE_SKIP
    while got + pending < wanted:
        try:
            with _open(file, []) as sound:
                sound.seek(got + pending)
                while got + pending < wanted:
                    block = sound.read(_SALVAGE_FRAMES, dtype="float32", always_2d=True)
                    if len(block) == 0:
                        pending = wanted - got
                        break
                    if pending:
                        channels = min(2, block.shape[1])
                        blocks.append(np.zeros((channels, pending), np.float32))
                        lost += pending
                        got += pending
                        pending = 0
                        skip = _SALVAGE_SKIP
                    blocks.append(to_stereo(block.T))
                    got += len(block)
                    good_until = got
        except (soundfile.LibsndfileError, RuntimeError):
            pending += skip
            skip = min(2 * skip, wanted)
    if good_until - lost < 0.1 * wanted:
        raise AudioFileError(file, "is damaged", "copy it again from its source")
    if good_until < wanted:
        share = 100.0 * good_until / wanted
        notes.append(f"it is cut short or damaged: {share:.0f} % of its length could be read")
    if lost:
        notes.append(f"it is damaged: {lost} frames were replaced by silence")
    return blocks


_STEREO_WEIGHTS: dict[int, tuple[tuple[float, ...], tuple[float, ...]]] = {
    3: ((1, 0, _HALF), (0, 1, _HALF)),
    4: ((1, 0, _HALF, 0), (0, 1, 0, _HALF)),
    5: ((1, 0, _HALF, _HALF, 0), (0, 1, _HALF, 0, _HALF)),
    6: ((1, 0, _HALF, 0, _HALF, 0), (0, 1, _HALF, 0, 0, _HALF)),
    7: ((1, 0, _HALF, 0, 0.5, _HALF, 0), (0, 1, _HALF, 0, 0.5, 0, _HALF)),
    8: ((1, 0, _HALF, 0, _HALF, 0, _HALF, 0), (0, 1, _HALF, 0, 0, _HALF, 0, _HALF)),
}


def to_stereo(samples: Samples) -> Samples:
    """`samples` (channels, frames) as contiguous float32 of at most two channels.

    One and two channels stay as they are; the rule for more stands at the top of this file.
    """
    channels = samples.shape[0]
    if channels <= 2:
        return np.ascontiguousarray(samples, dtype=np.float32)
    if channels in _STEREO_WEIGHTS:
        weights = np.array(_STEREO_WEIGHTS[channels], dtype=np.float32)
    else:
        weights = np.zeros((2, channels), np.float32)
        weights[0, 0::2] = 1.0
        weights[1, 1::2] = 1.0
    weights /= weights.sum(axis=1, keepdims=True)
    return np.ascontiguousarray(weights @ samples, dtype=np.float32)


def _check_numbers(file: Path, samples: Samples) -> None:
    low, high = float(samples.min()), float(samples.max())
    if np.isfinite(low) and np.isfinite(high):  # NaN carries through min and max
        if max(-low, high) <= LOUDEST:
            return
        raise AudioFileError(
            file, f"holds samples of impossible size ({max(-low, high):.0e})", "render it again"
        )
    bad = samples.size - int(np.count_nonzero(np.isfinite(samples)))
    raise AudioFileError(
        file, f"holds samples that are no numbers ({bad} NaN or infinite)", "render it again"
    )
