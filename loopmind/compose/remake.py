"""A heard track played anew by the user's own sounds: its notes, its tempo and form, other players.

Drum voices are struck on one-shots. Lines and chords are played by pitched one-shots, or, where
there are none, by single notes held in loops. What nothing of the user's can play is left out and
named.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from loopmind.compose.hum import SteadyNote
from loopmind.compose.oneshots import Weighed, kit_voices, note_candidates
from loopmind.compose.traits import Traits, traits
from loopmind.errors import LoopMindError
from loopmind.music.brief import Brief
from loopmind.music.key import Key
from loopmind.music.loop import Crate, Role
from loopmind.music.palette import Candidate, Choice, Palette
from loopmind.music.song import Clip, Hit, Section, SectionKind, Song, Track
from loopmind.music.transcript import (
    DRUM_NOTES,
    TranscribedNote,
    TranscribedTrack,
    Transcript,
)

# Who stands in for a drum that the user does not have.
_STAND_INS: dict[str, tuple[str, ...]] = {
    "kick": ("kick", "tom"), "snare": ("snare", "clap"), "hat": ("hat", "percussion", "cymbal"),
    "open hat": ("cymbal", "hat"), "tom": ("tom", "percussion"), "cymbal": ("cymbal",),
    "clap": ("clap", "percussion", "snare"),
}  # fmt: skip
_ROLES: dict[str, tuple[Role, str]] = {
    "bass": ("bass", "bass"), "keys": ("chords", "chords"), "guitar": ("chords", "chords"),
    "strings": ("pad", "chords"), "pad": ("pad", "chords"), "brass": ("lead", "lead"),
    "woodwind": ("lead", "lead"), "lead": ("lead", "lead"), "vocal": ("vocal", "lead"),
}  # fmt: skip
_OWN_INSTRUMENT_BONUS, _USED_COST = 0.3, 0.25
_SECTION_BARS, _SHORTEST_BARS = 8, 4
_MOST_SEMITONES = 24
_VOICES = 6
_QUIETEST = 0.12


def remake_brief(wish: Brief, transcript: Transcript) -> Brief:
    """The wish with the track's tempo and key, where the wish itself names none."""
    key = wish.key or transcript.key
    bpm = wish.bpm if wish.bpm and wish.bpm[0] == wish.bpm[1] else None
    return replace(
        wish, bpm=bpm or (transcript.bpm, transcript.bpm), key=key,
        mode=key.mode if key is not None else wish.mode,
    )  # fmt: skip


def choose_players(
    transcript: Transcript, crate: Crate, brief: Brief, seed: int, steady: Sequence[SteadyNote] = ()
) -> Palette:
    """A sound of the user's for every drum voice and every pitched track, where one is there.

    steady: notes held in loops, which play where no one-shot can. Raises LoopMindError where
    nothing can play at all.
    """
    t = traits(tuple(crate.by_digest().values()))
    mood = np.full(len(t), 0.5)
    choices: list[Choice] = []
    unfilled: list[tuple[str, str]] = []
    drums = transcript.track("drums")
    if drums is not None:
        chosen, missing = _kit(drums, t, mood, seed)
        choices += chosen
        unfilled += missing
    used: set[str] = set()
    for track in transcript.tracks:
        if track.drums:
            continue
        choice = _player(track, t, mood, transcript.key, seed, used, steady, transcript.bpm)
        if choice is None:
            unfilled.append((track.instrument, "none of the sounds holds a single clear note"))
        else:
            used.add(choice.picked.digest)
            choices.append(choice)
    if not choices:
        raise LoopMindError(
            "none of the sounds can play what was heard; add drum one-shots, or one-shots and "
            "loops with clear notes"
        )
    bpm = brief.bpm[0] if brief.bpm else transcript.bpm
    key = brief.key or transcript.key
    return Palette(
        round(bpm, 3), key, transcript.beats_per_bar, 0.5, tuple(choices), tuple(unfilled),
        (heard_in_words(transcript),),
    )  # fmt: skip


