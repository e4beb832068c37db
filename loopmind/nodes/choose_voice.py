"""The node that finds the sound that plays a melody."""

from __future__ import annotations

from loopmind.analysis.frontend import frontend
from loopmind.analysis.notes import held_notes
from loopmind.analysis.voice import track_voice
from loopmind.compose import hum
from loopmind.errors import LoopMindError
from loopmind.files.decode import read_audio
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.loop import Crate, Loop
from loopmind.music.melody import Melody
from loopmind.music.palette import Palette

_ASKED_LOOPS = 16
_AT_ONCE_S, _OFF_SEMITONES = 0.25, 0.6
_HEARD_S = 20.0
_SHORTEST_S = 0.2
_LEAST_PITCHED = 0.35


@node(
    id="loopmind.choose_voice",
    category="Compose",
    output="palette",
    cache="disk",
    touches_files=True,
    # The crate names every file by the digest of its content.
    fingerprint=lambda controls: "",
)
def choose_voice(
    palette: Palette, melody: Melody, crate: Crate, context: Context, seed: Seed = 1
) -> Palette:
    """Add a pitched sound of the user's that plays the melody, in place of other lead sounds.

    A one-shot with a clear note; where there is none, a note held in one of the loops.
    Errors: no sound has a pitch.
    """
    loops = crate.by_digest()
    shots = hum.voices(palette, melody, crate, seed)
    heard = context.map(_held, [loops[c.digest] for c in shots], processes=False)
    # What was heard as one note when it was scanned is listened to again before it sings.
    pairs = zip(shots, heard, strict=True)
    clear = [c for c, notes in pairs if _is_one_note(loops[c.digest], notes)]
    steady: list[hum.SteadyNote] = []
    if not clear:
        pitched = [loop for loop in loops.values() if loop.pitched >= _LEAST_PITCHED]
        pitched.sort(key=lambda loop: (_place(loop), loop.digest))
        for notes in context.map(_held, pitched[:_ASKED_LOOPS], processes=False):
            steady += notes
    found = hum.with_voice(palette, melody, crate, clear or (() if steady else shots), steady)
    if found is None:
        raise LoopMindError(
            "none of the sounds has a clear note to play the melody with; add a pitched one-shot "
            "(a piano, synth or bass note) or a melody loop"
        )
    return found


def _place(loop: Loop) -> int:
    order = ("lead", "vocal", "bass", "pad", "chords")
    return order.index(loop.best_role) if loop.best_role in order else len(order)


def _is_one_note(loop: Loop, notes: list[hum.SteadyNote]) -> bool:
    """Whether the sound begins with the note it was heard to hold, and holds no other."""
    own = loop.pitch_midi
    if own is None or not notes:
        return False
    longest = notes[0]
    others = [n for n in notes if abs(n.midi - longest.midi) > 1.0]
    return (
        longest.start_s <= _AT_ONCE_S and abs(longest.midi - own) <= _OFF_SEMITONES and not others
    )


def _held(loop: Loop) -> list[hum.SteadyNote]:
    spectra = frontend(read_audio(loop.path, max_seconds=_HEARD_S))
    held = held_notes(track_voice(spectra.mono, spectra.rate_hz), shortest_s=_SHORTEST_S)
    return [
        hum.SteadyNote(loop.digest, n.start_s, n.end_s - n.start_s, n.pitch, n.velocity)
        for n in held
    ]
