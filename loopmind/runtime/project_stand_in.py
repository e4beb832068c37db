"""A few edits, until the node that applies all of them is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from loopmind.errors import LoopMindError
from loopmind.music.draft import Draft, Lock
from loopmind.music.edit import ChangeStrip, Edit, MuteTrack, SetLock


def stand_in(draft: Draft, edits: tuple[Edit, ...]) -> Draft:
    """A few edits, until the node that applies all of them is there."""
    for edit in edits:
        if isinstance(edit, ChangeStrip | MuteTrack):
            if edit.track not in {strip.track for strip in draft.mix.strips}:
                raise LoopMindError(f"there is no track {edit.track!r}")
            change: dict[str, Any] = {"muted": edit.muted} if isinstance(edit, MuteTrack) else {}
            strips = []
            for strip in draft.mix.strips:
                if strip.track == edit.track and isinstance(edit, ChangeStrip):
                    before = getattr(strip, edit.parameter) or 0.0
                    after = before + edit.by if edit.value is None else edit.value
                    change = {edit.parameter: after}
                strips.append(replace(strip, **change) if strip.track == edit.track else strip)
            draft = replace(draft, mix=replace(draft.mix, strips=tuple(strips)))
            said = f"changed {edit.track}"
        elif isinstance(edit, SetLock):
            lock = Lock(edit.kind, edit.name)
            rest = tuple(other for other in draft.locks if other != lock)
            draft = replace(draft, locks=(*rest, lock) if edit.locked else rest)
            said = f"locked {edit.name}"
        else:
            raise LoopMindError(f"{type(edit).__name__} is not possible yet")
        draft = replace(draft, told=(*draft.told, said))
    return draft
