"""Frames of effects: reverb, compression, ducking, and what there is not."""

from __future__ import annotations

from dataclasses import replace

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_compress import compress
from loopmind.assistant.frames_inserts import THERE_ARE
from loopmind.assistant.frames_levels import SEND_DB, is_absolute, level, strips
from loopmind.assistant.outcome import Outcome, Targets, ask, done, missing_track, note
from loopmind.assistant.senses import Token
from loopmind.music.edit import (
    ChangeReverb,
    ChangeStrip,
    SetSidechain,
)
from loopmind.music.mix import Sidechain

_OF_THE_MIX = frozenset({"reverb", "compression", "sidechain", "none"})


NO_SEND_DB = -60.0
HALF_DB = 6.0
DEEPEST_DB = 24.0


CLASHES = (
    "clash", "clashing", "clashes", "fight", "fighting", "fights", "compete", "competing",
    "conflict", "conflicting", "collide", "colliding",
)  # fmt: skip


def effects(clause: Clause) -> Outcome | None:
    """Reverb, compression, sidechain; and effects that do not exist."""
    effect = next((t for t in clause.tokens if t.kind == "effect" and t.value in _OF_THE_MIX), None)
    dist = clause.first("dist")
    does = clause.does
    absent = clause.first("effect", "none")
    if absent is not None:
        return note(
            f"there is no {absent.text} here; a track can have {THERE_ARE}, besides reverb, "
            "equaliser, compressor, saturation, level, pan and width"
        )
    if clause.tracks and _pumps(clause):
        return _duck(clause)
    if "compress" in does and clause.sections and not clause.tracks:
        return None  # "squeeze a bridge in"
    if "compress" in does or (effect is not None and effect.value == "compression"):
        return compress(clause)
    if (
        "duck" in does
        or (effect is not None and effect.value == "sidechain")
        or ("raise" in does and clause.word("pump") and len(clause.tracks) > 1)
    ):
        return _duck(clause)
    if clause.word(*CLASHES) and len(clause.tracks) > 1:
        return _clash(clause)
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


def _pumps(clause: Clause) -> bool:
    """ "let the pad pump", but not "pump the bass" nor "pump it up"."""
    act = next((a for a in clause.acts if a.lemma == "pump"), None)
    if act is None or act.particle:
        return False
    return clause.tracks[0].at < act.at or "make" in clause.lemmas


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
    milliseconds = clause.amount("ms")
    if clause.word("predelay") and milliseconds is not None:
        return done([ChangeReverb("predelay_s", milliseconds.number / 1000.0)])
    way, none = _reverb_way(clause, effect, dist, quant)
    db = clause.amount("db")
    absolute = effect is not None and db is not None and is_absolute(clause, db)
    if way == 0 and effect is not None and db is not None and db.text[0] in "+-":
        way = 1 if db.number > 0 else -1
    if way == 0 and not absolute:
        return None
    if targets.trouble is not None:
        return targets.trouble
    by = way * (abs(db.number) if db else level(clause, SEND_DB))
    percent = clause.amount("percent")
    if percent is not None and not none:
        by = way * min(max(percent.number / 10.0, 1.0), 12.0)
    elif clause.has("ratio") and db is None:
        by = way * HALF_DB
    if none or way < 0:
        targets.tracks = clause.world.with_reverb(targets.tracks)
    if targets.tracks and not (clause.has("song") and not clause.tracks):
        if none:
            return strips(targets, "reverb_send_db", value=NO_SEND_DB)
        if db is not None and is_absolute(clause, db):
            return strips(targets, "reverb_send_db", value=db.number)
        return strips(targets, "reverb_send_db", by=by)
    if targets.sections and not clause.has("song"):
        world = clause.world
        playing = [
            s.track
            for s in world.draft.mix.strips
            if s.reverb_send_db is not None and set(world.plays_in(s.track)) & set(targets.sections)
        ]
        return done(
            (
                ChangeStrip(t, "reverb_send_db", NO_SEND_DB, 0.0, targets.sections)
                if none
                else ChangeStrip(t, "reverb_send_db", None, by, targets.sections)
                for t in playing
            ),
            sections=targets.sections,
        )
    if none:
        return done([ChangeReverb("gain_db", NO_SEND_DB)])
    return done([ChangeReverb("gain_db", None, by * 0.75)])


def _reverb_way(
    clause: Clause, effect: Token | None, dist: Token | None, quant: Token | None
) -> tuple[int, bool]:
    """Which way, and whether none shall be left."""
    negated = any(t.kind == "neg" for t in clause.tokens)
    wants_some = bool(clause.does & {"add", "raise", "saturate"}) or bool(
        clause.lemmas
        & {
            "put",
            "give",
            "want",
            "need",
            "drown",
            "throw",
            "apply",
            "wash",
            "set",
            "have",
            "use",
            "make",
            "dip",
        }
    )
    taken = bool(clause.does & {"remove", "mute"}) or clause.word("off")
    ratio = clause.first("ratio")
    if quant is not None and quant.value == "soaked":
        return (-1 if clause.complaint else 1), False
    if effect is not None and ratio is not None and not (clause.does or quant):
        return (1 if float(ratio.value) > 1 else -1), False
    energy = clause.first("energy")
    if effect is not None and energy is not None and quant is None and dist is None:
        return clause.sign(energy) * (1 if energy.value == "up" else -1), False
    if dist is not None:
        way = clause.sign(dist) * (1 if dist.value == "far" else -1)
        total = dist.text in ("dry", "bone dry") and way < 0 and not clause.has("too")
        plain = dist.text == "bone dry" or not clause.wished
        return way, total and clause.degree >= 0 and plain
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


