"""What words can point at in one song: its tracks and sections, by every name they go by."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from loopmind.assistant import lexicon
from loopmind.assistant.lexer import phrases
from loopmind.assistant.values import Memory
from loopmind.compose.editing.blocks import new_name
from loopmind.compose.explain import file_name
from loopmind.music.draft import Draft
from loopmind.music.edit import AddSection, AddTrack, ResizeSection
from loopmind.music.loop import ROLE_OF_INSTRUMENT, ROLES, Crate, Loop, Role
from loopmind.music.song import Section, SectionKind, Track

_ROLE_WORDS: dict[str, Role] = {
    "percussion": "percussion",
    "bass": "bass",
    "chords": "chords",
    "pad": "pad",
    "vocal": "vocal",
    "fx": "fx",
    "melody": "lead",
}
_NO_NAMES = frozenset(
    {
        "loop",
        "beat",
        "sound",
        "sample",
        "wav",
        "long",
        "short",
        "main",
        "deep",
        "closed",
        "open",
        "hook",
        "verse",
        "the",
        "and",
        "one",
        "shot",
    }
)


_ORNAMENTS = frozenset({"fill", "crash", "riser"})


@dataclass(frozen=True)
class Pointed:
    """What a track word means here: the tracks, and whether it is the whole kit.

    single: the one track it means where a sound is swapped. instrument, role: for a new track.
    """

    ids: tuple[str, ...]
    single: str
    role: Role
    instrument: str = ""
    loosely: bool = False


@dataclass
class World:
    """A draft, its crate and the talk so far, as words see them."""

    draft: Draft
    crate: Crate
    memory: Memory
    names: dict[str, str] = field(default_factory=dict)
    mention: str = ""
    to_come: dict[AddTrack, Track] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.loops = self.crate.by_digest()
        self.sections = self.draft.song.sections
        self.tracks = self.draft.song.tracks
        self.names = self._names()
        added = [e for e in self.memory.edits if isinstance(e, AddTrack)]
        if added:
            # "it" is the track that was added, not the one that bears the role's name.
            new = tuple(dict.fromkeys(t for e in added for t in self._newest(e)))
            self.memory = replace(self.memory, tracks=new or self.memory.tracks)

    # Tracks

    def track(self, track_id: str) -> Track | None:
        return next((t for t in self.tracks if t.id == track_id), None)

    def with_reverb(self, tracks: tuple[str, ...]) -> tuple[str, ...]:
        """Those that have reverb to lose; all of them where none has."""
        wet = {s.track for s in self.draft.mix.strips if s.reverb_send_db is not None}
        return tuple(t for t in tracks if t in wet) or tracks

    def of_role(self, *roles: str) -> tuple[str, ...]:
        return tuple(t.id for t in self.tracks if t.role in roles)

    def _newest(self, edit: AddTrack) -> tuple[str, ...]:
        found = [
            t.id
            for t in self.tracks
            if t.role == edit.role and edit.instrument in ("", t.instrument)
        ]
        return tuple(found[-1:])

    def kit(self) -> tuple[str, ...]:
        """Every track that belongs to the drums."""
        found = tuple(t for t in self.of_role("drums", "percussion") if t not in _ORNAMENTS)
        return found or self.of_role("drums", "percussion")

    def plays_in(self, track_id: str) -> tuple[str, ...]:
        """Sections in which a track plays."""
        per_bar = self.draft.song.beats_per_bar
        spans = [
            (c.start_beat, c.start_beat + c.beats)
            for c in self.draft.song.clips
            if c.track == track_id
        ]
        return tuple(
            s.name
            for s in self.sections
            if any(
                a < (s.start_bar + s.bars) * per_bar and b > s.start_bar * per_bar for a, b in spans
            )
        )

    def playing(self, section: str) -> tuple[str, ...]:
        """Tracks that play in a section."""
        return tuple(t.id for t in self.tracks if section in self.plays_in(t.id))

    def point(self, word: str) -> Pointed:
        """What a track word of the lexicon means in this song; without ids where nothing does."""
        if word.startswith("@"):
            track = self.track(word[1:])
            assert track is not None  # the names are made of the tracks
            return Pointed((track.id,), track.id, track.role, track.instrument)
        if word == "=drums":
            found = ("drums",) if self.track("drums") else self.of_role("drums")[:1]
            return Pointed(found, found[0] if found else "", "drums")
        if word == "drums":
            kit = self.kit()
            single = "drums" if self.track("drums") else (kit[0] if kit else "")
            return Pointed(kit, single, "drums")
        if word in _ROLE_WORDS:
            role = _ROLE_WORDS[word]
            found = self._first(role)
            return Pointed(found, found[0] if found else "", role)
        instrument = "lead" if word == "synth" else word
        role = ROLE_OF_INSTRUMENT.get(instrument, "lead")
        if word == "synth":
            own = tuple(t.id for t in self.tracks if t.instrument == "lead")
            return Pointed(own, own[0] if own else "", "lead", "lead")
        own = tuple(t.id for t in self.tracks if t.instrument == instrument or t.id == instrument)
        loosely = False
        if not own and word == "keys":
            own, loosely = self._first("chords"), True
        if not own and word == "guitar":
            own = ()
        return Pointed(own, own[0] if own else "", role, instrument, loosely)

    def is_name(self, text: str, track_id: str) -> bool:
        """Whether a word names the track itself, not an instrument that it might be played by."""
        track = self.track(track_id)
        if track is None or text in lexicon.OWN_NAMES:
            return True
        word = text.rstrip("s")
        names = {track.id, track.role, track.instrument, track.name.lower()}
        playing = self.loops.get(self.current(track_id))
        if playing is not None:
            names |= words_of(playing)
        return bool({text, word} & (names | {n.rstrip("s") for n in names}))

    def _first(self, role: str) -> tuple[str, ...]:
        """The main track of a role, or all where none bears the role's name."""
        found = self.of_role(role)
        return (role,) if role in found else found

    def _names(self) -> dict[str, str]:
        """Words of the names of tracks and of the files they play, where these tell them apart."""
        found: dict[str, set[str]] = {}
        taken = phrases()
        for track in self.tracks:
            found.setdefault(track.id.lower(), set()).add(track.id)
        for choice in self.draft.palette.choices:
            loop = self.loops.get(choice.picked.digest)
            track_id = choice.slot if self.track(choice.slot) else ""
            if loop is None or not track_id:
                continue
            for word in words_of(loop):
                found.setdefault(word, set()).add(track_id)
                if word not in taken:
                    found.setdefault(word + "en", set()).add(track_id)
        return {
            word: next(iter(ids))
            for word, ids in found.items()
            if len(ids) == 1
            and len(word) > 2
            and word not in taken
            and word not in lexicon.FILLER
            and word not in _NO_NAMES
            and word not in lexicon.REMARKS
        }

    # Sounds

    def current(self, track_id: str) -> str:
        """Digest of the sound that plays a track, "" where none is known."""
        for choice in self.draft.palette.choices:
            if choice.slot == track_id:
                return choice.picked.digest
        return next(
            (c.digest for c in self.draft.song.clips if c.track == track_id and c.digest), ""
        )

    def runners_up(self, track_id: str) -> tuple[str, ...]:
        for choice in self.draft.palette.choices:
            if choice.slot == track_id:
                return tuple(c.digest for c in choice.runners_up)
        return ()

    def named_sounds(self, words: set[str], track_id: str, role: str) -> list[Loop]:
        """Sounds whose names hold the most of `words`, for a track first, else for its role."""
        best: list[Loop] = []
        most = 0
        near = [self.loops[d] for d in self.runners_up(track_id) if d in self.loops]
        near += [
            x
            for x in self.crate.loops
            if x not in near and (x.best_role == role or x.best_instrument == role)
        ]
        for loop in near:
            if loop.digest == self.current(track_id):
                continue
            count = len(words & words_of(loop))
            if count > most:
                best, most = [loop], count
            elif count == most and count:
                best.append(loop)
        return best

    def sound_words(self) -> frozenset[str]:
        """Words of all names of files and folders in the crate: no slips."""
        found = set(self.folders())
        for loop in self.crate.loops:
            found |= words_of(loop)
        return frozenset(found)

    def folders(self) -> frozenset[str]:
        """Words of the folders that sounds lie in."""
        found: set[str] = set()
        for loop in self.crate.loops:
            parts = loop.path.replace("\\", "/").split("/")[:-1]
            for part in parts:
                found.update(re.findall(r"[a-z]{3,}", part.lower()))
        return frozenset(found)

    # Sections

    def section(self, name: str) -> Section | None:
        return next((s for s in self.sections if s.name == name), None)

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Names of the sections of a kind; a drop stands for a hook where the song has no drop."""
        if kind == "start":
            return tuple(s.name for s in self.sections[:1])
        if kind == "end":
            return tuple(s.name for s in self.sections[-1:])
        found = tuple(s.name for s in self.sections if s.kind == kind)
        if not found and kind in ("drop", "hook"):
            other = "hook" if kind == "drop" else "drop"
            found = tuple(s.name for s in self.sections if s.kind == other)
        return found

    def bars_of(self, name: str) -> int:
        """Bars of a section, also of one that was only just asked for and is in no draft yet."""
        for edit in self.memory.edits:
            if isinstance(edit, ResizeSection) and edit.section == name:
                return edit.bars
        section = self.section(name)
        if section is not None:
            return section.bars
        new = (e.bars for e in self.memory.edits if isinstance(e, AddSection) and e.bars)
        return next(new, 8)

    def before(self, name: str) -> str:
        """The section in front of one, "" for the first."""
        names = [s.name for s in self.sections]
        place = names.index(name)
        return names[place - 1] if place else ""

    def fresh_name(self, kind: SectionKind) -> str:
        """The name a new section of a kind will bear."""
        return new_name(self.sections, kind)


def words_of(loop: Loop) -> set[str]:
    """Words of a sound's file name."""
    return set(re.findall(r"[a-z]{3,}|808", file_name(loop).lower()))


def role_of(word: str) -> Role | None:
    """The role a plain word names, or None."""
    return word if word in ROLES else ROLE_OF_INSTRUMENT.get(word)
