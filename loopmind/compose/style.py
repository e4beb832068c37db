"""Clone my style: finished songs become a user's genre brain, as far as they can be measured.

From audio come tempo, mode, moods, form, length, brightness and loudness; from projects also who
plays where, how densely, with which transitions and mix. Patterns, progressions, levels and the
rest stay those of the genre that it starts from.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loopmind.compose.genres import PEAK_KINDS, GenreProfile
from loopmind.compose.lanes import ORNAMENTS
from loopmind.compose.matching import form_of
from loopmind.compose.sharing import sounding_beats
from loopmind.compose.slots import base_slot
from loopmind.compose.transitions import RISER
from loopmind.music.brief import FormPart
from loopmind.music.draft import Draft
from loopmind.music.loop import ROLES, SPECTRUM_BANDS_HZ
from loopmind.music.reference import Reference
from loopmind.music.song import Song
from loopmind.music.style import SongStyle, Style

# The brightness of masters made without any tilt, measured on twenty of them (median).
PLAIN_BRIGHTNESS_DB = -8.5
TILT_SHARE = 0.4
MOST_TILT_DB = 4.0
BPM_ROOM = 0.03
MOST_STRUCTURES = 6
_TREATED = {"reverse": "reverse", "stutter": "stutter", "tape_stop": "tape_stop"}
_UNKNOWN_BAR_S = 2.0


def brightness(spectrum_db: Sequence[float]) -> float:
    """Power in the octaves from 4 kHz against that in those from 250 Hz to 2 kHz, in dB."""
    power = 10.0 ** (np.asarray(spectrum_db) / 10.0)
    bands = np.asarray(SPECTRUM_BANDS_HZ)
    high = float(power[bands >= 4000.0].sum())
    middle = float(power[(bands >= 250.0) & (bands <= 2000.0)].sum())
    return float(10.0 * np.log10(max(high, 1e-12) / max(middle, 1e-12)))


def style_of_audio(reference: Reference) -> SongStyle:
    """What a finished track tells by sound alone."""
    bar_s = _UNKNOWN_BAR_S
    if reference.bpm is not None:
        bar_s = 60.0 / reference.bpm * reference.beats_per_bar
    return SongStyle(
        name=reference.name,
        source="audio",
        duration_s=reference.duration_s,
        bpm=reference.bpm,
        mode=reference.key.mode if reference.key is not None else None,
        tags=reference.tags,
        energy=reference.energy,
        loudness_lufs=reference.loudness_lufs,
        brightness_db=brightness(reference.spectrum_db),
        form=form_of(reference, bar_s, reference.duration_s),
    )


def style_of_project(name: str, draft: Draft) -> SongStyle:
    """What a project tells: all decisions of its song, without its sound."""
    song, sections = draft.song, draft.song.sections
    # A crash here and a fill there adorn a song; they are no part that somebody plays.
    made = {*ORNAMENTS, RISER.id}
    roles = {track.id: str(track.role) for track in song.tracks if track.id not in made}
    plays = []
    for section in sections:
        start, end = _span(song, section.start_bar, section.bars)
        here = {
            roles[c.track] for c in song.clips if start <= c.start_beat < end and c.track in roles
        }
        plays.append(tuple(role for role in ROLES if role in here))
    return SongStyle(
        name=name,
        source="project",
        duration_s=song.beats * 60.0 / song.bpm,
        bpm=song.bpm,
        mode=song.key.mode if song.key is not None else None,
        tags=draft.brief.moods,
        energy=draft.brief.energy,
        loudness_lufs=draft.mix.master.target_lufs,
        brightness_db=None,
        form=tuple(FormPart(s.kind, s.bars, s.energy) for s in sections),
        plays=tuple(plays),
        roles=_roles(draft, roles, plays),
        habits=_habits(song),
        mix_style=draft.mix.style,
    )


def _span(song: Song, start_bar: int, bars: int) -> tuple[float, float]:
    return float(start_bar * song.beats_per_bar), float((start_bar + bars) * song.beats_per_bar)


def _roles(
    draft: Draft, roles: Mapping[str, str], plays: Sequence[tuple[str, ...]]
) -> tuple[tuple[str, int, float, float], ...]:
    song = draft.song
    found = []
    for role in ROLES:
        bars = sum(s.bars for s, own in zip(song.sections, plays, strict=True) if role in own)
        if not bars:
            continue
        slots = [c.slot for c in draft.palette.choices if c.role == role]
        turns = sum(1 for slot in slots if base_slot(slot) != slot)
        by_track: dict[str, float] = {}
        for clip in song.clips:
            if roles.get(clip.track) == role:
                by_track[clip.track] = by_track.get(clip.track, 0.0) + sum(
                    sounding_beats(clip).values()
                )
        sounding = max(by_track.values()) / (bars * song.beats_per_bar)
        found.append((role, 1 + turns, round(bars / song.bars, 3), round(min(sounding, 1.0), 3)))
    return tuple(found)


def _habits(song: Song) -> tuple[tuple[str, float], ...]:
    """How often, among sections, each kind of transition is used."""
    count = max(len(song.sections), 1)
    treated: Counter[str] = Counter()
    for section in song.sections:
        start, end = _span(song, section.start_bar, section.bars)
        here = {c.treatment for c in song.clips if start <= c.start_beat < end}
        treated.update(_TREATED[kind] for kind in here if kind in _TREATED)
        treated["riser"] += "riser" in here
    ends = any(a.track == "master" and a.parameter == "gain_db" and a.points[-1][1] <= -20.0
               for a in song.automation)  # fmt: skip
    shares = {name: min(treated[name] / count, 1.0) for name in ("riser", "reverse", "stutter")}
    shares["tape_stop"] = float(treated["tape_stop"] > 0)
    shares["fade_out"] = float(ends)
    return tuple((name, round(share, 2)) for name, share in sorted(shares.items()))


def genre_data(
    style: Style, name: str, base: GenreProfile, start: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]:
    """The genre file's data for `style`, what of it was measured, and what stays `base`'s.

    start: the file of the genre to start from, whose other fields are kept as they are.
    """
    songs = style.songs
    many = f"{len(songs)} song{'s' if len(songs) > 1 else ''}"
    data: dict[str, Any] = {
        **start,
        "name": name,
        "title": f"{name}: measured of {many}",
        "aliases": [],
    }
    measured: list[str] = []
    _tempo(data, measured, songs)
    _colour(data, measured, songs)
    _form(data, measured, songs, base)
    _sound(data, measured, songs)
    projects = [song for song in songs if song.source == "project"]
    kept = ["drum, bass and chord patterns", "progressions and voicing", "levels and reverb"]
    if projects:
        _from_projects(data, measured, projects, base)
        kept.append("swing")
    else:
        kept += ["roles and their density", "who plays in which section (chosen by its energy)",
                 "transitions", "swing", "mix style"]  # fmt: skip
    return data, tuple(measured), tuple(kept)


def _tempo(data: dict[str, Any], measured: list[str], songs: Sequence[SongStyle]) -> None:
    heard = [song.bpm for song in songs if song.bpm is not None]
    if not heard:
        return
    # 87 and 175 are one tempo, counted in two ways; the middle of all decides which.
    middle = math.log2(statistics.median(heard))
    tempi = sorted(bpm * 2.0 ** round(middle - math.log2(bpm)) for bpm in heard)
    low, high = tempi[0] * (1.0 - BPM_ROOM), tempi[-1] * (1.0 + BPM_ROOM)
    low, high = max(round(low, 1), 20.0), min(round(high, 1), 300.0)
    typical = min(max(round(statistics.median(tempi), 1), low), high)
    data |= {"bpm": [low, high], "typical_bpm": typical}
    measured.append(f"tempo {low:g} to {high:g} bpm, mostly {typical:g}")


def _colour(data: dict[str, Any], measured: list[str], songs: Sequence[SongStyle]) -> None:
    modes = Counter(song.mode for song in songs if song.mode is not None)
    if modes:
        mode, count = modes.most_common(1)[0]
        data["mode"] = mode if count >= 2 / 3 * sum(modes.values()) else None
        measured.append(f"mostly {mode}" if data["mode"] else "major and minor alike")
    tags = Counter(tag for song in songs for tag in song.tags[:3])
    moods = {tag: round(0.8 * count / len(songs), 2) for tag, count in sorted(tags.items())}
    if moods:
        data["moods"] = moods
        measured.append("moods " + ", ".join(sorted(moods, key=lambda tag: -moods[tag])[:3]))
    energies = [song.energy for song in songs if song.energy is not None]
    if energies:
        data["energy"] = round(statistics.mean(energies), 3)
        measured.append(f"energy {data['energy']:.2f}")


def _form(
    data: dict[str, Any], measured: list[str], songs: Sequence[SongStyle], base: GenreProfile
) -> None:
    lengths = [song.duration_s for song in songs]
    data["length_s"] = round(min(max(statistics.median(lengths), 20.0), 600.0), 1)
    structures = []
    for song in songs:
        lines = [
            f"{part.kind} {part.bars} {part.energy:.2f}: {' '.join(_plays(song, i, base))}".strip()
            for i, part in enumerate(song.form)
        ]
        if any(part.kind in PEAK_KINDS for part in song.form) and lines not in structures:
            structures.append(lines)
    data["structures"] = structures[:MOST_STRUCTURES] or data.get("structures")
    if data["structures"] is None:
        del data["structures"]
    bars = [part.bars for song in songs for part in song.form]
    count = statistics.mean(len(song.form) for song in songs)
    measured.append(
        f"form: {count:.0f} sections of {statistics.median(bars):g} bars, "
        f"{data['length_s'] / 60.0:.1f} minutes"
    )


def _plays(song: SongStyle, number: int, base: GenreProfile) -> tuple[str, ...]:
    """Who plays in a part: as in the project, else as in the base's section of that energy."""
    if song.plays:
        return song.plays[number]
    part = song.form[number]
    own = [section for plan in base.structures for section in plan]
    near = [s for s in own if (s.kind in PEAK_KINDS) == (part.kind in PEAK_KINDS)] or own
    return min(near, key=lambda s: abs(s.energy - part.energy)).plays


