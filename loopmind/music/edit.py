"""Edits: every change a person can make to a song, each a small frozen value.

A song is what the graph makes of library, brief and seeds, with a list of edits replayed over it
(undo drops the last). Sections are named as in the song ("hook 2"), tracks by id ("drums"). An
empty tuple of sections means the whole song. Amounts named `by` are relative: edits add up.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from loopmind.music.codec import CodecError, from_plain, to_plain
from loopmind.music.loop import Role
from loopmind.music.mix import Compressor, EffectKind, EqBand, Sidechain
from loopmind.music.song import Automation, Clip, SectionKind

StripParameter = Literal["gain_db", "pan", "width", "drive", "reverb_send_db"]
MasterParameter = Literal["target_lufs", "ceiling_dbtp", "drive"]
ReverbParameter = Literal["decay_s", "predelay_s", "damping", "low_cut_hz", "gain_db"]
FillKind = Literal["", "roll", "stutter", "break", "none"]
MacroValue: TypeAlias = bool | int | float | str | tuple[str, ...] | None
LockKind = Literal["section", "track", "sound"]


@dataclass(frozen=True)
class SwapSound:
    """Let another sound play a track, in the whole song or in some sections.

    One way of choosing is used, in this order: `digest` (exactly this sound), `runner_up` (1 is
    the first runner-up), else the best fit for what is wished: `moods` to move towards
    ("darker" is "dark"), `instrument`, `folder` (a word of its path). Where nothing is wished the
    next best sound plays; `seed` varies which.
    """

    track: str
    sections: tuple[str, ...] = ()
    digest: str = ""
    runner_up: int = 0
    moods: tuple[str, ...] = ()
    instrument: str = ""
    folder: str = ""
    seed: int = 0


@dataclass(frozen=True)
class RegenerateSection:
    """Arrange a section anew, or only some tracks in it; all else stays as it is."""

    section: str
    seed: int
    tracks: tuple[str, ...] = ()


@dataclass(frozen=True)
class AddSection:
    """A new section after section `after` ("" puts it at the start), its tracks by `plays`.

    bars 0 and energy None: as the genre usually has it. plays: roles; empty: as usual.
    """

    kind: SectionKind
    after: str
    bars: int = 0
    energy: float | None = None
    plays: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class RemoveSection:
    """Take a section out; what follows moves up."""

    section: str


@dataclass(frozen=True)
class MoveSection:
    """Put a section after section `after` ("" puts it at the start)."""

    section: str
    after: str


@dataclass(frozen=True)
class ResizeSection:
    """Make a section `bars` long. What is cut is its end; what is added goes on as it began."""

    section: str
    bars: int


@dataclass(frozen=True)
class DuplicateSection:
    """Repeat a section, clip by clip, after section `after` ("" means right after itself)."""

    section: str
    after: str = ""


@dataclass(frozen=True)
class SplitSection:
    """Make two sections of one, after `bars` bars (0: in the middle); they sound as it did.

    The first keeps its name, the second is the next of its kind ("hook 3", or "intro 2"). "In the
    second half of the hook" is this, then the change in the new section.
    """

    section: str
    bars: int = 0


@dataclass(frozen=True)
class SetEnergy:
    """Set the energy of sections, 0 calm to 1 intense, or move it by `by` (0: use `energy`)."""

    sections: tuple[str, ...] = ()
    energy: float | None = None
    by: float = 0.0


@dataclass(frozen=True)
class SetLayers:
    """Choose which tracks play in a section: exactly `only`, or as now with `add` and `remove`."""

    section: str
    only: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True)
class SetFill:
    """Let sections end with a drum fill into what follows, or without one (kind "none").

    kind: "roll" is struck on a single drum, "stutter" repeats the drums' last moment ever faster,
    "break" silences the drums; "" is a roll, or a stutter where no drum is at hand. beats: 0 as
    usual. sections: those that end so; none: all that end without a roll. In words: "a fill before
    hook 2" is one in the section before it, "more fills" names none, "no" and "fewer fills" are
    "none", "stop the drums before the hook" is a break, "another fill" has a new seed.
    """

    sections: tuple[str, ...] = ()
    kind: FillKind = ""
    beats: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class AddTrack:
    """A further sound for `role` on a track of its own, chosen as in SwapSound."""

    role: Role
    instrument: str = ""
    sections: tuple[str, ...] = ()
    digest: str = ""
    moods: tuple[str, ...] = ()
    folder: str = ""
    seed: int = 0


@dataclass(frozen=True)
class RemoveTrack:
    """Take a track out of the song or out of some sections."""

    track: str
    sections: tuple[str, ...] = ()


@dataclass(frozen=True)
class MuteTrack:
    """Silence a track, or let it sound again."""

    track: str
    muted: bool = True


@dataclass(frozen=True)
class SoloTracks:
    """Let only these tracks sound; an empty tuple ends the solo."""

    tracks: tuple[str, ...]


@dataclass(frozen=True)
class Transpose:
    """Move a pitched track ("" for all of them, and the key) by `semitones`."""

    semitones: int
    track: str = ""


@dataclass(frozen=True)
class SetTempo:
    """Let the song, or only some sections of it, run at `bpm`, or faster by the factor `by`."""

    bpm: float | None = None
    by: float = 1.0
    sections: tuple[str, ...] = ()


@dataclass(frozen=True)
class SetSwing:
    """Swing of the whole song: what share of a pair of eighths its first note takes.

    swing: .5 straight to .75, .667 a triplet feel; None: moved by `by`.
    """

    swing: float | None = None
    by: float = 0.0


@dataclass(frozen=True)
class SetKey:
    """Move every pitched sound into `key` ("F# minor"); what cannot follow the mode is swapped."""

    key: str


@dataclass(frozen=True)
class SetGenre:
    """Turn the song into another genre: tempo, drums, form and mix follow; melodies are kept."""

    genre: str
    seed: int = 0


@dataclass(frozen=True)
class ShiftMood:
    """Move song, sections or a track towards `moods` ("dark") by swaps and tone, `amount` 0..1."""

    moods: tuple[str, ...]
    amount: float = 0.5
    sections: tuple[str, ...] = ()
    track: str = ""


@dataclass(frozen=True)
class ChangeStrip:
    """Set a channel strip's parameter, or move it by `by`, in the song or in some sections.

    In some sections only gain_db and reverb_send_db can be changed (as automation).
    """

    track: str
    parameter: StripParameter
    value: float | None = None
    by: float = 0.0
    sections: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangeEq:
    """Add an equaliser band to a track (or "master"), in place of one of its kind and frequency."""

    track: str
    band: EqBand


@dataclass(frozen=True)
class SetCompressor:
    """Give a track ("master") this compressor, or none."""

    track: str
    compressor: Compressor | None


@dataclass(frozen=True)
class SetSidechain:
    """Let a track be ducked by another, or by none."""

    track: str
    sidechain: Sidechain | None


@dataclass(frozen=True)
class SetEffect:
    """Put an effect on a track, change how much of it is heard, or take it off (amount 0).

    amount: 0 none .. 1 all; None: moved by `by`, or where that is 0 as is usual for the effect.
    beats: from one repeat of an echo to the next (a dotted eighth is .75), or of one sway of a
    tremolo; 0 leaves it. In words: "delay" is echo, "doubler" chorus, "8-bit" and "crunch" crusher,
    "chopped" and "gated" a tremolo of .25 or .5 beats; "a bit of" is .15, "lots of" .7, "more" and
    "less" are `by` .15, "no" is amount 0. Beats are those of the section that
    plays, also where it runs at a tempo of its own.
    """

    track: str
    effect: EffectKind
    amount: float | None = None
    by: float = 0.0
    beats: float = 0.0
    sections: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangeMaster:
    """Set a parameter of the master, or move it by `by`."""

    parameter: MasterParameter
    value: float | None = None
    by: float = 0.0


@dataclass(frozen=True)
class ChangeReverb:
    """Set a parameter of the shared reverb, or move it by `by`."""

    parameter: ReverbParameter
    value: float | None = None
    by: float = 0.0


@dataclass(frozen=True)
class SetMixStyle:
    """Mix everything anew in style "raw", "polished" or "tape"; changes made by hand stay."""

    style: str


@dataclass(frozen=True)
class SetAutomation:
    """Draw a parameter of a track (or "master") over time, in place of what was drawn before."""

    automation: Automation


@dataclass(frozen=True)
class SetFade:
    """Fade the song, or one section or track of it, in and out over so many beats."""

    in_beats: float | None = None
    out_beats: float | None = None
    section: str = ""
    track: str = ""


@dataclass(frozen=True)
class SetLock:
    """Lock a section, a track or a sound (digest): no edit changes it until it is unlocked."""

    kind: LockKind
    name: str
    locked: bool = True


@dataclass(frozen=True)
class Reseed:
    """Arrange the whole song anew from `seed`; locked parts stay."""

    seed: int


@dataclass(frozen=True)
class PutClip:
    """Place a clip exactly, in place of the one with the same id.

    role: of the track that is made for it, where the song has no such track.
    """

    clip: Clip
    role: Role | None = None


@dataclass(frozen=True)
class RemoveClip:
    """Take one clip away."""

    clip_id: str


@dataclass(frozen=True)
class SetMacro:
    """Set a macro of the project's graph to `value`, or move it by `by` (0: use `value`).

    What hangs on the macro is made anew, from what the song was generated of; all other edits are
    then done again. value: as the macro takes it; null where it may stand at nothing.
    """

    name: str
    value: MacroValue = None
    by: float = 0.0


Edit: TypeAlias = (
    SwapSound | RegenerateSection | AddSection | RemoveSection | MoveSection | ResizeSection
    | DuplicateSection | SplitSection | SetEnergy | SetLayers | SetFill | AddTrack | RemoveTrack
    | MuteTrack | SoloTracks | Transpose | SetTempo | SetSwing | SetKey | SetGenre | ShiftMood
    | ChangeStrip | ChangeEq | SetCompressor | SetSidechain | SetEffect | ChangeMaster
    | ChangeReverb | SetMixStyle | SetAutomation | SetFade | SetLock | Reseed | PutClip | RemoveClip
    | SetMacro
)  # fmt: skip


def edit_name(kind: type[Edit] | Edit) -> str:
    """The name an edit has in files and on the command line: SwapSound is "swap_sound"."""
    cls = kind if isinstance(kind, type) else type(kind)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


EDITS: dict[str, type[Edit]] = {edit_name(cls): cls for cls in get_args(Edit)}


def edit_to_plain(edit: Edit) -> dict[str, Any]:
    """Plain data of an edit: its name under "edit", and the fields that differ from defaults."""
    plain = to_plain(edit)
    defaults = {field.name: field.default for field in dataclasses.fields(edit)}
    kept = {
        name: value
        for name, value in plain.items()
        if defaults[name] is dataclasses.MISSING or getattr(edit, name) != defaults[name]
    }
    return {"edit": edit_name(edit), **kept}


def edit_from_plain(data: Any) -> Edit:
    """The edit that `edit_to_plain` wrote. Raises CodecError naming what is unknown.

    >>> edit_from_plain({"edit": "resize_section", "section": "intro", "bars": 4})
    ResizeSection(section='intro', bars=4)
    """
    if not isinstance(data, dict) or not isinstance(data.get("edit"), str):
        raise CodecError(f"an edit is an object with its name under 'edit', not {data!r}")
    cls = EDITS.get(data["edit"])
    if cls is None:
        raise CodecError(f"there is no edit {data['edit']!r}; choose from {', '.join(EDITS)}")
    return from_plain(cls, {name: value for name, value in data.items() if name != "edit"})
