"""Edits of the mix that say exactly what they want: mute, solo, strips, bands, master, reverb."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import MASTER, EditError
from loopmind.compose.editing.curves import drawn_in, with_curve
from loopmind.compose.editing.curves import of as curve_of
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import (
    ChangeEq,
    ChangeMaster,
    ChangeReverb,
    ChangeStrip,
    MuteTrack,
    SetCompressor,
    SetSidechain,
    SoloTracks,
)
from loopmind.music.loop import Crate
from loopmind.music.mix import Compressor, EqBand, Strip
from loopmind.music.song import Song

_Limits = tuple[float, float, str, str]
# parameter -> lowest, highest, unit, its name in words
STRIP_RANGES: dict[str, _Limits] = {
    "gain_db": (-60.0, 24.0, "dB", "level"),
    "pan": (-1.0, 1.0, "", "place between left and right"),
    "width": (0.0, 2.0, "", "width"),
    "drive": (0.0, 1.0, "", "saturation"),
    "reverb_send_db": (-60.0, 12.0, "dB", "reverb"),
}
MASTER_RANGES: dict[str, _Limits] = {
    "target_lufs": (-30.0, -6.0, "LUFS", "loudness"),
    "ceiling_dbtp": (-9.0, 0.0, "dBTP", "highest peak"),
    "drive": (0.0, 1.0, "", "saturation"),
}
REVERB_RANGES: dict[str, _Limits] = {
    "decay_s": (0.2, 12.0, "s", "length"),
    "predelay_s": (0.0, 0.25, "s", "delay"),
    "damping": (0.0, 0.98, "", "damping"),
    "low_cut_hz": (20.0, 2000.0, "Hz", "low cut"),
    "gain_db": (-60.0, 12.0, "dB", "level"),
}
DRY_DB = -60.0
FIRST_SEND_DB = -24.0
FREQ_HZ = (20.0, 20000.0)
MOST_EQ_DB = 18.0
BOTTOMLESS_DB = -90.0
_NEAR = 2.0 ** (1.0 / 6.0)


def mute(edit: MuteTrack, draft: Draft, crate: Crate) -> Draft:
    """Silence a track, or let it sound again."""
    asking.track(draft, edit.track)
    asking.refuse_locked_track(draft, edit.track)
    rest = tuple(name for name in draft.muted if name != edit.track)
    if edit.muted == (edit.track in draft.muted):
        now = "muted already" if edit.muted else "not muted"
        more = f", but only {listed(draft.solo)} can be heard; end the solo first"
        hidden = not edit.muted and draft.solo and edit.track not in draft.solo
        raise EditError(
            f"{asking.verb([edit.track], 'is', 'are')} {now}"
            + (more if hidden else ", so nothing would change; name another track")
        )
    draft = replace(draft, muted=(*rest, edit.track) if edit.muted else rest)
    draft = with_mutes(draft)
    said = asking.verb([edit.track], "is muted", "are muted") if edit.muted else (
        asking.verb([edit.track], "sounds again", "sound again")
    )  # fmt: skip
    if not edit.muted and draft.solo and edit.track not in draft.solo:
        said += f", once the solo of {listed(draft.solo)} ends"
    return asking.told(draft, said)


def solo(edit: SoloTracks, draft: Draft, crate: Crate) -> Draft:
    """Let only some tracks sound; none named ends it."""
    for name in edit.tracks:
        asking.track(draft, name)
    alone = tuple(dict.fromkeys(edit.tracks))
    if set(alone) == set(draft.solo):
        now = f"only {listed(alone)} can be heard already" if alone else "no track is alone"
        raise EditError(f"{now}, so nothing would change; name the tracks to hear")
    draft = with_mutes(replace(draft, solo=alone))
    if not alone:
        still = f" but {listed(draft.muted)}, as muted" if draft.muted else ""
        return asking.told(draft, f"all tracks sound again{still}")
    return asking.told(draft, f"only {listed(alone)} can be heard now{_silent_in(draft)}")


def _silent_in(draft: Draft) -> str:
    """What to say of sections in which all that plays is muted."""
    heard = {s.track for s in draft.mix.strips if not s.muted}
    bar = draft.song.beats_per_bar
    spans = [
        (c.start_beat / bar, (c.start_beat + c.beats) / bar)
        for c in draft.song.clips if c.track in heard
    ]  # fmt: skip
    silent = [
        s.name for s in draft.song.sections
        if not any(a < s.start_bar + s.bars and b > s.start_bar for a, b in spans)
    ]  # fmt: skip
    return f"; {asking.verb(silent, 'is', 'are')} silent" if silent else ""


def with_mutes(draft: Draft) -> Draft:
    """The strips muted as mutes and solo want it; names of tracks that are gone are forgotten."""
    there = {t.id for t in draft.song.tracks}
    muted = tuple(name for name in draft.muted if name in there)
    alone = tuple(name for name in draft.solo if name in there)

    def silent(name: str) -> bool:
        return name in muted or (bool(alone) and name not in alone)

    strips = tuple(
        s if s.muted == silent(s.track) else replace(s, muted=silent(s.track))
        for s in draft.mix.strips
    )
    mix = draft.mix if strips == draft.mix.strips else replace(draft.mix, strips=strips)
    return replace(draft, mix=mix, muted=muted, solo=alone)


def change_strip(edit: ChangeStrip, draft: Draft, crate: Crate) -> Draft:
    """Set a channel strip's parameter, or move it, everywhere or in some sections."""
    held = asking.strip(draft, edit.track)
    asking.refuse_locked_track(draft, edit.track)
    name = edit.parameter
    if edit.sections:
        return _in_sections(edit, draft, held)
    limits = STRIP_RANGES[name]
    before = getattr(held, name)
    if name == "reverb_send_db":
        after = _send(edit, before)
        song = _send_redrawn(edit, draft)
        if before == after and song == draft.song:
            raise EditError(f"{edit.track} has no reverb, so it cannot have less; add some instead")
    else:
        after = _moved(edit.value, edit.by, before, limits, f"the {limits[3]} of {edit.track}")
    changed: dict[str, Any] = {name: after}
    draft = with_strip(draft, replace(held, **changed))
    if name == "reverb_send_db":
        draft = replace(draft, song=song)
    said = f"the {limits[3]} of {edit.track} went from {_amount(name, before)}"
    return asking.told(draft, f"{said} to {_amount(name, after)}")


