"""song.html: one page that needs nothing else, with player, arrangement and every reason.

All text of the user is escaped, the page loads nothing from elsewhere (its own policy forbids it).
"""

from __future__ import annotations

import base64
import functools
import importlib.resources
import json
from collections.abc import Iterable
from dataclasses import replace
from string import Template
from urllib.parse import quote

from loopmind.music.loop import Crate, Loop
from loopmind.music.measured import Measured
from loopmind.music.mix import EqBand, Mix, Strip
from loopmind.music.palette import Candidate, Choice, Palette
from loopmind.music.song import Song, Track
from loopmind.present.arrangement import canvas, canvas_height, label_places, song_seconds
from loopmind.present.style import clock, common_folder, file_name, number, role_colour, safe
from loopmind.present.timeline import seconds, sounds_of

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "media-src data: blob: file: 'self'; img-src data:"
)
_EQ_WORDS = {
    "lowcut": "low cut", "lowshelf": "low shelf", "peak": "bell", "highshelf": "high shelf",
    "highcut": "high cut",
}  # fmt: skip


def song_page(
    song: Song,
    palette: Palette,
    mix: Mix,
    crate: Crate,
    measured: Measured,
    *,
    audio: bytes | None = None,
    audio_type: str = "audio/mpeg",
    audio_src: str | None = None,
) -> str:
    """The song as one HTML page.

    `audio` (an encoded file of `audio_type`, one that browsers play) is put into the page itself;
    `audio_src` instead names a file beside the page. Paths are shown from the crate's common
    folder on. Same arguments, same page.
    """
    crate = _without_home(crate)
    loops = crate.by_digest()
    body = "".join(
        (
            _choices(song, palette, mix, loops),
            _wish(song, palette),
            _mix_table(song, mix),
            _unusable(crate),
        )
    )
    duration = song_seconds(song, measured)
    labels = "".join(
        f'<span style="top:{y:.0f}px;color:{colour}">{safe(name)}</span>'
        for name, y, colour in label_places(song, measured)
    )
    return Template(_asset("page.html")).substitute(
        policy=_POLICY,
        css=_asset("page.css"),
        js=_asset("page.js"),
        title=safe(song.title),
        prompt=_prompt(song),
        facts=_facts(song, mix, measured, duration),
        audio=_audio(audio, audio_type, audio_src),
        duration=f"{duration:.3f}",
        whole=str(round(duration)),
        height=str(canvas_height(song, measured)),
        labels=labels,
        canvas=canvas(song, crate, measured),
        body=body,
        footer=_footer(song),
        data=_data(song, palette, duration),
    )


def _without_home(crate: Crate) -> Crate:
    """The crate with paths from its common folder on: a page that is shared tells no more."""
    paths = [loop.path for loop in crate.loops] + [item.path for item in crate.unusable]
    skip = len(common_folder(paths))
    return Crate(
        tuple(replace(loop, path=loop.path[skip:]) for loop in crate.loops),
        tuple(replace(item, path=item.path[skip:]) for item in crate.unusable),
    )


@functools.cache
def _asset(name: str) -> str:
    return importlib.resources.files(__package__).joinpath(name).read_text("utf-8")


def _audio(audio: bytes | None, audio_type: str, audio_src: str | None) -> str:
    if audio is not None:
        # Base64 needs no escaping, and there are millions of letters of it.
        source = f"data:{safe(audio_type)};base64,{base64.b64encode(audio).decode('ascii')}"
    elif audio_src is not None:
        source = safe(quote(audio_src.replace("\\", "/")))
    else:
        return ""
    return f'<audio controls preload="metadata" src="{source}"></audio>'


def _data(song: Song, palette: Palette, duration: float) -> str:
    """What the script needs, safe inside a script element."""
    bar_s = seconds(song, song.beats_per_bar)
    users = {track.id: set(sounds_of(song, track.id)) for track in song.tracks}
    playing = {}
    for choice in palette.choices:
        tracks = {t for t, sounds in users.items() if choice.picked.digest in sounds}
        playing[choice.slot] = [
            [round(seconds(song, c.start_beat), 3), round(seconds(song, c.start_beat + c.beats), 3)]
            for c in song.clips
            if c.track in tracks
            and (c.digest == choice.picked.digest or any(
                hit.digest == choice.picked.digest for hit in c.hits))
        ]  # fmt: skip
    data = {
        "duration": round(duration, 3),
        "bar": bar_s,
        "bars": song.bars,
        "sections": [
            [s.name, s.start_bar * bar_s, (s.start_bar + s.bars) * bar_s] for s in song.sections
        ],
        "playing": playing,
    }
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _prompt(song: Song) -> str:
    if not song.brief.prompt:
        return ""
    return f'<p class="prompt">Made for <q>{safe(song.brief.prompt)}</q></p>'


