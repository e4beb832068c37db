"""timeline.json: the whole song as plain data for other programs ; its schema is in docs/schema."""

from __future__ import annotations

import json
import math
from typing import Any

from loopmind.music.codec import to_plain
from loopmind.music.loop import Crate, Loop
from loopmind.music.measured import Measured
from loopmind.music.mix import Mix
from loopmind.music.palette import Candidate, Choice, Palette
from loopmind.music.song import Automation, Clip, Section, Song, Track

FORMAT = "loopmind-timeline"
VERSION = 1
_LINE = 150

Plain = dict[str, Any]


def timeline(song: Song, palette: Palette, mix: Mix, crate: Crate, measured: Measured) -> Plain:
    """Everything about a song as JSON-ready data, in a stable order.

    Beats count quarter notes from the song's start, bars from 0, times are seconds, levels dB,
    numbers are rounded to what matters (times to a microsecond, levels and scores to 1e-4).
    Law: clip.start_s = clip.start_beat * 60 / bpm; every digest named is listed under "loops".
    """
    loops = crate.by_digest()
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": song.title,
        "seed": song.seed,
        "bpm": _round(song.bpm, 6),
        "key": str(song.key) if song.key else None,
        "beats_per_bar": song.beats_per_bar,
        "swing": _round(song.swing),
        "bars": song.bars,
        "beats": _round(song.beats),
        "duration_s": _round(measured.duration_s, 6),
        "wish": _wish(song),
        "sections": [_section(song, section) for section in song.sections],
        "tracks": [_track(song, mix, track, loops) for track in song.tracks],
        "master": {
            **_tidy(to_plain(mix.master)),
            "automation": _automation(song, "master"),
        },
        "reverb": _tidy(to_plain(mix.reverb)),
        "mix_style": mix.style,
        "loops": _loops_used(song, palette, loops),
        "choices": [_choice(choice, loops) for choice in palette.choices],
        "unfilled": [{"role": role, "reason": reason} for role, reason in palette.unfilled],
        "notes": list(palette.notes),
        "unusable": [to_plain(item) for item in crate.unusable],
        "measured": {
            "loudness_lufs": _finite(measured.loudness_lufs),
            "true_peak_dbtp": _finite(measured.true_peak_dbtp),
            "curve_step_s": _round(measured.curve_step_s),
            "curve_lufs": [_finite(value, 2) for value in measured.curve_lufs],
        },
        "files": [{"what": what, "path": path} for what, path in measured.files],
    }


def timeline_json(data: Plain) -> str:
    """The timeline as text: two spaces of indent, short things on one line, final newline.

    A file name that is no valid unicode keeps its odd bytes as JSON escapes.
    """
    return (_write(data, "") + "\n").encode("utf-8", "backslashreplace").decode("utf-8")


def seconds(song: Song, beat: float) -> float:
    """When `beat` falls, in seconds from the song's start."""
    return song.tempo.seconds(beat)


def sounds_of(song: Song, track: str) -> tuple[str, ...]:
    """Digests that the clips of `track` play, in order of first appearance."""
    found: dict[str, None] = {}
    for clip in song.clips:
        if clip.track == track:
            for digest in [clip.digest] if clip.digest else [hit.digest for hit in clip.hits]:
                found.setdefault(digest)
    return tuple(found)


def _wish(song: Song) -> Plain:
    brief = song.brief
    return {
        "prompt": brief.prompt,
        "understood": list(brief.understood),
        "ignored": list(brief.ignored),
        "genre": brief.genre,
        "moods": list(brief.moods),
        "mix_style": brief.mix_style,
    }


def _section(song: Song, section: Section) -> Plain:
    start = section.start_bar * song.beats_per_bar
    return {
        "name": section.name,
        "kind": section.kind,
        "start_bar": section.start_bar,
        "bars": section.bars,
        "start_s": _round(seconds(song, start), 6),
        "end_s": _round(seconds(song, start + section.bars * song.beats_per_bar), 6),
        "energy": _round(section.energy),
        "bpm": _round(section.bpm or song.bpm, 6),
    }


def _track(song: Song, mix: Mix, track: Track, loops: dict[str, Loop]) -> Plain:
    strip = next((strip for strip in mix.strips if strip.track == track.id), None)
    return {
        "id": track.id,
        "name": track.name,
        "role": track.role,
        "instrument": track.instrument,
        "loops": list(sounds_of(song, track.id)),
        "clips": [
            _clip(song, clip, loops)
            for clip in sorted(song.clips, key=lambda c: (c.start_beat, c.id))
            if clip.track == track.id
        ],
        "automation": _automation(song, track.id),
        "mix": None if strip is None else _tidy(to_plain(strip)),
    }


