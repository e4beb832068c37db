"""A further sound on a track of its own."""

from __future__ import annotations

from dataclasses import replace

from loopmind.compose import explain
from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import MOST_TRACKS, EditError
from loopmind.compose.editing.picking import Place, exactly, made_choice
from loopmind.compose.editing.scene import Scene, spliced
from loopmind.compose.editing.settling import settle
from loopmind.compose.editing.sounds import reason_in_short
from loopmind.compose.editing.wished import Wish, best_for
from loopmind.compose.genres import PEAK_KINDS
from loopmind.compose.oneshots import KIT_VOICES
from loopmind.compose.structure import Part
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import AddTrack
from loopmind.music.loop import INSTRUMENTS, ROLES, Crate
from loopmind.music.palette import Candidate
from loopmind.music.song import Section, Track

_NUMBERS = ("second", "third", "fourth", "fifth", "sixth")


def add_track(edit: AddTrack, draft: Draft, crate: Crate) -> Draft:
    """A further sound for a role, chosen to fit what plays, where such a role plays."""
    if edit.role not in ROLES:
        raise EditError(f"there is no role {edit.role!r}; choose from {', '.join(ROLES)}")
    if edit.instrument and edit.instrument not in INSTRUMENTS:
        raise EditError(
            f"there is no instrument {edit.instrument!r}; choose from {', '.join(INSTRUMENTS)}"
        )
    if len(draft.song.tracks) >= MOST_TRACKS:
        raise EditError(f"{MOST_TRACKS} tracks are the most; take one out first")
    found = asking.sections(draft, edit.sections)
    for one in found if edit.sections else ():
        asking.refuse_locked_section(draft, one.name)
    scene = Scene(draft, crate)
    name = free_name(draft, edit)
    place, picked, others = _sound(edit, draft, crate, scene, name)
    choice = made_choice(crate, place, picked, others, draft.song.bpm)
    palette = replace(draft.palette, choices=(*draft.palette.choices, choice))
    draft = replace(draft, palette=palette)
    after = Scene(draft, crate)
    lane = next((lane for lane in after.lanes if lane.id == name), None)
    if lane is None:
        raise EditError(f"the sound for {name} is no longer at hand; choose another")
    wanted = found if edit.sections else _where(after, name, edit.role)
    free = [s for s in wanted if not draft.is_locked("section", s.name)]
    song = draft.song
    for held in free:
        ids = {*after.playing[held.name], name}
        fresh = [c for c in after.write(held.name, ids) if c.track == name]
        song = spliced(song, held, fresh, {name})
    if not any(c.track == name for c in song.clips):
        names = listed([s.name for s in wanted])
        raise EditError(f"{name} finds nothing to play in {names}; name other sections")
    title = name[:1].upper() + name[1:]
    track = Track(name, title, edit.role, choice.instrument)
    song = replace(song, tracks=(*song.tracks, track))
    draft = settle(replace(draft, song=song), crate)
    sound = explain.file_name(crate.by_digest()[picked.digest])
    heard = listed([s.name for s in free if _plays(draft, s, name)])
    why = f"; {reason_in_short(choice, sound)}" if not edit.digest else ""
    return asking.told(draft, f"{name} is new and plays {sound} in {heard}{why}")


def _plays(draft: Draft, section: Section, track: str) -> bool:
    bar = draft.song.beats_per_bar
    start, end = section.start_bar * bar, (section.start_bar + section.bars) * bar
    return any(c.track == track and start <= c.start_beat < end for c in draft.song.clips)


def _sound(
    edit: AddTrack, draft: Draft, crate: Crate, scene: Scene, name: str
) -> tuple[Place, Candidate, list[Candidate]]:
    """Where and what plays, and what could have instead."""
    voice = edit.instrument if edit.instrument in KIT_VOICES else ""
    drums = edit.role in ("drums", "percussion")
    place = Place(name, edit.role, voice if drums else "", drums and bool(voice))
    wish = Wish(edit.moods, edit.instrument, edit.folder, edit.seed)
    if edit.digest:
        picked = exactly(draft, crate, scene.genre, place, edit.digest)
        if picked is None:
            raise EditError(
                f"there is no sound with digest {edit.digest!r} at hand; "
                "scan the folder that holds it"
            )
        return place, picked, []
    options = best_for(draft, crate, scene.genre, place, wish)
    return place, options[0], options[1:]


def free_name(draft: Draft, edit: AddTrack) -> str:
    """A name for the track, in plain words, that no other has."""
    taken = {t.id for t in draft.song.tracks}
    taken |= {choice.slot for choice in draft.palette.choices}
    thing = edit.instrument or edit.role
    if thing == "percussion" and edit.instrument:
        thing = "perc"
    colour = edit.folder.lower() if edit.folder.isalpha() else ""
    colour = colour or (edit.moods[0] if edit.moods else "")
    names = [thing, f"{colour} {thing}" if colour else "", *(f"{n} {thing}" for n in _NUMBERS)]
    for name in names:
        if name and name not in taken:
            return name
    raise EditError(f"there are {len(names)} tracks of {thing} already; take one out first")


def _where(scene: Scene, name: str, role: str) -> list[Section]:
    """The sections in which such a track plays: those that ask for the role, else the peaks."""
    lane = next(lane for lane in scene.lanes if lane.id == name)
    asked = [part for part in scene.parts if _asks(part, role)]
    if not asked:
        asked = [part for part in scene.parts if part.section.kind in PEAK_KINDS]
    if not asked or lane.track.role == "fx":
        asked = asked or list(scene.parts)
    return [part.section for part in asked]


def _asks(part: Part, role: str) -> bool:
    return bool({"all", role} & set(part.plays)) and bool(part.section.plays)
