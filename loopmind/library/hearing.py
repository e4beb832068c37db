"""Hearing one file: decoding, refusing what cannot be used, and the row of what was heard."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loopmind.files.decode import AudioFileError, Decoded, decode
from loopmind.library.rows import pack_loop
from loopmind.music.audio import Audio
from loopmind.music.loop import HEARD_SECONDS, Loop

HEARING_VERSION = 1
"""Rises when what is refused, or how much is heard, changes, so that libraries hear again."""

SHORTEST_SECONDS = 0.005
_LONGEST_WORDS = 120
# Half the distance from the lowest to the highest sample: -80 dBFS, above the dither of 16 bits.
SILENCE = 1e-4
_CANCELLED = 0.05  # mono amplitude over that of the sides, below which they cancel out


@dataclass(frozen=True)
class HeardRow:
    """What is remembered of one content: the loop's row, or why it is unusable.

    again: the reason may not last (memory, a fault in LoopMind): the next scan tries again.
    """

    loop: bytes | None
    embedding: bytes | None
    reason: str | None = None
    remedy: str | None = None
    again: bool = False


def hear_file(path: str, digest: str) -> Loop:
    """The loop at `path` by sound alone. Raises AudioFileError for what cannot be used.

    Of more than HEARD_SECONDS the beginning is heard, and the evidence says so.
    """
    from loopmind.analysis.hear import hear

    decoded = decode(path, max_seconds=HEARD_SECONDS)
    check_usable(path, decoded)
    notes = [f"file: {note}" for note in decoded.notes]
    audio = decoded.audio
    if sides_cancel(audio):
        audio = Audio(audio.samples * np.array([[1.0], [-1.0]], np.float32), audio.rate_hz)
        notes.append("file: its two sides cancel out in mono; heard with one turned round")
    loop = hear(audio, path=path, digest=digest)
    if decoded.info.frames > decoded.audio.frames:
        whole, part = decoded.info.duration_s, decoded.audio.duration_s
        notes.append(f"file: heard the first {_clock(part)} of {_clock(whole)}")
    return replace(
        loop,
        channels=decoded.info.channels,
        frames=max(decoded.info.frames, decoded.audio.frames),
        evidence=(*loop.evidence, *notes),
    )


def check_usable(path: str, decoded: Decoded) -> None:
    """Raise AudioFileError for sound that is too short, silent or a constant level."""
    audio: Audio = decoded.audio
    if audio.duration_s < SHORTEST_SECONDS:
        count = f"{audio.frames} sample{'' if audio.frames == 1 else 's'}"
        raise AudioFileError(path, f"is too short to use ({count})", "remove it or record more")
    low, high = float(audio.samples.min()), float(audio.samples.max())
    if high - low < 2 * SILENCE:
        if max(abs(low), abs(high)) < SILENCE:
            raise AudioFileError(path, "is silent", "remove it or export it again")
        raise AudioFileError(
            path, "holds only a constant level (DC), no sound", "remove it or export it again"
        )


def sides_cancel(audio: Audio) -> bool:
    """Whether next to nothing is left of a stereo sound when its sides are added."""
    if audio.channels != 2:
        return False
    left, right = audio.samples
    sides = float(np.vdot(left, left)) + float(np.vdot(right, right))
    both = left + right
    return float(np.vdot(both, both)) < 2.0 * _CANCELLED**2 * sides


def hear_row(path: str, digest: str) -> HeardRow:
    """As `hear_file`, as a row; a file that cannot be used is an answer, not an exception."""
    try:
        loop = hear_file(path, digest)
    except AudioFileError as error:
        return HeardRow(None, None, error.reason, error.remedy)
    except MemoryError:
        remedy = "close other programs"
        return HeardRow(None, None, "needs more memory than there is", remedy, again=True)
    except Exception as error:  # one bad file is one line in a report, never a stopped scan
        words = " ".join(f"{type(error).__name__}: {error}".split())
        reason = f"could not be analysed ({words[:_LONGEST_WORDS]})"
        return HeardRow(None, None, reason, "convert it to WAV, or report this file", again=True)
    return HeardRow(pack_loop(loop), np.asarray(loop.embedding, np.float32).tobytes())


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