def heard_in_words(transcript: Transcript) -> str:
    """What was heard of the track, in one line."""
    counts = ", ".join(f"{track.instrument} {len(track.notes)}" for track in transcript.tracks)
    key = transcript.key.written if transcript.key else "no clear key"
    return f"heard {transcript.name}: {transcript.bpm:g} bpm, {key}; notes: {counts}"


def _kit(
    drums: TranscribedTrack, t: Traits, mood: np.ndarray, seed: int
) -> tuple[list[Choice], list[tuple[str, str]]]:
    """A one-shot for each drum voice that is struck."""
    kit = kit_voices(t, mood, seed)
    struck = {note.pitch for note in drums.notes}
    choices, missing = [], []
    for voice, pitch in DRUM_NOTES.items():
        if pitch not in struck:
            continue
        found = next(((name, kit[name]) for name in _STAND_INS[voice] if kit.get(name)), None)
        if found is None:
            missing.append((voice, "no one-shot is heard as one"))
            continue
        name, entries = found
        # An open hat should not be the very sound of the closed one, if there is another.
        place = 1 if voice == "open hat" and name == "hat" and len(entries) > 1 else 0
        sound = t.loops[entries[place].index]
        how = f"is heard as a {name}" if name == voice else f"stands in for the {voice}"
        picked = entries[place].candidate
        others = tuple(e.candidate for i, e in enumerate(entries) if i != place)[:5]
        reason = f"{_name(sound.path)} {how}."
        choices.append(Choice(voice, "drums", name, picked, others, reason))
    return choices, missing


def _player(
    track: TranscribedTrack, t: Traits, mood: np.ndarray, key: Key | None, seed: int,
    used: set[str], steady: Sequence[SteadyNote], bpm: float,
) -> Choice | None:  # fmt: skip
    """The sound that plays a pitched track: of its own instrument if possible, not used yet."""
    role, part = _ROLES.get(track.instrument, ("lead", "lead"))
    middle = float(np.median([note.pitch for note in track.notes]))

    def worth(entry: Weighed) -> float:
        loop = t.loops[entry.index]
        own = _OWN_INSTRUMENT_BONUS * (loop.best_instrument == track.instrument)
        taken = _USED_COST * (loop.digest in used)
        far = 0.006 * abs(float(t.pitch_midi[entry.index]) - middle)
        return entry.candidate.score + own - taken - far

    found = note_candidates(t, part, key or Key(0, "major"), mood, seed, keep=24)
    found.sort(key=lambda entry: (-worth(entry), entry.candidate.digest))
    if found:
        loop = t.loops[found[0].index]
        best = [replace(entry.candidate, semitones=0) for entry in found[:6]]
        reason = f"{_name(loop.path)} plays the {track.instrument}: it holds one clear note."
        return Choice(track.instrument, role, loop.best_instrument or track.instrument, best[0],
                      tuple(best[1:]), reason)  # fmt: skip
    if not steady:
        return None
    ranked = sorted(
        steady,
        key=lambda n: (0.05 * abs(n.midi - middle) - min(n.length_s, 1.0) - 2.0 * n.alone
                       + 0.5 * (n.digest in used), n.digest, n.start_s),
    )  # fmt: skip
    options = [_held(note, bpm) for note in ranked[:6]]
    path = next(loop.path for loop in t.loops if loop.digest == ranked[0].digest)
    reason = f"{_name(path)} plays the {track.instrument} with a note that it holds."
    return Choice(track.instrument, role, track.instrument, options[0], tuple(options[1:]), reason)


def _held(note: SteadyNote, bpm: float) -> Candidate:
    parts = (("start_s", round(note.start_s, 4)), ("midi", round(note.midi, 3)))
    return Candidate(note.digest, 0.5, parts, bpm, round(note.length_s * bpm / 60.0, 3), 1.0, 0)


