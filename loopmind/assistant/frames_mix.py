"""Frames of the mix: levels, reverb, place, tone, dynamics and the style of the whole."""

from __future__ import annotations

from collections.abc import Callable

from loopmind.assistant.clauses import Clause
from loopmind.assistant.lexer import Token
from loopmind.assistant.outcome import Outcome, Targets, ask, done, missing_track, note
from loopmind.music.edit import (
    ChangeEq,
    ChangeMaster,
    ChangeReverb,
    ChangeStrip,
    Edit,
    SetCompressor,
    SetMixStyle,
    SetSidechain,
    ShiftMood,
    StripParameter,
)
from loopmind.music.mix import Compressor, EqBand, EqKind, Sidechain

GAIN_DB = (1.0, 2.0, 4.0)
SEND_DB = (2.0, 4.0, 8.0)
LOUDEST_LUFS = -8.0
NO_SEND_DB = -60.0
_TONES: dict[str, tuple[EqKind, float, float, float]] = {
    # quality -> kind, frequency, gain for "more of it", q
    "low+": ("lowshelf", 100.0, 3.0, 0.707), "high+": ("highshelf", 8000.0, 3.0, 0.707),
    "mid+": ("peak", 1000.0, 3.0, 0.8), "pres+": ("peak", 3500.0, 2.5, 0.9),
    "mud+": ("peak", 300.0, 3.0, 0.9), "harsh+": ("peak", 3500.0, 3.0, 1.2),
    "mud-": ("peak", 250.0, 3.0, 0.9), "harsh-": ("peak", 3500.0, 3.0, 1.2),
    "thin-": ("lowshelf", 150.0, -3.0, 0.707), "dull-": ("highshelf", 7000.0, -3.0, 0.707),
    "crisp+": ("highshelf", 7000.0, 2.5, 0.707), "bass+": ("lowshelf", 100.0, 3.0, 0.707),
}  # fmt: skip


def level(clause: Clause, amounts: tuple[float, float, float]) -> float:
    """The amount for "a bit", nothing said, or "much"."""
    return amounts[clause.degree + 1]


def strips(
    targets: Targets, parameter: StripParameter, *, by: float = 0.0, value: float | None = None
) -> Outcome:
    """The same change on every track meant; only levels and sends can differ by section."""
    timed = parameter in ("gain_db", "reverb_send_db")
    sections = targets.sections if timed else ()
    if value is not None and sections:
        edits = [ChangeStrip(t, parameter, value, 0.0, sections) for t in targets.tracks]
    else:
        edits = [ChangeStrip(t, parameter, value, by, sections) for t in targets.tracks]
    outcome = done(edits, tracks=targets.tracks, sections=targets.sections)
    if targets.sections and not timed:
        return Outcome(outcome.edits, tracks=outcome.tracks, sections=outcome.sections, notes=(
            f"{parameter} holds for the whole song; only level and reverb can change by section",
        ))  # fmt: skip
    return outcome


def eq(targets: Targets, kind: EqKind, hz: float, gain_db: float, q: float = 0.707) -> Outcome:
    places = targets.tracks or ("master",)
    band = EqBand(kind, hz, gain_db, q)
    return done((ChangeEq(t, band) for t in places), tracks=targets.tracks)