def _duck(clause: Clause) -> Outcome | None:
    world = clause.world
    targets = Targets(clause)
    source_refs = [
        r
        for r in clause.tracks
        if r.prep in ("to", "under", "with", "from", "by", "into", "in", "after")
    ]
    quant = clause.first("quant")
    off = bool(clause.does & {"remove", "mute"}) or (quant is not None and quant.value == "no")
    off |= any(t.kind == "neg" for t in clause.tokens)
    if off:
        which = targets.tracks or tuple(s.track for s in world.draft.mix.strips if s.sidechain)
        if not which:
            return note("nothing is ducked in this song")
        return done((SetSidechain(t, None) for t in which), tracks=which)
    moved = _deeper(clause, targets)
    if moved:
        return done(moved, tracks=[e.track for e in moved])
    if clause.has("too") and not targets.tracks:
        return note("nothing is ducked in this song")
    kick = world.track("kick") or world.track("drums")
    absent = next((r for r in clause.tracks if not r.ids and r.word != "kick"), None)
    if absent is not None:
        return missing_track(absent, world)
    source = next((r.pointed.single for r in source_refs if r.ids), "")
    making_room = any(t.kind == "effect" and "room" in t.text for t in clause.tokens)
    favoured = next((r for r in clause.tracks if r.prep == "for" and r.ids), None)
    if making_room and favoured is not None:
        source, source_refs = favoured.pointed.single, [favoured]
    on_effect = [r for r in source_refs if r.prep in ("in", "on")]
    if source and on_effect and on_effect[0].pointed.single == source:
        source = ""
    ducked = [i for r in clause.tracks if r.pointed.single != source for i in r.ids]
    if not ducked and not source_refs:
        ducked = list(targets.tracks)
    if not ducked and source and len(clause.tracks) == 1:
        ducked, source = [source], ""
    source = source or (kick.id if kick else "")
    if clause.has("song") and len(clause.tracks) <= 1 and "pump" not in clause.lemmas:
        ducked = [t.id for t in world.tracks]
    ducked = [t for t in dict.fromkeys(ducked) if t != source]
    if not source:
        return note("there is no kick to duck by")
    if not ducked:
        found = [t for t in ("bass", "pad", "chords") if world.track(t)]
        return ask(
            f"What should be ducked by the {source}?",
            [(t, [SetSidechain(t, _side(clause, source))]) for t in found],
        )
    return done((SetSidechain(t, _side(clause, source)) for t in ducked), tracks=ducked)


def _deeper(clause: Clause, targets: Targets) -> list[SetSidechain]:
    """ "halve the ducking", "more pumping on the pad": of what is ducked already."""
    ratio, quant = clause.first("ratio"), clause.first("quant", "more", "less")
    less = "lower" in clause.does or clause.has("too")
    if ratio is None and quant is None and not less:
        return []
    share = float(ratio.value) if ratio else 1.5 if quant and quant.value == "more" else 0.5
    return [
        SetSidechain(s.track, replace(s.sidechain, depth_db=round(s.sidechain.depth_db * share, 2)))
        for s in clause.world.draft.mix.strips
        if s.sidechain is not None and (not targets.tracks or s.track in targets.tracks)
    ]


def _clash(clause: Clause) -> Outcome | None:
    """ "kick and bass are fighting": one makes room for the other, most often for the kick."""
    targets = Targets(clause)
    if targets.trouble is not None:
        return targets.trouble
    ids = tuple(dict.fromkeys(r.pointed.single for r in clause.tracks if r.ids))
    source = next((t for t in ("kick", "drums") if t in ids), "")
    if len(ids) != 2:
        return None
    if source:
        return done(
            (SetSidechain(t, _side(clause, source)) for t in ids if t != source), tracks=ids
        )
    return ask(
        "Which should give way?",
        [(a, [SetSidechain(a, _side(clause, b))]) for a, b in (ids, ids[::-1])],
    )


def _side(clause: Clause, source: str) -> Sidechain:
    db = clause.amount("db")
    if db is not None and abs(db.number) <= DEEPEST_DB:
        return Sidechain(source, abs(db.number), 0.004, 0.15)
    if clause.has("quant", "less") or clause.has("too"):
        return Sidechain(source, 3.0, 0.004, 0.15)
    return Sidechain(source, (4.0, 6.0, 10.0)[clause.degree + 1], 0.004, 0.15)
