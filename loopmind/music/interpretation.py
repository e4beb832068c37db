"""What an interpretation made, and how far it is from what it was made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Made:
    """One new loop.

    path: of the file. kind: "pulse", "line" or "texture". told: how it was made. sources: the
    files whose units sound in it. timbre_distance: to the nearest of them in standard deviations
    of the mel cepstrum; usual_distance: what two of the user's sounds have between them in the
    middle. copied_s: longest stretch that is a source's, sample by sample (analysis/likeness.py);
    highest_correlation: of any 250 ms with any place of a source; copied_share: of such windows.
    """

    path: str
    kind: str
    told: str
    bpm: float
    key: str | None
    seconds: float
    sources: tuple[str, ...]
    timbre_distance: float
    usual_distance: float
    copied_s: float
    highest_correlation: float
    copied_share: float


@dataclass(frozen=True)
class Interpretation:
    """All that was made in one go."""

    bpm: float
    key: str | None
    seed: int
    loops: tuple[Made, ...]
