"""Edits of the song's form: sections added, taken out, moved, resized and repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from loopmind.compose.editing import asking, curves
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.blocks import (
    Block,
    new_name,
    put_together,
    renamed,
    shortened_fall,
    taken_apart,
)
from loopmind.compose.editing.curves import CurveKey
from loopmind.compose.editing.endings import ended
from loopmind.compose.editing.resizing import resized
from loopmind.compose.editing.scene import Scene
from loopmind.compose.editing.settling import settle
from loopmind.compose.genres import PEAK_KINDS, GenreProfile
from loopmind.compose.lanes import Lane, layers
from loopmind.compose.slots import section_of, slot_in
from loopmind.compose.structure import Part
from loopmind.compose.transitions import sweeps
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import (
    AddSection,
    DuplicateSection,
    MoveSection,
    RemoveSection,
    ResizeSection,
)
from loopmind.music.loop import INSTRUMENTS, ROLES, Crate
from loopmind.music.mix import EFFECT_KINDS
from loopmind.music.palette import Palette
from loopmind.music.song import Section, SectionKind

MOST_BARS = 128
MOST_SECTIONS = 64
# What a section is like where neither the song nor its genre has one of the kind.
_USUAL: dict[SectionKind, tuple[int, float, tuple[str, ...]]] = {
    "intro": (8, 0.25, ("chords", "pad", "fx")),
    "verse": (16, 0.5, ("drums", "bass", "chords")),
    "hook": (8, 0.95, ("all",)),
    "bridge": (8, 0.45, ("chords", "pad", "lead", "vocal")),
    "breakdown": (8, 0.3, ("chords", "pad", "fx", "vocal")),
    "drop": (16, 1.0, ("all",)),
    "outro": (8, 0.2, ("chords", "pad")),
}


def rests(draft: Draft) -> Mapping[CurveKey, float]:
    """The value that each parameter has where nothing is drawn, if the strip has one of it."""
    return {
        (s.track, parameter): value
        for s in draft.mix.strips for parameter in ("reverb_send_db", *EFFECT_KINDS)
        if (value := s.at_rest(parameter)) is not None
    }  # fmt: skip


def rebuilt(draft: Draft, crate: Crate, blocks: Sequence[Block]) -> Draft:
    """The draft with its song made of `blocks`, ending as it ended before."""
    _, plain, fades = taken_apart(draft.song)
    if not fades.fall:
        blocks = ended(draft, blocks)
    elif blocks[-1].section.name != draft.song.sections[-1].name:
        # Half of a section that was not made to fade is enough.
        fades = shortened_fall(fades, blocks[-1].section.bars * draft.song.beats_per_bar / 2.0)
    song = put_together(plain, blocks, fades, rests(draft))
    names = {s.name for s in song.sections}
    choices = tuple(c for c in draft.palette.choices if (section_of(c.slot) or "") in names | {""})
    locks = tuple(k for k in draft.locks if k.kind != "section" or k.name in names)
    palette = draft.palette
    if choices != palette.choices:
        palette = replace(palette, choices=choices)
    return settle(replace(draft, song=song, palette=palette, locks=locks), crate)


def remove_section(edit: RemoveSection, draft: Draft, crate: Crate) -> Draft:
    """A section taken out; what follows moves up."""
    gone = asking.section(draft, edit.section)
    asking.refuse_locked_section(draft, gone.name)
    if len(draft.song.sections) == 1:
        raise EditError(f"{gone.name} is the only section; add another before you take it out")
    start, before = draft, draft.song
    blocks, _, fades = taken_apart(before)
    draft = rebuilt(draft, crate, [b for b in blocks if b.section.name != gone.name])
    said = f"{gone.name} ({asking.count(gone.bars, 'bar')}) was taken out"
    if gone.name != before.sections[-1].name:
        return asking.told(draft, f"{said}; what follows moves up")
    last = draft.song.sections[-1].name
    if fades.fall:
        return asking.told(draft, f"{said}; the fade-out moved to {last}, which is the last now")
    if set(ended(start, blocks[:-1])[-1].clips) != set(blocks[-2].clips):
        return asking.told(draft, f"{said}; its end moved to {last}, which is the last now")
    return asking.told(draft, f"{said}; {last} is the last now")


def move_section(edit: MoveSection, draft: Draft, crate: Crate) -> Draft:
    """A section put behind another, or at the start."""
    moved = asking.section(draft, edit.section)
    asking.refuse_locked_section(draft, moved.name)
    if edit.after == moved.name:
        raise EditError(f"{moved.name} cannot come after itself; name another section")
    blocks, _, _ = taken_apart(draft.song)
    own = next(b for b in blocks if b.section.name == moved.name)
    others = [b for b in blocks if b is not own]
    place = _place(draft, others, edit.after)
    made = [*others[:place], own, *others[place:]]
    if made == blocks:
        raise EditError(f"{moved.name} is {_where(edit.after)} already; name another place")
    return asking.told(
        rebuilt(draft, crate, made), f"{moved.name} was moved {_where(edit.after, to=True)}"
    )


def duplicate_section(edit: DuplicateSection, draft: Draft, crate: Crate) -> Draft:
    """A section repeated clip by clip, under a name of its own."""
    held = asking.section(draft, edit.section)
    _check_room(draft, held.bars)
    blocks, _, _ = taken_apart(draft.song)
    own = next(b for b in blocks if b.section.name == held.name)
    name = new_name(draft.song.sections, held.kind)
    copy = renamed(own, name, [c.id for c in draft.song.clips])
    place = _place(draft, blocks, edit.after or held.name)
    palette = with_copied_choices(draft.palette, held.name, name)
    draft = rebuilt(
        replace(draft, palette=palette), crate, [*blocks[:place], copy, *blocks[place:]]
    )
    return asking.told(
        draft, f"{held.name} is repeated as {name}, {_where(edit.after or held.name)}"
    )


def with_copied_choices(palette: Palette, source: str, name: str) -> Palette:
    """The sounds that are confined to section `source` for its copy `name` too."""
    copies = [
        replace(choice, slot=slot_in(choice.slot, name))
        for choice in palette.choices if section_of(choice.slot) == source
    ]  # fmt: skip
    return replace(palette, choices=(*palette.choices, *copies)) if copies else palette


def resize_section(edit: ResizeSection, draft: Draft, crate: Crate) -> Draft:
    """A section made longer or shorter."""
    held = asking.section(draft, edit.section)
    asking.refuse_locked_section(draft, held.name)
    if edit.bars == held.bars:
        raise EditError(
            f"{held.name} is {asking.count(held.bars, 'bar')} long already; name another length"
        )
    if not 1 <= edit.bars <= MOST_BARS:
        raise EditError(f"a section is 1 to {MOST_BARS} bars long, not {edit.bars}")
    _check_room(draft, edit.bars - held.bars)
    blocks, plain, _ = taken_apart(draft.song)
    made = [
        resized(draft, plain, b, edit.bars) if b.section.name == held.name else b for b in blocks
    ]
    way = "longer" if edit.bars > held.bars else "shorter"
    said = f"{held.name} is {way}: {asking.count(edit.bars, 'bar')} in place of {held.bars}"
    return asking.told(rebuilt(draft, crate, made), said)


def add_section(edit: AddSection, draft: Draft, crate: Crate) -> Draft:
    """A new section, written by the arranger of the sounds that the song has."""
    blocks, plain, _ = taken_apart(draft.song)
    place = _place(draft, blocks, edit.after)
    scene = Scene(draft, crate)
    if not scene.main:
        raise EditError(
            f"there is nothing left to build a {edit.kind} from: none of the song's sounds is at "
            "hand; add a track first"
        )
    bars, energy, plays = _usual(draft, scene.genre, edit.kind)
    if not 0 <= edit.bars <= MOST_BARS:
        raise EditError(f"a section is 1 to {MOST_BARS} bars long, not {edit.bars}")
    if edit.energy is not None and not 0.0 <= edit.energy <= 1.0:
        raise EditError(f"energy goes from 0, calm, to 1, intense; {edit.energy:g} is neither")
    bars = edit.bars or bars
    _check_room(draft, bars)
    chosen = _wanted_lanes(scene, edit.plays)
    section = Section(
        new_name(draft.song.sections, edit.kind), edit.kind, 0, bars,
        round(energy if edit.energy is None else edit.energy, 3),
        tuple(dict.fromkeys(lane.track.role for lane in chosen)) or plays,
        (("", edit.seed),) if edit.seed else (),
    )  # fmt: skip
    ids = tuple(lane.id for lane in chosen)
    if not ids:
        part = Part(section, section.plays or ("all",))
        ids = layers((part,), scene.score)[section.name]
    empty = Block(section, (), {})
    order = [*blocks[:place], empty, *blocks[place:]]
    outline = put_together(plain, order, taken_apart(draft.song)[2], rests(draft))
    drawn = Scene(replace(draft, song=outline), crate)
    drawn.playing[section.name] = tuple(i for i in (lane.id for lane in drawn.main) if i in ids)
    written = drawn.write(section.name, ids)
    start = next(s for s in outline.sections if s.name == section.name)
    bar = draft.song.beats_per_bar
    begin = float(start.start_bar * bar)
    pieces = {}
    after = drawn.following(section.name)
    if after is not None:
        for glide in sweeps((drawn.part_of(section.name), after), drawn.score):
            span = curves.cut(glide.points, begin, begin + bars * bar)
            pieces[glide.track, glide.parameter] = span
    made = Block(start, tuple(written), pieces)
    draft = rebuilt(draft, crate, [*blocks[:place], made, *blocks[place:]])
    heard = {c.track for c in draft.song.clips if c.id.split("/")[0] == section.name}
    names = [t.id for t in draft.song.tracks if t.id in heard]
    return asking.told(
        draft,
        f"{section.name} ({asking.count(bars, 'bar')}) is new {_where(edit.after)}; "
        f"{listed(names)} play",
    )


def _usual(
    draft: Draft, genre: GenreProfile, kind: SectionKind
) -> tuple[int, float, tuple[str, ...]]:
    """Bars, energy and roles of such a section: as in the song, in its genre, or anywhere."""
    for held in reversed(draft.song.sections):
        if held.kind == kind and held.plays:
            energy = min(held.energy, 0.95) if kind in PEAK_KINDS else held.energy
            return held.bars, energy, held.plays
    for structure in genre.structures:
        for plan in structure:
            if plan.kind == kind:
                return plan.bars, plan.energy, plan.plays
    return _USUAL[kind]


def _wanted_lanes(scene: Scene, plays: Sequence[str]) -> list[Lane]:
    """The lanes that `plays` names by track, role or instrument. Raises EditError."""
    found: list[Lane] = []
    for word in plays:
        own = [
            lane for lane in scene.main
            if word in (lane.id, lane.track.role, lane.track.instrument)
        ]  # fmt: skip
        if not own:
            there = ", ".join(lane.id for lane in scene.main)
            known = word in ROLES or word in INSTRUMENTS
            more = f"add a track of {word} first" if known else "name one of these"
            raise EditError(f"nothing plays {word} in this song, only {there}; {more}")
        found += [lane for lane in own if lane not in found]
    return found


def _place(draft: Draft, blocks: Sequence[Block], after: str) -> int:
    """The number of blocks before the place behind section `after`."""
    if not after:
        return 0
    name = asking.section(draft, after).name
    return 1 + next(i for i, b in enumerate(blocks) if b.section.name == name)


def _where(after: str, *, to: bool = False) -> str:
    if after:
        return f"after {after}"
    return "to the start" if to else "at the start"


def _check_room(draft: Draft, bars: int) -> None:
    """Raise EditError where the song would get out of hand."""
    longest_s = 3600.0
    seconds = (draft.song.bars + bars) * draft.song.beats_per_bar * 60.0 / draft.song.bpm
    if seconds > longest_s or len(draft.song.sections) >= MOST_SECTIONS:
        raise EditError(
            f"the song would be too long; an hour and {MOST_SECTIONS} sections are the most"
        )