def levels(clause: Clause) -> Outcome | None:
    """Louder, quieter, up, down, more and less of a track, or of everything."""
    targets = Targets(clause)
    loud = clause.first("level")
    quant = clause.first("quant")
    volume = clause.first("effect", "volume")
    lufs, db = clause.amount("lufs"), clause.amount("db", "dbtp")
    if clause.word("ceiling", "peak") and (clause.amount("db", "dbtp") or clause.number):
        figure = clause.amount("db", "dbtp") or clause.number
        assert figure is not None
        return done([ChangeMaster("ceiling_dbtp", min(-abs(figure.number), 0.0))])
    if lufs is not None:
        return done([ChangeMaster("target_lufs", -abs(lufs.number))])
    if (volume is not None and volume.text == "loudness" and clause.number is not None
            and not clause.tracks):  # fmt: skip
        return done([ChangeMaster("target_lufs", -abs(clause.number.number))])
    way = 0
    if clause.lemmas & {"start", "begin", "end", "open"} and not clause.tracks:
        return None
    if clause.lemmas & {"bump", "pump"} and "make" in clause.lemmas:
        return None
    if loud is not None and loud.value == "over" and len(targets.refs) > 1:
        targets.tracks = targets.refs[0].ids
    if loud is not None and "background" in loud.text and not targets.tracks:
        return None
    if loud is not None and loud.value == "over":
        way = -1
    elif loud is not None:
        always = loud.text in _ALWAYS_LOST and not clause.lemmas & {"make", "push", "put"}
        way = (1 if always else clause.sign(loud)) * (
            -1 if loud.value == "down" and not always else 1
        )
        if (
            loud.text in ("drowning", "dominant", "in your face")
            and clause.copular
            and not clause.wished
        ):
            way = -1
    elif "raise" in clause.does or "lower" in clause.does:
        way = 1 if "raise" in clause.does else -1
        if any(t.kind == "neg" for t in clause.tokens) and way > 0:
            way = -way
    elif volume is not None and quant is not None and quant.value in ("more", "less"):
        way = 1 if quant.value == "more" else -1
    elif (
        (clause.tracks or clause.acts or clause.has("level") or clause.has("effect"))
        and clause.first("part", "up", "down")
        and not clause.does - {"add"}
        and not (
            clause.has("mood")
            or clause.has("energy")
            or clause.has("fat")
            or clause.has("tone")
            or clause.has("moodnoun")
        )
    ):
        way = 1 if clause.has("part", "up") else -1
    elif clause.has("height") and (targets.tracks or volume) and not clause.has("section"):
        height = clause.first("height")
        assert height is not None
        way = clause.sign(height) * (1 if height.value == "up" else -1)
    elif clause.has("height") and targets.tracks:
        height = clause.first("height")
        assert height is not None
        way = clause.sign(height) * (1 if height.value == "up" else -1)
    elif quant is not None and clause.tracks and quant.value in ("more", "less"):
        if _about_something_else(clause, quant):
            return None
        way = 1 if quant.value == "more" else -1
    elif clause.tracks and clause.has("enough"):
        way = 1
    elif db is not None and (clause.tracks or volume or targets.by_pronoun):
        way = 1 if db.number >= 0 else -1
        if clause.word("off", "quieter") or "remove" in clause.does or clause.word("down"):
            way = -1
    elif clause.number is not None and volume is not None and targets.tracks:
        return strips(targets, "gain_db", value=clause.number.number)
    elif (clause.complaint or clause.has("too")) and clause.word("weak") and clause.tracks:
        way = 1
    elif targets.tracks and clause.word(
        "killing",
        "hurting",
        "hurts",
        "dominates",
        "dominating",
        "overpowers",
        "covers",
        "masking",
        "masks",
        "blasting",
    ):
        way = -1
    if way == 0:
        return None
    memory = clause.world.memory
    if (
        loud is None
        and clause.has("pron")
        and not targets.tracks
        and memory.sections
        and (clause.lemmas & {"pump", "bring", "crank", "lift"} and not clause.sections)
    ):
        return None  # the energy of the section spoken of
    if targets.trouble is not None:
        return targets.trouble
    by = level(clause, GAIN_DB) * way
    if db is not None:
        if _to_level(clause, db) and targets.tracks:
            return strips(targets, "gain_db", value=db.number)
        by = abs(db.number) * way
    percent = clause.amount("percent")
    if percent is not None:
        by = max(min(percent.number / 10.0, 6.0), 0.5) * way
    if clause.has("ratio") and not db:
        by = 6.0 if way > 0 else -6.0
    if targets.tracks and not (clause.has("song") and not clause.tracks):
        return strips(targets, "gain_db", by=by)
    if targets.sections and not clause.has("song"):
        tracks = [t.id for t in clause.world.tracks]
        playing = [t for t in tracks
                   if set(clause.world.plays_in(t)) & set(targets.sections)]  # fmt: skip
        if loud is None and not volume and db is None:
            return None
        return done(
            (ChangeStrip(t, "gain_db", None, by, targets.sections) for t in playing),
            sections=targets.sections,
        )
    if loud is None and not volume and not clause.has("song") and not clause.has("pron") and not db:
        return None
    now = clause.world.draft.mix.master.target_lufs
    if by > 0 and now + by > LOUDEST_LUFS:
        by = max(LOUDEST_LUFS - now, 0.0)
        if by == 0.0:
            return note(f"the song is mastered to {now:g} LUFS already; louder would only distort")
    return done([ChangeMaster("target_lufs", None, by)])


