"""Edits of what plays a track: another sound for it, or a further track."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from loopmind.compose import explain
from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.moods import Heard, compared, step
from loopmind.compose.editing.picking import Place, exactly, made_choice
from loopmind.compose.editing.playing import level_gap, with_sound
from loopmind.compose.editing.regenerate import rewritten_tracks
from loopmind.compose.editing.scene import Scene, in_section
from loopmind.compose.editing.settling import settle
from loopmind.compose.editing.wished import Wish, best_for
from loopmind.compose.genres import GenreProfile
from loopmind.compose.lanes import build_lanes
from loopmind.compose.oneshots import KIT_VOICES
from loopmind.compose.slots import base_slot, section_of, slot_in
from loopmind.compose.wishes import genre_of
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import SwapSound
from loopmind.music.loop import Crate, Loop
from loopmind.music.palette import Candidate, Choice
from loopmind.music.song import Clip, Section

# A second sound takes turns with the first only if it fits about as well.
_NEARLY = 0.85
_FOLLOW_CHORDS = frozenset({"bass", "chords", "lead"})


@dataclass(frozen=True)
class Swap:
    """One sound for another: what played, what will, and what is said of it."""

    old: Candidate
    new: Candidate
    choice: Choice
    second: Candidate | None = None


def swap_sound(edit: SwapSound, draft: Draft, crate: Crate) -> Draft:
    """Another sound plays a track, in the whole song or in some sections."""
    asking.track(draft, edit.track)
    asking.refuse_locked_track(draft, edit.track)
    found = asking.sections(draft, edit.sections)
    if edit.sections:
        for one in found:
            asking.refuse_locked_section(draft, one.name)
        found = tuple(s for s in found if plays_in(draft, edit.track, s))
        if not found:
            names = listed(edit.sections)
            raise EditError(f"{edit.track} does not play in {names}; let it come in there first")
    free = [s for s in found if not draft.is_locked("section", s.name)]
    wish = Wish(edit.moods, edit.instrument, edit.folder, edit.seed)
    swap = chosen(draft, crate, edit.track, free, wish, digest=edit.digest, number=edit.runner_up)
    before = Scene(draft, crate).score.chords
    whole = not edit.sections
    draft = exchanged(draft, crate, edit.track, swap, free, whole=whole, wish=wish,
                      only=bool(edit.digest))  # fmt: skip
    loops = crate.by_digest()
    where = "" if whole else f" in {listed([s.name for s in found])}"
    said = [f"{edit.track}: {_name(loops, swap.new)} in place of {_name(loops, swap.old)}{where}"]
    if edit.moods and swap.old.digest in loops:
        now = Heard.of(loops[swap.old.digest], swap.old)
        new = Heard.of(loops[swap.new.digest], swap.new)
        said.append(f"it is {compared(now, new, edit.moods)}")
    if not (edit.digest or edit.runner_up):
        said.append(reason_in_short(swap.choice, _name(loops, swap.new)))
    draft, followed = _following(draft, crate, edit.track, before)
    if followed:
        said.append(f"{listed(followed)} follows its chords now")
    held = [s.name for s in found if s not in free]
    if held:
        said.append(f"{listed(held)} stayed, as locked")
    return asking.told(draft, "; ".join(said))


def plays_in(draft: Draft, track: str, section: Section) -> bool:
    """Whether a track has a clip in a section."""
    return any(c.track == track and in_section(draft.song, section, c) for c in draft.song.clips)


def reason_in_short(choice: Choice, name: str) -> str:
    """What speaks for a choice, without what is said of the others."""
    first, *more = choice.reason.rstrip(".").split("; ")
    first = first.removeprefix(name).strip()
    first = first if first.startswith("its ") else f"it {first}"
    return "; ".join([first, *(m for m in more if m.startswith(("played", "moved")))])


def _name(loops: dict[str, Loop], candidate: Candidate) -> str:
    loop = loops.get(candidate.digest)
    return explain.file_name(loop) if loop is not None else "a sound that is missing"


def choice_of(draft: Draft, track: str) -> Choice:
    """The choice behind a track's main sound. Raises EditError where nothing was chosen for it."""
    for choice in draft.palette.choices:
        if base_slot(choice.slot) == track and section_of(choice.slot) is None:
            return choice
    if track == "riser":
        raise EditError("risers are made of the song's other sounds; swap one of those instead")
    raise EditError(f"nothing is known of the sound of {track}; remove it and add a track")