def _send(edit: ChangeStrip, before: float | None) -> float | None:
    """The reverb send: from nothing it starts at a touch, at DRY_DB and below there is none."""
    low, high, *_ = STRIP_RANGES["reverb_send_db"]
    if edit.value is not None:
        after = edit.value
    elif before is None:
        after = FIRST_SEND_DB + edit.by if edit.by > 0 else low
    else:
        after = before + edit.by
    return None if after <= DRY_DB else round(min(after, high), 2)


def _send_redrawn(edit: ChangeStrip, draft: Draft) -> Song:
    """The song with what is drawn of a send moved as the strip's is: it stands in its place."""
    held = curve_of(draft.song, edit.track, "reverb_send_db")
    if held is None:
        return draft.song
    high = STRIP_RANGES["reverb_send_db"][1]
    points = None if edit.value is not None else tuple(
        (beat, value if value <= DRY_DB else round(min(value + edit.by, high), 2))
        for beat, value in held.points
    )  # fmt: skip
    return with_curve(draft.song, (edit.track, "reverb_send_db"), points)


def _in_sections(edit: ChangeStrip, draft: Draft, held: Strip) -> Draft:
    """The parameter automated in some sections; elsewhere it stays."""
    name = edit.parameter
    if name not in ("gain_db", "reverb_send_db"):
        raise EditError(
            f"the {STRIP_RANGES[name][3]} of {edit.track} can only be changed for the whole song; "
            "name no section, or change level or reverb there"
        )
    low, high, _, words = STRIP_RANGES[name]
    found = asking.sections(draft, edit.sections)
    for one in found:
        asking.refuse_locked_section(draft, one.name)
    # A drawn level comes on top of the fader; a drawn send replaces it.
    fader = held.gain_db if name == "gain_db" else 0.0
    rest = 0.0 if name == "gain_db" else held.reverb_send_db
    start = BOTTOMLESS_DB if rest is None else rest

    def moved(value: float) -> float:
        if edit.value is not None:
            after = edit.value - fader
        elif value <= DRY_DB and name == "reverb_send_db":
            after = FIRST_SEND_DB + edit.by if edit.by > 0 else value
        else:
            after = value + edit.by
        return round(min(max(after, low - fader if rest == 0.0 else BOTTOMLESS_DB), high), 2)

    song = draft.song
    for one in found:
        song = drawn_in(song, edit.track, name, one, moved, start)
    if song == draft.song:
        raise EditError(f"the {words} of {edit.track} is like that already; ask for another amount")
    names = listed([one.name for one in found])
    change = f"by {edit.by:+g} dB" if edit.value is None else f"to {edit.value:g} dB"
    return asking.told(
        replace(draft, song=song), f"the {words} of {edit.track} changes {change} in {names}"
    )


