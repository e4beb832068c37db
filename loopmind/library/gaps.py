"""What a collection lacks for making songs: roles, keys, tempi and variety.

Law: a gap is told only where nothing at hand can fill it, also not transposed, stretched or played
from a one-shot within the limits that sound good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from loopmind.analysis.names import words
from loopmind.music.key import Key
from loopmind.music.loop import Loop, Role

Gap = tuple[str, str, tuple[str, ...]]  # what is missing, what to do, the files that lack it

_HARMONY: tuple[Role, ...] = ("chords", "lead", "pad")
_CLEAR_KEY = 0.4
_REACH_SEMITONES = 3
_REACH_TEMPO = 0.15
_ENOUGH_IN_KEY = 3
_ENOUGH_AT_TEMPO = 3
_TEMPO_STEP = 10.0
_FEW = 2
_VARIETY = 12  # a collection of fewer sounds is small on purpose
_ROLE_WORDS: tuple[tuple[Role, str, str], ...] = (
    ("bass", "bass", "a bass loop, or one 808 or bass note"),
    ("chords", "chords", "a loop of keys, guitar or other chords"),
    ("lead", "melodies", "a melody loop"),
    ("pad", "pads", "a pad or string loop, for calm sections"),
    ("vocal", "vocals", "a vocal loop or chops, for hooks"),
    ("fx", "effects", "risers, impacts or noise, for transitions"),
)
_KIT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("kick", ("kick",)), ("snare or clap", ("snare", "clap")), ("hat", ("hat",)),
)  # fmt: skip


def find_gaps(loops: Sequence[Loop]) -> Iterator[Gap]:
    """All gaps, the most hindering first."""
    unique = list({loop.digest: loop for loop in loops}.values())
    if not unique:
        return
    yield from _drums(unique)
    yield from _roles(unique)
    yield from _bass_in_key(unique)
    yield from _drums_at_tempo(unique)
    yield from _fills(unique)


def _of(loops: Sequence[Loop], role: Role, kind: str = "loop") -> list[Loop]:
    return [loop for loop in loops if loop.best_role == role and loop.kind == kind]


def _kit_missing(loops: Sequence[Loop]) -> list[str]:
    there = {loop.best_instrument for loop in loops if loop.kind == "oneshot"}
    return [name for name, voices in _KIT if not there.intersection(voices)]


def _drums(loops: Sequence[Loop]) -> Iterator[Gap]:
    drums, missing = _of(loops, "drums"), _kit_missing(loops)
    if not drums and missing:
        have = len(_KIT) - len(missing)
        what = "no drum loops, and no drum kit to make them from"
        if have:
            what = f"no drum loops, and no {' or '.join(missing)} for a drum kit"
        yield what, f"add a drum loop, or one-shots: {', '.join(missing)}", ()
    elif len(drums) <= _FEW and missing and len(loops) >= _VARIETY:
        yield (
            f"only {_count(len(drums), 'drum loop')}",
            f"add more, or one-shots for patterns: {', '.join(missing)}",
            tuple(loop.path for loop in drums),
        )


def _roles(loops: Sequence[Loop]) -> Iterator[Gap]:
    notes = Counter(
        loop.best_role for loop in loops if loop.kind == "oneshot" and loop.pitch_midi is not None
    )
    for role, plural, wanted in _ROLE_WORDS:
        there = _of(loops, role)
        if not there and not notes[role] and not (role == "fx" and _of(loops, "fx", "oneshot")):
            yield f"no {plural}", f"add {wanted}", ()
        elif len(there) == 1 and not notes[role] and len(loops) >= _VARIETY:
            yield (
                f"only one loop for {plural}: every song gets the same",
                f"add {wanted}",
                (there[0].path,),
            )


def _bass_in_key(loops: Sequence[Loop]) -> Iterator[Gap]:
    """Keys of several melodic loops that no bass can reach."""
    if any(
        loop.best_role == "bass" and loop.kind == "oneshot" and loop.pitch_midi is not None
        for loop in loops
    ):
        return  # a single note plays in any key
    basses = [loop for loop in _of(loops, "bass") if loop.key]
    if not basses:
        return  # told as a missing role
    by_key: dict[Key, list[Loop]] = {}
    for loop in loops:
        if loop.kind == "loop" and loop.best_role in _HARMONY and _clear_key(loop) is not None:
            key = loop.key[0].value
            by_key.setdefault(key, []).append(loop)
    for key, there in sorted(by_key.items(), key=lambda item: (-len(item[1]), item[0])):
        if len(there) < _ENOUGH_IN_KEY:
            continue
        nearest = min(_distance(bass, key) for bass in basses)
        if nearest > _REACH_SEMITONES:
            yield (
                f"no {key.written} bass for {len(there)} loops in that key; "
                f"the nearest is {nearest} semitones away",
                f"add a bass in {key.written} or {key.relative().written}, "
                "or one bass note, which plays in every key",
                tuple(loop.path for loop in there),
            )


def _clear_key(loop: Loop) -> Key | None:
    return loop.key[0].value if loop.key and loop.key[0].weight >= _CLEAR_KEY else None


def _distance(bass: Loop, key: Key) -> int:
    """Semitones that a bass has to move to stand in `key` or its relative."""
    own = bass.key[0].value
    steps = []
    for goal in (key, key.relative()):
        if goal.mode == own.mode:
            step = (goal.tonic - own.tonic) % 12
            steps.append(min(step, 12 - step))
    return min(steps)


def _drums_at_tempo(loops: Sequence[Loop]) -> Iterator[Gap]:
    """Tempi of several melodic loops that no drum loop can reach, where no kit helps out."""
    drums = [loop.bpm for loop in _of(loops, "drums") if loop.bpm]
    if not drums or not _kit_missing(loops):
        return
    near: dict[int, list[Loop]] = {}
    for loop in loops:
        if loop.kind == "loop" and loop.best_role in (*_HARMONY, "bass") and loop.bpm:
            near.setdefault(round(loop.bpm / _TEMPO_STEP), []).append(loop)
    for step, there in sorted(near.items(), key=lambda item: -len(item[1])):
        bpm = step * _TEMPO_STEP
        reached = any(
            abs(drum * factor / bpm - 1.0) <= _REACH_TEMPO
            for drum in drums for factor in (0.5, 1.0, 2.0)
        )  # fmt: skip
        if len(there) >= _ENOUGH_AT_TEMPO and not reached:
            yield (
                f"no drum loop near {bpm:g} bpm for {len(there)} loops at that tempo",
                f"add one of {bpm * 0.9:.0f} to {bpm * 1.1:.0f} bpm, or a kick, snare and hat",
                tuple(loop.path for loop in there),
            )


def _fills(loops: Sequence[Loop]) -> Iterator[Gap]:
    """Few fills: they are what tells sections apart."""
    drums = _of(loops, "drums")
    if len(drums) <= _FEW:
        return
    found = [loop for loop in loops if _is_fill(loop)]
    if len(found) <= _FEW:
        what = f"only {_count(len(found), 'drum fill')}" if found else "no drum fills"
        rolled = any(
            loop.best_instrument in ("snare", "tom") and loop.kind == "oneshot" for loop in loops
        )
        remedy = "add short fills (a bar or less)"
        if rolled:
            remedy += "; until then they are rolled from snare or tom one-shots"
        yield what, remedy, tuple(loop.path for loop in found)


def _is_fill(loop: Loop) -> bool:
    """Whether a drum loop is a fill: it is named so, or lasts a bar at most."""
    if loop.kind != "loop" or loop.best_role not in ("drums", "percussion"):
        return False
    named = {"fill", "fills"} & set(words(loop.path.replace("\\", "/").rsplit("/", 1)[-1]))
    short = bool(loop.bpm) and loop.beats_at(loop.bpm or 0.0) <= loop.beats_per_bar + 0.1
    return bool(named) or short


def _count(number: int, thing: str) -> str:
    words_of = {1: "one", 2: "two"}
    return f"{words_of.get(number, str(number))} {thing}{'s' if number > 1 else ''}"
