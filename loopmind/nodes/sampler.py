"""The node that plays sounds by notes."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.audio import Audio
from loopmind.music.notes import Notes
from loopmind.music.signal import Setting, Signal


@node(id="loopmind.sampler", category="Stream", output="signal", kind="stream")
def sampler(
    audio: Audio,
    notes: Notes | None = None,
    root: Annotated[float, Range(0, 127, unit="MIDI note"), "Plays the sound as it is."] = 60.0,
    one_shot: Annotated[bool, "Play to the end, however short the note."] = False,
    choke: Annotated[bool, "A new note silences the one before."] = False,
    gain_db: Annotated[float, Range(-60, 24, unit="dB"), "Louder or softer."] = 0.0,
    attack_ms: Annotated[float, Range(0.1, 2000, unit="ms", scale="log"), "Swelling in."] = 1.0,
    release_ms: Annotated[float, Range(1, 5000, unit="ms", scale="log"), "Dying out."] = 60.0,
    name: Annotated[str, "By which keyboards find it."] = "keys",
) -> Signal:
    """Play a sound at the pitches of notes, wired or from a keyboard, with up to 32 voices."""
    settings: dict[str, Setting] = {
        "root": root, "spread": False, "one_shot": one_shot, "choke": choke, "gain_db": gain_db,
        "attack_ms": attack_ms, "release_ms": release_ms, "name": name,
    }  # fmt: skip
    values = ((audio,), notes)
    return Signal("loopmind.runtime.live.sampler_unit:SAMPLER", settings, values=values)