def _facts(song: Song, mix: Mix, measured: Measured, duration: float) -> str:
    rows = [
        ("Tempo", f"{number(song.bpm, 2)} bpm"),
        ("Key", song.key.written if song.key else "none"),
        ("Length", clock(duration)),
        ("Bars", str(song.bars)),
        ("Loudness", f"{number(measured.loudness_lufs)} LUFS"),
        ("True peak", f"{number(measured.true_peak_dbtp, 2)} dBTP"),
        ("Mix", mix.style),
        ("Seed", str(song.seed)),
    ]
    if song.brief.genre:
        rows.insert(0, ("Genre", song.brief.genre))
    if song.swing > 0.505:
        rows.insert(4, ("Swing", f"{number(song.swing * 100)} %"))
    return "".join(f"<li><span>{safe(name)}</span>{safe(value)}</li>" for name, value in rows)


def _section(title: str, note: str, content: str) -> str:
    small = f" <small>{safe(note)}</small>" if note else ""
    return f"<section><h2>{safe(title)}{small}</h2>{content}</section>"


def _choices(song: Song, palette: Palette, mix: Mix, loops: dict[str, Loop]) -> str:
    if not palette.choices:
        return ""
    cards = "".join(_card(song, choice, mix, loops) for choice in palette.choices)
    return _section(
        "Why these sounds", "and what else was close", f'<div class="cards">{cards}</div>'
    )


def _card(song: Song, choice: Choice, mix: Mix, loops: dict[str, Loop]) -> str:
    picked = choice.picked
    path = loops[picked.digest].path if picked.digest in loops else None
    parts = "".join(
        f'<dt>{safe(name)}</dt><dd class="meter"><i style="width:{_percent(value)}"></i></dd>'
        f"<dd>{number(value * 100, 0)}</dd>"
        for name, value in picked.parts
    )
    fit = "".join(f"<li>{safe(words)}</li>" for words in _fit_words(song, picked))
    others = "".join(_runner_up(song, candidate, loops) for candidate in choice.runners_up)
    more = (
        f"<details><summary>{len(choice.runners_up)} runners-up</summary>"
        f'<ol class="others">{others}</ol></details>'
        if others
        else ""
    )
    strip = _strip_of(song, mix, choice)
    note = f'<p class="mixnote">{safe(strip.why)}</p>' if strip and strip.why else ""
    return (
        f'<article class="panel card" data-slot="{safe(choice.slot)}" '
        f'style="--role:{role_colour(choice.role)}">'
        f'<div class="slot"><span>{safe(choice.slot)}</span>'
        f'<b aria-label="score">{number(picked.score * 100, 0)}</b></div>'
        f'<h3 class="name">{safe(file_name(path))}</h3><p class="path">{safe(path or "")}</p>'
        f'<p>{safe(choice.reason)}</p><ul class="fit">{fit}</ul>'
        f'<dl class="scores">{parts}</dl>{note}{more}</article>'
    )


def _fit_words(song: Song, picked: Candidate) -> list[str]:
    if picked.source_bpm is None:
        words = ["one-shot"]
    elif abs(picked.ratio - 1.0) < 0.002:
        words = [f"{number(picked.source_bpm, 1)} bpm as it is"]
    else:
        change = number((picked.ratio - 1.0) * 100, 1, sign=True)
        words = [f"{number(picked.source_bpm, 1)} \u2192 {number(song.bpm, 1)} bpm ({change} %)"]
    if picked.semitones:
        plural = "" if abs(picked.semitones) == 1 else "s"
        words.append(f"{number(picked.semitones, 0, sign=True)} semitone{plural}")
    elif picked.source_bpm is not None:
        words.append("not transposed")
    if picked.beats:
        words.append(f"{number(picked.beats, 2)} beats")
    return words


def _runner_up(song: Song, candidate: Candidate, loops: dict[str, Loop]) -> str:
    path = loops[candidate.digest].path if candidate.digest in loops else None
    words = ", ".join(_fit_words(song, candidate)[:2])
    return (
        f'<li><span title="{safe(path or "")}">{safe(file_name(path))}<br><em>{safe(words)}</em>'
        f'</span><i class="meter"><i style="width:{_percent(candidate.score)}"></i></i>'
        f"<b>{number(candidate.score * 100, 0)}</b></li>"
    )


def _percent(value: float) -> str:
    return f"{100 * min(1.0, max(0.0, value)):.1f}%"


def _strip_of(song: Song, mix: Mix, choice: Choice) -> Strip | None:
    for track in song.tracks:
        if choice.picked.digest in sounds_of(song, track.id):
            return next((strip for strip in mix.strips if strip.track == track.id), None)
    return None