_ALWAYS_LOST = frozenset(
    {"gets lost", "get lost", "getting lost", "is lost", "hard to hear", "lost in the mix",
     "can't hear", "can barely hear", "can hardly hear", "cannot hear", "hardly hear",
     "can not hear", "barely hear", "drowned out", "hidden", "inaudible", "buried", "drowned",
     "hardly audible", "barely audible"}
)  # fmt: skip


def _to_level(clause: Clause, db: Token) -> bool:
    at = clause.where(db)
    before = [t for t in clause.tokens[max(at - 2, 0) : at] if t.kind == "prep"]
    return bool(before) and before[-1].value in ("to", "at", "in") and not db.text.startswith("+")


def _about_something_else(clause: Clause, quant: Token) -> bool:
    """Whether "more" belongs to a quality or an effect, not to the track."""
    at = clause.where(quant)
    for token in clause.tokens[at + 1 :]:
        if token.kind in ("filler", "degree", "det") or token.text == "of":
            continue
        return token.kind in ("effect", "tone", "fat", "mood", "moodnoun", "energy", "tonadj",
                              "width", "dist", "noun", "style", "section", "size",
                              "unknown")  # fmt: skip
    return False


def effects(clause: Clause) -> Outcome | None:
    """Reverb, compression, sidechain; and effects that do not exist."""
    effect = next((t for t in clause.tokens if t.kind == "effect" and t.value != "volume"), None)
    dist = clause.first("dist")
    does = clause.does
    absent = clause.first("effect", "none")
    if absent is not None:
        return note(
            f"there is no {absent.text} here; a track has level, pan, width, equaliser, "
            "compressor, saturation, reverb and ducking"
        )
    if "pump" in clause.lemmas and "make" in clause.lemmas and clause.tracks:
        return _duck(clause)
    if "compress" in does or (effect is not None and effect.value == "compression"):
        return _compress(clause)
    if (
        "duck" in does
        or (effect is not None and effect.value == "sidechain")
        or ("raise" in does and clause.word("pump") and len(clause.tracks) > 1)
    ):
        return _duck(clause)
    if effect is None and dist is None and "dry" not in does and not (clause.lemmas & {"drown"}):
        return None
    if (
        effect is None
        and dist is not None
        and "pron" in [t.kind for t in clause.tokens]
        and (dist.text == "closer" and not clause.tracks and not clause.world.memory.tracks)
    ):
        return None
    return _reverb(clause, effect, dist)


