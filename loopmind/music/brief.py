"""What the user wants: the parsed wish from which a song is made."""

from __future__ import annotations

from dataclasses import dataclass

from loopmind.music.key import Key, Mode

MIX_STYLES = ("raw", "polished", "tape")


@dataclass(frozen=True)
class Anchor:
    """A loop round which a song is built: its content digest, and the role that it plays."""

    digest: str
    role: str


@dataclass(frozen=True)
class FormPart:
    """A wanted section: its kind ("verse"), whole bars, and energy 0 calm .. 1 intense."""

    kind: str
    bars: int
    energy: float


@dataclass(frozen=True)
class Brief:
    """A wish in exact terms; None or empty means "not said, choose what suits".

    genre: name of a genre brain. bpm: inclusive range (low, high); equal ends for one tempo.
    mode: wanted colour where no full key was named. energy: 0 calm .. 1 intense.
    length_s: wanted length. wanted / forbidden / only: instrument or role names
    (`only` excludes every other pitched sound). folders: words that folders or file names
    must contain, to be blended. understood / ignored: what the parser took and what it left.
    anchors: loops that must play, which all else is chosen round. sides: folders that contribute
    equal shares. form: the sections, in order, in place of the genre's. why: what was decided
    beyond the words of the wish, and for which reason. worn: sounds (by digest) to pass over where
    others fit, each with a weight 0..1.
    """

    prompt: str = ""
    genre: str | None = None
    bpm: tuple[float, float] | None = None
    key: Key | None = None
    mode: Mode | None = None
    moods: tuple[str, ...] = ()
    energy: float | None = None
    length_s: float | None = None
    wanted: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    mix_style: str | None = None
    understood: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    sides: tuple[str, ...] = ()
    form: tuple[FormPart, ...] = ()
    why: tuple[str, ...] = ()
    worn: tuple[tuple[str, float], ...] = ()
