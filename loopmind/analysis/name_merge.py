"""How what a name says reweighs what was heard: likelihoods with a doubt, nothing removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

from loopmind.analysis.names import NameEvidence
from loopmind.music.belief import Belief, rank
from loopmind.music.key import Key, mirex_score
from loopmind.music.loop import DRUM_INSTRUMENTS, ROLE_OF_INSTRUMENT, Kind, Loop

_SAME_TEMPO = 0.02
_WHOLE_BEATS = 0.05
_UNHEARD = 0.03  # what hearing leaves for an instrument that it did not name
_RELATED_DRUMS = 0.8
_RATIOS = (2.0 / 3.0, 1.5, 0.75, 4.0 / 3.0, 0.8, 1.25, 1.0 / 3.0, 3.0, 0.25, 4.0)


def merge_evidence(loop: Loop, evidence: NameEvidence) -> Loop:
    """`loop` with its beliefs reweighed by what its name says, and the words that say so.

    Law: a belief b keeps at least the share w(b) * (1 - e) of a name trusted with e, so hearing
    that is surer than the name wins; no heard candidate is removed.
    """
    if not evidence.words:
        return loop
    kind, confidence = _merge_kind(loop, evidence.kind)
    merged = replace(
        loop,
        kind=kind,
        kind_confidence=confidence,
        instrument=_merge_instrument(loop.instrument, evidence.instrument),
        tags=_merge_tags(loop.tags, evidence.tags),
        evidence=(*loop.evidence, *evidence.words),
    )
    merged = replace(merged, role=_merge_role(loop, evidence.instrument))
    tempo = _merge_tempo(merged, evidence.bpm)
    return replace(merged, tempo=tempo, key=_merge_key(merged, evidence.key))


def _merge_tempo(loop: Loop, named: tuple[Belief[float], ...]) -> tuple[Belief[float], ...]:
    if not named or loop.kind == "oneshot":
        return loop.tempo
    scores = [[belief.value, belief.weight] for belief in loop.tempo]
    for name in named:
        bpm, trust = name.value, name.weight
        beats = loop.beats_at(bpm)
        whole = beats >= 1.5 and abs(beats - round(beats)) <= _WHOLE_BEATS
        # Which octave a tempo is counted in is a habit of writing, so a heard octave speaks for
        # the name; so does a length of whole beats.
        prior = max(
            0.3 if whole else 0.0,
            0.6 * _heard_at(scores, bpm, (0.5, 2.0)),
            0.25 * _heard_at(scores, bpm, _RATIOS),
            0.08 if trust > 0.6 else 0.0,
        )
        near = [score for score in scores if abs(score[0] / bpm - 1.0) <= _SAME_TEMPO]
        if near:
            near[0][1] = max(near[0][1], prior)
        elif not scores:
            scores.append([bpm, trust])
        elif prior > 0.0:
            scores.append([bpm, prior])
        for score in scores:
            ratio = score[0] / bpm
            if abs(ratio - 1.0) <= _SAME_TEMPO:
                likelihood = 1.0
                if whole or abs(ratio - 1.0) < 0.004:
                    score[0] = bpm  # what was measured, to the precision of what was meant
            elif any(abs(ratio / r - 1.0) <= _SAME_TEMPO for r in (0.5, 2.0)):
                likelihood = 0.3
            else:
                likelihood = 0.1
            score[1] *= 1.0 - trust + trust * likelihood
    if not loop.tempo:
        return tuple(Belief(bpm, min(1.0, weight)) for bpm, weight in _distinct(scores))
    return rank(_distinct(scores))


def _heard_at(scores: list[list[float]], bpm: float, ratios: tuple[float, ...]) -> float:
    """The greatest weight of a candidate that is `bpm` times one of `ratios`."""
    return max(
        (
            score[1]
            for score in scores
            if any(abs(score[0] / bpm / ratio - 1.0) <= _SAME_TEMPO for ratio in ratios)
        ),
        default=0.0,
    )


def _distinct(scores: list[list[float]]) -> list[tuple[float, float]]:
    """(value, score) with equal values added up, in order of first appearance."""
    total: dict[float, float] = {}
    for value, score in scores:
        total[value] = total.get(value, 0.0) + score
    return list(total.items())


def _merge_key(loop: Loop, named: tuple[Belief[Key], ...]) -> tuple[Belief[Key], ...]:
    if not named:
        return loop.key
    trust = named[0].weight
    if not loop.key:
        if loop.pitched < 0.3:  # a drum's key is the pack's, not its own
            return ()
        share = trust * loop.pitched / len(named)
        return tuple(Belief(belief.value, min(1.0, share)) for belief in named)
    scores = {belief.value: belief.weight for belief in loop.key}
    for belief in named:
        scores.setdefault(belief.value, 0.06 / len(named))
    weighed = []
    for key, weight in scores.items():
        fits = max(mirex_score(key, belief.value) for belief in named)
        likelihood = 1.0 if fits == 1.0 else 0.1 + 0.4 * fits
        weighed.append((key, weight * (1.0 - trust + trust * likelihood)))
    return rank(weighed)


def _merge_instrument(
    heard: tuple[Belief[str], ...], named: tuple[Belief[str], ...]
) -> tuple[Belief[str], ...]:
    if not named:
        return heard
    scores = {belief.value: belief.weight for belief in heard}
    for belief in named:
        scores.setdefault(belief.value, _UNHEARD)
    trust = max(belief.weight for belief in named)
    names = {belief.value: belief.weight / trust for belief in named}
    weighed = []
    for instrument, weight in scores.items():
        match = names.get(instrument, 0.0)
        if "drums" in names and instrument in DRUM_INSTRUMENTS:
            match = max(match, _RELATED_DRUMS * names["drums"])
        weighed.append((instrument, weight * (1.0 - trust + trust * match)))
    return rank(weighed, keep=max(8, len(heard)))


def _merge_role(loop: Loop, named: tuple[Belief[str], ...]) -> tuple[Belief[Any], ...]:
    if not named:
        return loop.role
    trust = max(belief.weight for belief in named)
    roles: dict[str, float] = {}
    for belief in named:
        role: str = ROLE_OF_INSTRUMENT[belief.value]
        roles[role] = max(roles.get(role, 0.0), belief.weight / trust)
    # What hearing holds for the named role: as such, or through an instrument that plays it.
    scores: dict[str, float] = {belief.value: belief.weight for belief in loop.role}
    for named_role in roles:
        played = sum(b.weight for b in loop.instrument if ROLE_OF_INSTRUMENT[b.value] == named_role)
        scores[named_role] = max(scores.get(named_role, 0.0), played, _UNHEARD)
    if "drums" in roles:
        roles["percussion"] = max(roles.get("percussion", 0.0), 0.5)
    return rank(
        [(role, w * (1.0 - trust + trust * roles.get(role, 0.0))) for role, w in scores.items()]
    )


def _merge_tags(
    heard: tuple[Belief[str], ...], named: tuple[Belief[str], ...]
) -> tuple[Belief[str], ...]:
    """Tags stand side by side: each is as sure as either source makes it."""
    weights = {belief.value: belief.weight for belief in heard}
    for belief in named:
        weights[belief.value] = 1.0 - (1.0 - weights.get(belief.value, 0.0)) * (1.0 - belief.weight)
    return sorted_beliefs(weights.items())


def sorted_beliefs(pairs: Iterable[tuple[str, float]]) -> tuple[Belief[str], ...]:
    """Beliefs that are each on their own, strongest first; equal ones keep their order."""
    return tuple(Belief(v, min(1.0, w)) for v, w in sorted(pairs, key=lambda pair: -pair[1]))


def _merge_kind(loop: Loop, named: tuple[Belief[str], ...]) -> tuple[Kind, float]:
    if not named:
        return loop.kind, loop.kind_confidence
    kind, trust = named[0].value, named[0].weight * 0.8
    sure = loop.kind_confidence
    if kind == loop.kind:
        return loop.kind, 1.0 - (1.0 - sure) * (1.0 - trust)
    impossible = (kind == "oneshot" and loop.duration_s > 20.0) or (
        kind == "loop" and (loop.duration_s < 0.4 or not (loop.tempo or loop.onsets_s))
    )
    if impossible:
        return loop.kind, sure
    against, for_it = sure * (1.0 - trust), (1.0 - sure) * trust
    if for_it <= against:
        return loop.kind, against / (against + for_it)
    return cast(Kind, kind), for_it / (against + for_it)
