"""The frame of swing: more, less, none, or so much of it."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.outcome import Outcome, Targets, ask, done, note
from loopmind.music.edit import Edit, SetSwing

BY = (0.03, 0.06, 0.1)
STRAIGHT, MOST = 0.5, 0.75
TRIPLETS = 0.667


def swing(clause: Clause) -> Outcome | None:
    """ "more swing", "straighten it", "swing at 58 %"."""
    token = clause.first("swing")
    if token is None or clause.has("wh"):
        return None
    if clause.sections and not clause.has("song"):
        return note("swing holds for the whole song; say 'more swing' or 'straight'")
    edit = _edit(clause, token.value)
    if edit is None:
        return None
    targets = Targets(clause)
    named = [r for r in clause.tracks if r.text not in ("beat", "beats", "groove")]
    kit = set(targets.tracks) >= set(clause.world.kit())
    if named and not kit:
        return ask("Swing holds for the whole song. Shall all of it swing so?", [("yes", [edit])])
    return done([edit])


def _edit(clause: Clause, value: str) -> Edit | None:
    figure = clause.amount("percent") or clause.number
    negated = clause.has("neg") and not clause.has("enough")
    quant = clause.first("quant")
    if figure is not None:
        share = figure.number / 100.0 if figure.number > 1.0 else figure.number
        return SetSwing(round(share, 4)) if STRAIGHT <= share <= MOST else None
    if value == "triplet":
        return SetSwing(TRIPLETS)
    if value == "straight":
        if clause.has("too") or (clause.complaint and not negated):
            return SetSwing(by=BY[clause.degree + 1])
        if clause.has("quant") or negated:
            return SetSwing(by=BY[clause.degree + 1] * (1 if negated or _less(clause) else -1))
        return SetSwing(STRAIGHT) if clause.degree >= 0 else SetSwing(by=-BY[0])
    if (quant is not None and quant.value == "no") or clause.does & {"remove", "mute"}:
        return SetSwing(STRAIGHT)
    if negated and clause.lemmas & {"want", "need", "like", "have", "use"}:
        return SetSwing(STRAIGHT)
    down = _less(clause) or clause.has("too") or "lower" in clause.does or negated
    down = down or clause.has("part", "down")
    return SetSwing(by=round(BY[clause.degree + 1] * (-1 if down else 1), 3))


def _less(clause: Clause) -> bool:
    return clause.has("quant", "less")
