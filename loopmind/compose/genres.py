"""Genre brains as data: what each genre wants of tempo, roles, structure, patterns and mix.

The data live in presets/genres/NAME.json, one file a genre, written to be edited by hand; a user's
own files in the presets folder of the library home join them. `default.json` is the base: every
other file only says where it differs. How songs are made from these figures lives elsewhere.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from loopmind.errors import UsageError
from loopmind.files.digest import file_digest, value_digest
from loopmind.files.places import preset_file, user_presets
from loopmind.music.brief import MIX_STYLES
from loopmind.music.codec import CodecError, from_plain
from loopmind.music.key import Mode
from loopmind.music.loop import MOODS, ROLES, Role
from loopmind.music.mix import Reverb
from loopmind.music.song import SECTION_KINDS, SectionKind

STEP_MARKS = frozenset("Xxo?r.")
BASS_MARKS = frozenset("R58or?.-")
PEAK_KINDS = frozenset({"hook", "drop"})


class GenreError(UsageError):
    """A genre file that cannot be used; the message names the file, the field and the remedy."""


@dataclass(frozen=True)
class RolePlan:
    """What a genre wants of one role.

    priority: 0 spare .. 1 indispensable. alternates: further loops that take turns with the
    first. level_lu: loudness in the mix, relative to the drums. send_db: reverb send, None dry.
    density: 0 sparse .. 1 always playing, where the role plays at all.
    """

    role: Role
    priority: float
    alternates: int = 1
    level_lu: float = 0.0
    send_db: float | None = None
    density: float = 0.8


@dataclass(frozen=True)
class SectionPlan:
    """One section of a structure template: its bars, energy 0..1, and the roles that play."""

    kind: SectionKind
    bars: int
    energy: float
    plays: tuple[str, ...]


@dataclass(frozen=True)
class Habits:
    """How likely (0..1) the genre is to use each transition where one is possible."""

    riser: float = 0.4
    reverse: float = 0.4
    sweep: float = 0.4
    dropout: float = 0.6
    fill: float = 0.6
    stutter: float = 0.1
    tape_stop: float = 0.0
    crash: float = 0.6
    fade_in: float = 0.3
    fade_out: float = 0.5


@dataclass(frozen=True)
class GenreProfile:
    """One genre brain.

    bpm: usual range; typical_bpm: its centre. feel: "half" where the backbeat falls on beat 3.
    swing: share of the pair of notes of length 1/swing_unit taken by the first, .5 straight.
    mode: usual colour, None for either. moods: weights -1..1 of MOODS that suit the genre.
    kit: how likely drums are built from one-shots where a whole kit lies ready.
    structures: templates, one string a section: "verse 8 0.5: drums bass chords".
    drums: voice -> 16-step bars (or 32 steps: two bars), sparse to busy. Marks: X accent,
    x hit, o ghost, ? maybe, r roll, . rest. fills: the same for the bar before a section.
    bass: 16 or 32 steps of R root, 5 fifth, 8 octave, o soft root, - hold, . rest.
    chords: steps of x. lead: notes per bar of a made melody. progressions: chord degrees, one
    a bar, "1 6 3 7". voicing: "triad", "seventh" or "fifth".
    sidechain_db: how far the kick ducks bass and chords (0 none). tilt_db: brightness of the
    master. glue: 0..1 bus compression. drive: 0..1 saturation. loudness_lufs: of the master.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    bpm: tuple[float, float]
    typical_bpm: float
    feel: Literal["normal", "half"]
    swing: float
    swing_unit: int
    mode: Mode | None
    moods: dict[str, float]
    energy: float
    length_s: float
    kit: float
    roles: tuple[RolePlan, ...]
    structures: tuple[tuple[SectionPlan, ...], ...]
    drums: dict[str, tuple[str, ...]]
    fills: dict[str, tuple[str, ...]]
    bass: tuple[str, ...]
    chords: tuple[str, ...]
    lead: float
    progressions: tuple[tuple[int, ...], ...]
    voicing: Literal["triad", "seventh", "fifth"]
    habits: Habits
    mix_style: str
    sidechain_db: float
    sidechained: tuple[str, ...]
    reverb: Reverb
    tilt_db: float
    glue: float
    drive: float
    loudness_lufs: float = -14.0

    def role(self, role: str) -> RolePlan:
        """The plan for `role`; a spare one where the genre says nothing of it."""
        for plan in self.roles:
            if plan.role == role:
                return plan
        return RolePlan(cast(Role, role), 0.1, 0, -6.0, -18.0, 0.4)


def names() -> tuple[str, ...]:
    """Names of all genre brains, sorted."""
    return tuple(sorted(_profiles()))


def profile(name: str) -> GenreProfile:
    """The genre brain called `name` (or one of its aliases). Raises GenreError naming them all."""
    found = find(name)
    if found is None:
        raise GenreError(f"there is no genre {name!r}; choose from {', '.join(names())}")
    return _profiles()[found]


def find(name: str) -> str | None:
    """The genre that `name` means (spelling of spaces and hyphens aside), or None."""
    return aliases().get(plain_words(name))


@functools.cache
def aliases() -> dict[str, str]:
    """Every name of every genre in plain words -> the genre's own name."""
    found: dict[str, str] = {}
    for brain in _profiles().values():
        for word in (brain.name, *brain.aliases):
            found.setdefault(plain_words(word), brain.name)
    return found