def _wish(song: Song, palette: Palette) -> str:
    brief = song.brief
    boxes = []
    if brief.prompt:
        boxes.append(
            ("What was understood", _tags("yes", brief.understood, "Nothing in particular."))
        )
        boxes.append(
            ("What was ignored", _tags("no", brief.ignored, "Nothing: every word counted."))
        )
    if palette.unfilled:
        rows = "".join(
            f"<li><b>{safe(role)}</b>: {safe(reason)}</li>" for role, reason in palette.unfilled
        )
        boxes.append(("What is missing", f'<ul class="plain">{rows}</ul>'))
    if palette.notes:
        rows = "".join(f"<li>{safe(note)}</li>" for note in palette.notes)
        boxes.append(("Notes", f'<ul class="plain">{rows}</ul>'))
    if not boxes:
        return ""
    content = "".join(
        f'<div class="panel box"><h3>{safe(title)}</h3>{inner}</div>' for title, inner in boxes
    )
    return _section("Your wish", "", f'<div class="split">{content}</div>')


def _tags(kind: str, words: Iterable[str], otherwise: str) -> str:
    items = "".join(f"<li>{safe(word)}</li>" for word in words)
    return f'<ul class="tags {kind}">{items}</ul>' if items else f"<p>{safe(otherwise)}</p>"


def _mix_table(song: Song, mix: Mix) -> str:
    tracks = {track.id: track for track in song.tracks}
    rows = "".join(_mix_row(strip, tracks.get(strip.track)) for strip in mix.strips)
    if not rows:
        return ""
    return _section(
        "The mix",
        f"{mix.style}, mastered to {number(mix.master.target_lufs)} LUFS, "
        f"true peak at most {number(mix.master.ceiling_dbtp)} dBTP",
        '<div class="panel wide"><table><thead><tr><th>Track</th><th>Gain</th><th>Pan</th>'
        "<th>Equaliser</th><th>Dynamics, effects</th><th>Reverb</th><th>Why</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>",
    )


def _mix_row(strip: Strip, track: Track | None) -> str:
    side = "centre"
    if abs(strip.pan) >= 0.005:
        side = f"{number(abs(strip.pan) * 100, 0)} {'left' if strip.pan < 0 else 'right'}"
    dynamics = []
    if strip.compressor:
        dynamics.append(
            f"{number(strip.compressor.ratio)}:1 above {number(strip.compressor.threshold_db)} dB"
        )
    if strip.sidechain:
        dynamics.append(
            f"ducks {number(strip.sidechain.depth_db)} dB under {strip.sidechain.source}"
        )
    send = strip.reverb_send_db
    dynamics += [f"{one.kind} {number(100 * one.amount, 0)} %" for one in strip.effects]
    reverb = "dry" if send is None else f"{number(send)} dB"
    name = track.name if track else strip.track
    colour = role_colour(track.role if track else "")
    gain = "muted" if strip.muted else f"{number(strip.gain_db, sign=True)} dB"
    cells = (gain, side, ", ".join(_eq_words(band) for band in strip.eq) or "flat",
             ", ".join(dynamics) or "none", reverb)  # fmt: skip
    return (
        f'<tr style="--role:{colour}"><td class="n"><i class="dot"></i>{safe(name)}</td>'
        + "".join(f'<td class="{"n" if i in (0, 1, 4) else ""}">{safe(c)}</td>'
                  for i, c in enumerate(cells))
        + f"<td>{safe(strip.why)}</td></tr>"
    )  # fmt: skip


def _eq_words(band: EqBand) -> str:
    place = f"{number(band.freq_hz / 1000, 1)} kHz" if band.freq_hz >= 1000 else (
        f"{number(band.freq_hz, 0)} Hz")  # fmt: skip
    if band.kind in ("lowcut", "highcut"):
        return f"{_EQ_WORDS[band.kind]} {place}"
    return f"{_EQ_WORDS[band.kind]} {number(band.gain_db, sign=True)} dB at {place}"


def _unusable(crate: Crate) -> str:
    if not crate.unusable:
        return ""
    rows = "".join(
        f'<tr><td class="f">{safe(item.path)}</td><td>{safe(item.reason)}</td>'
        f"<td>{safe(item.remedy)}</td></tr>"
        for item in crate.unusable
    )
    count = len(crate.unusable)
    return _section(
        "Files that could not be used",
        f"{count} of {count + len(crate.loops)}",
        '<div class="panel wide"><table><thead><tr><th>File</th><th>What is wrong</th>'
        f"<th>What you can do</th></tr></thead><tbody>{rows}</tbody></table></div>",
    )


def _footer(song: Song) -> str:
    return (
        f"Made from your own sounds by LoopMind, seed {song.seed}. The same sounds, wish and seed "
        "give the same song again."
    )
