"""A long sound file read in pieces from any place, at any rate: memory stays small."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import soundfile

from loopmind.dsp.resample import resample
from loopmind.files.decode import AudioFileError, open_sound, to_stereo
from loopmind.music.audio import Samples

_KEPT = 1 << 16
_MARGIN = 4096


class LongAudio:
    """An open file as stereo float32 at `rate_hz`; `frames` long at that rate.

    Law: what `read` gives depends on the place alone, not on what was read before.
    """

    def __init__(self, path: str | Path, rate_hz: int, page: int = 8192) -> None:
        self.path = Path(path)
        self.rate_hz = rate_hz
        self._sound: soundfile.SoundFile = open_sound(self.path)
        self.source_rate_hz = int(self._sound.samplerate)
        common = math.gcd(rate_hz, self.source_rate_hz)
        self._up, self._down = rate_hz // common, self.source_rate_hz // common
        self.page = -(-page // self._up) * self._up
        """Frames of a page: as many as make whole frames of the source."""
        self.source_frames = int(self._sound.frames)
        if self.source_frames <= 0:
            raise AudioFileError(self.path, "holds no samples", "copy it again from its source")
        self.frames = round(self.source_frames * rate_hz / self.source_rate_hz)
        self._at = 0
        self._kept: Samples = np.zeros((2, 0), np.float32)
        self._kept_from = 0

    def close(self) -> None:
        """Close the file."""
        self._sound.close()

    def read_page(self, number: int) -> Samples:
        """Page `number`: (2, page), silent beyond the file's ends. Raises AudioFileError."""
        first = number * self.page
        if self._up == self._down:
            return self._source(first, self.page)
        # Margins of whole resampling periods, so that every page meets the same phase.
        margin = -(-_MARGIN // self._down) * self._down
        begin, count = (
            number * (self.page // self._up) * self._down,
            (self.page // self._up * self._down),
        )
        source = self._source(begin - margin, count + 2 * margin)
        made = resample(source, self.source_rate_hz, self.rate_hz)
        skip = margin // self._down * self._up
        page = np.ascontiguousarray(made[:, skip : skip + self.page])
        beyond = self.frames - first
        if beyond < self.page:
            page[:, max(beyond, 0) :] = 0.0
        return page

    def _source(self, first: int, count: int) -> Samples:
        """Frames of the file itself, silent beyond its ends, once read through in order."""
        out = np.zeros((2, count), np.float32)
        begin, end = max(first, 0), min(first + count, self.source_frames)
        if begin >= end:
            return out
        kept_until = self._kept_from + self._kept.shape[1]
        if not self._kept_from <= begin <= kept_until:
            self._kept, self._kept_from, kept_until = self._kept[:, :0], begin, begin
        if end > kept_until:
            fresh = self._decode(kept_until, end - kept_until)
            self._kept = np.concatenate([self._kept, fresh], axis=1)
        shift = begin - self._kept_from
        got = self._kept[:, shift : shift + end - begin]
        out[:, begin - first : begin - first + got.shape[1]] = got
        spare = self._kept.shape[1] - _KEPT
        if spare > 0:
            self._kept = self._kept[:, spare:].copy()
            self._kept_from += spare
        return out

    def _decode(self, first: int, count: int) -> Samples:
        try:
            if first != self._at:
                self._sound.seek(first)
            block = self._sound.read(count, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, RuntimeError) as error:
            self._at = -1
            raise AudioFileError(self.path, "cannot be read on", "copy it again") from error
        self._at = first + len(block)
        made = to_stereo(block.T)
        out = np.zeros((2, count), np.float32)
        out[:, : made.shape[1]] = made
        return out
