"""A song round a sung melody: the user's own pitched sound sings it, the beat follows it.

The melody decides tempo and key; which sections state it whole, in part or not at all follows the
form, so that hooks are where it is heard in full.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loopmind.compose import arrange as arranging
from loopmind.compose.compatibility import scale_mask
from loopmind.compose.genres import GenreProfile
from loopmind.compose.harmony import Chord, chord_plan
from loopmind.compose.oneshots import note_candidates
from loopmind.compose.seeds import stream
from loopmind.compose.traits import traits
from loopmind.compose.wishes import genre_of
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate, Loop
from loopmind.music.melody import Melody
from loopmind.music.palette import Candidate, Choice, Palette
from loopmind.music.song import Clip, Hit, Section, Song, Track

SLOT = "melody"
_OTHER_VOICES = frozenset({"lead", "vocal"})
_PHRASE_BARS = 4
_MOST_SEMITONES = 24
_HARMONY_TRIES = 12
_ASKED_VOICES = 16
_BREATH = 0.15
"""Beats between notes of one pitch that follow each other."""


@dataclass(frozen=True)
class SteadyNote:
    """A note held in a loop: where it lies in the file, how long, its pitch (fractional MIDI).

    alone: 0..1, how surely nothing else sounds beside it.
    """

    digest: str
    start_s: float
    length_s: float
    midi: float
    alone: float


def melody_brief(wish: Brief, melody: Melody) -> Brief:
    """The wish with the melody's tempo and key, where the wish itself names none."""
    key = wish.key or melody.key
    return replace(
        wish,
        bpm=wish.bpm if wish.bpm and wish.bpm[0] == wish.bpm[1] else (melody.bpm, melody.bpm),
        key=key,
        mode=key.mode if key is not None else wish.mode,
    )


def voices(palette: Palette, melody: Melody, crate: Crate, seed: int) -> tuple[Candidate, ...]:
    """Pitched one-shots that may play the melody, best first."""
    key = palette.key or melody.key
    if key is None:
        return ()
    t = traits(tuple(crate.by_digest().values()))
    mood = np.full(len(t), 0.5)
    entries = note_candidates(t, "lead", key, mood, seed, keep=_ASKED_VOICES)
    return tuple(entry.candidate for entry in entries)


def with_voice(
    palette: Palette, melody: Melody, crate: Crate, found: Sequence[Candidate],
    steady: Sequence[SteadyNote],
) -> Palette | None:  # fmt: skip
    """The palette with a sound that plays the melody, and no other voice beside it.

    The first of the one-shots `found`; where there is none, the best of the `steady` notes of
    loops. None where neither is there.
    """
    rest = tuple(c for c in palette.choices if c.role not in _OTHER_VOICES)
    options = [*found] or [_candidate(note, palette.bpm) for note in _ranked(steady, melody)]
    if not options:
        return None
    loop = crate.by_digest()[options[0].digest]
    how = "holds one clear note" if found else "has a note that is held long enough"
    choice = Choice(
        SLOT, "lead", loop.best_instrument or "lead", options[0], tuple(options[1:6]),
        f"{_name(loop)} plays the melody: it {how}.",
    )  # fmt: skip
    return replace(
        palette,
        choices=(*rest, choice),
        key=palette.key or melody.key,
        unfilled=tuple(u for u in palette.unfilled if u[0] not in _OTHER_VOICES),
        notes=(*palette.notes, heard_in_words(melody)),
    )


def heard_in_words(melody: Melody) -> str:
    """What was heard of the recording, in one line."""
    key = melody.key.written if melody.key else "no clear key"
    return (
        f"heard {len(melody.notes)} notes in {melody.bars} bars of {melody.beats_per_bar}: {key}, "
        f"{melody.bpm:g} bpm, tuned {melody.tuning_cents:+.0f} cents"
    )