def _sound(data: dict[str, Any], measured: list[str], songs: Sequence[SongStyle]) -> None:
    levels = [song.loudness_lufs for song in songs if song.loudness_lufs is not None]
    if levels:
        data["loudness_lufs"] = round(min(max(statistics.median(levels), -24.0), -7.0), 1)
        measured.append(f"loudness {data['loudness_lufs']:g} LUFS")
    bright = [song.brightness_db for song in songs if song.brightness_db is not None]
    if bright:
        tilt = TILT_SHARE * (statistics.median(bright) - PLAIN_BRIGHTNESS_DB)
        data["tilt_db"] = round(min(max(tilt, -MOST_TILT_DB), MOST_TILT_DB), 2)
        way = "brighter" if data["tilt_db"] > 0 else "darker"
        measured.append(f"tone {abs(data['tilt_db']):.1f} dB {way} than plain")


def _from_projects(
    data: dict[str, Any], measured: list[str], songs: Sequence[SongStyle], base: GenreProfile
) -> None:
    roles = []
    for role in ROLES:
        uses = [use for song in songs for use in song.roles if use[0] == role]
        share = sum(use[2] for use in uses) / len(songs)
        priority = round(min(1.2 * share, 1.0), 2) if uses else 0.05
        plan: dict[str, Any] = {"role": role, "priority": priority}
        if uses:
            plan["alternates"] = max(round(statistics.mean(use[1] for use in uses)) - 1, 0)
            plan["density"] = round(statistics.mean(use[3] for use in uses), 2)
        own: dict[str, Any] = next((r for r in data.get("roles", ()) if r["role"] == role), {})
        roles.append({**own, **plan})
    data["roles"] = roles
    played = [r["role"] for r in sorted(roles, key=lambda r: -r["priority"]) if r["priority"] > 0.1]
    measured.append("roles " + ", ".join(played))
    habits: dict[str, list[float]] = {}
    for song in songs:
        for name, share in song.habits:
            habits.setdefault(name, []).append(share)
    data["habits"] = {
        **data.get("habits", {}),
        **{name: round(statistics.mean(shares), 2) for name, shares in habits.items()},
    }
    styles = Counter(song.mix_style for song in songs if song.mix_style)
    if styles:
        data["mix_style"] = styles.most_common(1)[0][0]
        measured.append(f"mix {data['mix_style']}")
    measured.append("transitions")
