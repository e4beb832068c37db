"""Edits that concern everything at once: locks, the style of the mix, macros."""

from __future__ import annotations

from dataclasses import replace

from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.settling import remix
from loopmind.compose.wording import listed
from loopmind.music.brief import MIX_STYLES
from loopmind.music.draft import Draft, Lock
from loopmind.music.edit import SetLock, SetMacro, SetMixStyle
from loopmind.music.loop import Crate


def set_lock(edit: SetLock, draft: Draft, crate: Crate) -> Draft:
    """A part locked, or unlocked."""
    name = edit.name
    if edit.kind == "section":
        asking.section(draft, edit.name)
    elif edit.kind == "track":
        asking.track(draft, edit.name)
    else:
        used = {digest for c in draft.song.clips for digest in asking.sounds(c)}
        if edit.name not in used and edit.locked:
            raise EditError(f"no sound with digest {edit.name!r} plays; lock one that does")
        name = "the sound"
    lock = Lock(edit.kind, edit.name)
    if not edit.locked and lock not in draft.locks:
        raise EditError(f"{name} is not locked, so there is nothing to unlock")
    rest = tuple(other for other in draft.locks if other != lock)
    draft = replace(draft, locks=(*rest, lock) if edit.locked else rest)
    said = "is locked; no edit changes it" if edit.locked else "is unlocked"
    return asking.told(draft, f"{name} {said}")


def set_mix_style(edit: SetMixStyle, draft: Draft, crate: Crate) -> Draft:
    """Everything mixed anew in another style; locked tracks and changes by hand stay."""
    if edit.style not in MIX_STYLES:
        raise EditError(
            f"there is no mix style {edit.style!r}; choose from {', '.join(MIX_STYLES)}"
        )
    locked = draft.locked_tracks
    by_hand = draft.automatic is not None
    before = draft
    draft = remix(draft, crate, style=edit.style, keep=locked)
    if draft == before:
        raise EditError(f"the mix is {edit.style} already; choose another style")
    said = f"everything is mixed anew, {edit.style}"
    if by_hand:
        said += "; what you changed by hand stays"
    if locked:
        said += f"; {listed(locked)} stayed, as locked"
    return asking.told(draft, said)


def set_macro(edit: SetMacro, draft: Draft, crate: Crate) -> Draft:
    """Refused: a song knows nothing of the graph that made it, its project does."""
    raise EditError(
        f"the macro {edit.name} belongs to the graph, not to the song; "
        "set it in the song's project, or in the graph itself"
    )