def chosen(
    draft: Draft, crate: Crate, track: str, sections: Sequence[Section], wish: Wish, *,
    digest: str = "", number: int = 0,
) -> Swap:  # fmt: skip
    """The sound to swap in, by one way of choosing. Raises EditError where there is none."""
    main = choice_of(draft, track)
    heard = _prevailing(draft, track, sections) or main.picked.digest
    old = _candidate(draft, track, heard) or main.picked
    asking.refuse_locked_sound(draft, [old.digest], track)
    loops = crate.by_digest()
    genre = genre_of(draft.song.brief, crate)
    place = Place(
        track, main.role, main.instrument if main.instrument in KIT_VOICES else "",
        main.picked.source_bpm is None,
        tuple(c.slot for c in draft.palette.choices if base_slot(c.slot) == track),
    )  # fmt: skip
    second: Candidate | None = None
    if digest:
        new = exactly(draft, crate, genre, place, digest)
        if new is None:
            raise EditError(
                f"there is no sound with digest {digest!r} at hand; scan the folder that holds it"
            )
        if new.digest == old.digest:
            raise EditError(f"{_name(loops, new)} plays {track} already; name another sound")
        others = [main.picked, *main.runners_up]
    elif number:
        if not 1 <= number <= len(main.runners_up):
            count = len(main.runners_up)
            there = {0: "no runner-up", 1: "one runner-up"}.get(count, f"{count} runners-up")
            help_ = f"choose up to {count}" if count else "let the next best sound be found instead"
            raise EditError(f"{track} has {there}, so there is no number {number}; {help_}")
        new = main.runners_up[number - 1]
        if new.digest not in loops:
            raise EditError(f"runner-up {number} of {track} is no longer at hand; choose another")
        others = [old, *main.runners_up]
    else:
        options = best_for(draft, crate, genre, place, wish, old, loops.get(old.digest))
        new, others = options[0], [*options[1:], old]
        second = next((c for c in options[1:] if c.score >= _NEARLY * new.score), None)
    choice = made_choice(crate, place, new, others, draft.song.bpm)
    if digest or number:
        choice = replace(choice, reason=f"{_name(loops, new)} was asked for by you.")
    return Swap(old, new, choice, second)


def _prevailing(draft: Draft, track: str, sections: Sequence[Section]) -> str:
    """The digest that plays most of the track in the sections."""
    beats: dict[str, float] = {}
    for clip in draft.song.clips:
        if clip.track == track and any(in_section(draft.song, s, clip) for s in sections):
            for digest in asking.sounds(clip):
                beats[digest] = beats.get(digest, 0.0) + clip.beats
    if not beats:
        return ""
    return min(beats.items(), key=lambda item: (-item[1], item[0]))[0]


def _candidate(draft: Draft, track: str, digest: str) -> Candidate | None:
    for choice in draft.palette.choices:
        if base_slot(choice.slot) == track and choice.picked.digest == digest:
            return choice.picked
    return None


def exchanged(
    draft: Draft, crate: Crate, track: str, swap: Swap, sections: Sequence[Section], *,
    whole: bool, wish: Wish, only: bool = False,
) -> Draft:  # fmt: skip
    """The draft with the swap done in `sections`; in the whole song the strip is mixed anew.

    only: no other sound takes turns with the new one.
    """
    loops = crate.by_digest()
    turns = _turns(draft, track, swap, loops, wish, only=only) if whole else {}
    before = {
        lane.id: lane.kind for lane in build_lanes(draft.palette, crate, _genre(draft, crate))
    }
    choices = _choices(draft, track, swap, sections, turns, whole=whole)
    draft = replace(draft, palette=replace(draft.palette, choices=choices))
    first = loops.get(choice_of(draft, track).picked.digest)
    after = {lane.id: lane.kind for lane in build_lanes(draft.palette, crate, _genre(draft, crate))}
    pattern = {"drum", "bass", "chords", "lead", "crash", "fill"}
    same = (before.get(track) in pattern) == (swap.new.source_bpm is None)
    song = draft.song

    def exchange(clip: Clip) -> Clip:
        mine = clip.track == track and any(in_section(song, s, clip) for s in sections)
        if not mine or clip.recorded or not asking.is_free(draft, clip):
            return clip
        played = asking.sounds(clip)[0] if asking.sounds(clip) else ""
        new = turns.get(played, swap.new)
        if played == new.digest:
            return clip
        old, fresh = loops.get(played), loops[new.digest]
        gain = level_gap(first, fresh)
        if not clip.hits and old is not None:
            gain -= level_gap(loops.get(swap.old.digest), old) if whole else level_gap(first, old)
        return with_sound(clip, old, fresh, new, song.bpm, gain if not clip.hits else 0.0)

    if same and after.get(track) == before.get(track):
        draft = replace(draft, song=replace(song, clips=tuple(exchange(c) for c in song.clips)))
    else:
        draft = rewritten_tracks(draft, crate, {track})
    return settle(draft, crate, remixed=[track] if whole else [])


