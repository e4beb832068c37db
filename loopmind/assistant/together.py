"""The wishes of one request put together: nothing twice, and what is kept is kept first."""

from __future__ import annotations

from dataclasses import fields, replace

from loopmind.music.edit import (
    Edit,
    RegenerateSection,
    Reseed,
    SetFade,
    SetGenre,
    SetKey,
    SetLock,
    ShiftMood,
    SwapSound,
)

_ANEW = (Reseed, RegenerateSection, SetGenre)


def together(edits: list[Edit]) -> list[Edit]:
    """Without repetitions: what is said twice in one request is done once."""
    found: list[Edit] = []
    for edit in edits:
        swapped = next(
            (
                e
                for e in found
                if isinstance(e, SwapSound)
                and isinstance(edit, ShiftMood)
                and e.track == edit.track
                and not e.digest
            ),
            None,
        )
        if swapped is not None and isinstance(edit, ShiftMood):
            moods = tuple(dict.fromkeys((*swapped.moods, *edit.moods)))
            found[found.index(swapped)] = replace(swapped, moods=moods)
            continue
        half = next((e for e in found if isinstance(e, SetFade) and isinstance(edit, SetFade)
                     and (e.section, e.track) == (edit.section, edit.track)), None)  # fmt: skip
        if isinstance(edit, SetFade) and half is not None:
            inward = half.in_beats if edit.in_beats is None else edit.in_beats
            outward = half.out_beats if edit.out_beats is None else edit.out_beats
            found[found.index(half)] = replace(half, in_beats=inward, out_beats=outward)
            continue
        if isinstance(edit, SetKey):
            # "I prefer major. Can it be in A major?": the song has one key.
            found = [e for e in found if not isinstance(e, SetKey)]
        twin = next((e for e in found if _same_wish(e, edit)), None)
        if twin is not None:
            found[found.index(twin)] = edit
        else:
            found.append(edit)
    # "keep it but make it quieter": what is changed in the same breath is not locked.
    changed = {getattr(e, "track", "") for e in found if not isinstance(e, SetLock)} - {""}
    found = [
        e
        for e in found
        if not (isinstance(e, SetLock) and e.locked and e.kind == "track" and e.name in changed)
    ]
    anew = next((n for n, e in enumerate(found) if isinstance(e, _ANEW)), len(found))
    late = [e for e in found[anew:] if isinstance(e, SetLock) and e.locked]
    # What is to be kept is locked before the rest is made anew, in whatever order it was said.
    return [*found[:anew], *late, *(e for e in found[anew:] if e not in late)]


def _same_wish(a: Edit, b: Edit) -> bool:
    if type(a) is not type(b):
        return False
    loose = {
        "compressor",
        "sidechain",
        "by",
        "value",
        "seed",
        "amount",
        "bars",
        "moods",
        "bpm",
        "energy",
    }
    return all(getattr(a, f.name) == getattr(b, f.name) for f in fields(a) if f.name not in loose)
