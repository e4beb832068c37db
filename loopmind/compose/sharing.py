"""Songs of two people: sounds of both folders in equal shares, and who contributed what.

Shares are counted twice: by roles (who plays the drums, who the chords ...) and by time (for how
long each sounds). Nothing here listens; a sound belongs to the folder that holds it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from loopmind.compose.arrange import arrange
from loopmind.compose.balance import inside, side_of
from loopmind.compose.learned_fit import FitModel
from loopmind.compose.select import choose
from loopmind.errors import LoopMindError
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate
from loopmind.music.palette import Palette
from loopmind.music.song import Clip, Song

# A share this far from a half is equal enough; beyond, another balance is tried.
EVEN_WITHIN = 0.08
TARGETS = (0.5, 0.55, 0.45, 0.6, 0.4, 0.66, 0.34, 0.75, 0.25)


@dataclass(frozen=True)
class Contribution:
    """What one side gave to a song. Shares are 0..1 of the whole; `roles` names its share in each.

    sounds: file names, the longest heard first, with the seconds for which they sound.
    """

    folder: str
    time_share: float
    role_share: float
    roles: tuple[tuple[str, float], ...]
    sounds: tuple[tuple[str, float], ...]


def shared(brief: Brief, crate: Crate, folders: Sequence[Path]) -> Brief:
    """`brief` with the two folders as its sides.

    Raises LoopMindError unless there are two, apart from each other, each with a usable sound.
    """
    if len(folders) != 2:
        raise LoopMindError(f"two folders make a song together, not {len(folders)}; name two")
    # Links stay as they are in the crate.
    sides = tuple(os.path.abspath(folder.expanduser()) for folder in folders)  # noqa: PTH100
    for one, other in (sides, sides[::-1]):
        if inside(one, other):
            raise LoopMindError(
                f"{one} lies within {other}, so nobody could tell whose sounds are whose; "
                "name two folders apart from each other"
            )
    for folder, side in zip(folders, sides, strict=True):
        if not any(inside(loop.path, side) for loop in crate.loops):
            raise LoopMindError(
                f"{folder} holds no usable sound, so it can contribute nothing; add sounds to it, "
                "or leave --collab out"
            )
    return replace(brief, sides=sides)


def choose_shared(crate: Crate, brief: Brief, seed: int, *, fit: FitModel | None = None) -> Palette:
    """The palette in which both sides contribute nearly equal shares of the finished song.

    What a choice is worth in time is known only once the song is laid out; so a palette is
    chosen, laid out and measured, and where it is uneven chosen again with the balance tilted.
    """
    best = None
    for target in TARGETS:
        palette = choose(crate, brief, seed, share=target, fit=fit)
        song = arrange(palette, crate, brief, seed)
        first = contributions(song, crate, brief.sides)[0]
        off = max(abs(first.time_share - 0.5), abs(first.role_share - 0.5))
        if best is None or off < best[0] - 1e-9:
            best = (off, palette, first)
        if off <= EVEN_WITHIN:
            break
    assert best is not None
    _, palette, first = best
    if abs(first.time_share - 0.5) > 0.1:
        less = 0 if first.time_share < 0.5 else 1
        note = (
            f"{_name(brief.sides, less)} has too little that fits beside the other folder, "
            "so the shares are not equal"
        )
        palette = replace(palette, notes=(*palette.notes, note))
    return palette


def contributions(song: Song, crate: Crate, sides: Sequence[str]) -> tuple[Contribution, ...]:
    """What each side gave to `song`.

    A role sounds where any track of it does, and is shared by how long each side's sounds play
    in it, so that a kit of six voices counts no more than a drum loop.
    """
    by_digest = crate.by_digest()
    beat_s = 60.0 / song.bpm
    roles = {track.id: str(track.role) for track in song.tracks}
    played: dict[str, dict[str, float]] = {}
    heard: dict[str, np.ndarray] = {}
    bars = max(int(song.beats), 1)
    for clip in song.clips:
        role = roles[clip.track]
        for digest, beats in sounding_beats(clip).items():
            of_role = played.setdefault(role, {})
            of_role[digest] = of_role.get(digest, 0.0) + beats
        line = heard.setdefault(role, np.zeros(bars, dtype=bool))
        line[int(clip.start_beat) : int(np.ceil(clip.start_beat + clip.beats))] = True
        for start, length in clip.silences:
            begin = clip.start_beat + start
            line[int(np.ceil(begin)) : int(begin + length)] = False
    shares: list[dict[str, float]] = [{} for _ in sides]
    seconds: list[dict[str, float]] = [{} for _ in sides]
    for role, of_role in played.items():
        total = sum(of_role.values()) or 1.0
        for digest, beats in of_role.items():
            loop = by_digest.get(digest)
            side = side_of(loop, sides) if loop is not None else None
            if loop is None or side is None:
                continue
            shares[side][role] = shares[side].get(role, 0.0) + beats / total
            name = Path(loop.path).name
            seconds[side][name] = seconds[side].get(name, 0.0) + beats * beat_s
    time = [sum(share * float(heard[r].sum()) for r, share in own.items()) for own in shares]
    count = [sum(own.values()) for own in shares]
    return tuple(
        Contribution(
            sides[n],
            time[n] / (sum(time) or 1.0),
            count[n] / (sum(count) or 1.0),
            tuple(sorted(_rounded(shares[n]), key=lambda item: (-item[1], item[0]))),
            tuple(sorted(_rounded(seconds[n], 1), key=lambda item: (-item[1], item[0]))),
        )
        for n in range(len(sides))
    )  # fmt: skip


def sounding_beats(clip: Clip) -> dict[str, float]:
    """Digest -> beats for which it sounds in the clip; a pattern's time is split by its hits."""
    beats = max(clip.beats - sum(length for _, length in clip.silences), 0.0)
    if clip.digest:
        return {clip.digest: beats}
    counts: dict[str, int] = {}
    for hit in clip.hits:
        counts[hit.digest] = counts.get(hit.digest, 0) + 1
    return {digest: beats * count / len(clip.hits) for digest, count in counts.items()}


def _rounded(values: Mapping[str, float], digits: int = 3) -> list[tuple[str, float]]:
    return [(name, round(value, digits)) for name, value in values.items()]


def _name(sides: Sequence[str], number: int) -> str:
    """The folder's last name, unless both have the same."""
    names = [Path(side).name for side in sides]
    return names[number] if len(set(names)) == len(names) else sides[number]


def contributions_told(found: Sequence[Contribution]) -> tuple[str, ...]:
    """Who contributed what, in plain lines."""
    sides = [one.folder for one in found]
    lines = []
    for number, one in enumerate(found):
        own = [role for role, share in one.roles if share >= 0.5]
        part = [role for role, share in one.roles if 0.05 <= share < 0.5]
        said = ", ".join(own) or "no role of its own"
        if part:
            said += f" and part of {', '.join(part)}"
        lines.append(
            f"{_name(sides, number)}: {100 * one.time_share:.0f} % of the time and "
            f"{100 * one.role_share:.0f} % of the roles ({said})"
        )
    return tuple(lines)