def _reverb(clause: Clause, effect: Token | None, dist: Token | None) -> Outcome | None:
    targets = Targets(clause)
    size = clause.first("size")
    quant = clause.first("quant")
    energy = clause.first("energy")
    room = effect is not None and effect.text in ("space", "room", "depth", "hall", "tail", "wash")
    long = (
        size is not None
        or (clause.amount("seconds") is not None)
        or (energy is not None and room)
        or (effect is not None and clause.does & {"shorten", "lengthen"})
    )
    if effect is not None and "decay" in effect.text and not targets.tracks and not long:
        quant_way = -1 if quant is not None and quant.value == "less" else 1
        return done([ChangeReverb("decay_s", None, 0.6 * quant_way)])
    if effect is not None and long and not targets.tracks:
        seconds = clause.amount("seconds")
        if seconds is not None:
            return done([ChangeReverb("decay_s", seconds.number)])
        way = 1
        if size is not None:
            way = clause.sign(size) * (1 if size.value == "long" else -1)
        elif energy is not None:
            way = clause.sign(energy) * (1 if energy.value == "up" else -1)
        elif "shorten" in clause.does:
            way = -1
        return done([ChangeReverb("decay_s", None, 0.6 * way * (0.5, 1.0, 2.0)[clause.degree + 1])])
    way, none = _reverb_way(clause, effect, dist, quant)
    if way == 0:
        return None
    if targets.trouble is not None:
        return targets.trouble
    db = clause.amount("db")
    by = way * (abs(db.number) if db else level(clause, SEND_DB))
    if targets.tracks and not (clause.has("song") and not clause.tracks):
        if none:
            return strips(targets, "reverb_send_db", value=NO_SEND_DB)
        if db is not None and _to_level(clause, db):
            return strips(targets, "reverb_send_db", value=db.number)
        return strips(targets, "reverb_send_db", by=by)
    if targets.sections and not clause.has("song"):
        world = clause.world
        playing = [s.track for s in world.draft.mix.strips if s.reverb_send_db is not None
                   and set(world.plays_in(s.track)) & set(targets.sections)]  # fmt: skip
        return done((ChangeStrip(t, "reverb_send_db", None, by, targets.sections)
                     for t in playing), sections=targets.sections)  # fmt: skip
    if none:
        return done([ChangeReverb("gain_db", NO_SEND_DB)])
    return done([ChangeReverb("gain_db", None, by * 0.75)])


def _reverb_way(
    clause: Clause, effect: Token | None, dist: Token | None, quant: Token | None
) -> tuple[int, bool]:
    """Which way, and whether none shall be left."""
    negated = any(t.kind == "neg" for t in clause.tokens)
    wants_some = bool(clause.does & {"add", "raise", "saturate"}) or bool(
        clause.lemmas & {"put", "give", "want", "need", "drown", "throw", "apply", "wash", "set",
                         "have", "use", "make", "dip"}
    )  # fmt: skip
    taken = bool(clause.does & {"remove", "mute"}) or clause.word("off")
    if dist is not None:
        way = clause.sign(dist) * (1 if dist.value == "far" else -1)
        total = dist.text in ("dry", "bone dry") and way < 0 and not clause.has("too")
        return way, total and clause.degree >= 0 and not clause.wished
    if "dry" in clause.does:
        return -1, False
    if effect is None:
        return (1, False) if clause.lemmas & {"drown"} else (0, False)
    if quant is not None:
        if quant.value == "no":
            return -1, True
        return (1 if quant.value == "more" else -1) * (-1 if negated else 1), False
    if "lower" in clause.does:
        return -1, False
    if taken or (negated and not clause.has("enough")):
        return -1, not clause.has("degree") and not clause.amount("db")
    if clause.has("too") and clause.has("level"):
        return -1, False
    if clause.has("enough") or wants_some or clause.has("part", "up") or clause.has("level", "up"):
        return (-1 if clause.has("part", "down") else 1), False
    if clause.has("part", "down"):
        return -1, False
    plain_wish = not clause.acts and clause.tracks and effect.text in ("reverb", "verb", "reverbs")
    return (1, False) if plain_wish else (0, False)


