"""A mix told in plain words, for a reader who is no engineer; read from the values as they are."""

from __future__ import annotations

from loopmind.music.mix import Compressor, Effect, EqBand, Master, Reverb, Strip

_CUTS = {"lowcut": "everything below {hz} taken away", "highcut": "dulled above {hz}"}
_BANDS = {"lowshelf": "below {hz}", "highshelf": "above {hz}", "peak": "round {hz}"}
_AUDIBLE_LOWCUT_HZ = 80.0


def strip_words(strip: Strip) -> tuple[str, ...]:
    """What a channel strip does, one phrase each."""
    if strip.muted:
        return ("muted",)
    said = [_level(strip.gain_db)]
    if abs(strip.pan) >= 0.04:
        side = "right" if strip.pan > 0 else "left"
        far = abs(strip.pan)
        said.append(f"{'far' if far >= 0.7 else 'half' if far >= 0.35 else 'a little'} {side}")
    if strip.width <= 0.05:
        said.append("mono")
    elif strip.width >= 1.1:
        said.append("widened")
    elif strip.width <= 0.8:
        said.append("narrowed")
    said += [words for band in strip.eq if (words := _band(band))]
    if strip.compressor is not None:
        said.append(_compressor(strip.compressor))
    if strip.drive >= 0.05:
        said.append("driven hard" if strip.drive >= 0.4 else "warmed by saturation")
    said += [words for effect in strip.effects if (words := effect_words(effect))]
    if strip.reverb_send_db is not None and strip.reverb_send_db > -40.0:
        send = strip.reverb_send_db
        amount = "much" if send >= -9.0 else "some" if send >= -16.0 else "a touch of"
        said.append(f"{amount} reverb")
    else:
        said.append("no reverb")
    if strip.sidechain is not None:
        said.append(f"ducked by the {strip.sidechain.source}, so that it comes through")
    return tuple(said)


def effect_words(effect: Effect) -> str:
    """An effect and how much there is of it; empty where there is none."""
    if effect.amount <= 0.0:
        return ""
    much = "much" if effect.amount >= 0.6 else "some" if effect.amount >= 0.25 else "a touch of"
    every = {"echo": "repeating", "tremolo": "swaying"}.get(effect.kind)
    when = f", {every} every {effect.beats:g} beats" if every and effect.beats else ""
    return f"{much} {effect.kind}{when}"


def master_words(master: Master) -> tuple[str, ...]:
    """What happens to the sum of all tracks, one phrase each."""
    said = [
        f"brought to {master.target_lufs:g} LUFS",
        f"never above {master.ceiling_dbtp:g} dB true peak",
    ]
    said += [words for band in master.eq if (words := _band(band))]
    if master.compressor is not None:
        said.append("held together by a compressor")
    if master.drive >= 0.02:
        said.append("warmed by saturation")
    return tuple(said)


def reverb_words(reverb: Reverb) -> str:
    """The room that all tracks share."""
    size = "large" if reverb.decay_s >= 2.5 else "small" if reverb.decay_s < 1.0 else "middling"
    return f"a {size} room that rings for {reverb.decay_s:.2g} s"


def _level(gain_db: float) -> str:
    if abs(gain_db) < 0.05:
        return "at its own level"
    return f"turned {'up' if gain_db > 0 else 'down'} {abs(gain_db):.1f} dB"


def _band(band: EqBand) -> str:
    """An equaliser band; empty where it does nothing that can be heard."""
    hertz = f"{band.freq_hz:.0f} Hz" if band.freq_hz < 1000 else f"{band.freq_hz / 1000:.2g} kHz"
    if band.kind in _CUTS:
        if band.kind == "lowcut" and band.freq_hz < _AUDIBLE_LOWCUT_HZ:
            return ""
        return _CUTS[band.kind].format(hz=hertz)
    if abs(band.gain_db) < 0.25:
        return ""
    way = "raised" if band.gain_db > 0 else "lowered"
    return f"{way} {abs(band.gain_db):.1f} dB {_BANDS[band.kind].format(hz=hertz)}"


def _compressor(compressor: Compressor) -> str:
    return "pressed hard" if compressor.ratio >= 4.0 else "evened out by a compressor"
