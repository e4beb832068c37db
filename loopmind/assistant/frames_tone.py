"""Frames of tone and place: equaliser, saturation, pan, width, and the style of the mix."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_levels import strips
from loopmind.assistant.outcome import Outcome, Targets, ask, done, note
from loopmind.assistant.senses import Token
from loopmind.music.edit import (
    ChangeEq,
    ChangeMaster,
    ChangeStrip,
    SetMixStyle,
    ShiftMood,
)
from loopmind.music.mix import EqBand, EqKind

_TONES: dict[str, tuple[EqKind, float, float, float]] = {
    # quality -> kind, frequency, gain for "more of it", q
    "low+": ("lowshelf", 100.0, 3.0, 0.707),
    "high+": ("highshelf", 8000.0, 3.0, 0.707),
    "mid+": ("peak", 1000.0, 3.0, 0.8),
    "pres+": ("peak", 3500.0, 2.5, 0.9),
    "mud+": ("peak", 300.0, 3.0, 0.9),
    "harsh+": ("peak", 3500.0, 3.0, 1.2),
    "mud-": ("peak", 250.0, 3.0, 0.9),
    "harsh-": ("peak", 3500.0, 3.0, 1.2),
    "ess+": ("peak", 6500.0, 3.0, 1.5),
    "ess-": ("peak", 6500.0, 3.0, 1.5),
    "nasal-": ("peak", 1000.0, 3.0, 1.2),
    "hollow-": ("peak", 500.0, -3.0, 0.8),
    "thin-": ("lowshelf", 150.0, -3.0, 0.707),
    "dull-": ("highshelf", 7000.0, -3.0, 0.707),
    "crisp+": ("highshelf", 7000.0, 2.5, 0.707),
    "bass+": ("lowshelf", 100.0, 3.0, 0.707),
}


_TAKES_OFF = frozenset({"take", "shave", "roll", "trim", "pull", "knock", "chop", "get", "lose"})


WIDEST_PERCENT = 200.0
_MIDDLE_HZ = 1000.0
"""A shelf from here on lifts or lowers what is above it, one below this what is under it."""


def eq(targets: Targets, kind: EqKind, hz: float, gain_db: float, q: float = 0.707) -> Outcome:
    places = targets.tracks or ("master",)
    band = EqBand(kind, hz, gain_db, q)
    return done((ChangeEq(t, band) for t in places), tracks=targets.tracks)


def place(clause: Clause) -> Outcome | None:
    """Pan and width."""
    targets = Targets(clause)
    side = clause.first("side")
    width = clause.first("width")
    panned = [
        e for e in clause.world.memory.edits if isinstance(e, ChangeStrip) and e.parameter == "pan"
    ]
    if side is not None and panned and not (clause.tracks or clause.sections or clause.has("song")):
        targets.tracks = tuple(dict.fromkeys(e.track for e in panned))
        return _pan(clause, targets, side)
    if (
        side is not None
        and targets.refs
        and not any(r.det == "indef" for r in targets.refs)
        and (
            "pan" in clause.does
            or not clause.does - {"move", "raise", "lower", "unmute"}
            or "move" in clause.does
        )
    ):
        return _pan(clause, targets, side)
    if (
        side is not None
        and targets.tracks
        and not any(r.new for r in targets.refs)
        and (clause.does & {"pan", "move"} or clause.lemmas & {"put", "push"})
    ):
        return _pan(clause, targets, side)
    if side is not None and side.value == "center" and clause.has("song") and not clause.tracks:
        return done(ChangeStrip(t.id, "pan", 0.0) for t in clause.world.tracks)
    if "pan" in clause.does and targets.tracks:
        return ask(
            "To which side?",
            [
                (word, [ChangeStrip(t, "pan", value) for t in targets.tracks])
                for word, value in (("left", -0.5), ("right", 0.5), ("center", 0.0))
            ],
        )
    way = 0
    if "widen" in clause.does:
        way = 1
    elif "narrow" in clause.does:
        way = -1
    elif width is not None:
        if width.value == "mono":
            if targets.trouble or not targets.tracks:
                return targets.trouble
            return strips(targets, "width", value=0.0)
        way = clause.sign(width) * (1 if width.value == "wide" else -1)
        if (
            width.value == "wide"
            and not width.comparative
            and (clause.does & {"lower", "remove"} or clause.has("part", "down"))
        ):
            way = -1
    if way == 0:
        return None
    if targets.trouble is not None:
        return targets.trouble
    by = (0.15, 0.3, 0.6)[clause.degree + 1] * way
    percent = clause.amount("percent")
    named = width is not None and width.text in ("width", "stereo width")
    if percent is not None and named and percent.text[0] not in "+-" and not clause.has("quant"):
        if targets.tracks and percent.number <= WIDEST_PERCENT:
            return strips(targets, "width", value=round(percent.number / 100.0, 3))
    elif percent is not None:
        by = round(min(percent.number / 100.0, 1.0), 3) * way
    if not targets.tracks:
        wide = [t for t in ("pad", "chords", "lead", "vocal") if clause.world.track(t)]
        if clause.has("song"):
            return done([ChangeStrip(t, "width", None, by) for t in wide])
        return ask(
            "Which track should be wider?" if way > 0 else "Which should be narrower?",
            [(t, [ChangeStrip(t, "width", None, by)]) for t in wide]
            + [("all of them", [ChangeStrip(t, "width", None, by) for t in wide])],
        )
    return strips(targets, "width", by=by)


def _pan(clause: Clause, targets: Targets, side: Token) -> Outcome:
    if targets.trouble is not None:
        return targets.trouble
    figure = clause.amount("percent") or clause.number
    if side.value == "center":
        value = 0.0
    else:
        share = (0.25, 0.5, 1.0)[clause.degree + 1]
        if side.text.startswith("hard") or clause.word("hard"):
            share = 1.0
        if figure is not None:
            share = figure.number / 100.0 if figure.number > 1.0 else figure.number
            if share > 1.0:
                return note(f"{figure.text} is more than fully {side.value}; 100 % is the most")
        value = share if side.value == "right" else -share
    return strips(targets, "pan", value=round(value, 3))


def tone(clause: Clause) -> Outcome | None:
    """Equaliser, saturation, fatness."""
    targets = Targets(clause)
    hz = clause.amount("hz")
    found = clause.first("tone") or clause.first("tonadj")
    wrong = clause.first("tonadj")
    if wrong is not None and wrong.value.endswith("-") and clause.copular:
        found = wrong  # "the low end is muddy"
    fat = clause.first("fat")
    does = clause.does
    cut = bool(does & {"remove", "lower", "rolloff"}) or clause.word("dip", "scoop", "notch")
    cut |= hz is not None and clause.has("part", "out")
    cut |= bool(clause.lemmas & _TAKES_OFF) and clause.word("off")
    if targets.trouble is not None and (found or fat or hz or does & {"lowcut", "highcut"}):
        return targets.trouble
    if "lowcut" in does or (cut and hz is not None and clause.word("below", "under")):
        return eq(targets, "lowcut", _hz(clause, 150.0), 0.0)
    if "highcut" in does or (cut and hz is not None and clause.word("above", "over")):
        return eq(targets, "highcut", _hz(clause, 6000.0), 0.0)
    if "filter" in does and (targets.tracks or targets.sections):
        return ask(
            "Which part should the filter take away?",
            [
                ("the highs", eq(targets, "highcut", hz.number if hz else 2000.0, 0.0).edits),
                ("the lows", eq(targets, "lowcut", hz.number if hz else 300.0, 0.0).edits),
            ],
        )
    if hz is not None and found is None:
        db = clause.amount("db")
        quant = clause.first("quant")
        less = (
            cut
            or bool(clause.lemmas & {"clean", "clear", "tame", "soften", "tidy"})
            or (quant is not None and quant.value != "more")
            or (db is not None and db.number < 0)
        )
        gain = abs(db.number) if db else 3.0
        signed = -gain if less else gain
        if clause.word("shelf", "shelving", "highshelf", "lowshelf"):
            shelf: EqKind = "highshelf" if hz.number >= _MIDDLE_HZ else "lowshelf"
            return eq(targets, shelf, hz.number, signed)
        return eq(targets, "peak", hz.number, signed, _q(clause, 1.0))
    if found is not None:
        return _toned(clause, targets, found, cut)
    if "clean" in does and not targets.tracks:
        return None
    drive = clause.first("energy")
    driven = drive is not None and drive.text == "drive" and not targets.sections
    told = clause.has("quant") or clause.amount("percent") is not None
    if driven and (clause.has("song") or (targets.tracks and told)):
        return _fat(clause, targets, None)
    if fat is not None or "saturate" in does:
        return _fat(clause, targets, fat)
    return None


def _hz(clause: Clause, usual: float) -> float:
    hz = clause.amount("hz")
    if hz is not None:
        return hz.number
    number = clause.number
    return number.number if number is not None and number.number >= 20.0 else usual


def _q(clause: Clause, usual: float) -> float:
    """ "Q 1.4"."""
    at = next((i for i, t in enumerate(clause.tokens) if t.text == "q"), None)
    figure = next((t for t in clause.tokens[at + 1 : at + 3] if t.kind == "num"), None) if (
        at is not None
    ) else None  # fmt: skip
    return min(max(figure.number, 0.1), 20.0) if figure is not None else usual


def _toned(clause: Clause, targets: Targets, found: Token, cut: bool) -> Outcome | None:
    kind, freq, gain, q = _TONES[found.value]
    quant = clause.first("quant")
    way = 1
    if found.kind == "tonadj":
        complaint = found.value.endswith("-")
        way = clause.sign(found)
        if complaint:
            # "muddy" names what is wrong, whoever says it and however.
            wants_it = found.comparative and not clause.has("too") and not clause.complaint
            wants_it |= _made_so(clause)
            way = 1 if wants_it else -1
    elif cut or "tame" in clause.lemmas or "clean" in clause.does:
        way = -1
    elif quant is not None:
        way = 1 if quant.value == "more" else -1
    elif (
        clause.has("too")
        or (any(t.kind == "neg" for t in clause.tokens) and not clause.has("enough"))
        or clause.has("part", "down")
        or "lower" in clause.does
    ):
        way = -1
    elif clause.has("level"):
        loud = clause.first("level")
        assert loud is not None
        way = clause.sign(loud) * (1 if loud.value == "up" else -1)
    elif (said := clause.amount("db")) is not None and said.text[0] in "+-":
        way = 1 if said.number > 0 else -1
    elif not (clause.acts or clause.has("enough") or clause.has("part", "up") or _some(clause)):
        return None
    db = clause.amount("db")
    hz = clause.amount("hz")
    if cut and found.value == "low+" and targets.tracks:
        return eq(targets, "lowcut", hz.number if hz else 150.0, 0.0)
    if cut and found.value == "high+" and targets.tracks and not db:
        less = -3.0 * (0.5, 1.0, 1.7)[clause.degree + 1]
        return eq(targets, "highshelf", hz.number if hz else 8000.0, round(less, 2))
    size = abs(db.number) if db else abs(gain) * (0.5, 1.0, 1.7)[clause.degree + 1]
    signed = size * way * (1.0 if gain > 0 else -1.0)
    return eq(targets, kind, hz.number if hz else freq, round(signed, 2), _q(clause, q))


def _some(clause: Clause) -> bool:
    """ "some bite for the lead", "a bit of air on the vocals"."""
    first = next((t for t in clause.tokens if t.kind != "filler"), None)
    given = first is not None and (first.kind == "degree" or first.value == "indef")
    return given and any(r.prep for r in clause.tracks)


def _made_so(clause: Clause) -> bool:
    """ "make the intro sound tinny": what is mostly a complaint can be wished for."""
    turned = clause.has("quant", "less", "no") or clause.has("neg") or clause.has("too")
    return "make" in clause.lemmas and not (turned or clause.complaint)


def _fat(clause: Clause, targets: Targets, fat: Token | None) -> Outcome | None:
    way = 1 if fat is None else clause.sign(fat)
    quant = clause.first("quant")
    if (quant is not None and quant.value in ("no", "less")) or clause.does & {"remove", "lower"}:
        way = -1
    by = (0.08, 0.15, 0.3)[clause.degree + 1] * way
    percent = clause.amount("percent")
    if percent is not None and targets.tracks:
        share = round(min(percent.number / 100.0, 1.0), 3)
        if quant is None and percent.text[0] not in "+-" and not clause.has("prep", "by"):
            return strips(targets, "drive", value=share)
        by = share * way
    if targets.tracks and not (clause.has("song") and not clause.tracks):
        return strips(targets, "drive", by=by)
    if targets.sections:
        return None
    if fat is not None and fat.text in ("fuller",):
        return None
    return done([ChangeMaster("drive", None, round(by * 0.67, 3))])


def style(clause: Clause) -> Outcome | None:
    """Tape, polished or raw."""
    found = clause.first("style")
    if (
        found is not None
        and clause.does & {"remove", "mute"}
        and all(r.text in ("effect", "effects") for r in clause.tracks)
    ):
        return done([SetMixStyle("polished" if found.value != "polished" else "raw")])
    if found is None and clause.lemmas & {"polish", "master"} and not clause.tracks:
        found = Token("style", "polished", "polished")
    if found is None or clause.does & {"remove", "mute", "lower"}:
        return None
    targets = Targets(clause)
    if targets.tracks and clause.tracks:
        mood = {"tape": "lo-fi", "raw": "distorted", "polished": "clean"}[found.value]
        return done((ShiftMood((mood,), track=t) for t in targets.singles()), tracks=targets.tracks)
    if any(t.kind == "quant" and t.value in ("less", "no") for t in clause.tokens) or clause.has(
        "too"
    ):
        if found.value == "polished":
            return done([SetMixStyle("raw")])
        return done([SetMixStyle("polished")])
    return done([SetMixStyle(found.value)])
