"""What is known of one sound file: Loop, and the crate that gathers a user's loops.

`Loop` is the value for every heard file, be it a loop, a one-shot or a whole song; `kind` tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loopmind.music.belief import Belief, best
from loopmind.music.key import Key

Kind = Literal["loop", "oneshot", "song"]
Role = Literal["drums", "percussion", "bass", "chords", "lead", "pad", "vocal", "fx"]

KINDS: tuple[Kind, ...] = ("loop", "oneshot", "song")
ROLES: tuple[Role, ...] = ("drums", "percussion", "bass", "chords", "lead", "pad", "vocal", "fx")

INSTRUMENTS: tuple[str, ...] = (
    "kick", "snare", "clap", "hat", "cymbal", "tom", "percussion", "drums",
    "bass", "keys", "guitar", "pad", "lead", "strings", "brass", "woodwind",
    "vocal", "fx",
)  # fmt: skip
DRUM_INSTRUMENTS = frozenset(INSTRUMENTS[:8])

ROLE_OF_INSTRUMENT: dict[str, Role] = {
    "kick": "drums", "snare": "drums", "clap": "drums", "hat": "drums", "cymbal": "drums",
    "tom": "percussion", "percussion": "percussion", "drums": "drums",
    "bass": "bass", "keys": "chords", "guitar": "chords", "pad": "pad", "lead": "lead",
    "strings": "pad", "brass": "lead", "woodwind": "lead", "vocal": "vocal", "fx": "fx",
}  # fmt: skip

MOODS: tuple[str, ...] = (
    "dark", "bright", "warm", "aggressive", "calm", "dreamy", "happy", "sad", "lo-fi",
    "punchy", "clean", "distorted",
)  # fmt: skip

SPECTRUM_BANDS_HZ = (31.5, 63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)
STEPS_PER_BAR = 16
CHROMA_SLICES = 8
LICENCE_NOTE = "licence: "
HEARD_SECONDS = 120.0
"""At most this much of a file, from its beginning, is heard and used: enough for tempo, key and
sound of a whole song, and memory stays bounded for an hour of audio."""


@dataclass(frozen=True)
class Loop:
    """One heard sound file. Times are seconds in the file, levels dB, weights 0..1.

    tempo: candidate beats per minute (best first); empty where no pulse was heard.
    downbeat_s: the first downbeat. seamless: the file holds a whole number of beats and wraps.
    swing: share of an eighth-note pair taken by its first note, .5 (straight) to .75.
    onsets_s, onset_strengths: equally long; strengths 0..1.
    key: candidates; empty where no pitch was heard. pitched: 0 noise .. 1 clearly tonal.
    tuning_cents: deviation from A = 440 Hz, -50..50. pitch_midi: the note of a pitched
    one-shot or None.
    chroma: 12 pitch-class energies, loudest = 1. chroma_slices: the same for CHROMA_SLICES
    equal slices of the file, for comparing chord movement.
    loudness_lufs: integrated loudness, BS.1770-4. peak_dbfs: sample peak. crest_db: peak to RMS.
    spectrum_db: mean power in octave bands SPECTRUM_BANDS_HZ, relative to the total.
    brightness_hz: spectral centroid. energy: perceived drive, 0 calm .. 1 intense.
    rhythm: onset strength on STEPS_PER_BAR steps of the bar, at the best tempo.
    embedding: unit vector of timbre, rhythm and harmony.
    evidence: words that say where beliefs came from ("name: 140 bpm", "user: key"), and what the
    user said of the licence ("licence: CC0").
    """

    path: str
    digest: str
    kind: Kind
    kind_confidence: float
    rate_hz: int
    channels: int
    frames: int
    tempo: tuple[Belief[float], ...]
    beats_per_bar: int
    downbeat_s: float
    seamless: bool
    swing: float
    onsets_s: tuple[float, ...]
    onset_strengths: tuple[float, ...]
    rhythm: tuple[float, ...]
    key: tuple[Belief[Key], ...]
    pitched: float
    pitch_midi: float | None
    tuning_cents: float
    chroma: tuple[float, ...]
    chroma_slices: tuple[tuple[float, ...], ...]
    loudness_lufs: float
    peak_dbfs: float
    crest_db: float
    spectrum_db: tuple[float, ...]
    brightness_hz: float
    energy: float
    instrument: tuple[Belief[str], ...]
    role: tuple[Belief[str], ...]
    tags: tuple[Belief[str], ...]
    embedding: tuple[float, ...]
    evidence: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz

    @property
    def bpm(self) -> float | None:
        return best(self.tempo)

    @property
    def best_key(self) -> Key | None:
        return best(self.key)

    @property
    def best_instrument(self) -> str | None:
        return best(self.instrument)

    @property
    def best_role(self) -> str | None:
        return best(self.role)

    @property
    def licence(self) -> str:
        """What the user said of its licence; empty where nothing was said."""
        notes = [note for note in self.evidence if note.startswith(LICENCE_NOTE)]
        return notes[-1].removeprefix(LICENCE_NOTE) if notes else ""

    def beats_at(self, bpm: float) -> float:
        """Length of the file in beats if its tempo is `bpm`."""
        return self.duration_s * bpm / 60.0


@dataclass(frozen=True)
class Unusable:
    """One file that could not be used: what was wrong and what the user can do about it."""

    path: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Crate:
    """The user's loops in one library, sorted by path, and the files that could not be used."""

    loops: tuple[Loop, ...]
    unusable: tuple[Unusable, ...] = ()

    def by_digest(self) -> dict[str, Loop]:
        """Loops by content digest (of equal files, the first path)."""
        found: dict[str, Loop] = {}
        for loop in self.loops:
            found.setdefault(loop.digest, loop)
        return found
