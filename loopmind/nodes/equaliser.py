"""The node that equalises a stream."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Setting, Signal


@node(id="loopmind.equaliser", category="Stream", output="signal", kind="stream")
def equaliser(
    signal: Signal,
    low_cut_hz: Annotated[
        float, Range(10, 1000, unit="Hz", scale="log"), "Below this little is left."
    ] = 20.0,
    low_shelf_hz: Annotated[
        float, Range(30, 500, unit="Hz", scale="log"), "Corner of the bass."
    ] = 120.0,
    low_shelf_db: Annotated[float, Range(-18, 18, unit="dB"), "Bass."] = 0.0,
    low_mid_hz: Annotated[
        float, Range(80, 2000, unit="Hz", scale="log"), "Centre of the lower bell."
    ] = 350.0,
    low_mid_db: Annotated[float, Range(-18, 18, unit="dB"), "Lower bell."] = 0.0,
    low_mid_q: Annotated[float, Range(0.3, 8, scale="log"), "Its narrowness."] = 1.0,
    high_mid_hz: Annotated[
        float, Range(500, 10000, unit="Hz", scale="log"), "Centre of the upper bell."
    ] = 3000.0,
    high_mid_db: Annotated[float, Range(-18, 18, unit="dB"), "Upper bell."] = 0.0,
    high_mid_q: Annotated[float, Range(0.3, 8, scale="log"), "Its narrowness."] = 1.0,
    high_shelf_hz: Annotated[
        float, Range(1500, 16000, unit="Hz", scale="log"), "Corner of the treble."
    ] = 8000.0,
    high_shelf_db: Annotated[float, Range(-18, 18, unit="dB"), "Treble."] = 0.0,
) -> Signal:
    """Shape a stream with a low cut, two shelves and two bells; all glide while it plays.

    Source: Simper, "Linear Trapezoidal Integrated State Variable Filter", 2014.
    """
    bands = (
        ("lowcut", low_cut_hz, 0.0, 0.707),
        ("lowshelf", low_shelf_hz, low_shelf_db, 0.707),
        ("peak", low_mid_hz, low_mid_db, low_mid_q),
        ("peak", high_mid_hz, high_mid_db, high_mid_q),
        ("highshelf", high_shelf_hz, high_shelf_db, 0.707),
    )
    settings: dict[str, Setting] = {}
    for n, (kind, freq_hz, gain_db, q) in enumerate(bands, start=1):
        settings |= {
            f"kind_{n}": kind, f"freq_hz_{n}": freq_hz, f"gain_db_{n}": gain_db, f"q_{n}": q
        }  # fmt: skip
    return Signal("loopmind.dsp.effects.equaliser:EQUALISER", settings, (signal,))