@functools.lru_cache(maxsize=4096)
def plain_words(text: str) -> str:
    """Lower case, with every run of other signs than letters and digits as one space.

    >>> plain_words("Lo-Fi  R&B")
    'lo fi r b'
    """
    return " ".join(re.findall(r"[a-z0-9#]+", text.lower()))


def fingerprint(controls: Mapping[str, Any]) -> str:
    """A digest of all genre files, for nodes that look genres up by name.

    With it in their keys, an edited file is heard in the next song, also in an open session: what
    was read of the files before is forgotten here.
    """
    seen = []
    for file in _files():
        with suppress(OSError):  # a file that goes just now is found out when it is read
            status = file.stat()
            seen.append((str(file), status.st_size, status.st_mtime_ns))
    return _digest_of(tuple(seen))


@functools.lru_cache(maxsize=1)
def _digest_of(seen: tuple[tuple[str, int, int], ...]) -> str:
    _profiles.cache_clear()
    aliases.cache_clear()
    digests = []
    for path, _, _ in seen:
        with suppress(OSError):
            digests.append((Path(path).name, file_digest(path)))
    return value_digest(digests)


def _files() -> list[Path]:
    files = sorted(preset_file("genres/default").parent.glob("*.json"))
    return files + sorted((user_presets() / "genres").glob("*.json"))


def file_data(name: str) -> dict[str, Any]:
    """What the genre's own file says, without the base. Raises GenreError naming all genres."""
    wanted = profile(name).name
    return next(data for data in map(_read_json, _files()) if data.get("name") == wanted)


@functools.cache
def _profiles() -> dict[str, GenreProfile]:
    base = _read_json(preset_file("genres/default"))
    found: dict[str, GenreProfile] = {}
    for file in _files():
        if file.stem != "default":
            brain = read_profile(_read_json(file), base, str(file))
            found[brain.name] = brain
    return found


def _read_json(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GenreError(f"{file}: {error}; mend the file or remove it") from error
    if not isinstance(data, dict):
        raise GenreError(f"{file}: a genre file holds one JSON object; mend it or remove it")
    return data


def read_profile(data: dict[str, Any], base: dict[str, Any], where: str) -> GenreProfile:
    """A profile from a genre file's `data` laid over `base`. Raises GenreError naming the field.

    Mappings are merged key by key and roles by name; all else is replaced.
    """
    merged = {**base, **data}
    for field in ("moods", "habits", "reverb", "drums", "fills"):
        merged[field] = {**base[field], **data.get(field, {})}
    roles = {**{r["role"]: r for r in base["roles"]}}
    for plan in data.get("roles", ()):
        roles[plan["role"]] = {**roles.get(plan["role"], {}), **plan}
    merged["roles"] = list(roles.values())
    try:
        merged["structures"] = [[_section(line) for line in plan] for plan in merged["structures"]]
        merged["progressions"] = [
            [int(degree) for degree in line.split()] for line in merged["progressions"]
        ]
        brain = from_plain(GenreProfile, merged)
        _validate(brain)
    except (CodecError, ValueError, KeyError, TypeError) as error:
        raise GenreError(f"{where}: {error}") from error
    return brain


def _section(line: str) -> dict[str, Any]:
    match = re.fullmatch(r"(\w+) (\d+) ([\d.]+): ?([a-z ]*)", line)
    if match is None:
        raise ValueError(f"{line!r} is no section; write 'verse 8 0.5: drums bass chords'")
    kind, bars, energy, plays = match.groups()
    return {
        "kind": kind,
        "bars": int(bars),
        "energy": float(energy),
        "plays": plays.split(),
    }


def _validate(brain: GenreProfile) -> None:
    low, high = brain.bpm
    if not 20 <= low <= brain.typical_bpm <= high <= 300:
        raise ValueError(f"bpm {brain.bpm} must hold typical_bpm {brain.typical_bpm}, 20..300")
    if not 0.5 <= brain.swing <= 0.75 or brain.swing_unit not in (8, 16):
        raise ValueError("swing must lie in .5...75 with swing_unit 8 or 16")
    if brain.mix_style not in MIX_STYLES:
        raise ValueError(f"mix_style {brain.mix_style!r} is none of {MIX_STYLES}")
    if unknown := set(brain.moods) - set(MOODS):
        raise ValueError(f"moods {sorted(unknown)} are none of {MOODS}")
    for voice, bars in [*brain.drums.items(), *brain.fills.items()]:
        for bar in bars:
            if len(bar) not in (16, 32) or set(bar) - STEP_MARKS:
                raise ValueError(f"{voice} pattern {bar!r} needs 16 or 32 of the marks Xxo?r.")
    for bar in brain.bass:
        if len(bar) not in (16, 32) or set(bar) - BASS_MARKS:
            raise ValueError(f"bass pattern {bar!r} needs 16 or 32 of the marks R58o?-.")
    if not brain.structures or not brain.progressions or not brain.bass or not brain.chords:
        raise ValueError("structures, progressions, bass and chords may not be empty")
    for plan in brain.structures:
        if not any(section.kind in PEAK_KINDS for section in plan):
            raise ValueError("every structure needs a hook or a drop")
        for section in plan:
            if section.kind not in SECTION_KINDS or unknown_roles(section.plays):
                raise ValueError(f"section {section} names an unknown kind or role")


def unknown_roles(plays: tuple[str, ...]) -> set[str]:
    """Those of `plays` that are no role and not "all"."""
    return set(plays) - set(ROLES) - {"all"}