def arrange_melody(palette: Palette, melody: Melody, crate: Crate, brief: Brief, seed: int) -> Song:
    """The palette arranged, and over it the melody, played by its sound."""
    choice = next(c for c in palette.choices if c.slot == SLOT)
    others = tuple(c for c in palette.choices if c.slot != SLOT)
    genre = genre_of(brief, crate)
    voice = crate.by_digest()[choice.picked.digest]
    # Where nothing else is there, the melody's own sound gives the form.
    backing = replace(palette, choices=others or (replace(choice, slot="lead"),))
    song = arranging.arrange(backing, crate, brief, _harmony_seed(palette, melody, genre, seed))
    track = Track(SLOT, "Melody", "lead", choice.instrument)
    clips: list[Clip] = []
    beats = _cycle_beats(melody, song.beats_per_bar)
    for section in song.sections:
        clips += _stated(section, melody, beats, choice.picked, voice, song, genre)
    kept = song.clips if others else ()
    tracks = song.tracks if others else ()
    order = {t.id: i for i, t in enumerate((*tracks, track))}
    made = sorted((*kept, *clips), key=lambda c: (c.start_beat, order[c.track], c.id))
    return replace(
        song,
        seed=seed,
        tracks=(*tracks, track),
        clips=tuple(made),
        automation=tuple(a for a in song.automation if a.track in order or a.track == "master"),
    )


