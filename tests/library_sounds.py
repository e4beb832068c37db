"""Small sounds and a quick stand-in for hearing, for the tests of the library."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import soundfile

from loopmind.music.audio import Audio
from loopmind.music.belief import Belief, rank
from loopmind.music.key import Key
from loopmind.music.loop import Loop

RATE = 8000


def write_sound(path: Path, number: int = 0, seconds: float = 0.1) -> Path:
    """A short WAV whose content depends on `number` alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(number)
    sound = rng.uniform(-0.5, 0.5, int(RATE * seconds))
    soundfile.write(path, sound, RATE, "PCM_16", format="WAV")
    return path


def quick_hear(audio: Audio, *, path: str, digest: str) -> Loop:
    """A Loop made of the digest in no time; LOOPMIND_TEST_SLOW makes it take that many seconds."""
    time.sleep(float(os.environ.get("LOOPMIND_TEST_SLOW", "0")))
    rng = np.random.default_rng(int(digest[:8], 16))
    vector = rng.standard_normal(16)
    oneshot = audio.duration_s < 1.0
    return Loop(
        path=path, digest=digest, kind="oneshot" if oneshot else "loop", kind_confidence=0.7,
        rate_hz=audio.rate_hz, channels=audio.channels, frames=audio.frames,
        tempo=() if oneshot else rank([(120.0, 2.0), (60.0, 1.0)]), beats_per_bar=4,
        downbeat_s=0.0, seamless=not oneshot, swing=0.5, onsets_s=(0.0, 0.05),
        onset_strengths=(1.0, 0.25), rhythm=(1.0, 0.0) * 8,
        key=() if oneshot else rank([(Key(9, "minor"), 3.0), (Key(0, "major"), 1.0)]),
        pitched=0.7, pitch_midi=None, tuning_cents=0.0, chroma=(1.0,) * 12,
        chroma_slices=((1.0,) * 12,) * 8, loudness_lufs=-14.0, peak_dbfs=-6.0, crest_db=6.0,
        spectrum_db=(-10.0,) * 10, brightness_hz=1500.0, energy=0.5,
        instrument=rank([("keys", 0.5), ("pad", 0.3), ("bass", 0.2)]),
        role=rank([("chords", 0.6), ("pad", 0.4)]), tags=(Belief("warm", 0.4),),
        embedding=tuple((vector / np.linalg.norm(vector)).tolist()),
    )  # fmt: skip
