"""Writing sound files: whole or not at all, and the same bytes for the same samples.

libsndfile stamps the clock into float WAV and AIFF headers (PEAK chunk) and into Ogg serial
numbers; both are replaced here. Samples beyond full scale are clipped by integer formats.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile
from numpy.typing import NDArray

from loopmind.files.atomic import OutputError, atomic_path, output_error
from loopmind.files.ogg import fix_serial
from loopmind.music.audio import Audio, Samples

__all__ = ["WRITABLE_SUFFIXES", "AudioWriter", "FlacPacker", "OutputError", "write_audio"]

# Extension: libsndfile format, default subtype, and settings for the best lossy quality that
# players everywhere accept (MP3 at 320 kb/s, Vorbis at quality 9).
_FORMATS: dict[str, tuple[str, str, dict[str, object]]] = {
    ".wav": ("WAV", "PCM_24", {}),
    ".flac": ("FLAC", "PCM_24", {}),
    ".aiff": ("AIFF", "PCM_24", {}),
    ".aif": ("AIFF", "PCM_24", {}),
    ".mp3": ("MP3", "MPEG_LAYER_III", {"compression_level": 0.0, "bitrate_mode": "CONSTANT"}),
    ".ogg": ("OGG", "VORBIS", {"compression_level": 0.1}),
    ".opus": ("OGG", "OPUS", {"compression_level": 0.0}),
}
WRITABLE_SUFFIXES = tuple(_FORMATS)
_SAMPLE_BYTES = {"PCM_U8": 1, "PCM_S8": 1, "PCM_16": 2, "PCM_24": 3, "DOUBLE": 8}
_CUT_FROM_INT32 = ("PCM_16", "PCM_24")
_RIFF_LIMIT_BYTES = (1 << 32) - (1 << 16)
_HEADER_BYTES = 4096
_WRITE_FRAMES = 1 << 14


def write_audio(path: str | Path, audio: Audio, *, subtype: str | None = None) -> Path:
    """Write `audio` to `path` in the format of its extension (24 bit where it has bits).

    `subtype` is libsndfile's name, such as PCM_16 or FLOAT. Raises OutputError.
    """
    with AudioWriter(path, audio.rate_hz, audio.channels, subtype=subtype) as writer:
        writer.write(audio.samples)
    return Path(path)


class FlacPacker:
    """A FLAC file in memory that holds exactly the 16-bit pieces (frames, channels) written to it.

    Packed in three quarters of the usual time, and 4 % longer for it. Raises ValueError for more
    than 8 channels or a rate that FLAC does not know.
    """

    def __init__(self, channels: int, rate_hz: int) -> None:
        self._packed = io.BytesIO()
        try:
            self._sound = soundfile.SoundFile(
                self._packed, "w", rate_hz, channels, "PCM_16",
                format="FLAC", compression_level=0.375,
            )  # fmt: skip
        except soundfile.LibsndfileError as error:
            raise ValueError(
                f"FLAC cannot hold {channels} channels at {rate_hz} Hz: {error}"
            ) from error

    def write(self, piece: NDArray[np.int16]) -> None:
        """Append `piece`."""
        self._sound.write(piece)

    def finish(self) -> bytes:
        """The whole file."""
        self._sound.close()
        return self._packed.getvalue()

    def close(self) -> None:
        """Let go of a file that nobody wants: left open, it would be ended after its memory."""
        self._sound.close()


def _as_int32(samples: NDArray[np.float32]) -> NDArray[np.int32]:
    """`samples` as libsndfile makes whole numbers of them, five times as fast.

    It multiplies with 2**31, rounds, holds what is beyond full scale there, and cuts low bits off
    for smaller formats, which is left to it.
    """
    scaled = np.multiply(samples, np.float32(2.0**31), order="C")
    np.rint(scaled, out=scaled)
    # The largest float32 below 2**31.
    np.clip(scaled, np.float32(-(2.0**31)), np.float32(2.0**31 - 128.0), out=scaled)
    return scaled.astype(np.int32)


class _AbandonedError(Exception):
    """Tells the atomic place to throw its temporary file away."""


class AudioWriter:
    """Writes blocks of (channels, n) float32 to one file, which appears only when all went well.

    A context manager: leaving it by an exception removes what was written. Raises OutputError
    with a remedy for an unknown extension, a rate or channel count that the format cannot hold,
    samples that are no numbers, and a full or forbidden disk.
    """

    def __init__(
        self, path: str | Path, rate_hz: int, channels: int, subtype: str | None = None
    ) -> None:
        self.path = Path(path)
        self.rate_hz = rate_hz
        self.channels = channels
        self.frames = 0
        known = _FORMATS.get(self.path.suffix.lower())
        if known is None:
            kinds = ", ".join(WRITABLE_SUFFIXES)
            raise OutputError(path, "its extension names no audio format", f"choose from {kinds}")
        self._format, default, self._options = known
        self._subtype = subtype or default
        if not soundfile.check_format(self._format, self._subtype):
            choices = ", ".join(soundfile.available_subtypes(self._format))
            reason = f"{self._format} has no subtype {self._subtype}"
            raise OutputError(path, reason, f"choose from {choices}")
        self._is_linear = self._format in ("WAV", "AIFF") and self._subtype in _CUT_FROM_INT32
        self._place: AbstractContextManager[Path] | None = None
        self._temporary = self.path
        self._sound: soundfile.SoundFile | None = None

    def __enter__(self) -> AudioWriter:
        self._place = atomic_path(self.path)
        self._temporary = self._place.__enter__()
        try:
            # Bytes: soundfile encodes text strictly, and a path may hold undecodable letters.
            name = self._temporary if sys.platform == "win32" else os.fsencode(self._temporary)
            self._temporary.touch()  # so that a forbidden or full place says so by its errno
            self._sound = soundfile.SoundFile(
                name, "w", self.rate_hz, self.channels, self._subtype,
                format=self._format, **self._options,
            )  # fmt: skip
        except BaseException as error:
            self._abandon()
            raise self._as_output_error(error) from error
        return self

    def write(self, block: Samples) -> None:
        """Append `block` of shape (channels, n)."""
        if self._sound is None:
            raise ValueError("an AudioWriter writes only inside its with block")
        if block.ndim != 2 or block.shape[0] != self.channels:
            raise ValueError(f"expected a block of ({self.channels}, n), got {block.shape}")
        if block.size and not np.isfinite(block.sum(dtype=np.float64)):
            raise OutputError(self.path, "samples are NaN or infinite", "report how it was made")
        self.frames += block.shape[1]
        frame_bytes = self.channels * _SAMPLE_BYTES.get(self._subtype, 4)
        if self._format in ("WAV", "AIFF") and self.frames * frame_bytes > _RIFF_LIMIT_BYTES:
            raise OutputError(self.path, f"{self._format} holds at most 4 GiB", "choose .flac")
        try:
            # libsndfile's Vorbis encoder keeps a whole write on the stack and crashes on long ones.
            for start in range(0, block.shape[1], _WRITE_FRAMES):
                piece = block[:, start : start + _WRITE_FRAMES]
                if self._is_linear:
                    self._sound.write(_as_int32(piece.T))
                else:
                    self._sound.write(np.ascontiguousarray(piece.T))
        except (soundfile.LibsndfileError, RuntimeError, AssertionError, OSError) as error:
            raise self._as_output_error(error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._abandon()
            return
        try:
            self._finish()
        except BaseException as failure:
            self._abandon()
            raise self._as_output_error(failure) from failure
        place, self._place = self._place, None
        if place is not None:
            place.__exit__(None, None, None)

    def _finish(self) -> None:
        assert self._sound is not None
        self._sound.close()
        self._sound = None
        if self._format == "OGG":
            fix_serial(self._temporary)
        else:
            _clear_peak_time(self._temporary)
        # libsndfile may lose a failed write of its last buffer: read back what the file says.
        with self._temporary.open("rb") as stream, soundfile.SoundFile(stream) as written:
            short = abs(written.frames - self.frames) > (4608 if self._format == "MP3" else 0)
        if short:
            raise OSError(errno.ENOSPC, "the disk is full")

    def _abandon(self) -> None:
        """Close and remove what was written so far; the caller raises what went wrong."""
        if self._sound is not None:
            with suppress(soundfile.LibsndfileError, RuntimeError, OSError):
                self._sound.close()
            self._sound = None
        place, self._place = self._place, None
        if place is not None:
            with suppress(_AbandonedError):
                place.__exit__(_AbandonedError, _AbandonedError(), None)

    def _as_output_error(self, error: BaseException) -> BaseException:
        """What `error` means for the user; anything but a failure to write stays as it is."""
        if isinstance(error, OSError):
            return output_error(self.path, error)
        if not isinstance(error, (soundfile.LibsndfileError, RuntimeError, AssertionError)):
            return error
        if self.frames:
            return OutputError(
                self.path, "the disk is full or failing", "free some space or choose another folder"
            )
        reason = (
            f"{self._format} {self._subtype} cannot hold {self.channels} channels "
            f"at {self.rate_hz} Hz"
        )
        return OutputError(self.path, reason, "choose .wav or .flac, or 48000 Hz")


def _clear_peak_time(path: Path) -> None:
    """Zero the time stamp in a PEAK chunk (version, time stamp, peaks), if the header has one."""
    with path.open("r+b") as stream:
        head = stream.read(_HEADER_BYTES)
        at = head.find(b"PEAK")
        data_at = max(head.find(b"data"), head.find(b"SSND"))
        if at >= 0 and (data_at < 0 or at < data_at):
            stream.seek(at + 12)
            stream.write(bytes(4))
