"""What clauses lend each other: a unit, a noun that is still to come."""

from __future__ import annotations

from loopmind.assistant.clauses import PREDICATES, Clause
from loopmind.assistant.senses import Token

_COLOURS = frozenset({"mood", "tonadj", "fat", "quant", "degree", "folderish", "style"})


def same_unit(last: Clause, clause: Clause) -> bool:
    """ "the verses to 8 bars and the bridge to 4": the figure is in the unit of the one before."""
    unit = next((t for t in last.tokens if t.kind == "amount"), None)
    tokens = clause.tokens
    signed = [t for t in tokens if t.kind in ("amount", "num") and t.text[:1] in ("+", "-")]
    if clause.tracks and last.tracks and signed and not clause.acts:
        return True  # "hats -2, kick +1"
    if unit is None or len(tokens) < 2 or tokens[-1].kind != "num" or clause.amount(unit.value):
        return False
    led = tokens[-2].kind in ("prep", "part", "level", "height", "ord") or bool(clause.tracks)
    fading = clause.has("noun", "fadein", "fadeout", "fade") or bool(
        clause.does & {"fade", "fade_in", "fade_out"}
    )
    if not (led and (clause.tracks or clause.sections or fading)) or unit.value not in (
        "bars",
        "db",
    ):
        return False
    figure = tokens[-1]
    tokens[-1] = Token("amount", unit.value, figure.text, number=figure.number)
    for name in ("sections", "tracks"):
        clause.__dict__.pop(name, None)
    if not clause.acts:
        clause.__dict__.pop("acts", None)
        clause.inherited = last.acts[0] if last.acts else None
        for name in ("acts", "does", "lemmas", "wished", "copular"):
            clause.__dict__.pop(name, None)
    return True


def lend_noun(clause: Clause, following: Clause) -> None:
    """ "louder and wider pad": the noun of the second quality is that of the first, too."""
    light = {"degree", "too", "filler", "sep"}
    kinds = {t.kind for t in clause.tokens}
    if not kinds & PREDICATES or not kinds <= PREDICATES | light or not following.tracks:
        return
    ref = following.tracks[0]
    ahead = {t.kind for t in following.tokens[: ref.at]}
    if ref.det == "" and ref.prep == "" and ahead & PREDICATES and ahead <= PREDICATES | light:
        clause.subject = following.tracks


def open_noun(run: list[Token], after: list[Token]) -> bool:
    """Whether the qualities of a noun that is still to come go on behind the sign."""
    opens = [i for i, t in enumerate(run) if t.kind == "det"]
    if not opens or not run[opens[-1] + 1 :]:
        return False
    if not {t.kind for t in run[opens[-1] + 1 :]} <= _COLOURS or run[-1].kind != "mood":
        return False
    noun = next((t for t in after if t.kind not in _COLOURS), None)
    return bool(after) and after[0].kind in _COLOURS and noun is not None and noun.kind == "track"