def _name(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def remake(transcript: Transcript, palette: Palette, crate: Crate, brief: Brief, seed: int) -> Song:
    """The song: every note that was heard, on the grid, played by its chosen sound."""
    bar = transcript.beats_per_bar
    count = _Counter(transcript)
    last = max((note.end_s for t in transcript.tracks for note in t.notes), default=0.0)
    bars = max(1, math.ceil((count.beat(last) - 0.05) / bar))
    sections = _sections(transcript, count, bars)
    loops = crate.by_digest()
    tracks: list[Track] = []
    clips: list[Clip] = []
    for choice in palette.choices:
        notes = _notes_of(choice, transcript)
        if not notes:
            continue
        name = choice.slot.capitalize()
        tracks.append(Track(choice.slot, name, choice.role, choice.instrument))
        own = loops[choice.picked.digest].pitch_midi
        steady = dict(choice.picked.parts) if choice.picked.source_bpm is not None else None
        for section in sections:
            first, until = section.start_bar * bar, (section.start_bar + section.bars) * bar
            inside = [
                (round(beat - first, 4), note)
                for beat, note in ((count.beat(n.start_s), n) for n in notes)
                if first <= beat < until
            ]
            if not inside:
                continue
            place = (float(first), float(until - first))
            if choice.role == "drums":
                clips.append(_drum_clip(choice, section, place, inside))
            elif steady is None:
                clips += _note_clips(choice, section, place, inside, own or 60.0)
            else:
                clips += _held_clips(choice, section, place, inside, steady, palette.bpm, count)
    order = {t.id: i for i, t in enumerate(tracks)}
    clips.sort(key=lambda c: (c.start_beat, order[c.track], c.id))
    title = transcript.name.rsplit(".", 1)[0] or "a track"
    return Song(
        title=f"{title} (remade)", brief=brief, seed=seed, bpm=palette.bpm, key=palette.key,
        beats_per_bar=bar, swing=palette.swing, sections=sections, tracks=tuple(tracks),
        clips=tuple(clips), tail_beats=float(2 * bar),
    )  # fmt: skip


class _Counter:
    """Seconds of the recording as beats of the song, whose first bar is a whole one."""

    def __init__(self, transcript: Transcript) -> None:
        tempo_map = transcript.tempo_map
        self._beats = np.array([beat for beat, _ in tempo_map.tempos])
        self._times = np.array([tempo_map.seconds(beat) for beat in self._beats])
        self._bpm = np.array([bpm for _, bpm in tempo_map.tempos])
        signatures = tempo_map.signatures
        lead = signatures[0][1] if len(signatures) > 1 else 0
        self._shift = -lead % transcript.beats_per_bar

    def beat(self, seconds: float) -> float:
        at = max(int(np.searchsorted(self._times, seconds, side="right")) - 1, 0)
        passed = (seconds - self._times[at]) * self._bpm[at] / 60.0
        # A note a hair before a beat belongs to it.
        return max(round(float(self._beats[at] + passed) + self._shift, 3), 0.0)


def _notes_of(choice: Choice, transcript: Transcript) -> Sequence[TranscribedNote]:
    track = transcript.track("drums" if choice.role == "drums" else choice.slot)
    if track is None:
        return ()
    notes = track.quantised or track.notes
    if choice.role != "drums":
        return notes
    return [note for note in notes if note.pitch == DRUM_NOTES[choice.slot]]


def _sections(transcript: Transcript, count: _Counter, bars: int) -> tuple[Section, ...]:
    """Stretches of eight bars, called after how much is played in them."""
    bar = transcript.beats_per_bar
    starts = list(range(0, bars, _SECTION_BARS))
    if len(starts) > 1 and bars - starts[-1] < _SHORTEST_BARS:
        starts.pop()
    energy = np.zeros(len(starts))
    for track in transcript.tracks:
        for note in track.notes:
            at = min(int(count.beat(note.start_s) / bar) // _SECTION_BARS, len(starts) - 1)
            energy[at] += 0.3 + 0.7 * note.velocity
    lengths = np.diff([*starts, bars])
    energy /= np.maximum(lengths, 1)
    energy /= max(float(energy.max()), 1e-9)
    numbers: dict[str, int] = {}
    sections = []
    for number, (start, length) in enumerate(zip(starts, lengths.tolist(), strict=True)):
        kind = _kind(number, len(starts), float(energy[number]))
        numbers[kind] = numbers.get(kind, 0) + 1
        name = f"{kind} {numbers[kind]}"
        level = round(float(0.3 + 0.7 * energy[number]), 3)
        sections.append(Section(name, kind, int(start), int(length), level, ("all",)))
    return tuple(sections)


def _kind(number: int, count: int, energy: float) -> SectionKind:
    if count > 2 and number == 0 and energy < 0.75:
        return "intro"
    if count > 2 and number == count - 1 and energy < 0.75:
        return "outro"
    if energy >= 0.8:
        return "hook"
    return "breakdown" if energy < 0.4 and count > 2 else "verse"


def _drum_clip(
    choice: Choice, section: Section, place: tuple[float, float],
    inside: Sequence[tuple[float, TranscribedNote]],
) -> Clip:  # fmt: skip
    hits = tuple(
        Hit(beat, choice.picked.digest, round(max(note.velocity, _QUIETEST), 3))
        for beat, note in inside
    )
    return Clip(f"{section.name}/{choice.slot}/0", choice.slot, *place, hits=hits)


def _note_clips(
    choice: Choice, section: Section, place: tuple[float, float],
    inside: Sequence[tuple[float, TranscribedNote]], own: float,
) -> list[Clip]:  # fmt: skip
    """Notes on a one-shot, in as many voices as sound together: a voice's next note ends its last.

    One sound that is struck again within a clip falls silent, as a key does; so each voice is a
    clip of its own.
    """
    voices: list[tuple[float, list[Hit]]] = []
    digest = choice.picked.digest
    for beat, note in inside:
        semitones = _within(note.pitch - round(own))
        hit = Hit(beat, digest, round(max(note.velocity, _QUIETEST), 3), semitones)
        free = [i for i, (end, _) in enumerate(voices) if end <= note.start_s + 0.02]
        if free:
            # The voice that fell silent last, so that others may ring on.
            at = max(free, key=lambda i: voices[i][0])
            voices[at] = (note.end_s, [*voices[at][1], hit])
        elif len(voices) < _VOICES:
            voices.append((note.end_s, [hit]))
        else:
            at = min(range(len(voices)), key=lambda i: voices[i][0])
            voices[at] = (note.end_s, [*voices[at][1], hit])
    return [
        Clip(f"{section.name}/{choice.slot}/{number}", choice.slot, *place, hits=tuple(hits))
        for number, (_, hits) in enumerate(voices)
    ]


def _within(semitones: int) -> int:
    """The same note in an octave that the sound can be moved to."""
    octaves = max(0, math.ceil((abs(semitones) - _MOST_SEMITONES) / 12.0))
    return semitones - 12 * octaves * (1 if semitones > 0 else -1)


def _held_clips(
    choice: Choice, section: Section, place: tuple[float, float],
    inside: Sequence[tuple[float, TranscribedNote]], parts: Mapping[str, float], bpm: float,
    count: _Counter,
) -> list[Clip]:  # fmt: skip
    """Each note as a clip of the note that is held in a loop, moved to its pitch."""
    clips = []
    longest = max(math.floor(choice.picked.beats * 4.0) / 4.0, 0.25)
    for number, (beat, note) in enumerate(inside):
        length = count.beat(note.end_s) - count.beat(note.start_s)
        beats = max(min(round(length * 4.0) / 4.0, longest), 0.25)
        clips.append(
            Clip(
                f"{section.name}/{choice.slot}/{number}", choice.slot, round(place[0] + beat, 4),
                beats, choice.picked.digest, source_bpm=bpm, source_start_s=parts["start_s"],
                loop_beats=beats, semitones=_within(note.pitch - round(parts["midi"])),
                gain_db=round(20.0 * math.log10(max(note.velocity, _QUIETEST)), 2),
                fade_out_beats=min(0.12, beats / 3.0),
            )
        )  # fmt: skip
    return clips