def _harmony_seed(palette: Palette, melody: Melody, genre: GenreProfile, seed: int) -> int:
    """A seed near `seed` whose progression agrees with the melody, bar by bar."""
    if palette.key is None:
        return seed
    bar = palette.beats_per_bar
    sung = np.zeros((_PHRASE_BARS, 12))
    for note in melody.notes:
        sung[int(note.beat // bar) % _PHRASE_BARS, note.midi % 12] += note.beats
    best = (-math.inf, seed)
    for number in range(_HARMONY_TRIES):
        other = seed if number == 0 else int(stream(seed, "harmony", number).integers(2**31))
        plan = chord_plan(palette.key, genre, (), bar, other)
        score = sum(_agrees(chord, sung[i]) for i, chord in enumerate(plan))
        if score > best[0] + 1e-9:
            best = (score, other)
    return best[1]


def _agrees(chord: Chord, sung: np.ndarray) -> float:
    inside = [(chord.root + tone) % 12 for tone in chord.tones]
    return float(sung[inside].sum() / max(float(sung.sum()), 1e-9))


def _cycle_beats(melody: Melody, bar: int) -> int:
    """Beats after which the melody comes round: a power of two of bars, or whole phrases."""
    last = max(note.beat + min(note.beats, 1.0) for note in melody.notes)
    bars = max(1, math.ceil((last - 0.3) / bar))
    for whole in (1, 2, 4):
        if bars <= whole:
            return whole * bar
    return math.ceil(bars / _PHRASE_BARS) * _PHRASE_BARS * bar


def _stated(
    section: Section, melody: Melody, cycle: int, picked: Candidate, voice: Loop, song: Song,
    genre: GenreProfile,
) -> list[Clip]:  # fmt: skip
    """The melody in one section, in clips of at most four bars."""
    bar = song.beats_per_bar
    clips: list[Clip] = []
    for first in range(0, section.bars, _PHRASE_BARS):
        bars = min(_PHRASE_BARS, section.bars - first)
        if not _sings(section, first // _PHRASE_BARS):
            continue
        start, end = first * bar, (first + bars) * bar
        level = 0.62 + 0.38 * section.energy
        begin = (section.start_bar + first) * bar
        notes = []
        for turn in range(start // cycle, (end - 1) // cycle + 1):
            for note in melody.notes:
                at = turn * cycle + note.beat
                # A note sung a hair before the bar belongs to the bar.
                if start <= at < end:
                    notes.append((at - start, note.beats, note.midi, note.velocity * level))
        if not notes:
            continue
        name = f"{section.name}/{SLOT}/{len(clips)}"
        if picked.source_bpm is None:
            hits = _hits(notes, picked.digest, voice.pitch_midi or 60.0)
            clips.append(Clip(name, SLOT, float(begin), float(bars * bar), hits=hits))
        else:
            clips += _note_clips(notes, picked, float(begin), name, song.bpm)
    return clips


def _sings(section: Section, phrase: int) -> bool:
    """Whether the melody is stated in this phrase: in full in peaks, called elsewhere."""
    phrases = math.ceil(section.bars / _PHRASE_BARS)
    if section.kind in ("hook", "drop", "breakdown", "bridge"):
        return True
    if section.kind == "verse":
        return phrase % 2 == 0 or section.energy >= 0.6
    if section.kind == "intro":
        return phrases > 1 and phrase == phrases - 1
    return phrase == 0


def _octaves(midi: Sequence[int], own: float) -> int:
    """Semitones (whole octaves) that bring the melody nearest to the sound's own note."""
    middle = float(np.median(midi))
    return 12 * round((own - middle) / 12.0)


def _hits(
    notes: Sequence[tuple[float, float, int, float]], digest: str, own: float
) -> tuple[Hit, ...]:
    shift = _octaves([midi for _, _, midi, _ in notes], own)
    hits = []
    for beat, _, midi, velocity in notes:
        semitones = midi + shift - round(own)
        semitones -= 12 * math.trunc(semitones / _MOST_SEMITONES) if semitones else 0
        hits.append(Hit(round(beat, 4), digest, round(min(velocity, 1.0), 3), semitones))
    return tuple(hits)


def _note_clips(
    notes: Sequence[tuple[float, float, int, float]], picked: Candidate, begin: float, name: str,
    bpm: float,
) -> list[Clip]:  # fmt: skip
    """Each note as a clip of a note held in a loop, transposed."""
    parts: Mapping[str, float] = dict(picked.parts)
    own = parts["midi"]
    shift = _octaves([midi for _, _, midi, _ in notes], own)
    clips = []
    for number, (beat, length, midi, velocity) in enumerate(notes):
        beats = max(min(length, math.floor(picked.beats * 4.0) / 4.0), 0.25)
        if any(m == midi and 0.0 < b - beat < beats + _BREATH for b, _, m, _ in notes):
            beats -= min(_BREATH, beats / 4.0)  # a held sound has no attack to tell them apart
        clips.append(
            Clip(
                f"{name}.{number}", SLOT, round(begin + beat, 4), beats, picked.digest,
                source_bpm=bpm, source_start_s=parts["start_s"], loop_beats=beats,
                semitones=midi + shift - round(own),
                gain_db=round(20.0 * math.log10(max(velocity, 0.1)), 2),
                fade_out_beats=min(0.12, beats / 3.0),
            )
        )  # fmt: skip
    return clips


def _ranked(steady: Sequence[SteadyNote], melody: Melody) -> list[SteadyNote]:
    middle = float(np.median([note.midi for note in melody.notes]))

    def worth(note: SteadyNote) -> float:
        apart = abs((note.midi - middle + 6.0) % 12.0 - 6.0)
        return (
            min(note.length_s, 1.0) + 2.0 * note.alone
            - 0.04 * apart - 0.02 * abs(note.midi - middle)
        )  # fmt: skip

    return sorted(steady, key=lambda note: (-worth(note), note.digest, note.start_s))


def _candidate(note: SteadyNote, bpm: float) -> Candidate:
    parts = (("start_s", round(note.start_s, 4)), ("midi", round(note.midi, 3)))
    beats = round(note.length_s * bpm / 60.0, 3)
    return Candidate(note.digest, 0.5, parts, bpm, beats, 1.0, 0)


def _name(loop: Loop) -> str:
    return loop.path.replace("\\", "/").rsplit("/", 1)[-1]


def key_share(melody: Melody) -> float:
    """Share of the melody's time that lies on notes of its key."""
    if melody.key is None:
        return 0.0
    mask = scale_mask(melody.key)
    inside = sum(note.beats for note in melody.notes if mask[note.midi % 12] > 0)
    return inside / max(sum(note.beats for note in melody.notes), 1e-9)
