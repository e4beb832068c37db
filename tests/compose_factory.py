"""Made-up loops and crates for the tests of choosing, arranging and mixing."""

from __future__ import annotations

import hashlib

import numpy as np

from loopmind.music.belief import Belief
from loopmind.music.key import Key
from loopmind.music.loop import MOODS, ROLE_OF_INSTRUMENT, Crate, Kind, Loop

RATE = 44100
_CENTRE = {"kick": 1, "bass": 1, "tom": 2, "drums": 4, "snare": 4, "clap": 5, "percussion": 6,
           "hat": 8, "cymbal": 8, "keys": 4, "guitar": 4, "pad": 4, "lead": 5, "strings": 5,
           "brass": 4, "woodwind": 5, "vocal": 5, "fx": 6}  # fmt: skip
_STEPS = {"drums": "X.x.X.x.X.xxX.x.", "bass": "X.....x.X..x....", "keys": "X...x...X...x...",
          "lead": "x..x..x.x..x..x.", "percussion": "..x...x...x.x.x."}  # fmt: skip
_SCALE = {"major": (0, 4, 7), "minor": (0, 3, 7)}


def make(
    instrument: str = "drums",
    *,
    name: str | None = None,
    kind: Kind = "loop",
    bpm: float | None = 120.0,
    beats: float = 16.0,
    seconds: float | None = None,
    key: str | None = None,
    midi: float | None = None,
    lufs: float = -18.0,
    moods: tuple[str, ...] = (),
    swing: float = 0.5,
    beats_per_bar: int = 4,
    seamless: bool = True,
    downbeat_s: float = 0.0,
    belief: float = 0.8,
    number: int = 0,
    energy: float = 0.5,
) -> Loop:
    """A loop as it would be heard; pitched instruments get the chroma of their key's triad."""
    path = name or f"crate/{instrument}_{bpm or 0:g}_{key or ''}_{number}.wav"
    digest = hashlib.blake2b(f"{path}{kind}{beats}".encode(), digest_size=16).hexdigest()
    rng = np.random.default_rng(int(digest[:8], 16))
    length = seconds if seconds is not None else (beats * 60.0 / bpm if bpm else 4.0)
    if kind == "oneshot" and seconds is None:
        length, bpm = 0.5, None
    tonal = instrument not in ("kick", "snare", "clap", "hat", "cymbal", "tom", "percussion",
                               "drums", "fx")  # fmt: skip
    chroma = np.full(12, 0.05)
    found = Key.parse(key) if key else None
    if found is not None:
        chroma[[(found.tonic + step) % 12 for step in _SCALE[found.mode]]] = (1.0, 0.7, 0.8)
    spectrum = -3.0 - 6.0 * np.abs(np.arange(10) - _CENTRE[instrument]) + rng.normal(0, 1, 10)
    steps = _STEPS.get(instrument, "X...x...X...x...")
    rhythm = np.array([{"X": 1.0, "x": 0.6, ".": 0.0}[s] for s in steps])
    embedding = rng.normal(0, 1, 16)
    tempo = () if bpm is None else (Belief(bpm, 0.8), Belief(bpm * 2.0, 0.2))
    onsets = tuple(np.arange(0.0, length, 0.25).tolist()) if kind == "loop" else (0.0,)
    return Loop(
        path=path, digest=digest, kind=kind, kind_confidence=0.9, rate_hz=RATE, channels=2,
        frames=max(round(length * RATE), 1), tempo=tempo, beats_per_bar=beats_per_bar,
        downbeat_s=downbeat_s, seamless=seamless and kind == "loop", swing=swing,
        onsets_s=onsets, onset_strengths=(1.0,) * len(onsets), rhythm=tuple(rhythm.tolist()),
        key=() if found is None else (Belief(found, 0.9), Belief(found.relative(), 0.1)),
        pitched=0.9 if tonal else 0.1, pitch_midi=midi, tuning_cents=0.0,
        chroma=tuple(chroma.tolist()), chroma_slices=(tuple(chroma.tolist()),) * 8,
        loudness_lufs=lufs, peak_dbfs=min(lufs + 15.0, -0.5), crest_db=12.0,
        spectrum_db=tuple(spectrum.tolist()), brightness_hz=100.0 * 2.0 ** _CENTRE[instrument],
        energy=energy,
        instrument=(Belief(instrument, belief), Belief("fx", round(1.0 - belief, 3))),
        role=(Belief(ROLE_OF_INSTRUMENT[instrument], belief), Belief("fx", round(1 - belief, 3))),
        tags=tuple(Belief(mood, 0.5) for mood in moods if mood in MOODS),
        embedding=tuple((embedding / np.linalg.norm(embedding)).tolist()),
    )  # fmt: skip


def kit() -> list[Loop]:
    """Drum one-shots: two of each voice."""
    voices = ("kick", "snare", "clap", "hat", "cymbal", "percussion")
    return [make(v, kind="oneshot", number=n) for v in voices for n in range(2)]


def notes() -> list[Loop]:
    """Pitched one-shots: an 808, a piano, a lead."""
    return [
        make("bass", kind="oneshot", midi=33.0, key="A minor", seconds=1.2),
        make("keys", kind="oneshot", midi=60.0, key="C major", seconds=2.0),
        make("lead", kind="oneshot", midi=72.0, key="C major", seconds=0.8),
    ]


def loops(bpm: float = 120.0, key: str = "A minor", count: int = 3) -> list[Loop]:
    """`count` loops of each usual role at about one tempo, in about one key."""
    tonic = Key.parse(key)
    found: list[Loop] = []
    for n in range(count):
        at = bpm + 2.0 * n
        own = str(tonic.transpose((0, 2, -1)[n % 3]))
        found += [
            make("drums", bpm=at, number=n, beats=(16, 8, 32)[n % 3]),
            make("bass", bpm=at, key=own, number=n),
            make("keys", bpm=at, key=own, number=n, moods=("dark",) if n else ("bright",)),
            make("lead", bpm=at, key=own, number=n),
            make("pad", bpm=at, key=own, number=n, beats=32),
            make("percussion", bpm=at, number=n),
            make("vocal", bpm=at, key=own, number=n),
            make("fx", bpm=at, number=n, beats=8),
        ]
    return found


def crate(*parts: list[Loop]) -> Crate:
    """A crate of all the loops in `parts`, sorted by path."""
    return Crate(tuple(sorted((x for part in parts for x in part), key=lambda x: x.path)))
