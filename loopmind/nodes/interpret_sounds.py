"""The node that makes new loops of the user's sounds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np

from loopmind.analysis.frontend import Spectra, frontend
from loopmind.analysis.hear import hear
from loopmind.analysis.likeness import copying
from loopmind.analysis.melody import LEAST_NOTES, melody_of
from loopmind.analysis.models import MODELS
from loopmind.analysis.notes import sung_notes
from loopmind.analysis.units import colour_of, units_of
from loopmind.analysis.voice import track_voice
from loopmind.compose import interpret
from loopmind.compose.resynthesis import render_take
from loopmind.compose.seeds import stream
from loopmind.dsp.resample import resample
from loopmind.errors import LoopMindError
from loopmind.files.atomic import atomic_write
from loopmind.files.decode import read_audio, to_stereo
from loopmind.files.digest import file_digest
from loopmind.files.encode import write_audio
from loopmind.files.midi import MidiSong, read_midi
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.ports import Range, Seed
from loopmind.music.audio import Audio
from loopmind.music.codec import to_plain
from loopmind.music.interpretation import Interpretation, Made
from loopmind.music.key import Key
from loopmind.music.loop import DRUM_INSTRUMENTS, Crate, Loop
from loopmind.music.units import Placed, Take, Unit

REPORT_NAME = "interpretation.json"
_RATE_HZ = 44100
_HEARD_S = 24.0
_MOST_SOUNDS = 24
_LEAST_UNITS = 8


@node(
    id="loopmind.interpret_sounds",
    category="Sources",
    output="crate",
    writes_files=True,
    cache="none",
    models=MODELS,
)
def interpret_sounds(
    crate: Crate,
    out: Annotated[Path, "Folder for the new loops; made if it is not there."],
    context: Context,
    notes: Annotated[Path | None, "A MIDI file whose notes are played; empty: those heard."] = None,
    bars: Annotated[int, Range(2, 16), "Length of each loop."] = 4,
    count: Annotated[int, Range(1, 12), "How many loops of each kind."] = 2,
    bpm: Annotated[float | None, Range(40, 240, unit="bpm"), "Tempo; empty: the sounds'."] = None,
    key: Annotated[str, "Key such as 'F# minor'; empty: the sounds'."] = "",
    seed: Seed = 1,
) -> Crate:
    """Make new loops of slices and frozen colours of the sounds, and add them to the crate.

    Pulses follow the rhythm of one sound with slices of others, lines play the notes of a sound
    or of MIDI with pitched pieces of others, textures hold chords. Each is measured against its
    sources: how near in timbre, how much of it is a copy; interpretation.json tells.
    Errors: too few sounds, a MIDI file that cannot be read, a folder that cannot be written.
    """
    midi = read_midi(notes) if notes is not None else None
    tempo = bpm or (_octave(midi.bpm) if midi is not None else interpret.tempo_of(crate))
    home = Key.parse(key) if key else _key_of_midi(midi) or interpret.key_of(crate)
    bench = _Bench(crate, context, seed)
    takes = _takes(bench, midi, tempo, home, bars, count, seed)
    if not takes:
        raise LoopMindError(
            "these sounds are too few, or too much alone of their kind, to make new ones of; "
            "name folders with at least a few loops"
        )
    made: list[Made] = []
    new: list[Loop] = []
    usual = bench.usual_distance()
    for number, take in enumerate(takes):
        context.progress(number, len(takes), take.name)
        context.check_cancelled()
        units = bench.percussive if take.kind == "pulse" else bench.tonal
        placed = interpret.layered(take, units, seed)
        audio = render_take(take, placed, units, bench.fetch, _RATE_HZ, seed)
        path = write_audio(out / f"{_file_name(take)}.wav", audio)
        heard = hear(audio, path=str(path), digest=file_digest(path))
        new.append(heard)
        made.append(_measured(take, placed, units, audio, path, bench, usual))
    report = Interpretation(tempo, str(home) if home else None, seed, tuple(made))
    text = json.dumps(to_plain(report), indent=2, ensure_ascii=False) + "\n"
    atomic_write(out / REPORT_NAME, text.encode("utf-8"))
    context.progress(len(takes), len(takes))
    loops = sorted((*crate.loops, *new), key=lambda loop: loop.path)
    return Crate(tuple(loops), crate.unusable)


def _octave(bpm: float) -> float:
    while bpm >= 160.0:
        bpm /= 2.0
    while bpm < 60.0:
        bpm *= 2.0
    return round(bpm, 2)


def _file_name(take: Take) -> str:
    key = f"_{take.key}".replace(" major", "").replace(" minor", "m") if take.key else ""
    return f"{take.name}_{take.bpm:g}bpm{key}"


class _Bench:
    """The sounds at hand: read once, cut into units, told apart by what they can do."""

    def __init__(self, crate: Crate, context: Context, seed: int) -> None:
        self.loops = crate.by_digest()
        usable = [x for x in self.loops.values() if x.kind != "song" and x.loudness_lufs > -55.0]
        drums = [x for x in usable if x.best_instrument in DRUM_INSTRUMENTS or x.pitched < 0.35]
        tones = [x for x in usable if x.pitched >= 0.45 and x not in drums]
        self.drums = _some(drums, seed, "drums")
        self.tones = _some(tones, seed, "tones")
        self._audio: dict[str, Audio] = {}
        self.spectra: dict[str, Spectra] = {}
        self.units: dict[str, list[Unit]] = {}
        chosen = {loop.digest: loop for loop in (*self.drums, *self.tones)}
        for number, loop in enumerate(chosen.values()):
            context.progress(number, len(chosen), loop.path)
            context.check_cancelled()
            audio = read_audio(loop.path, max_seconds=_HEARD_S)
            spectra = frontend(audio)
            self._audio[loop.digest] = audio
            self.spectra[loop.digest] = spectra
            self.units[loop.digest] = units_of(spectra, loop.digest, loop.onsets_s)
        self.percussive = [u for loop in self.drums for u in self.units[loop.digest]]
        self.tonal = [u for loop in self.tones for u in self.units[loop.digest]
                      if u.midi is not None]  # fmt: skip

    def fetch(self, unit: Unit, seconds: float) -> np.ndarray:
        """Stereo samples of a unit's file at _RATE_HZ, from the unit's start on."""
        audio = self._audio[unit.digest]
        start = round(unit.start_s * audio.rate_hz)
        part = to_stereo(audio.samples[:, start : start + round(seconds * audio.rate_hz)])
        both = np.repeat(part, 2, axis=0) if part.shape[0] == 1 else part
        return resample(np.ascontiguousarray(both, np.float32), audio.rate_hz, _RATE_HZ)

    def usual_distance(self) -> float:
        """Median distance in timbre between two of the sounds."""
        self._timbres = {d: colour_of(s) for d, s in self.spectra.items()}
        table = np.array(list(self._timbres.values()))
        self._scale = table.std(axis=0) + 1e-9
        scaled = table / self._scale
        apart = np.sqrt(((scaled[:, None] - scaled[None]) ** 2).mean(axis=2))
        above = apart[np.triu_indices(len(table), 1)]
        return float(np.median(above)) if above.size else 0.0

    def distance(self, spectra: Spectra, sources: set[str]) -> float:
        """Distance in timbre to the nearest of the sources and to their mean, the smaller."""
        own = colour_of(spectra) / self._scale
        rows = [self._timbres[d] / self._scale for d in sorted(sources)]
        rows.append(np.mean(rows, axis=0))
        return float(min(np.sqrt(((own - row) ** 2).mean()) for row in rows))


def _some(loops: list[Loop], seed: int, word: str) -> list[Loop]:
    """At most _MOST_SOUNDS of them, loops before single sounds, by chance of the seed."""
    ranked = sorted(loops, key=lambda loop: loop.digest)
    order = stream(seed, "sounds", word).permutation(len(ranked))
    shuffled = [ranked[i] for i in order]
    shuffled.sort(key=lambda loop: loop.kind != "loop")
    half = _MOST_SOUNDS * 2 // 3
    singles = [x for x in shuffled if x.kind != "loop"][: _MOST_SOUNDS - half]
    return [x for x in shuffled if x.kind == "loop"][: _MOST_SOUNDS - len(singles)] + singles


def _takes(
    bench: _Bench, midi: MidiSong | None, bpm: float, key: Key | None, bars: int, count: int,
    seed: int,
) -> list[Take]:  # fmt: skip
    takes: list[Take] = []
    if len(bench.percussive) >= _LEAST_UNITS and len(bench.drums) > 1:
        models = [x for x in bench.drums if x.kind == "loop" and len(bench.units[x.digest]) >= 4]
        for model in models:
            name = f"pulse-{len(takes) + 1}"
            take = interpret.pulse_take(name, model, bench.units[model.digest], bpm, bars)
            takes += [take] if take is not None and len(takes) < count else []
    if len(bench.tonal) < _LEAST_UNITS or len(bench.tones) < 2 or key is None:
        return takes
    if midi is not None:
        lines = _midi_lines(midi, key, bpm, bars, count)
    else:
        heard = [_heard_line(x, bench.spectra[x.digest], key, bpm, bars) for x in bench.tones]
        # The most told of them: a loop of two notes has little to say.
        full = sorted((x for x in heard if x is not None), key=lambda x: -len(x.events))[:count]
        lines = [replace(line, name=f"line-{n + 1}") for n, line in enumerate(full)]
    takes += lines
    chords = interpret.chords_of(midi.instruments[0].notes, midi.bpm, bars) if midi else []
    takes += [
        interpret.texture_take(f"texture-{n + 1}", key, bpm, bars, seed, chords)
        for n in range(count)
    ]
    return takes


def _heard_line(model: Loop, spectra: Spectra, key: Key, bpm: float, bars: int) -> Take | None:
    """The notes of a loop that is one voice."""
    if model.kind != "loop" or model.bpm is None:
        return None
    sung = sung_notes(track_voice(spectra.mono, spectra.rate_hz))
    if len(sung.notes) < 4 or sung.clarity < 0.4:
        return None
    short = model.path.replace("\\", "/").rsplit("/", 1)[-1]
    told = f"the {len(sung.notes)} notes heard in {short}, played by pieces of other sounds"
    return interpret.line_take(
        "line", sung.notes, model.bpm, key, model.best_key, bpm, bars, model=model.digest,
        told=told, origin_s=model.downbeat_s,
    )  # fmt: skip


def _midi_lines(midi: MidiSong, key: Key, bpm: float, bars: int, count: int) -> list[Take]:
    lines: list[Take] = []
    for notes in midi.instruments:
        if len(lines) == count:
            break
        origin = notes.notes[0].start_s
        told = f"the notes of {notes.instrument} in the MIDI file, played by pieces of the sounds"
        take = interpret.line_take(
            f"line-{len(lines) + 1}", notes.notes, _octave(midi.bpm), None, None, bpm, bars,
            model="", told=told, origin_s=origin,
        )  # fmt: skip
        lines += [replace(take, key=key)] if take is not None else []
    return lines


def _key_of_midi(midi: MidiSong | None) -> Key | None:
    if midi is None or len(midi.instruments[0].notes) < LEAST_NOTES:
        return None
    return melody_of(midi.instruments[0].notes).key


def _measured(
    take: Take, placed: list[Placed], units: list[Unit], audio: Audio, path: Path,
    bench: _Bench, usual: float,
) -> Made:  # fmt: skip
    sources = {units[p.unit].digest for p in placed}
    if take.model:
        sources.add(take.model)
    spectra = frontend(audio)
    copied = copying(spectra, [bench.spectra[d] for d in sorted(sources)])
    played = sources - {take.model} or sources
    return Made(
        path=str(path),
        kind=take.kind,
        told=take.told,
        bpm=take.bpm,
        key=str(take.key) if take.key else None,
        seconds=round(audio.duration_s, 3),
        sources=tuple(sorted(bench.loops[d].path for d in played)),
        timbre_distance=round(bench.distance(spectra, played), 3),
        usual_distance=round(usual, 3),
        copied_s=copied.longest_s,
        highest_correlation=copied.highest,
        copied_share=copied.share,
    )
