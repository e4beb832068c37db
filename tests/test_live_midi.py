"""MIDI: keys play the sampler through the engine, files become notes and notes files."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from loopmind.errors import LoopMindError
from loopmind.files.midi_notes import read_notes, write_notes
from loopmind.graph.document import Graph
from loopmind.graph.registry import Registry
from loopmind.music.audio import Audio
from loopmind.music.notes import Note, Notes
from loopmind.music.signal import Signal
from loopmind.nodes.gain import gain
from loopmind.nodes.sampler import sampler
from loopmind.runtime.execute import Session
from loopmind.runtime.live import midi_in
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.midi_in import MidiError, MidiIn
from loopmind.runtime.live.signal_patch import signal_patch

RATE_HZ = 44100


class StandIn:
    """A port that a test plays: sends messages to whoever opened it."""

    def __init__(self) -> None:
        self.closed = False
        self.send: Callable[[Any], None] = lambda message: None

    def open(self, name: str, heard: Callable[[Any], None]) -> StandIn:
        self.send = heard
        return self

    def close(self) -> None:
        self.closed = True

    def press(self, note: int, velocity: int = 100, channel: int = 0) -> None:
        self.send(mido.Message("note_on", note=note, velocity=velocity, channel=channel))

    def release(self, note: int) -> None:
        self.send(mido.Message("note_off", note=note))

    def pedal(self, down: bool) -> None:
        self.send(mido.Message("control_change", control=64, value=127 if down else 0))


def keyboard() -> Signal:
    t = np.arange(4 * RATE_HZ) / RATE_HZ
    tone = np.tile(0.5 * np.sin(2 * np.pi * 441.0 * t), (2, 1)).astype(np.float32)
    return sampler(Audio(tone, RATE_HZ), attack_ms=1.0, release_ms=5.0)


def loudness(engine: Engine, frames: int = 6000) -> float:
    engine.serve(3000)
    return float(np.abs(engine.serve(frames)).max())


@pytest.fixture
def playing() -> tuple[Engine, StandIn, MidiIn]:
    engine, port = Engine(RATE_HZ), StandIn()
    engine.swap(signal_patch(keyboard(), RATE_HZ))
    engine.serve(1024)
    return engine, port, MidiIn(engine, opener=port.open)


def test_keys_sound_also_while_stopped_and_fall_silent(
    playing: tuple[Engine, StandIn, MidiIn],
) -> None:
    engine, port, keys = playing
    assert loudness(engine) == 0.0
    port.press(60, 127)
    assert loudness(engine) == pytest.approx(0.5, abs=0.01)
    port.press(60, 0)
    assert loudness(engine) < 1e-3
    engine.play(0)
    engine.serve(64)
    port.press(72, 64)
    assert loudness(engine) == pytest.approx(0.5 * (64 / 127) ** 2, rel=0.02)
    keys.close()
    assert port.closed and loudness(engine) < 1e-3


def test_a_pedal_holds_keys(playing: tuple[Engine, StandIn, MidiIn]) -> None:
    engine, port, _ = playing
    port.press(60)
    port.pedal(True)
    port.release(60)
    assert loudness(engine) > 0.2
    port.pedal(False)
    assert loudness(engine) < 1e-3


def test_keys_go_on_through_a_new_program(playing: tuple[Engine, StandIn, MidiIn]) -> None:
    engine, port, _ = playing
    for turn in range(3):
        signal = keyboard()
        for _ in range(turn + 1):
            signal = gain(signal)
        patch = engine.patch
        assert patch is not None
        engine.update(signal_patch(signal, RATE_HZ, patch.planned.shared))
        port.press(60 + turn)
        assert loudness(engine) > 0.2, turn
        port.release(60 + turn)
        assert loudness(engine) < 1e-3, turn


def test_other_channels_and_missing_samplers(playing: tuple[Engine, StandIn, MidiIn]) -> None:
    engine, port, _ = playing
    other = StandIn()
    keys = MidiIn(engine, opener=other.open, channel=3, keys="piano")
    other.press(60)
    assert keys.trouble == ""
    other.press(60, channel=2)
    assert "'piano'" in keys.trouble and "keys" in keys.trouble
    with pytest.raises(LoopMindError, match="there are: keys"):
        engine.note("piano", 60, 1.0)
    port.press(60)
    assert loudness(engine) > 0.2


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "rtmidi":
            raise ModuleNotFoundError("No module named 'rtmidi'", name="rtmidi")
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MidiError, match=r"pip install 'loopmind\[midi\]'"):
        midi_in.midi_ports()


def test_ports_are_found_by_a_part_of_their_name(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    class Module:
        def get_input_names(self) -> list[str]:
            return ["Through 0", "Grand Keys 88"]

        def open_input(self, name: str, callback: object) -> StandIn:
            opened.append(name)
            return StandIn()

    monkeypatch.setattr(midi_in, "_mido", Module)
    midi_in.open_port("keys", print)
    midi_in.open_port("", print)
    assert opened == ["Grand Keys 88", "Through 0"]
    with pytest.raises(MidiError, match="Grand Keys 88"):
        midi_in.open_port("organ", print)


# Files


def part(name: str = "bass") -> Notes:
    beat = 60.0 / 93.0
    return Notes(
        name,
        tuple(Note(n * beat / 4, (n + 1) * beat / 4, 40 + n % 5, (n + 1) / 64) for n in range(64)),
    )


def test_notes_survive_a_file_to_the_tick(tmp_path: Path) -> None:
    drums = Notes("drums", (Note(0.0, 0.1, 36.0, 1.0), Note(1.0, 1.1, 38.0, 0.5)))
    file = write_notes(tmp_path / "a.mid", (part(), drums), 93.0)
    bytes_then = file.read_bytes()
    assert write_notes(file, (part(), drums), 93.0).read_bytes() == bytes_then
    read = read_notes(file, "bass")
    tick = 60.0 / 93.0 / 480
    assert read.instrument == "bass" and len(read.notes) == 64
    for a, b in zip(part().notes, read.notes, strict=True):
        assert abs(a.start_s - b.start_s) <= tick / 2 + 1e-9
        assert abs(a.end_s - b.end_s) <= tick / 2 + 1e-9
        assert a.pitch == b.pitch and abs(a.velocity - b.velocity) <= 0.5 / 127 + 1e-9
    assert len(read_notes(file, "drums").notes) == 2
    assert len(read_notes(file).notes) == 66
    assert read_notes(file, "1") == read
    with pytest.raises(LoopMindError, match="bass, drums"):
        read_notes(file, "flute")


def test_files_that_are_no_midi_are_named(tmp_path: Path) -> None:
    with pytest.raises(LoopMindError, match="nowhere"):
        read_notes(tmp_path / "nowhere.mid")
    (tmp_path / "a.mid").write_bytes(b"RIFFxxxx")
    with pytest.raises(LoopMindError, match="no MIDI file"):
        read_notes(tmp_path / "a.mid")
    (tmp_path / "b.mid").write_bytes(b"MThd\0\0\0\6\0\1\0")
    with pytest.raises(LoopMindError, match="damaged"):
        read_notes(tmp_path / "b.mid")


def test_a_midi_file_plays_a_sound_in_a_graph(tmp_path: Path) -> None:
    from loopmind.files.encode import write_audio

    wave = np.full((2, 2000), 0.5, np.float32)
    sound = write_audio(tmp_path / "s.wav", Audio(wave, RATE_HZ), subtype="FLOAT")
    tune = write_notes(tmp_path / "a.mid", (Notes("x", (Note(0.1, 0.2, 60, 1.0),)),))
    registry = Registry(entry_points=[("builtin", "loopmind.nodes")], folder="none")
    graph = (
        Graph(registry=registry)
        .with_node("load", "loopmind.load_audio", path=str(sound))
        .with_node("notes", "loopmind.load_notes", path=str(tune))
        .with_node("play", "loopmind.sampler", one_shot=True, attack_ms=0.1)
        .with_node("render", "loopmind.render_signal", length_s=0.3)
        .with_node("again", "loopmind.write_notes", path=str(tmp_path / "b.mid"))
        .connect("load.audio", "play.audio")
        .connect("notes.notes", "play.notes")
        .connect("play.signal", "render.signal")
        .connect("notes.notes", "again.notes")
    )
    with Session() as session:
        result = session.evaluate(graph)
    result.check()
    heard = np.flatnonzero(np.abs(result["render"].samples[0]) > 0.0)
    assert heard[0] == round(0.1 * RATE_HZ)
    assert read_notes(tmp_path / "b.mid").notes == read_notes(tune).notes


def test_the_songs_midi_file_reads_back_through_pretty_midi(tmp_path: Path) -> None:
    from present_samples import sample_song

    from loopmind.present.markers import song_midi

    song = sample_song()
    (tmp_path / "song.mid").write_bytes(song_midi(song))
    read = read_notes(tmp_path / "song.mid")
    wanted = sum(len(clip.hits) or 1 for clip in song.clips)
    assert len(read.notes) == wanted
    first = min(clip.start_beat for clip in song.clips) * 60.0 / song.bpm
    assert read.notes[0].start_s == pytest.approx(first, abs=1e-3)