def _clip(song: Song, clip: Clip, loops: dict[str, Loop]) -> Plain:
    plain: Plain = to_plain(clip)
    del plain["track"], plain["hits"], plain["silences"]
    loop = loops.get(clip.digest)
    return {
        **_tidy(plain),
        "start_s": _round(seconds(song, clip.start_beat), 6),
        "end_s": _round(seconds(song, clip.start_beat + clip.beats), 6),
        "path": loop.path if loop else None,
        "silences": [[_round(start), _round(length)] for start, length in clip.silences],
        "hits": [_tidy(to_plain(hit)) for hit in clip.hits],
    }


def _automation(song: Song, track: str) -> list[Plain]:
    def points(curve: Automation) -> list[list[float]]:
        return [[_round(beat), _round(value)] for beat, value in curve.points]

    return [
        {"parameter": curve.parameter, "points": points(curve)}
        for curve in song.automation
        if curve.track == track
    ]


def _loops_used(song: Song, palette: Palette, loops: dict[str, Loop]) -> list[Plain]:
    users: dict[str, list[str]] = {}
    for track in song.tracks:
        for digest in sounds_of(song, track.id):
            users.setdefault(digest, []).append(track.id)
    for choice in palette.choices:
        for candidate in (choice.picked, *choice.runners_up):
            users.setdefault(candidate.digest, [])
    rows = []
    for digest, tracks in users.items():
        loop = loops.get(digest)
        rows.append(
            {
                "digest": digest,
                "path": loop.path if loop else None,
                "kind": loop.kind if loop else None,
                "bpm": _round(loop.bpm) if loop and loop.bpm else None,
                "key": str(loop.best_key) if loop and loop.best_key else None,
                "instrument": loop.best_instrument if loop else None,
                "duration_s": _round(loop.duration_s, 6) if loop else None,
                "evidence": list(loop.evidence) if loop else [],
                "tracks": tracks,
            }
        )
    return sorted(rows, key=lambda row: (not row["tracks"], row["path"] or "", row["digest"]))


def _choice(choice: Choice, loops: dict[str, Loop]) -> Plain:
    return {
        "slot": choice.slot,
        "role": choice.role,
        "instrument": choice.instrument,
        "reason": choice.reason,
        "picked": _candidate(choice.picked, loops),
        "runners_up": [_candidate(candidate, loops) for candidate in choice.runners_up],
    }


def _candidate(candidate: Candidate, loops: dict[str, Loop]) -> Plain:
    loop = loops.get(candidate.digest)
    return {
        "digest": candidate.digest,
        "path": loop.path if loop else None,
        "score": _round(candidate.score),
        "parts": {name: _round(value) for name, value in candidate.parts},
        "source_bpm": None if candidate.source_bpm is None else _round(candidate.source_bpm),
        "beats": _round(candidate.beats),
        "ratio": _round(candidate.ratio),
        "semitones": candidate.semitones,
    }


def _round(value: float, digits: int = 4) -> float:
    rounded = round(float(value), digits)
    return rounded if rounded else 0.0  # no "-0.0" in the file


def _finite(value: float, digits: int = 4) -> float | None:
    return _round(value, digits) if math.isfinite(value) else None


def _tidy(data: Any) -> Any:
    """The same plain data with its numbers rounded and infinities as null."""
    if isinstance(data, float):
        return _finite(data)
    if isinstance(data, dict):
        return {key: _tidy(item) for key, item in data.items()}
    if isinstance(data, list):
        return [_tidy(item) for item in data]
    return data


def _write(data: Any, indent: str) -> str:
    """JSON in which what is short and holds no lists of its own stays on one line."""
    inner = indent + "  "
    if isinstance(data, dict) and data:
        if not any(isinstance(item, (dict, list)) for item in data.values()):
            line = json.dumps(data, ensure_ascii=False, allow_nan=False)
            if len(line) <= _LINE:
                return line
        rows = [f"{inner}{_text(str(k))}: {_write(v, inner)}" for k, v in data.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(data, list) and any(isinstance(item, (dict, str)) for item in data):
        return "[\n" + ",\n".join(inner + _write(i, inner) for i in data) + f"\n{indent}]"
    return json.dumps(data, ensure_ascii=False, allow_nan=False)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
