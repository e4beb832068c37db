"""The node that hears the melody of a sung, hummed or whistled recording."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from loopmind.analysis.frontend import frontend
from loopmind.analysis.melody import LEAST_NOTES, melody_of
from loopmind.analysis.notes import sung_notes
from loopmind.analysis.voice import track_voice
from loopmind.errors import LoopMindError
from loopmind.files.decode import read_audio
from loopmind.files.digest import file_digest
from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.melody import Melody

_LONGEST_S = 120.0
_SHORTEST_S = 1.5
_SILENT = 0.003
_LEAST_CLARITY, _LEAST_STEADY = 0.3, 0.55


def _content(controls: Mapping[str, Any]) -> str:
    path = Path(controls.get("recording") or "")
    return file_digest(path) if path.is_file() else "missing"


@node(
    id="loopmind.hear_melody",
    category="Analysis",
    output="melody",
    cache="disk",
    touches_files=True,
    fingerprint=_content,
)
def hear_melody(
    recording: Annotated[Path, "A sung, hummed or whistled melody: one voice."],
    bpm: Annotated[
        float | None, Range(40, 240, unit="bpm"), "Its tempo, where you know it; empty: as heard."
    ] = None,
) -> Melody:
    """Hear the notes of a voice, and in them a tempo, bars and a key.

    Vibrato and glides are taken as the notes they mean, the voice's own tuning as its pitch.
    Errors: a recording that is missing, silent, shorter than 1.5 s, or has no melody to be heard.
    """
    if recording.is_dir():
        raise LoopMindError(f"{recording} is a folder; name the file of a recording")
    if not recording.is_file():
        raise LoopMindError(f"there is no recording {recording}; check the path")
    audio = read_audio(recording, max_seconds=_LONGEST_S)
    if audio.duration_s < _SHORTEST_S:
        raise LoopMindError(
            f"{recording} is only {audio.duration_s:.1f} s long; hum at least {LEAST_NOTES} notes"
        )
    spectra = frontend(audio)
    if float(abs(spectra.mono).max(initial=0.0)) < _SILENT:
        raise LoopMindError(f"{recording} is silent; sing nearer to the microphone")
    sung = sung_notes(track_voice(spectra.mono, spectra.rate_hz))
    if len(sung.notes) < LEAST_NOTES:
        heard = f"{len(sung.notes)} notes" if sung.notes else "no notes"
        raise LoopMindError(
            f"{heard} with a clear pitch can be heard in {recording}, {LEAST_NOTES} are needed; "
            "hum or whistle one voice, without other sounds"
        )
    if sung.clarity < _LEAST_CLARITY or sung.steadiness < _LEAST_STEADY:
        raise LoopMindError(
            f"{recording} sounds like speech or noise, no melody can be heard in it; "
            "hold each note a little, without other sounds"
        )
    return melody_of(
        sung.notes,
        bpm=None if bpm is None else (bpm, bpm),
        tuning_cents=sung.tuning_cents,
        clarity=sung.clarity,
    )
