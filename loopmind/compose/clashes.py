"""Where two tracks want the same register, and who makes room."""

from __future__ import annotations

from collections.abc import Mapping

from loopmind.music.loop import SPECTRUM_BANDS_HZ, Loop
from loopmind.music.mix import EqBand

# The first of each pair keeps the band, the second yields.
_YIELDS = (("vocal", "chords"), ("vocal", "lead"), ("vocal", "pad"), ("lead", "chords"),
           ("lead", "pad"), ("chords", "pad"))  # fmt: skip
_MIDDLE_BANDS = (500.0, 1000.0, 2000.0, 4000.0)
_BOTH_STRONG = 0.14
_LOW_BANDS = (63.0, 125.0)


def band_shares(loop: Loop) -> dict[float, float]:
    """Share of the loop's power in each octave band; all zero where it is unknown."""
    if len(loop.spectrum_db) != len(SPECTRUM_BANDS_HZ):
        return dict.fromkeys(SPECTRUM_BANDS_HZ, 0.0)
    powers = [10.0 ** (min(max(db, -120.0), 60.0) / 10.0) for db in loop.spectrum_db]
    total = sum(powers) or 1.0
    return {band: p / total for band, p in zip(SPECTRUM_BANDS_HZ, powers, strict=True)}


def clash_bands(sounds: Mapping[str, tuple[str, Loop]]) -> dict[str, tuple[EqBand, ...]]:
    """Cuts that make room, by track: `sounds` maps a track to its part and its sound.

    Kick (or drum loop) and bass share out 63 and 125 Hz: each keeps the octave that it fills more
    and yields the other. Of melodic pairs the less important yields where both are strongest.
    """
    shares = {track: band_shares(loop) for track, (_, loop) in sounds.items()}
    parts: dict[str, list[str]] = {}
    for track, (part, _) in sounds.items():
        parts.setdefault(part, []).append(track)
    cuts: dict[str, list[EqBand]] = {}
    low = next((parts[name][0] for name in ("kick", "drums") if name in parts), None)
    if low is not None and "bass" in parts:
        _share_out(low, parts["bass"][0], shares, cuts)
    for first, second in _YIELDS:
        for winner in parts.get(first, ())[:1]:
            for loser in parts.get(second, ()):
                _yield(winner, loser, shares, cuts)
    return {track: tuple(bands) for track, bands in cuts.items()}


def _share_out(
    kick: str, bass: str, shares: dict[str, dict[float, float]], cuts: dict[str, list[EqBand]]
) -> None:
    deep, upper = _LOW_BANDS
    if min(shares[track][deep] + shares[track][upper] for track in (kick, bass)) < 0.1:
        return
    kick_leans = shares[kick][deep] / max(shares[kick][upper], 1e-6)
    bass_leans = shares[bass][deep] / max(shares[bass][upper], 1e-6)
    kick_keeps, bass_keeps = (deep, upper) if kick_leans >= bass_leans else (upper, deep)
    cuts.setdefault(kick, []).append(EqBand("peak", bass_keeps, -2.0, 1.2))
    cuts.setdefault(bass, []).append(EqBand("peak", kick_keeps, -2.5, 1.2))


def _yield(
    winner: str, loser: str, shares: dict[str, dict[float, float]], cuts: dict[str, list[EqBand]]
) -> None:
    both = {band: min(shares[winner][band], shares[loser][band]) for band in _MIDDLE_BANDS}
    band = max(both, key=lambda b: both[b])
    held = cuts.setdefault(loser, [])
    if both[band] >= _BOTH_STRONG and all(cut.freq_hz != band for cut in held) and len(held) < 2:
        held.append(EqBand("peak", band, -2.0, 1.0))
    if not held:
        del cuts[loser]