def change_eq(edit: ChangeEq, draft: Draft, crate: Crate) -> Draft:
    """A band added, or put in place of one of its kind and frequency."""
    band = edit.band
    if not FREQ_HZ[0] <= band.freq_hz <= FREQ_HZ[1] or not 0.1 <= band.q <= 20.0:
        raise EditError(
            f"no band at {band.freq_hz:g} Hz with q {band.q:g}; stay within 20 to 20000 Hz and "
            "a q of 0.1 to 20"
        )
    if abs(band.gain_db) > MOST_EQ_DB:
        raise EditError(f"{band.gain_db:+g} dB is too much for a band; stay within {MOST_EQ_DB:g}")
    if edit.track == MASTER:
        eq = with_band(draft.mix.master.eq, band)
        draft = replace_mix(draft, master=replace(draft.mix.master, eq=eq))
    else:
        held = asking.strip(draft, edit.track)
        asking.refuse_locked_track(draft, edit.track)
        draft = with_strip(draft, replace(held, eq=with_band(held.eq, band)))
    what = "the master" if edit.track == MASTER else edit.track
    return asking.told(draft, f"{what}: {band_words(band)}")


def with_band(eq: tuple[EqBand, ...], band: EqBand) -> tuple[EqBand, ...]:
    """`eq` with `band`; one of the same kind within a sixth of an octave makes way for it."""
    made: list[EqBand] = []
    placed = False
    for other in eq:
        same = band.kind == other.kind and 1 / _NEAR < band.freq_hz / other.freq_hz < _NEAR
        if same and not placed:
            made.append(band)
            placed = True
        elif not same:
            made.append(other)
    return tuple(made if placed else [*made, band])


def band_words(band: EqBand) -> str:
    """What a band does, in words."""
    at = f"{band.freq_hz:g} Hz"
    if band.kind == "lowcut":
        return f"all below {at} is taken away"
    if band.kind == "highcut":
        return f"all above {at} is taken away"
    where = {"lowshelf": f"below {at}", "highshelf": f"above {at}"}.get(band.kind, f"round {at}")
    way = "more" if band.gain_db >= 0 else "less"
    return f"{abs(band.gain_db):g} dB {way} {where}"


def set_compressor(edit: SetCompressor, draft: Draft, crate: Crate) -> Draft:
    """A compressor put in or taken out."""
    given = edit.compressor
    if given is not None:
        _check_compressor(given)
    if edit.track == MASTER:
        draft = replace_mix(draft, master=replace(draft.mix.master, compressor=given))
    else:
        held = asking.strip(draft, edit.track)
        asking.refuse_locked_track(draft, edit.track)
        draft = with_strip(draft, replace(held, compressor=given))
    what = "the master" if edit.track == MASTER else edit.track
    if given is None:
        return asking.told(draft, f"{what} is no longer compressed")
    said = f"{what} is compressed {given.ratio:g} to 1 above {given.threshold_db:g} dB"
    return asking.told(draft, said)


def _check_compressor(given: Compressor) -> None:
    good = (
        -60.0 <= given.threshold_db <= 0.0 and 1.0 <= given.ratio <= 100.0
        and 0.0 < given.attack_s <= 1.0 and 0.0 < given.release_s <= 5.0
        and -24.0 <= given.makeup_db <= 24.0 and 0.0 <= given.knee_db <= 30.0
    )  # fmt: skip
    if not good:
        raise EditError(
            "no such compressor: threshold -60 to 0 dB, ratio 1 to 100, attack up to 1 s, "
            "release up to 5 s, makeup within 24 dB and knee 0 to 30 dB are possible"
        )


