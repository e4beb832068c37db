"""What was measured on the finished audio, as the documents need it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """Loudness and length of the rendered master.

    loudness_lufs: integrated (BS.1770-4). true_peak_dbtp: highest true peak. duration_s: tail
    included. curve_lufs: short-term loudness at every `curve_step_s` from the start; values at
    or below -70 count as silence. files: written audio files by what they are ("song",
    "stem drums"), as paths relative to the documents. gain_db, limiter_dbtp, trim_db: the gain into
    the limiter, where that was set, and the gain behind it; who plays the song with them hears the
    same samples.
    """

    loudness_lufs: float
    true_peak_dbtp: float
    duration_s: float
    curve_lufs: tuple[float, ...] = ()
    curve_step_s: float = 0.0
    files: tuple[tuple[str, str], ...] = ()
    gain_db: float = 0.0
    limiter_dbtp: float = -1.0
    trim_db: float = 0.0
