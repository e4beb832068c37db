"""Renders the named presets of ZynAddSubFX and of LMMS itself through LMMS, without a window.

Debian's packages lmms, zynaddsubfx-data and yoshimi-data bring some 2,300 presets in banks; their
names say what they are. LMMS plays a project that is written here; no preset leaves this machine.
"""

from __future__ import annotations

import gzip
import itertools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note

F32 = NDArray[np.float32]

_TICKS_PER_SECOND = 96  # at 120 beats a minute
_TICKS_PER_BAR = 192
_KEY_OFFSET = 12  # LMMS counts its keys an octave below MIDI
_GAP_S = 1.0
_LONGEST_RENDER_S = 300.0
# What a name says, the first that is found; the banks' own names come after all of these.
_NAME_WORDS: tuple[tuple[str, str], ...] = (
    (r"drum|perc|sequen|split|layer|noise ?lead|music toy", ""),
    (r"bassoon|fagotto|flute|flauto|clarinet|oboe|ocarina|reed|sax", "woodwind"),
    (r"whistle|zufolo|recorder", "woodwind"),
    (r"pipe organ|organ|accord|harmonium|concertina|rhodes|piano|clav|harpsi|\bep\b|keys", "keys"),
    (r"bells?\b|vib(es|raphone)|xylo|marimba|mallet|music ?box|celesta|chimes?\b|glock", "keys"),
    (r"choir|voice|vocal|\bahh|\booh|\behh|\booo|soprano|chorus2?$|ohh|aahs?|sing", "vocal"),
    (r"brass|brazz|trumpet|thrumpet|trombone|\bhorn|tuba|fanfar", "brass"),
    (r"pad\b|pad\d|_pad|pad_|ambient|atmos|\bspace|sweep pad", "pad"),
    (r"lead|solo|supersaw|superpulse|theramin", "lead"),
    (r"string|violin|cello|fiddle|orchestr", "strings"),
    (r"bass", "bass"),
    (r"guitar|banjo|sitar", "guitar"),
    (r"laser|sparo|ufo|glitch|alarm|alert|wind\b|thunder|rain|noise|explo|siren", "fx"),
    (r"beep|effect|fx", "fx"),
    (r"\bharp", ""),
    (r"arpeg|\barp|\bsaw\b|square|\bsynth\b|pulse|hoover", "lead"),
)  # fmt: skip
_BANKS: dict[str, str] = {
    "Bass": "bass", "Brass": "brass", "Choir and Voice": "vocal", "Guitar": "guitar",
    "Organ": "keys", "Pads": "pad", "Reed and Wind": "woodwind", "Rhodes": "keys",
    "Strings": "strings", "SynthPiano": "keys", "Noises": "fx", "Cormi_Noise": "fx",
    "Synth": "lead", "Arpeggios": "lead",
}  # fmt: skip


@dataclass(frozen=True)
class Preset:
    """One preset file, our instrument class of it, and its name in words."""

    file: Path
    instrument: str
    words: str


def presets(banks: Path, *, every: bool = False) -> list[Preset]:
    """The presets below `banks` whose name or bank tells an instrument, sorted by path.

    every: also those of which neither tells (instrument "").
    """
    found = []
    for file in sorted([*banks.rglob("*.xiz"), *banks.rglob("*.xpf")]):
        words = re.sub(r"^\d+-", "", file.stem).replace("_", " ").lower()
        instrument = instrument_of_name(words, file.parent.name)
        if instrument or every:
            found.append(Preset(file, instrument, re.sub(r"[^a-z ]+", " ", words)))
    return found


def instrument_of_name(words: str, bank: str) -> str:
    """Our instrument class of a preset's name, else of its bank; empty where neither tells.

    >>> instrument_of_name("fat reed bass", ""), instrument_of_name("no 5", "Pads")
    ('woodwind', 'pad')
    """
    for pattern, instrument in _NAME_WORDS:
        if re.search(pattern, words):
            return instrument
    return _BANKS.get(bank, "")