def _compress(clause: Clause) -> Outcome | None:
    targets = Targets(clause)
    if targets.trouble is not None:
        return targets.trouble
    places = targets.tracks or (("master",) if clause.has("song") or clause.has("noun") else ())
    quant = clause.first("quant")
    off = (quant is not None and quant.value == "no") or bool(clause.does & {"remove"})
    off |= any(t.kind == "neg" for t in clause.tokens)
    if not places:
        places = ("master",)
    if off:
        return done((SetCompressor(t, None) for t in places), tracks=targets.tracks)
    less = (quant is not None and quant.value == "less") or "lower" in clause.does
    by_id = {s.track: s for s in clause.world.draft.mix.strips}
    edits = []
    for track in places:
        strip = by_id.get(track)
        now = strip.compressor if strip else clause.world.draft.mix.master.compressor
        now = now or Compressor(-18.0, 2.5 if not less else 1.5, 0.01, 0.12, 1.0)
        ratio = min(max(now.ratio * (0.7 if less else 1.5), 1.1), 12.0)
        threshold = now.threshold_db + (3.0 if less else -3.0)
        makeup = max(now.makeup_db + (-1.0 if less else 1.0), 0.0)
        edits.append(SetCompressor(track, Compressor(
            threshold, round(ratio, 2), now.attack_s, now.release_s, makeup, now.knee_db
        )))  # fmt: skip
    return done(edits, tracks=targets.tracks)


def _duck(clause: Clause) -> Outcome | None:
    world = clause.world
    targets = Targets(clause)
    source_refs = [r for r in clause.tracks if r.prep in ("to", "under", "with", "from", "by", "into",
                                                          "in", "after")]  # fmt: skip
    quant = clause.first("quant")
    off = bool(clause.does & {"remove", "mute"}) or (quant is not None and quant.value == "no")
    off |= any(t.kind == "neg" for t in clause.tokens)
    if off:
        which = targets.tracks or tuple(s.track for s in world.draft.mix.strips if s.sidechain)
        if not which:
            return note("nothing is ducked in this song")
        return done((SetSidechain(t, None) for t in which), tracks=which)
    kick = world.track("kick") or world.track("drums")
    absent = next((r for r in clause.tracks if not r.ids and r.word != "kick"), None)
    if absent is not None:
        return missing_track(absent, world)
    source = next((r.pointed.single for r in source_refs if r.ids), "")
    on_effect = [r for r in source_refs if r.prep in ("in", "on")]
    if source and on_effect and on_effect[0].pointed.single == source:
        source = ""
    ducked = [i for r in clause.tracks if r.pointed.single != source for i in r.ids]
    if not ducked and not source_refs:
        ducked = list(targets.tracks)
    if not ducked and source and len(clause.tracks) == 1:
        ducked, source = [source], ""
    source = source or (kick.id if kick else "")
    ducked = [t for t in dict.fromkeys(ducked) if t != source]
    if not source:
        return note("there is no kick to duck by")
    if not ducked:
        found = [t for t in ("bass", "pad", "chords") if world.track(t)]
        return ask(f"What should be ducked by the {source}?", [
            (t, [SetSidechain(t, _side(clause, source))]) for t in found
        ])  # fmt: skip
    return done((SetSidechain(t, _side(clause, source)) for t in ducked), tracks=ducked)


def _side(clause: Clause, source: str) -> Sidechain:
    return Sidechain(source, (4.0, 6.0, 10.0)[clause.degree + 1], 0.004, 0.15)