def _genre(draft: Draft, crate: Crate) -> GenreProfile:
    return genre_of(draft.song.brief, crate)


def _turns(
    draft: Draft, track: str, swap: Swap, loops: dict[str, Loop], wish: Wish, *, only: bool
) -> dict[str, Candidate]:
    """What the sounds that took turns with the old one become: themselves, or a second new one."""
    found: dict[str, Candidate] = {}
    taken = {swap.new.digest}
    for choice in draft.palette.choices:
        digest = choice.picked.digest
        if base_slot(choice.slot) != track or digest == swap.old.digest or only:
            continue
        if section_of(choice.slot) is not None:
            continue
        loop, old = loops.get(digest), loops.get(swap.old.digest)
        fits = loop is not None and wish.allows(loop)
        if fits and wish.moods and old is not None and loop is not None:
            fits = (
                step(Heard.of(old, swap.old), Heard.of(loop, choice.picked), wish.moods) is not None
            )
        if fits and digest not in taken:
            found[digest] = choice.picked
        elif swap.second is not None and swap.second.digest not in taken:
            found[digest] = swap.second
        if digest in found:
            taken.add(found[digest].digest)
    return found


def _choices(
    draft: Draft, track: str, swap: Swap, sections: Sequence[Section],
    turns: dict[str, Candidate], *, whole: bool,
) -> tuple[Choice, ...]:  # fmt: skip
    """The palette's choices with the swap: in place, or confined to sections."""
    names = [s.name for s in sections]
    made: list[Choice] = []
    if not whole:
        confined = [slot_in(track, name) for name in names]
        made = [c for c in draft.palette.choices if c.slot not in confined]
        return (*made, *(replace(swap.choice, slot=slot) for slot in confined))
    main = choice_of(draft, track)
    for choice in draft.palette.choices:
        held = section_of(choice.slot)
        if base_slot(choice.slot) != track:
            made.append(choice)
        elif held is not None:
            # A locked section keeps the sound of its own.
            made += [choice] if held not in names else []
        elif choice.slot == main.slot:
            made.append(replace(swap.choice, slot=choice.slot))
        elif choice.picked.digest in turns:
            made.append(replace(choice, picked=turns[choice.picked.digest]))
    for section in draft.song.sections:
        slot = slot_in(track, section.name)
        if section.name not in names and all(c.slot != slot for c in made):
            made.append(replace(main, slot=slot))
    return tuple(made)


def _following(
    draft: Draft, crate: Crate, track: str, before: Sequence[object]
) -> tuple[Draft, list[str]]:
    """Made bass lines, chords and melodies written anew where the song's chords changed."""
    scene = Scene(draft, crate)
    if scene.score.chords == tuple(before):
        return draft, []
    names = [
        lane.id for lane in scene.main
        if lane.kind in _FOLLOW_CHORDS and lane.id != track
        and not draft.is_locked("track", lane.id)
    ]  # fmt: skip
    after = rewritten_tracks(draft, crate, names) if names else draft
    changed = _changed(draft.song.clips, after.song.clips)
    return after, [name for name in names if name in changed]


def _changed(before: Collection[Clip], after: Collection[Clip]) -> set[str]:
    return {c.track for c in set(before) ^ set(after)}
