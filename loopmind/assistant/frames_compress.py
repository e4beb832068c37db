"""The frame of compression: more or less of it, or as its figures say."""

from __future__ import annotations

from dataclasses import replace

from loopmind.assistant.clauses import Clause
from loopmind.assistant.outcome import Outcome, Targets, done
from loopmind.music.edit import SetCompressor
from loopmind.music.mix import Compressor

_USUAL = Compressor(-18.0, 2.5, 0.01, 0.12, 1.0)
_GENTLE_RATIO = 1.5
_HARDER = (1.25, 1.5, 2.0)
"""How much the ratio rises for "a bit", nothing said, and "much"."""
_SOFTER = 0.7
MOST_RATIO, MOST_SAID_RATIO = 12.0, 20.0
_SLOW, _FAST = frozenset({"slow", "long"}), frozenset({"fast", "quick", "short"})
_ATTACK_S = (0.03, 0.001)
_RELEASE_S = (0.4, 0.05)
_NAMED = ("threshold", "ratio", "attack", "release", "makeup")


def compress(clause: Clause) -> Outcome | None:
    """ "squash the drums", "no compression on the bass", "4:1, threshold -20, slow attack"."""
    targets = Targets(clause)
    if targets.trouble is not None:
        return targets.trouble
    quant = clause.first("quant")
    off = (quant is not None and quant.value == "no") or bool(clause.does & {"remove"})
    off |= any(t.kind == "neg" for t in clause.tokens) or clause.word("off")
    places = targets.tracks or ("master",)
    if off:
        return done((SetCompressor(t, None) for t in places), tracks=targets.tracks)
    less = (quant is not None and quant.value == "less") or "lower" in clause.does
    by_id = {s.track: s for s in clause.world.draft.mix.strips}
    edits = []
    for track in places:
        strip = by_id.get(track)
        now = strip.compressor if strip else clause.world.draft.mix.master.compressor
        now = now or (replace(_USUAL, ratio=_GENTLE_RATIO) if less else _USUAL)
        edits.append(SetCompressor(track, _said(clause, _moved(now, less, clause.degree))))
    return done(edits, tracks=targets.tracks)


def _moved(now: Compressor, less: bool, degree: int) -> Compressor:
    share = _SOFTER if less else _HARDER[degree + 1]
    return replace(
        now,
        threshold_db=now.threshold_db + (3.0 if less else -3.0),
        ratio=round(min(max(now.ratio * share, 1.1), MOST_RATIO), 2),
        makeup_db=max(now.makeup_db + (-1.0 if less else 1.0), 0.0),
    )


def _said(clause: Clause, made: Compressor) -> Compressor:
    """`made` with the figures that are named: each stands behind its name."""
    tokens = clause.tokens
    for at, token in enumerate(tokens):
        name = token.text if token.text in _NAMED else ""
        if not name:
            continue
        figure = next((t for t in tokens[at + 1 : at + 4] if t.kind in ("num", "amount")), None)
        after = tokens[at + 1].text if at + 1 < len(tokens) else ""
        if figure is None or after in _SLOW | _FAST:
            place = 0 if after in _SLOW else 1 if after in _FAST else -1
            if name == "attack" and place >= 0:
                made = replace(made, attack_s=_ATTACK_S[place])
            elif name == "release" and place >= 0:
                made = replace(made, release_s=_RELEASE_S[place])
            continue
        seconds = figure.number / (1.0 if figure.value == "seconds" else 1000.0)
        if name == "threshold":
            made = replace(made, threshold_db=-abs(figure.number))
        elif name == "ratio":
            made = replace(made, ratio=min(max(figure.number, 1.0), MOST_SAID_RATIO))
        elif name == "makeup":
            made = replace(made, makeup_db=abs(figure.number))
        elif name == "attack":
            made = replace(made, attack_s=seconds)
        else:
            made = replace(made, release_s=seconds)
    return made
