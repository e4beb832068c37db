"""What the second reader does for wishes about tracks, the mix, moods and energy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from loopmind.assistant.frames_effects import NO_SEND_DB, effects
from loopmind.assistant.frames_levels import GAIN_DB, LOUDEST_LUFS, SEND_DB
from loopmind.assistant.frames_tone import eq
from loopmind.assistant.outcome import Outcome, done
from loopmind.assistant.second_parts import PARTS
from loopmind.assistant.second_wish import Wish
from loopmind.assistant.senses import Token
from loopmind.music.edit import (
    ChangeMaster,
    ChangeReverb,
    ChangeStrip,
    Edit,
    SetCompressor,
    SetEnergy,
    SetFade,
    SetMixStyle,
    SetSidechain,
    ShiftMood,
    StripParameter,
)
from loopmind.music.mix import Compressor, EqKind

Maker = Callable[[Wish], Outcome | None]


def _each(wish: Wish, make: Callable[[str], Edit], *, sections: tuple[str, ...] = ()) -> Outcome:
    return done((make(t) for t in wish.tracks), tracks=wish.tracks, sections=sections)


def _gain(way: int) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        if wish.trouble:
            return wish.trouble
        by = (wish.db() or wish.amount(GAIN_DB)) * way
        if not wish.tracks:
            return None
        places = wish.sections
        return _each(wish, lambda t: ChangeStrip(t, "gain_db", None, by, places), sections=places)

    return make


def _master(way: int) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        if wish.tracks or wish.sections:
            return _gain(way)(wish)
        by = (wish.db() or wish.amount(GAIN_DB)) * way
        now = wish.world.draft.mix.master.target_lufs
        if by > 0 and now + by > LOUDEST_LUFS:
            by = max(LOUDEST_LUFS - now, 0.0)
        return done([ChangeMaster("target_lufs", None, by)]) if by else None

    return make


def _strip(parameter: StripParameter, sizes: tuple[float, float, float], way: int) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        if wish.trouble:
            return wish.trouble
        if not wish.tracks or wish.sections:
            return None
        by = round(wish.amount(sizes) * way, 3)
        return _each(wish, lambda t: ChangeStrip(t, parameter, None, by))

    return make


def _narrow(wish: Wish) -> Outcome | None:
    if wish.tracks and wish.clause.has("width", "mono"):
        return _each(wish, lambda t: ChangeStrip(t, "width", 0.0))
    return _strip("width", (0.15, 0.3, 0.6), -1)(wish)


def _drive(way: int) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        if wish.tracks:
            return _strip("drive", (0.08, 0.15, 0.3), way)(wish)
        return None if wish.sections else done([ChangeMaster("drive", None, 0.1 * way)])

    return make


def _pan(side: int) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        if wish.trouble or not wish.tracks:
            return wish.trouble
        figure = wish.clause.amount("percent") or wish.clause.number
        share = wish.amount((0.25, 0.5, 1.0))
        if wish.clause.word("hard") or any("hard" in t.text for t in wish.clause.tokens):
            share = 1.0
        if figure is not None:
            share = figure.number / 100.0 if figure.number > 1.0 else figure.number
        value = round(share * side, 3) if share <= 1.0 else None
        return None if value is None else _each(wish, lambda t: ChangeStrip(t, "pan", value))

    return make


def _reverb(way: int) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        if wish.trouble:
            return wish.trouble
        by = (wish.db() or wish.amount(SEND_DB)) * way
        none = way < 0 and wish.clause.has("quant", "no")
        if not wish.tracks:
            return None if wish.sections else done([ChangeReverb("gain_db", None, by * 0.75)])
        tracks = wish.clause.world.with_reverb(wish.tracks) if way < 0 else wish.tracks
        if none:
            dry = (ChangeStrip(t, "reverb_send_db", NO_SEND_DB) for t in tracks)
            return done(dry, tracks=tracks)
        places = wish.sections
        changed = (ChangeStrip(t, "reverb_send_db", None, by, places) for t in tracks)
        return done(changed, tracks=tracks, sections=places)

    return make


def _room(way: int) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        seconds = wish.clause.amount("seconds")
        if wish.tracks or wish.sections:
            return None
        if seconds is not None:
            return done([ChangeReverb("decay_s", seconds.number)])
        return done([ChangeReverb("decay_s", None, wish.amount((0.3, 0.6, 1.2)) * way)])

    return make


def _eq(kind: EqKind, hz: float, gain: float, q: float = 0.707) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        if wish.trouble:
            return wish.trouble
        if wish.sections:
            return None
        said = wish.clause.amount("hz")
        where = said.number if said is not None else hz
        size = wish.db() or abs(gain) * wish.amount((0.5, 1.0, 1.7))
        signed = round(size if gain > 0 else -size, 2) if gain else 0.0
        shape: EqKind = "peak" if said is not None and gain else kind
        wish.targets.tracks = wish.tracks
        return eq(wish.targets, shape, where, signed, q)

    return make


def _compressor(on: bool) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        if wish.trouble:
            return wish.trouble
        if wish.sections:
            return None
        places = wish.tracks or ("master",)
        if not on:
            return done((SetCompressor(t, None) for t in places), tracks=wish.tracks)
        made = Compressor(-21.0, 3.5, 0.01, 0.12, 2.0)
        return done((SetCompressor(t, made) for t in places), tracks=wish.tracks)

    return make


def _sidechain(wish: Wish) -> Outcome | None:
    duck = Token("verb", "sidechain", "sidechain")
    kept = [t for t in wish.clause.tokens if t.kind not in ("verb", "effect", "neg")]
    return effects(replace(wish.clause, tokens=[duck, *kept]))


def _no_sidechain(wish: Wish) -> Outcome | None:
    held = tuple(s.track for s in wish.world.draft.mix.strips if s.sidechain)
    which = wish.tracks or held
    return done((SetSidechain(t, None) for t in which), tracks=which) if which else None


def _mood(wish: Wish) -> Outcome | None:
    if wish.trouble:
        return wish.trouble
    if not wish.moods:
        return None
    amount = wish.amount((0.25, 0.5, 0.8))
    moods = wish.moods[:2]
    if wish.singles and not (wish.clause.has("song") and not wish.aimed):
        return done(
            (ShiftMood(moods, amount, wish.sections, t) for t in wish.singles), tracks=wish.tracks
        )
    return done([ShiftMood(moods, amount, wish.sections)], sections=wish.sections)


def _energy(way: int) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        if wish.trouble:
            return wish.trouble
        if wish.aimed:
            return None
        places = wish.sections
        if not places and wish.clause.has("pron") and not wish.clause.has("song"):
            places = wish.world.memory.sections
        figure = wish.clause.amount("percent")
        if figure is not None and wish.clause.has("prep", "to", "at"):
            return done([SetEnergy(places, min(figure.number / 100.0, 1.0))], sections=places)
        by = round(wish.amount((0.08, 0.15, 0.3)) * way, 3)
        return done([SetEnergy(places, None, by)], sections=places)

    return make


def _style(style: str) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        return None if wish.aimed or wish.clause.sections else done([SetMixStyle(style)])

    return make


def _set_level(wish: Wish) -> Outcome | None:
    figure = wish.clause.amount("db") or wish.clause.number
    if wish.trouble or not wish.tracks or figure is None:
        return wish.trouble
    return _each(wish, lambda t: ChangeStrip(t, "gain_db", figure.number))


def _target(wish: Wish) -> Outcome | None:
    figure = wish.clause.amount("lufs", "db") or wish.clause.number
    if wish.tracks or figure is None or not 4.0 <= abs(figure.number) <= 40.0:
        return None
    return done([ChangeMaster("target_lufs", -abs(figure.number))])


def _ceiling(wish: Wish) -> Outcome | None:
    figure = wish.clause.amount("db", "dbtp") or wish.clause.number
    if wish.tracks or figure is None or abs(figure.number) > 12.0:
        return None
    return done([ChangeMaster("ceiling_dbtp", -abs(figure.number))])


def _unfaded(wish: Wish) -> Outcome | None:
    return None if wish.aimed else done([SetFade(out_beats=0.0)])


SOUND: dict[str, Maker] = {
    **PARTS,
    "wide_up": _strip("width", (0.15, 0.3, 0.6), 1),
    "gain_set": _set_level,
    "master_set": _target,
    "ceiling": _ceiling,
    "gain_up": _gain(1),
    "gain_down": _gain(-1),
    "master_up": _master(1),
    "master_down": _master(-1),
    "mood": _mood,
    "energy_up": _energy(1),
    "energy_down": _energy(-1),
    "reverb_up": _reverb(1),
    "reverb_down": _reverb(-1),
    "room_longer": _room(1),
    "room_shorter": _room(-1),
    "pan_left": _pan(-1),
    "pan_right": _pan(1),
    "pan_center": _pan(0),
    "wide_down": _narrow,
    "drive_up": _drive(1),
    "drive_down": _drive(-1),
    "eq_low_up": _eq("lowshelf", 100.0, 3.0),
    "eq_low_down": _eq("lowshelf", 100.0, -3.0),
    "eq_mud_down": _eq("peak", 300.0, -3.0, 0.9),
    "eq_high_up": _eq("highshelf", 8000.0, 3.0),
    "eq_high_down": _eq("highshelf", 8000.0, -3.0),
    "eq_harsh_down": _eq("peak", 3500.0, -3.0, 1.2),
    "lowcut": _eq("lowcut", 150.0, 0.0),
    "highcut": _eq("highcut", 6000.0, 0.0),
    "compress": _compressor(True),
    "uncompress": _compressor(False),
    "sidechain": _sidechain,
    "unsidechain": _no_sidechain,
    "style_tape": _style("tape"),
    "style_polished": _style("polished"),
    "style_raw": _style("raw"),
    "no_fade": _unfaded,
}
