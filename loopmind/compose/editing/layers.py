"""Edits of who plays where, and how hard: layers of a section, its energy, a track taken out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.regenerate import with_section
from loopmind.compose.editing.scene import Scene, in_section, spliced
from loopmind.compose.editing.settling import settle
from loopmind.compose.lanes import LOWEST_DB, section_levels
from loopmind.compose.slots import base_slot
from loopmind.compose.transitions import RISER
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft, Lock
from loopmind.music.edit import RemoveTrack, SetEnergy, SetLayers
from loopmind.music.loop import Crate
from loopmind.music.mix import Mix
from loopmind.music.song import Section, Song

# From how much more (or less) energy on a layer joins (or leaves), and one more for each of these.
_LAYER_ENERGY = 0.12
# By how much at most a section is calmed so that the one after it, as intense as can be, is more.
_LEAD_IN_ENERGY = 0.15
_ORNAMENTS = frozenset({"fill", "crash", RISER.id})
_PATTERNS = frozenset({"drum", "bass", "chords", "lead"})


def set_layers(edit: SetLayers, draft: Draft, crate: Crate) -> Draft:
    """Which tracks play in a section."""
    held = asking.section(draft, edit.section)
    asking.refuse_locked_section(draft, held.name)
    if not (edit.only or edit.add or edit.remove):
        raise EditError(f"name the tracks that shall play in {held.name}, join it or leave it")
    scene = Scene(draft, crate)
    for name in (*edit.only, *edit.add, *edit.remove):
        _check_known(scene, name)
    song = draft.song
    now = [t.id for t in song.tracks if _plays(song, held, t.id)]
    wanted = set(edit.only) if edit.only else set(now)
    wanted = (wanted | set(edit.add)) - set(edit.remove)
    joining = sorted(wanted - set(now))
    leaving = [name for name in now if name not in wanted]
    if not edit.only:
        leaving += _without_drums(draft, wanted, now)
    if not wanted - _ORNAMENTS:
        raise EditError(
            f"nothing would play in {held.name}; let something play, or remove the section"
        )
    if not joining and not leaving:
        names = listed([name for name in now if name not in _ORNAMENTS])
        raise EditError(f"in {held.name} {names} play already; name other tracks")
    for name in (*joining, *leaving):
        asking.refuse_locked_track(draft, name)
    draft = relayered(draft, crate, held, joining, leaving, leaving)
    said = []
    if joining:
        said.append(asking.verb(joining, "comes in", "come in"))
    heard = [name for name in leaving if name not in _ORNAMENTS] or leaving
    if leaving:
        said.append(asking.verb(heard, "drops out", "drop out"))
    return asking.told(draft, f"in {held.name} {' and '.join(said)}")


def _without_drums(draft: Draft, wanted: Collection[str], now: Collection[str]) -> list[str]:
    """Fills, which are out of place where the last drum has gone."""
    roles = {t.id: t.role for t in draft.song.tracks}
    drums = [n for n in wanted if roles.get(n) in ("drums", "percussion") and n not in _ORNAMENTS]
    return [] if drums else [name for name in now if name == "fill" and name in wanted]


def _check_known(scene: Scene, name: str) -> None:
    there = [t.id for t in scene.song.tracks]
    lanes = [lane.id for lane in scene.lanes]
    if name not in there and name not in lanes:
        known = ", ".join(dict.fromkeys((*there, *lanes)))
        raise EditError(f"there is no track {name!r}; there are {known}")


def _plays(song: Song, section: Section, track: str) -> bool:
    return any(c.track == track and in_section(song, section, c) for c in song.clips)


def relayered(
    draft: Draft, crate: Crate, held: Section, joining: Sequence[str], leaving: Sequence[str],
    named: Collection[str] = (),
) -> Draft:  # fmt: skip
    """The draft with tracks joining and leaving one section; the others there stay as they are.

    named: tracks that the user wants to leave, with what is recorded on them.
    """
    song = draft.song
    if leaving:
        song = spliced(song, held, (), set(leaving), named)
    if joining:
        scene = Scene(replace(draft, song=song), crate)
        ids = {*scene.playing[held.name], *joining}
        fresh = [c for c in scene.write(held.name, ids) if c.track in joining]
        silent = sorted(set(joining) - {c.track for c in fresh})
        if silent:
            raise EditError(
                f"{listed(silent)} finds nothing to play in {held.name}; add another track"
            )
        song = spliced(song, held, fresh, set(joining))
    after = Scene(replace(draft, song=song), crate)
    roles = {lane.id: lane.track.role for lane in after.lanes}
    plays = tuple(dict.fromkeys(roles[i] for i in after.playing[held.name]))
    if set(plays) != set(roles.values()):
        song = with_section(song, replace(held, plays=plays))
    return settle(replace(draft, song=song), crate)


def set_energy(edit: SetEnergy, draft: Draft, crate: Crate) -> Draft:
    """How intense sections are: their levels, their layers and how busy their patterns are."""
    found = asking.sections(draft, edit.sections)
    if edit.energy is None and not edit.by:
        raise EditError("name an energy from 0 to 1, or by how much it shall move")
    if edit.energy is not None and not 0.0 <= edit.energy <= 1.0:
        raise EditError(f"energy goes from 0, calm, to 1, intense; {edit.energy:g} is neither")
    locked = [s.name for s in found if draft.is_locked("section", s.name)]
    if edit.sections and locked:
        asking.refuse_locked_section(draft, locked[0])
    changed, said = 0, []
    for one in found:
        if one.name in locked:
            continue
        wanted = one.energy + edit.by if edit.energy is None else edit.energy
        energy = round(min(max(wanted, 0.0), 1.0), 3)
        if energy == one.energy:
            continue
        draft, more = _energised(draft, crate, one, energy)
        changed += 1
        said.append(f"{one.name} goes from {one.energy:g} to {energy:g}{more}")
    if not changed and edit.energy is None and edit.by > 0.0 and edit.sections:
        return _led_up_to(edit, draft, crate, found)
    if not changed:
        names = listed([s.name for s in found])
        raise EditError(
            f"the energy of {names} is as wished already, at its limit or locked; ask for another"
        )
    kept = f"; {listed(locked)} stayed, as locked" if locked else ""
    return asking.told(draft, f"energy: {', '.join(said)}{kept}")


def _led_up_to(edit: SetEnergy, draft: Draft, crate: Crate, found: Sequence[Section]) -> Draft:
    """Sections that are as intense as can be, raised above what leads into them: that is lowered.

    Raises EditError where nothing leads into them that could be calmer.
    """
    song, raised = draft.song, {s.name for s in found}
    said = []
    for before, one in zip(song.sections, song.sections[1:], strict=False):
        if one.name not in raised or before.name in raised or not before.energy:
            continue
        if draft.is_locked("section", before.name):
            continue
        energy = round(max(before.energy - min(edit.by, _LEAD_IN_ENERGY), 0.0), 3)
        draft, more = _energised(draft, crate, before, energy)
        said.append(
            f"{before.name}, which leads into {one.name}, goes from {before.energy:g} to "
            f"{energy:g}{more}"
        )
    names = [s.name for s in found]
    if not said:
        raise EditError(
            f"the energy of {listed(names)} is at its limit, and nothing that leads there "
            "can be calmer; ask for another change"
        )
    limit = asking.verb(names, "is at its limit", "are at their limit")
    return asking.told(draft, f"energy: {limit}, so {', and '.join(said)}")


def _energised(draft: Draft, crate: Crate, held: Section, energy: float) -> tuple[Draft, str]:
    """One section at another energy, and what else changed with it."""
    before = Scene(draft, crate)
    level = section_levels(before.parts, before.playing, before.score)[held.name]
    joining, leaving = _follow(before, held, energy)
    if joining or leaving:
        draft = relayered(draft, crate, held, joining, leaving)
    section = replace(asking.section(draft, held.name), energy=energy)
    draft = replace(draft, song=with_section(draft.song, section))
    after = Scene(draft, crate)
    lift = section_levels(after.parts, after.playing, after.score)[held.name] - level
    # More energy is never quieter, less never louder, whatever the layers do to the levels.
    lift = max(lift, 0.0) if energy > held.energy else min(lift, 0.0)
    clips = tuple(
        replace(c, gain_db=round(min(max(c.gain_db + lift, -LOWEST_DB), 6.0), 2))
        if lift and c.track != RISER.id and in_section(draft.song, section, c)
        and asking.is_free(draft, c) else c
        for c in draft.song.clips
    )  # fmt: skip
    draft = replace(draft, song=replace(draft.song, clips=clips))
    draft = _rewritten_patterns(draft, crate, section)
    said = ""
    if joining:
        said += f", {listed(joining)} joining"
    if leaving:
        said += f", {listed(leaving)} leaving"
    return draft, said


def _follow(scene: Scene, held: Section, energy: float) -> tuple[list[str], list[str]]:
    """The tracks that join or leave as the energy moves; two sounds stay at least."""
    steps = int(abs(energy - held.energy) / _LAYER_ENERGY + 1e-6)
    playing = scene.playing[held.name]
    free = [
        lane.id for lane in scene.main if not scene.draft.is_locked("track", lane.id)
    ]  # fmt: skip
    if energy > held.energy:
        return [name for name in free if name not in playing][:steps], []
    ranked = [name for name in playing if name in free]
    most = max(len(playing) - 2, 0)
    return [], ranked[::-1][: min(steps, most)]


def _rewritten_patterns(draft: Draft, crate: Crate, section: Section) -> Draft:
    """The patterns of a section as busy as its energy wants them."""
    scene = Scene(draft, crate)
    playing = scene.playing[section.name]
    patterns = {lane.id for lane in scene.main if lane.id in playing and lane.kind in _PATTERNS}
    own = [c for c in draft.song.clips if in_section(draft.song, section, c)]
    patterns -= {c.track for c in own if not asking.is_free(draft, c)}
    if not patterns:
        return draft
    fresh = [c for c in scene.write(section.name, playing) if c.track in patterns]
    # A voice that falls silent at this energy keeps what it played.
    patterns &= {c.track for c in fresh}
    return settle(replace(draft, song=spliced(draft.song, section, fresh, patterns)), crate)


def remove_track(edit: RemoveTrack, draft: Draft, crate: Crate) -> Draft:
    """A track taken out of the song, or out of some sections."""
    gone = asking.track(draft, edit.track)
    asking.refuse_locked_track(draft, gone.id)
    song = draft.song
    own = [c for c in song.clips if c.track == gone.id]
    if edit.sections:
        found = asking.sections(draft, edit.sections)
        within = [c for c in own if any(in_section(song, s, c) for s in found)]
        if not within:
            names = listed([s.name for s in found])
            raise EditError(f"{gone.id} does not play in {names}; there is nothing to take out")
        for one in found:
            asking.refuse_locked_section(draft, one.name)
        asking.refuse_locked_sound(draft, [d for c in within for d in asking.sounds(c)], gone.id)
        for one in found:
            if _plays(draft.song, one, gone.id):
                draft = relayered(draft, crate, one, (), (gone.id,), (gone.id,))
        names = listed([s.name for s in found])
        said = asking.verb([gone.id], "no longer plays", "no longer play")
        return asking.told(draft, f"{said} in {names}{_silence(draft, found)}")
    if len([t for t in song.tracks if t.id not in _ORNAMENTS]) == 1 and gone.id not in _ORNAMENTS:
        raise EditError(f"{gone.id} is the only track; add another before you take it out")
    asking.refuse_locked_sound(draft, [d for c in own for d in asking.sounds(c)], gone.id)
    for one in song.sections:
        if _plays(song, one, gone.id):
            asking.refuse_locked_section(draft, one.name)
    before = [s for s in song.sections if _plays(song, s, gone.id)]
    draft = without_track(draft, gone.id)
    said = asking.verb([gone.id], "was taken out of the song", "were taken out of the song")
    return asking.told(settle(draft, crate), said + _silence(draft, before))


def _silence(draft: Draft, sections: Sequence[Section]) -> str:
    """What to say of sections in which nothing is left."""
    song = draft.song
    empty = [s.name for s in sections if not any(in_section(song, s, c) for c in song.clips)]
    if not empty:
        return ""
    return f"; {listed(empty)} {'is' if len(empty) == 1 else 'are'} silent now"


def without_track(draft: Draft, name: str) -> Draft:
    """The draft without a track: its clips, sounds, strip, automation, locks and what ducks by it.

    Swells made of a sound that nothing else plays go with it.
    """
    song = draft.song
    own = {d for c in song.clips if c.track == name for d in asking.sounds(c)}
    shared = {
        d for c in song.clips if c.track not in (name, RISER.id) for d in asking.sounds(c)
    }  # fmt: skip
    lost = own - shared
    clips = tuple(
        c for c in song.clips
        if c.track != name and not (c.track == RISER.id and c.digest in lost)
    )  # fmt: skip
    made = replace(
        song, clips=clips, tracks=tuple(t for t in song.tracks if t.id != name),
        automation=tuple(a for a in song.automation if a.track != name),
    )  # fmt: skip
    choices = tuple(c for c in draft.palette.choices if base_slot(c.slot) != name)
    palette = replace(draft.palette, choices=choices)
    locks = tuple(k for k in draft.locks if k != Lock("track", name))
    return _without_strip(replace(draft, song=made, palette=palette, locks=locks), name)


def _without_strip(draft: Draft, name: str) -> Draft:
    """The mix without a strip; what it ducked is ducked no more."""

    def less(mix: Mix) -> Mix:
        kept = [s for s in mix.strips if s.track != name]
        freed = tuple(
            replace(s, sidechain=None) if s.sidechain and s.sidechain.source == name else s
            for s in kept
        )
        return replace(mix, strips=freed)

    automatic = less(draft.automatic) if draft.automatic is not None else None
    return replace(draft, mix=less(draft.mix), automatic=automatic)
