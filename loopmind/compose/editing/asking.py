"""What edits ask of a draft by name, and the error that says what there is instead."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace

from loopmind.compose.wording import listed
from loopmind.errors import LoopMindError
from loopmind.music.draft import Draft
from loopmind.music.mix import Strip
from loopmind.music.song import Clip, Section, Track

MASTER = "master"
MOST_TRACKS = 32
_PLURAL = frozenset({"drums", "chords", "keys", "strings", "hats"})


class EditError(LoopMindError):
    """An edit that cannot be done; the message names the part and what can be done instead."""


def section(draft: Draft, name: str) -> Section:
    """The section called `name`. Raises EditError listing those there are."""
    for found in draft.song.sections:
        if found.name == name:
            return found
    there = ", ".join(s.name for s in draft.song.sections)
    raise EditError(f"there is no section {name!r}; there are {there}")


def sections(draft: Draft, names: Sequence[str]) -> tuple[Section, ...]:
    """The sections called `names` in order of time; all of them where no name is given."""
    wanted = {section(draft, name).name for name in names}
    return tuple(s for s in draft.song.sections if not names or s.name in wanted)


def track(draft: Draft, name: str) -> Track:
    """The track with id `name`. Raises EditError listing those there are."""
    for found in draft.song.tracks:
        if found.id == name:
            return found
    there = ", ".join(t.id for t in draft.song.tracks)
    raise EditError(f"there is no track {name!r}; there are {there}")


def strip(draft: Draft, name: str) -> Strip:
    """The channel strip of track `name`."""
    known = track(draft, name)
    return next((s for s in draft.mix.strips if s.track == known.id), Strip(known.id))


def clip(draft: Draft, clip_id: str) -> Clip:
    """The clip with this id. Raises EditError naming those on the same track and section."""
    for found in draft.song.clips:
        if found.id == clip_id:
            return found
    parts = clip_id.split("/")
    near = [c.id for c in draft.song.clips if c.id.split("/")[:-1] == parts[:-1]]
    near = near or [c.id for c in draft.song.clips if parts[0] == c.id.split("/")[0]]
    near = near or [c.id for c in draft.song.clips]
    more = f" and {len(near) - 8} more" if len(near) > 8 else ""
    raise EditError(f"there is no clip {clip_id!r}; there are {', '.join(near[:8])}{more}")


def section_at(draft: Draft, beat: float) -> Section | None:
    """The section that sounds at `beat`."""
    bar = draft.song.beats_per_bar
    for found in draft.song.sections:
        if found.start_bar * bar <= beat < (found.start_bar + found.bars) * bar:
            return found
    return None


def refuse_no_numbers(edit: object) -> None:
    """Raise EditError where a figure anywhere in the edit is NaN or infinite."""
    for field in fields(edit):  # type: ignore[arg-type]
        values = [getattr(edit, field.name)]
        while values:
            value = values.pop()
            if isinstance(value, float) and not math.isfinite(value):
                raise EditError(f"{field.name} is {value}, which is no number; give one")
            if is_dataclass(value):
                values += [getattr(value, part.name) for part in fields(value)]
            elif isinstance(value, tuple):
                values += value


# Locks


def refuse_locked_section(draft: Draft, name: str) -> None:
    """Raise EditError where the section is locked."""
    if draft.is_locked("section", name):
        raise EditError(
            f"the section {name} is locked; say 'unlock {name}' first, or choose another"
        )


def refuse_locked_track(draft: Draft, name: str) -> None:
    """Raise EditError where the track is locked."""
    if draft.is_locked("track", name):
        raise EditError(
            f"the track {name} is locked; say 'unlock the {name}' first, or choose another"
        )


def refuse_locked_sound(draft: Draft, digests: Iterable[str], what: str) -> None:
    """Raise EditError where one of the sounds is locked; `what` names the track that plays it."""
    if any(draft.is_locked("sound", digest) for digest in digests):
        raise EditError(f"the sound of {what} is locked; unlock it first, or choose another track")


def is_free(draft: Draft, part: Clip) -> bool:
    """Whether no lock holds the clip: neither its track, its section nor a sound of it."""
    if not draft.locks:
        return True
    at = section_at(draft, part.start_beat)
    if draft.is_locked("track", part.track) or (at and draft.is_locked("section", at.name)):
        return False
    return not any(draft.is_locked("sound", digest) for digest in sounds(part))


def sounds(part: Clip) -> tuple[str, ...]:
    """Digests of all that the clip plays, each once."""
    if part.digest:
        return (part.digest,)
    return tuple(dict.fromkeys(hit.digest for hit in part.hits))


# Words


def told(draft: Draft, text: str) -> Draft:
    """`draft` with what was done to it, as a sentence."""
    sentence = text[:1].upper() + text[1:]
    return replace(
        draft, told=(*draft.told, sentence if sentence.endswith(".") else f"{sentence}.")
    )


def many(names: Sequence[str]) -> bool:
    """Whether a verb after these names is in the plural: "drums are", "bass is"."""
    return len(names) > 1 or any(name.split(" ")[0] in _PLURAL for name in names)


def verb(names: Sequence[str], one: str, more: str) -> str:
    """The names with the form of a verb that suits them: "lead comes in", "drums come in"."""
    return f"{listed(names)} {more if many(names) else one}"


def count(number: int, thing: str) -> str:
    """A number of things: "1 bar", "4 bars"."""
    return f"{number} {thing}{'' if abs(number) == 1 else 's'}"
