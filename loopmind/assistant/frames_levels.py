"""Frames of level: louder and quieter, of tracks and of the whole."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.outcome import Outcome, Targets, ask, done, note
from loopmind.assistant.senses import Token
from loopmind.music.edit import (
    ChangeMaster,
    ChangeStrip,
    StripParameter,
)

GAIN_DB = (1.0, 2.0, 4.0)
SEND_DB = (2.0, 4.0, 8.0)


LOUDEST_LUFS = -8.0


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
        return Outcome(
            outcome.edits,
            tracks=outcome.tracks,
            sections=outcome.sections,
            notes=(
                f"{parameter} holds for the whole song; only level and reverb differ by section",
            ),
        )
    return outcome


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
    if (
        volume is not None
        and volume.text == "loudness"
        and clause.number is not None
        and not clause.tracks
    ):
        return done([ChangeMaster("target_lufs", -abs(clause.number.number))])
    way = 0
    if clause.lemmas & {"start", "begin", "end", "open"} and not clause.tracks:
        return None
    if clause.lemmas & {"bump", "pump"} and "make" in clause.lemmas:
        return None
    if loud is not None and loud.value == "over" and len(targets.refs) > 1:
        targets.tracks = targets.refs[0].ids
    passive = [r for r in clause.tracks if r.prep in ("by", "under", "in", "with") and r.ids]
    if loud is not None and loud.text in _ALWAYS_LOST and passive and targets.refs[0].prep == "":
        targets.tracks = targets.refs[0].ids  # "the voice is drowned by the pads"
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
    elif clause.has("energy") and not volume and db is None:
        return None
    elif "raise" in clause.does or "lower" in clause.does:
        way = 1 if "raise" in clause.does else -1
        if any(t.kind == "neg" for t in clause.tokens) and way > 0:
            way = -way
    elif volume is not None and quant is not None and quant.value in ("more", "less"):
        way = 1 if quant.value == "more" else -1
    elif (
        (
            clause.tracks
            or clause.subject
            or clause.acts
            or clause.has("level")
            or clause.has("effect")
            or (clause.has("song") and db is not None)
        )
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
    elif (clause.has("height") and (targets.tracks or volume) and not clause.has("section")) or (
        clause.has("height") and targets.tracks
    ):
        height = clause.first("height")
        assert height is not None
        way = clause.sign(height) * (1 if height.value == "up" else -1)
    elif quant is not None and clause.tracks and quant.value in ("more", "less"):
        if _about_something_else(clause, quant):
            return None
        way = 1 if quant.value == "more" else -1
    elif clause.tracks and clause.has("enough"):
        way = 1
    elif db is not None and (clause.tracks or clause.subject or volume or targets.by_pronoun):
        way = 1 if db.number >= 0 else -1
        if clause.word("off", "quieter") or "remove" in clause.does or clause.word("down"):
            way = -1
    elif (
        clause.number is not None
        and clause.number.text[0] in "+-"
        and targets.tracks
        and not clause.acts
    ):
        return strips(targets, "gain_db", by=clause.number.number)
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
    if way == 0 and clause.has("part", "back") and not clause.acts and clause.has("degree"):
        way = -1  # "guitar back a little"
    if way == 0:
        return None
    if clause.has("too") and clause.tracks and all(r.prep == "for" for r in clause.tracks):
        return None  # "too high for my voice"
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
        if is_absolute(clause, db) and targets.tracks:
            return strips(targets, "gain_db", value=db.number)
        by = abs(db.number) * way
    figure = clause.number
    moved = clause.has("part", "up", "down") or clause.does & {"raise", "lower"}
    if figure is not None and clause.tokens[clause.where(figure) - 1].kind == "track":
        figure = None  # "on beat 3"
    if db is None and figure is not None and moved and 0 < abs(figure.number) <= 24:
        by = abs(figure.number) * way  # "down 3"
    percent = clause.amount("percent")
    if percent is not None:
        by = max(min(percent.number / 10.0, 6.0), 0.5) * way
    ratio = clause.first("ratio")
    if ratio is not None and not db:
        by = 6.0 if way > 0 and float(ratio.value) >= 1.0 else -6.0
    if targets.tracks and not (clause.has("song") and not clause.tracks):
        return strips(targets, "gain_db", by=by)
    if targets.sections:
        tracks = [t.id for t in clause.world.tracks]
        playing = [t for t in tracks if set(clause.world.plays_in(t)) & set(targets.sections)]
        if loud is None and not volume and db is None:
            return None
        return done(
            (ChangeStrip(t, "gain_db", None, by, targets.sections) for t in playing),
            sections=targets.sections,
        )
    if clause.word("them", "they", "those", "these") and not clause.has("song"):
        return ask(
            "Which track do you mean?",
            [(t.id, [ChangeStrip(t.id, "gain_db", None, by)]) for t in clause.world.tracks[:9]],
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
    {
        "gets lost",
        "get lost",
        "getting lost",
        "is lost",
        "hard to hear",
        "lost in the mix",
        "can't hear",
        "can barely hear",
        "can hardly hear",
        "cannot hear",
        "hardly hear",
        "can not hear",
        "barely hear",
        "drowned out",
        "hidden",
        "inaudible",
        "buried",
        "drowned",
        "hardly audible",
        "barely audible",
    }
)


def is_absolute(clause: Clause, db: Token) -> bool:
    at = clause.where(db)
    before = [t for t in clause.tokens[max(at - 2, 0) : at] if t.kind == "prep"]
    after = clause.tokens[at + 1 : at + 2]
    if after and (after[0].kind == "quant" or (after[0].comparative and after[0].kind == "level")):
        return False  # "3 dB less"
    return bool(before) and before[-1].value in ("to", "at", "in") and not db.text.startswith("+")


def _about_something_else(clause: Clause, quant: Token) -> bool:
    """Whether "more" belongs to a quality or an effect, not to the track."""
    at = clause.where(quant)
    for token in clause.tokens[at + 1 :]:
        if token.kind in ("filler", "degree", "det") or token.text == "of":
            continue
        return token.kind in (
            "effect",
            "tone",
            "fat",
            "mood",
            "moodnoun",
            "energy",
            "tonadj",
            "width",
            "dist",
            "noun",
            "style",
            "section",
            "size",
            "unknown",
        )
    return False
