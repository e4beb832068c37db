"""The node that finds who of the user's sounds plays what was transcribed."""

from __future__ import annotations

from loopmind.analysis.frontend import frontend
from loopmind.analysis.notes import held_notes
from loopmind.analysis.voice import track_voice
from loopmind.compose import remake
from loopmind.compose.hum import SteadyNote
from loopmind.files.decode import read_audio
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate, Loop
from loopmind.music.palette import Palette
from loopmind.music.transcript import Transcript

_ASKED_LOOPS = 16
_HEARD_S = 20.0
_SHORTEST_S = 0.2
_LEAST_PITCHED = 0.35


@node(
    id="loopmind.choose_players",
    category="Compose",
    output="palette",
    cache="disk",
    touches_files=True,
    # The crate names every file by the digest of its content.
    fingerprint=lambda controls: "",
)
def choose_players(
    transcript: Transcript, crate: Crate, brief: Brief, context: Context, seed: Seed = 1
) -> Palette:
    """Choose a sound for every drum and every instrument of the transcript.

    One-shots of the same instrument first; where no one-shot has a clear note, a note that is held
    in one of the loops. Errors: nothing can play any of it.
    """
    steady: list[SteadyNote] = []
    shots = [loop for loop in crate.loops if loop.kind == "oneshot" and loop.pitch_midi is not None]
    lines = any(not track.drums for track in transcript.tracks)
    if lines and not shots:
        pitched = [loop for loop in crate.loops if loop.pitched >= _LEAST_PITCHED]
        pitched.sort(key=lambda loop: (-loop.pitched, loop.digest))
        for notes in context.map(_held, pitched[:_ASKED_LOOPS], processes=False):
            steady += notes
    return remake.choose_players(transcript, crate, brief, seed, steady)


def _held(loop: Loop) -> list[SteadyNote]:
    spectra = frontend(read_audio(loop.path, max_seconds=_HEARD_S))
    held = held_notes(track_voice(spectra.mono, spectra.rate_hz), shortest_s=_SHORTEST_S)
    return [
        SteadyNote(loop.digest, n.start_s, n.end_s - n.start_s, n.pitch, n.velocity) for n in held
    ]
