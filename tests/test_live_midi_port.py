"""A key pressed on a real MIDI port, through rtmidi, is heard: a virtual one on a JACK server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from jack_server import is_installed, jack_server

PLAYED = """
import sys, time
sys.path.insert(0, sys.argv[1])
import numpy as np, rtmidi
from test_live_midi import RATE_HZ, keyboard, loudness
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.midi_in import MidiIn, midi_ports
from loopmind.runtime.live.signal_patch import signal_patch

keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="keyboard")
keys.open_virtual_port("out")
engine = Engine(RATE_HZ)
engine.swap(signal_patch(keyboard(), RATE_HZ))
engine.serve(1024)
assert any("keyboard" in port for port in midi_ports()), midi_ports()

def waits_for(test):
    until = time.monotonic() + 20.0
    while not test() and time.monotonic() < until:
        time.sleep(0.05)
    return test()

with MidiIn(engine, "keyboard") as heard:
    assert loudness(engine) == 0.0
    keys.send_message([0x90, 60, 127])
    assert waits_for(lambda: loudness(engine) > 0.45)
    keys.send_message([0x80, 60, 0])
    assert waits_for(lambda: loudness(engine) < 1e-3)
    assert not heard.trouble
print("heard")
"""


@pytest.mark.slow
@pytest.mark.skipif(not is_installed(), reason="needs jackd")
def test_a_key_on_a_port_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rtmidi = pytest.importorskip("rtmidi")
    if rtmidi.API_UNIX_JACK not in rtmidi.get_compiled_api():
        pytest.skip("rtmidi was built without JACK")
    # ALSA's sequencer needs a kernel module that containers lack; JACK carries MIDI by itself.
    monkeypatch.setenv("MIDO_BACKEND", "mido.backends.rtmidi/UNIX_JACK")
    with jack_server(tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", PLAYED, str(Path(__file__).parent)],
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    assert done.returncode == 0 and "heard" in done.stdout, done.stdout + done.stderr
