"""Phrases with a known truth: single notes, drum hits, parts of MIDI files, progressions in a key.

The instrument of a General MIDI program and of a percussion note are stated here once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loopmind.learn.sounds.render import Note, Phrase
from loopmind.music.key import Key, Mode
from loopmind.music.loop import ROLE_OF_INSTRUMENT, Role

_PROGRAM_RANGES: tuple[tuple[int, int, str], ...] = (
    (0, 13, "keys"), (16, 21, "keys"), (23, 23, "keys"), (24, 31, "guitar"), (32, 39, "bass"),
    (40, 45, "strings"), (48, 51, "strings"), (52, 54, "vocal"), (56, 63, "brass"),
    (64, 79, "woodwind"), (80, 86, "lead"), (88, 95, "pad"), (104, 107, "guitar"),
    (108, 108, "keys"), (110, 110, "strings"), (111, 111, "woodwind"), (112, 113, "percussion"),
    (115, 115, "percussion"), (116, 118, "tom"), (119, 127, "fx"),
)  # fmt: skip
HITS: dict[str, tuple[int, ...]] = {
    "kick": (35, 36), "snare": (38, 40), "clap": (39,), "tom": (41, 43, 45, 47, 48, 50),
    "hat": (42, 44, 46), "cymbal": (49, 51, 52, 53, 55, 57, 59),
    "percussion": (37, 54, 56, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 73, 74, 75, 76, 77,
                   78, 79, 80, 81),
}  # fmt: skip
KITS = (0, 8, 16, 24, 25, 32, 40, 48)
_REGISTER = {
    "bass": (28, 52), "guitar": (40, 76), "keys": (36, 88), "strings": (40, 88), "vocal": (48, 79),
    "brass": (40, 79), "woodwind": (48, 88), "lead": (48, 88), "pad": (40, 79), "fx": (36, 84),
    "percussion": (48, 84), "tom": (36, 67),
}  # fmt: skip
RARE = ("keys", "guitar", "strings", "vocal", "brass", "woodwind", "lead", "pad",
        "bass")  # fmt: skip
"""Instruments that few recordings are labelled with, or few kinds of them: renderings stand in."""
_LONGEST_REHEARSAL_S = 7.0
_CHORDS = {"major": (0, 4, 7), "minor": (0, 3, 7)}
# Degrees and qualities that pop, rock and dance music move through; a key begins on its tonic.
_PROGRESSIONS: dict[Mode, tuple[str, ...]] = {
    "major": ("I", "I V vi IV", "I vi IV V", "I IV V IV", "I IV", "I V", "I ii V I", "I iii IV V",
              "I bVII IV I", "I IV I V", "vi IV I V", "IV I V vi"),
    "minor": ("i", "i VI III VII", "i VII VI VII", "i iv v i", "i iv V i", "i VI", "i VII", "i iv",
              "i v VI iv", "i III VII VI", "VI VII i i", "i VI iv V"),
}  # fmt: skip
_DEGREES = {
    "I": (0, "major"), "i": (0, "minor"), "ii": (2, "minor"), "iii": (4, "minor"),
    "III": (3, "major"), "IV": (5, "major"), "iv": (5, "minor"), "V": (7, "major"),
    "v": (7, "minor"), "vi": (9, "minor"), "VI": (8, "major"), "bVII": (10, "major"),
    "VII": (10, "major"),
}  # fmt: skip


@dataclass(frozen=True)
class Labelled:
    """A phrase, what plays it, its key where it has one, and its role where notes tell it."""

    phrase: Phrase
    instrument: str
    kind: str
    key: Key | None = None
    role: str = ""


def instrument_of_program(program: int) -> str | None:
    """Our instrument class of a General MIDI program 0..127; None where it has no clear one."""
    for low, high, name in _PROGRAM_RANGES:
        if low <= program <= high:
            return name
    return None


def single_notes(
    rng: np.random.Generator, per_program: int, programs: Sequence[int] = range(128)
) -> Iterator[Labelled]:
    """`per_program` one-shots of every melodic program: notes, now and then a chord."""
    for program in programs:
        instrument = instrument_of_program(program)
        if instrument is None:
            continue
        low, high = _REGISTER[instrument]
        for _ in range(per_program):
            pitch = int(rng.integers(low, high + 1))
            length = float(rng.choice([0.08, 0.2, 0.5, 1.0, 2.0]))
            pitches = [pitch]
            if instrument in ("keys", "guitar", "pad", "strings", "brass") and rng.random() < 0.25:
                shape = _CHORDS["major" if rng.random() < 0.5 else "minor"]
                pitches = [pitch + step for step in shape]
            notes = tuple(Note(0.0, length, p, int(rng.integers(50, 127))) for p in pitches)
            yield Labelled(Phrase(notes, program, length + 1.0), instrument, "oneshot")


def drum_hits(rng: np.random.Generator, kits: tuple[int, ...] = KITS) -> Iterator[Labelled]:
    """Every percussion note of every kit, at two velocities."""
    for kit in kits:
        for instrument, pitches in HITS.items():
            for pitch in pitches:
                for velocity in (int(rng.integers(40, 90)), int(rng.integers(90, 127))):
                    keep = 2.5 if instrument == "cymbal" else 1.2
                    note = Note(0.0, 0.5 if rng.random() < 0.8 else 0.05, pitch, velocity)
                    yield Labelled(Phrase((note,), kit, keep, True), instrument, "oneshot")


def kit_hits(rng: np.random.Generator, each: int) -> Iterator[Labelled]:
    """Hits of a drum kit that a soundfont offers as an ordinary preset (bank 0, program 0).

    Only the notes that such kits and General MIDI agree on.
    """
    agreed = {
        "kick": (36,), "snare": (38, 40), "clap": (39,), "tom": (41, 43, 45, 47),
        "hat": (42, 44, 46), "cymbal": (51, 53, 57, 59), "percussion": (37, 54, 56),
    }  # fmt: skip
    for instrument, pitches in agreed.items():
        for pitch in pitches:
            for _ in range(each):
                keep = 2.5 if instrument == "cymbal" else 1.2
                note = Note(0.0, keep - 0.1, pitch, int(rng.integers(30, 127)))
                yield Labelled(Phrase((note,), 0, keep), instrument, "oneshot")


def midi_parts(paths: list[Path], rng: np.random.Generator, per_file: int) -> Iterator[Labelled]:
    """Parts of MIDI files as loops: one channel's notes in a stretch of 4 to 10 seconds."""
    import warnings

    import pretty_midi
    from pretty_midi.pretty_midi import mido

    for path in paths:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                song = pretty_midi.PrettyMIDI(str(path))
        except (OSError, ValueError, EOFError, KeyError, IndexError, mido.KeySignatureError):
            continue  # a damaged file carries no truth; the next one does
        parts = [part for part in song.instruments if len(part.notes) >= 8]
        for index in rng.permutation(len(parts))[:per_file]:
            part = parts[index]
            instrument = "drums" if part.is_drum else instrument_of_program(part.program)
            if instrument is None:
                continue
            keep = float(rng.uniform(4.0, 10.0))
            begin = part.notes[int(rng.integers(0, max(1, len(part.notes) * 3 // 4)))].start
            chosen = [n for n in part.notes if begin <= n.start < begin + keep - 0.1]
            if len(chosen) < 4:
                continue
            notes = tuple(
                Note(n.start - begin, min(n.end, begin + keep) - n.start, n.pitch, n.velocity)
                for n in chosen
                if n.end > n.start
            )
            kit = int(rng.choice(KITS)) if part.is_drum else int(part.program)
            role = role_of_notes(instrument, notes)
            phrase = Phrase(notes, kit, keep, part.is_drum)
            yield Labelled(phrase, instrument, "loop", role=role)


def rehearsals(
    paths: Sequence[Path], rng: np.random.Generator, each: int, instruments: Sequence[str] = RARE
) -> Iterator[Labelled]:
    """About `each` phrases of every one of `instruments`, on programs drawn among its own.

    Half are notes and chords, a third loops of `played_loop`, the rest parts of the MIDI files
    `paths`, moved by octaves into the instrument's register.
    """
    parts = [part.phrase for part in midi_parts(list(paths), rng, 2) if part.instrument != "drums"]
    for instrument in instruments:
        programs = programs_of(instrument)
        low, high = _REGISTER[instrument]
        for _ in range(each):
            program = int(rng.choice(programs))
            way = rng.random()
            if way < 0.5:
                yield from single_notes(rng, 1, [program])
                continue
            if way < 0.83 or not parts:
                notes, keep, role = played_loop(instrument, rng)
            else:
                part = parts[int(rng.integers(len(parts)))]
                middle = float(np.median([note.pitch for note in part.notes]))
                octaves = 12 * round((float(rng.uniform(low + 6, high - 6)) - middle) / 12)
                notes = tuple(
                    Note(n.start_s, n.length_s, n.pitch + octaves, n.velocity)
                    for n in part.notes if 0 < n.pitch + octaves < 127
                )  # fmt: skip
                keep, role = part.keep_s, role_of_notes(instrument, notes)
            keep = min(keep, _LONGEST_REHEARSAL_S)
            notes = tuple(note for note in notes if note.start_s < keep - 0.1)
            yield Labelled(Phrase(notes, program, keep), instrument, "loop", role=role)


def programs_of(instrument: str) -> list[int]:
    """The General MIDI programs that are of `instrument`."""
    return [
        program for low, high, name in _PROGRAM_RANGES if name == instrument
        for program in range(low, high + 1)
    ]  # fmt: skip


def progressions(rng: np.random.Generator, count: int) -> Iterator[Labelled]:
    """`count` loops in a known key: bass lines, strummed, held and broken chords, melodies."""
    programs = {
        "bass": (32, 33, 34, 35, 36, 38, 39), "chords": (0, 1, 2, 4, 5, 16, 18, 24, 25, 26, 27, 28,
        29, 30, 46, 48, 50, 88, 89, 90, 62, 81, 11), "melody": (0, 4, 24, 26, 40, 56, 65, 73, 80,
        81, 84, 11, 12),
    }  # fmt: skip
    for _ in range(count):
        mode: Mode = "major" if rng.random() < 0.5 else "minor"
        key = Key(int(rng.integers(12)), mode)
        choices = _PROGRESSIONS[mode]
        # Arranger-style vamps stay on one chord, so that case is drawn more often.
        text = choices[0] if rng.random() < 0.45 else str(rng.choice(choices))
        chords = [_DEGREES[name] for name in text.split()]
        part = str(rng.choice(["bass", "chords", "melody"], p=[0.4, 0.45, 0.15]))
        beat = 60.0 / float(rng.uniform(65, 150))
        if len(chords) == 1:
            chords = chords * int(rng.choice([1, 2, 2, 4]))
        beats = 4 if rng.random() < 0.85 else 3
        maker = {"bass": _bass_line, "chords": _chord_part, "melody": _melody}[part]
        notes = tuple(maker(rng, key, chords, beat, beats))
        program = int(rng.choice(programs[part]))
        keep = len(chords) * beats * beat
        instrument = instrument_of_program(program) or "keys"
        yield Labelled(Phrase(notes, program, keep), instrument, "loop", key)


def major_phrase(rng: np.random.Generator) -> tuple[int, tuple[Note, ...], float, int]:
    """A loop in a major key: (program, notes, seconds, pitch class of the tonic)."""
    key = Key(int(rng.integers(12)), "major")
    chords = [_DEGREES[name] for name in str(rng.choice(_PROGRESSIONS["major"][1:])).split()][:2]
    beat = 60.0 / float(rng.uniform(90, 150))
    part = str(rng.choice(["chords", "melody", "held"], p=[0.5, 0.25, 0.25]))
    programs = {"chords": (0, 1, 4, 5, 16, 24, 25, 26, 29, 30, 62, 81), "melody": (0, 4, 24, 40,
                56, 65, 73, 80, 81), "held": (48, 50, 52, 88, 89, 90, 19)}[part]  # fmt: skip
    if part == "held":
        notes = tuple(_held_chords(rng, key, chords, beat))
    else:
        maker = _chord_part if part == "chords" else _melody
        notes = tuple(maker(rng, key, chords, beat, 4))
    return int(rng.choice(programs)), notes, len(chords) * 4 * beat, key.tonic


def played_loop(instrument: str, rng: np.random.Generator) -> tuple[tuple[Note, ...], float, Role]:
    """A loop of two to four bars as `instrument` plays it: notes, seconds to keep, its role."""
    mode: Mode = "major" if rng.random() < 0.5 else "minor"
    key = Key(int(rng.integers(12)), mode)
    chords = [_DEGREES[name] for name in str(rng.choice(_PROGRESSIONS[mode])).split()]
    beat = 60.0 / float(rng.uniform(75, 150))
    bars = 2 if beat > 0.55 else int(rng.choice([2, 4]))
    chords = (chords * 4)[:bars]
    line = {"bass": 1.0, "lead": 0.7, "woodwind": 0.8, "brass": 0.5, "vocal": 0.4, "guitar": 0.3,
            "strings": 0.3, "keys": 0.3, "pad": 0.1, "fx": 0.5}.get(instrument, 0.5)  # fmt: skip
    if instrument == "bass":
        notes = tuple(_bass_line(rng, key, chords, beat, 4))
    elif rng.random() < line:
        notes = tuple(_melody(rng, key, chords, beat, 4))
    elif instrument in ("pad", "strings", "vocal") and rng.random() < 0.8:
        notes = tuple(_held_chords(rng, key, chords, beat))
    else:
        notes = tuple(_chord_part(rng, key, chords, beat, 4))
    return notes, bars * 4 * beat, role_of_notes(instrument, notes)


def role_of_notes(instrument: str, notes: Sequence[Note]) -> Role:
    """The role that `instrument` plays with `notes`: by register, voices and how long they last.

    Low single lines are bass, other single lines lead, held chords pad, the rest chords.
    """
    usual = ROLE_OF_INSTRUMENT[instrument]
    if usual not in ("chords", "pad", "lead", "bass") or len(notes) < 4:
        return usual
    starts = np.array([note.start_s for note in notes])
    lengths = np.array([note.length_s for note in notes])
    span = max(float((starts + lengths).max() - starts.min()), 1e-3)
    voices = float(lengths.sum()) / span
    together = len(notes) / max(1, len(set(np.round(starts / 0.04).tolist())))
    pitch = float(np.median([note.pitch for note in notes]))
    if together < 1.3 and voices < 1.6:
        if pitch < 47:
            return "bass"
        return "lead" if pitch >= 55 else usual
    if usual == "bass":
        return "bass" if pitch < 52 else "chords"
    return "pad" if float(np.median(lengths)) > 1.2 and together >= 1.8 else "chords"


def _held_chords(
    rng: np.random.Generator, key: Key, chords: list[tuple[int, str]], beat: float
) -> Iterator[Note]:
    """One full chord a bar, bound to the next."""
    register = int(rng.integers(45, 64))
    for bar, (degree, quality) in enumerate(chords):
        classes = [(key.tonic + degree + step) % 12 for step in _CHORDS[quality]]
        pitches = sorted(register + (c - register) % 12 for c in classes)
        for pitch in [*pitches, *([pitches[0] + 12] if rng.random() < 0.4 else [])]:
            yield Note(bar * 4 * beat, 4 * beat * float(rng.uniform(0.9, 1.0)), pitch,
                       _velocity(rng))  # fmt: skip


def _velocity(rng: np.random.Generator) -> int:
    return int(rng.integers(70, 120))


def _bass_line(
    rng: np.random.Generator, key: Key, chords: list[tuple[int, str]], beat: float, beats: int
) -> Iterator[Note]:
    """Roots on the first beat; fifths, octaves, thirds, sevenths and approach notes after it."""
    steps = beats * 4
    # One bar's pattern of (step, length, choice) repeats over the chords, as styles do.
    others = [i for i in range(1, steps) if rng.random() < rng.choice([0.12, 0.25, 0.4])]
    kinds = ["root", "fifth", "octave", "third", "sixth", "seventh", "approach"]
    odds = np.array([0.46, 0.18, 0.12, 0.1, 0.04, 0.05, 0.05])
    pattern = [(0, "root")] + [(i, str(rng.choice(kinds, p=odds))) for i in others]
    register = int(rng.integers(28, 40))
    legato = float(rng.uniform(0.4, 1.0))
    for bar, (degree, quality) in enumerate(chords):
        root = register + (key.tonic + degree - register) % 12
        third = _CHORDS[quality][1]
        seventh = 11 if quality == "major" and rng.random() < 0.4 else 10
        jump = {"root": 0, "fifth": 7 if rng.random() < 0.6 else -5, "octave": 12, "third": third,
                "sixth": 9 if quality == "major" else 8, "seventh": seventh,
                "approach": int(rng.choice([-1, 1, -2, 2]))}  # fmt: skip
        for index, (step, kind) in enumerate(pattern):
            end = pattern[index + 1][0] if index + 1 < len(pattern) else steps
            start = (bar * steps + step) * beat / 4
            yield Note(start, (end - step) * beat / 4 * legato, root + jump[kind], _velocity(rng))


def _chord_part(
    rng: np.random.Generator, key: Key, chords: list[tuple[int, str]], beat: float, beats: int
) -> Iterator[Note]:
    """Held, stabbed, strummed or broken chords, with added sevenths, ninths and a bass note."""
    style = str(rng.choice(["held", "stab", "strum", "broken"]))
    register = int(rng.integers(45, 64))
    colour = rng.random()
    with_bass = rng.random() < 0.4
    steps = beats * 4
    hits = [0] + [i for i in range(1, steps) if rng.random() < 0.3]
    order = rng.permutation(8)
    for bar, (degree, quality) in enumerate(chords):
        root = (key.tonic + degree) % 12
        classes = [(root + step) % 12 for step in _CHORDS[quality]]
        if colour < 0.15:
            classes.append((root + (11 if quality == "major" else 10)) % 12)
        elif colour < 0.22:
            classes.append((root + 2) % 12)
        elif colour < 0.28:
            classes = [root, (root + int(rng.choice([2, 5]))) % 12, (root + 7) % 12]
        elif colour < 0.36:
            classes = [root, (root + 7) % 12]
        pitches = sorted(register + (c - register) % 12 for c in classes)
        pitches += [p + 12 for p in pitches[: int(rng.integers(0, 3))]]
        start = bar * steps * beat / 4
        if with_bass:
            yield Note(start, beats * beat * 0.95, 36 + root - (12 if root > 6 else 0), 90)
        if style == "held":
            for pitch in pitches:
                yield Note(start, beats * beat * 0.98, pitch, _velocity(rng))
        elif style == "broken":
            for index in range(beats * 2):
                pitch = pitches[order[index % 8] % len(pitches)]
                yield Note(start + index * beat / 2, beat * 0.8, pitch, _velocity(rng))
        else:
            for index, step in enumerate(hits):
                end = hits[index + 1] if index + 1 < len(hits) else steps
                length = (end - step) * beat / 4 * (0.35 if style == "stab" else 0.95)
                for lag, pitch in enumerate(pitches):
                    late = 0.012 * lag if style == "strum" else 0.0
                    at = start + step * beat / 4 + late
                    yield Note(at, max(0.05, length - late), pitch, _velocity(rng))


def _melody(
    rng: np.random.Generator, key: Key, chords: list[tuple[int, str]], beat: float, beats: int
) -> Iterator[Note]:
    """A line of scale notes that lands on chord notes on the beat."""
    scale = (0, 2, 4, 5, 7, 9, 11) if key.mode == "major" else (0, 2, 3, 5, 7, 8, 10)
    register = int(rng.integers(55, 72))
    for bar, (degree, quality) in enumerate(chords):
        step = 0
        while step < beats * 2:
            length = int(rng.choice([1, 1, 2, 3]))
            if step % 2 == 0 and rng.random() < 0.7:
                pitch_class = degree + int(rng.choice(_CHORDS[quality], p=[0.45, 0.25, 0.3]))
            else:
                pitch_class = int(rng.choice(scale))
            pitch = register + (key.tonic + pitch_class - register) % 12
            start = (bar * beats * 2 + step) * beat / 2
            yield Note(start, beat / 2 * length * 0.9, pitch, _velocity(rng))
            step += length