def render_presets(
    played: Sequence[tuple[Preset, Sequence[Note], float]],
) -> list[F32]:
    """Each preset's notes, mono float32 (frames,), the given seconds long, of one LMMS run.

    Neighbours of one preset share an instrument: every instrument costs time from start to end.
    Raises FileNotFoundError where lmms is not installed, RuntimeError where it fails.
    """
    import soundfile

    program = shutil.which("lmms")
    if program is None:
        raise FileNotFoundError("lmms is not installed; apt-get install lmms zynaddsubfx-data")
    starts, now = [], 0.0
    for _, _, seconds in played:
        starts.append(now)
        bars = int(np.ceil((seconds + _GAP_S) * _TICKS_PER_SECOND / _TICKS_PER_BAR))
        now += bars * _TICKS_PER_BAR / _TICKS_PER_SECOND
    with tempfile.TemporaryDirectory() as folder:
        project, out = Path(folder) / "presets.mmp", Path(folder) / "presets.wav"
        tracks = []
        for file, group in itertools.groupby(
            zip(played, starts, strict=True), key=lambda item: item[0][0].file
        ):
            parts = [(notes, start) for (_, notes, _), start in group]
            tracks.append(_track(file, parts))
        project.write_text(
            '<?xml version="1.0"?><!DOCTYPE lmms-project><lmms-project version="1.0" '
            'creator="LMMS" creatorversion="1.2.2" type="song"><head timesig_numerator="4" '
            'timesig_denominator="4" bpm="120" mastervol="100" masterpitch="0"/><song>'
            f'<trackcontainer type="song">{"".join(tracks)}</trackcontainer></song>'
            "</lmms-project>",
            encoding="utf-8",
        )
        command = [program, "--allowroot", "render", str(project), "-f", "wav", "-o", str(out),
                   "-s", str(RENDER_RATE_HZ)]  # fmt: skip
        quiet = dict(os.environ, QT_QPA_PLATFORM="offscreen", HOME=folder, XDG_RUNTIME_DIR=folder)
        done = subprocess.run(
            command, capture_output=True, env=quiet, timeout=_LONGEST_RENDER_S, check=False
        )
        # A synthesiser that dies at the very end fails LMMS, but its sound is there by then.
        sound = soundfile.read(out, dtype="float32", always_2d=True)[0] if out.exists() else None
        if sound is None or len(sound) < round(starts[-1] * RENDER_RATE_HZ):
            raise RuntimeError(f"lmms failed: {done.stderr.decode(errors='replace')[-300:]}")
    mono = sound.mean(axis=1)
    return [
        np.ascontiguousarray(mono[round(start * RENDER_RATE_HZ) :][: round(s * RENDER_RATE_HZ)])
        for (_, _, s), start in zip(played, starts, strict=True)
    ]


def _track(file: Path, parts: Sequence[tuple[Sequence[Note], float]]) -> str:
    """A track of the preset in `file` that plays notes from each start second."""
    patterns = ""
    for notes, start_s in parts:
        events = "".join(
            f'<note key="{note.pitch - _KEY_OFFSET}" vol="{round(note.velocity / 1.27)}" pan="0" '
            f'pos="{round(note.start_s * _TICKS_PER_SECOND)}" '
            f'len="{max(1, round(note.length_s * _TICKS_PER_SECOND))}"/>'
            for note in notes
        )
        patterns += (
            f'<pattern type="1" name="p" muted="0" pos="{round(start_s * _TICKS_PER_SECOND)}" '
            f'steps="16" len="{_TICKS_PER_BAR * 10}">{events}</pattern>'
        )
    if file.suffix == ".xpf":  # a preset of LMMS holds the whole track
        whole = re.search(r"<instrumenttrack\b.*</instrumenttrack>", _text(file), re.DOTALL)
        return (
            f'<track type="0" name={quoteattr(file.stem)} muted="0" solo="0">'
            f"{whole.group(0) if whole else ''}{patterns}</track>"
        )
    return (
        f'<track type="0" name={quoteattr(file.stem)} muted="0" solo="0"><instrumenttrack '
        'pan="0" vol="100" fxch="0" pitch="0" basenote="57" pitchrange="1" usemasterpitch="0">'
        '<instrument name="zynaddsubfx"><zynaddsubfx portamento="0" filterfreq="64" '
        'filterq="64" bandwidth="64" fmgain="127" resonancecenterfreq="64" '
        f'resonancebandwidth="64" forwardmidicc="1">{_master(file)}</zynaddsubfx>'
        f"</instrument></instrumenttrack>{patterns}</track>"
    )


def _text(file: Path) -> str:
    raw = file.read_bytes()
    return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8", "replace")


def _master(file: Path) -> str:
    """A preset as the whole state of the synthesiser, its first part playing it."""
    text = _text(file)
    instrument = re.search(r"<INSTRUMENT>.*</INSTRUMENT>", text, re.DOTALL)
    base = re.search(r"<BASE_PARAMETERS>.*?</BASE_PARAMETERS>", text, re.DOTALL)
    numbers = {"volume": 96, "panning": 64, "min_key": 0, "max_key": 127, "key_shift": 64,
               "rcv_chn": 0, "velocity_sensing": 64, "velocity_offset": 64, "key_limit": 15,
               "legato_mode": 0}  # fmt: skip
    part = "".join(f'<par name="{key}" value="{value}"/>' for key, value in numbers.items())
    return (
        '<ZynAddSubFX-data version-major="2" version-minor="4">'
        f'{base.group(0) if base else ""}<MASTER><par name="volume" value="80"/>'
        '<par name="key_shift" value="64"/><PART id="0"><par_bool name="enabled" value="yes"/>'
        f'{part}<par_bool name="note_on" value="yes"/><par_bool name="poly_mode" value="yes"/>'
        f"{instrument.group(0) if instrument else ''}</PART></MASTER></ZynAddSubFX-data>"
    )