def set_sidechain(edit: SetSidechain, draft: Draft, crate: Crate) -> Draft:
    """A track ducked by another, or no longer."""
    held = asking.strip(draft, edit.track)
    asking.refuse_locked_track(draft, edit.track)
    given = edit.sidechain
    if given is not None:
        asking.track(draft, given.source)
        if given.source == edit.track:
            raise EditError(f"{edit.track} cannot be ducked by itself; name another track")
        times = 0.0 < given.attack_s <= 1.0 and 0.0 < given.release_s <= 5.0
        if not 0.0 < given.depth_db <= 48.0 or not times:
            raise EditError(
                "ducking goes up to 48 dB, with an attack up to 1 s and release up to 5"
            )
    draft = with_strip(draft, replace(held, sidechain=given))
    if given is None:
        return asking.told(draft, f"{edit.track} is no longer ducked")
    return asking.told(draft, f"{edit.track} is ducked by {given.source}, by {given.depth_db:g} dB")


def change_master(edit: ChangeMaster, draft: Draft, crate: Crate) -> Draft:
    """A parameter of the master set or moved."""
    return _changed(edit, draft, "master", MASTER_RANGES[edit.parameter], "the song")


def change_reverb(edit: ChangeReverb, draft: Draft, crate: Crate) -> Draft:
    """A parameter of the shared reverb set or moved."""
    return _changed(edit, draft, "reverb", REVERB_RANGES[edit.parameter], "the reverb")


def _changed(
    edit: ChangeMaster | ChangeReverb, draft: Draft, part: str, limits: _Limits, of: str
) -> Draft:
    """A parameter of one `part` of the mix set or moved."""
    held = getattr(draft.mix, part)
    before = getattr(held, edit.parameter)
    after = _moved(edit.value, edit.by, before, limits, f"the {limits[3]} of {of}")
    changed: dict[str, Any] = {edit.parameter: after}
    draft = replace_mix(draft, **{part: replace(held, **changed)})
    unit = f" {limits[2]}".rstrip()
    return asking.told(
        draft,
        f"the {limits[3]} of {of} went from {before:g} to {after:g}{unit}"
        + _capped(edit.value, edit.by, before, limits),
    )


def with_strip(draft: Draft, changed: Strip) -> Draft:
    """`draft` with a strip changed by hand."""
    there = any(s.track == changed.track for s in draft.mix.strips)
    strips = tuple(changed if s.track == changed.track else s for s in draft.mix.strips)
    return replace_mix(draft, strips=strips if there else (*strips, changed))


def replace_mix(draft: Draft, **changes: Any) -> Draft:
    """`draft` with its mix changed by hand; what the mix was of itself is remembered."""
    automatic = draft.automatic if draft.automatic is not None else draft.mix
    return replace(draft, mix=replace(draft.mix, **changes), automatic=automatic)


def _moved(value: float | None, by: float, before: float, limits: _Limits, what: str) -> float:
    """The new value within its limits. Raises EditError where nothing would change."""
    low, high, unit, _ = limits
    wanted = before + by if value is None else value
    after = round(min(max(wanted, low), high), 4)
    if after == round(before, 4):
        edge = ""
        if wanted > high or wanted < low:
            edge = f", which is as far as it goes ({low:g} to {high:g} {unit}".rstrip() + ")"
        raise EditError(f"{what} is {before:g} already{edge}; ask for another amount")
    return after


def _capped(value: float | None, by: float, before: float, limits: _Limits) -> str:
    """What to say of a wish that goes beyond the limits; nothing where it does not."""
    low, high, unit, _ = limits
    wanted = before + by if value is None else value
    if low <= wanted <= high:
        return ""
    span = f"{low:g} to {high:g} {unit}".rstrip()
    return f", not {round(wanted, 2):g}, as {span} is as far as it goes"


def _amount(name: str, value: Any) -> str:
    if value is None:
        return "nothing"
    if name == "pan":
        if not value:
            return "the middle"
        return f"{round(100 * abs(value))} % {'left' if value < 0 else 'right'}"
    return f"{value:g} {STRIP_RANGES[name][2]}".rstrip()


def strip_fields() -> tuple[str, ...]:
    """Names of the fields of a strip that decide its sound."""
    return tuple(f.name for f in fields(Strip) if f.name not in ("track", "why", "muted"))