def place(clause: Clause) -> Outcome | None:
    """Pan and width."""
    targets = Targets(clause)
    side = clause.first("side")
    width = clause.first("width")
    if (
        side is not None
        and targets.refs
        and (
            "pan" in clause.does
            or not clause.does - {"move", "raise", "lower", "unmute"}
            or "move" in clause.does
        )
    ):
        return _pan(clause, targets, side)
    if side is not None and targets.tracks and (clause.does & {"pan", "move"}
                                                or clause.lemmas & {"put", "push"}):  # fmt: skip
        return _pan(clause, targets, side)
    if side is not None and side.value == "center" and clause.has("song") and not clause.tracks:
        return done(ChangeStrip(t.id, "pan", 0.0) for t in clause.world.tracks)
    if "pan" in clause.does and targets.tracks:
        return ask("To which side?", [
            (word, [ChangeStrip(t, "pan", value) for t in targets.tracks])
            for word, value in (("left", -0.5), ("right", 0.5), ("center", 0.0))
        ])  # fmt: skip
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
    if way == 0:
        return None
    if targets.trouble is not None:
        return targets.trouble
    by = (0.15, 0.3, 0.6)[clause.degree + 1] * way
    if not targets.tracks:
        wide = [t for t in ("pad", "chords", "lead", "vocal") if clause.world.track(t)]
        return ask("Which track should be wider?" if way > 0 else "Which should be narrower?", [
            (t, [ChangeStrip(t, "width", None, by)]) for t in wide
        ] + [("all of them", [ChangeStrip(t, "width", None, by) for t in wide])])  # fmt: skip
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
    fat = clause.first("fat")
    does = clause.does
    cut = bool(does & {"remove", "lower", "rolloff"}) or clause.word("dip", "scoop")
    if targets.trouble is not None and (found or fat or hz or does & {"lowcut", "highcut"}):
        return targets.trouble
    if "lowcut" in does or (cut and hz is not None and clause.word("below", "under")):
        return eq(targets, "lowcut", _hz(clause, 150.0), 0.0)
    if "highcut" in does or (cut and hz is not None and clause.word("above", "over")):
        return eq(targets, "highcut", _hz(clause, 6000.0), 0.0)
    if "filter" in does and (targets.tracks or targets.sections):
        return ask("Which part should the filter take away?", [
            ("the highs", eq(targets, "highcut", hz.number if hz else 2000.0, 0.0).edits),
            ("the lows", eq(targets, "lowcut", hz.number if hz else 300.0, 0.0).edits),
        ])  # fmt: skip
    if hz is not None and found is None:
        db = clause.amount("db")
        quant = clause.first("quant")
        less = (
            cut
            or (quant is not None and quant.value != "more")
            or (db is not None and db.number < 0)
        )
        gain = abs(db.number) if db else 3.0
        return eq(targets, "peak", hz.number, -gain if less else gain, 1.0)
    if found is not None:
        return _toned(clause, targets, found, cut)
    if "clean" in does and not targets.tracks:
        return None
    if fat is not None or "saturate" in does:
        return _fat(clause, targets, fat)
    return None


def _hz(clause: Clause, usual: float) -> float:
    hz = clause.amount("hz")
    if hz is not None:
        return hz.number
    number = clause.number
    return number.number if number is not None and number.number >= 20.0 else usual


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
            way = 1 if wants_it else -1
    elif cut or "tame" in clause.lemmas or "clean" in clause.does:
        way = -1
    elif quant is not None:
        way = 1 if quant.value == "more" else -1
    elif clause.has("too") or (
        any(t.kind == "neg" for t in clause.tokens) and not clause.has("enough")
    ):
        way = -1
    elif clause.has("part", "down") or "lower" in clause.does:
        way = -1
    elif clause.has("level"):
        loud = clause.first("level")
        assert loud is not None
        way = clause.sign(loud) * (1 if loud.value == "up" else -1)
    elif not (clause.acts or clause.has("enough") or clause.has("part", "up")):
        return None
    db = clause.amount("db")
    hz = clause.amount("hz")
    if cut and found.value == "low+" and targets.tracks:
        return eq(targets, "lowcut", hz.number if hz else 150.0, 0.0)
    if cut and found.value == "high+" and targets.tracks and not db:
        return eq(targets, "highshelf", hz.number if hz else 8000.0, -3.0)
    size = abs(db.number) if db else abs(gain) * (0.5, 1.0, 1.7)[clause.degree + 1]
    signed = size * way * (1.0 if gain > 0 else -1.0)
    return eq(targets, kind, hz.number if hz else freq, round(signed, 2), q)


def _fat(clause: Clause, targets: Targets, fat: Token | None) -> Outcome | None:
    way = 1 if fat is None else clause.sign(fat)
    quant = clause.first("quant")
    if quant is not None and quant.value in ("no", "less"):
        way = -1
    elif clause.does & {"remove", "lower"}:
        way = -1
    by = (0.08, 0.15, 0.3)[clause.degree + 1] * way
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


FRAMES: tuple[Callable[[Clause], Outcome | None], ...] = (effects, place, tone, levels, style)


def kinds(edits: tuple[Edit, ...]) -> set[type]:
    return {type(edit) for edit in edits}
