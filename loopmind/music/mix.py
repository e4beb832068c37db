"""Mix decisions: what each track's channel strip, the buses and the master do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EqKind = Literal["lowcut", "lowshelf", "peak", "highshelf", "highcut"]
EffectKind = Literal["crusher", "phaser", "flanger", "chorus", "tremolo", "echo"]
EFFECT_KINDS: tuple[EffectKind, ...] = (
    "crusher", "phaser", "flanger", "chorus", "tremolo", "echo",
)  # fmt: skip
"""Effects that a strip can have, in the order in which they follow each other."""


@dataclass(frozen=True)
class EqBand:
    """One second-order equaliser band (RBJ cookbook); cuts ignore `gain_db`."""

    kind: EqKind
    freq_hz: float
    gain_db: float = 0.0
    q: float = 0.707


@dataclass(frozen=True)
class Compressor:
    """Feed-forward compressor with a soft knee."""

    threshold_db: float
    ratio: float
    attack_s: float
    release_s: float
    makeup_db: float = 0.0
    knee_db: float = 6.0


@dataclass(frozen=True)
class Sidechain:
    """Ducking of a track by `source` track's level; `depth_db` is the most it is lowered."""

    source: str
    depth_db: float
    attack_s: float
    release_s: float


@dataclass(frozen=True)
class Effect:
    """An effect in a channel strip, behind its drive; `amount` of it is heard, 0 none .. 1 all.

    beats: of an echo, from one repeat to the next; of a tremolo, of one sway; 0 as usual.
    """

    kind: EffectKind
    amount: float
    beats: float = 0.0


@dataclass(frozen=True)
class Strip:
    """A track's channel strip: eq, compressor, drive, effects, ducking, width, pan, gain, send.

    pan: -1 left .. 1 right. width: 0 mono .. 1 as is .. 2 wide. drive: 0..1 saturation.
    reverb_send_db: level into the reverb, None for none. why: plain words for the user. effects:
    one of a kind, in the order of EFFECT_KINDS.
    """

    track: str
    gain_db: float = 0.0
    pan: float = 0.0
    width: float = 1.0
    eq: tuple[EqBand, ...] = ()
    compressor: Compressor | None = None
    drive: float = 0.0
    reverb_send_db: float | None = None
    sidechain: Sidechain | None = None
    muted: bool = False
    why: str = ""
    effects: tuple[Effect, ...] = ()

    def effect(self, kind: str) -> Effect | None:
        """The effect of this kind, if the strip has it."""
        return next((found for found in self.effects if found.kind == kind), None)

    def at_rest(self, parameter: str) -> float | None:
        """What plays where nothing is drawn, of a parameter that automation replaces.

        None for what automation comes on top of (levels and filters), and for no send.
        """
        if parameter == "reverb_send_db":
            return self.reverb_send_db
        if parameter in EFFECT_KINDS:
            found = self.effect(parameter)
            return 0.0 if found is None else found.amount
        return None


@dataclass(frozen=True)
class Reverb:
    """The shared reverb bus (always 100 % wet)."""

    decay_s: float = 1.8
    predelay_s: float = 0.02
    damping: float = 0.5
    low_cut_hz: float = 200.0
    gain_db: float = 0.0


@dataclass(frozen=True)
class Master:
    """The master bus: eq, glue compression, saturation, loudness target and true-peak ceiling."""

    eq: tuple[EqBand, ...] = ()
    compressor: Compressor | None = None
    drive: float = 0.0
    target_lufs: float = -14.0
    ceiling_dbtp: float = -1.0


@dataclass(frozen=True)
class Mix:
    """All mix decisions of one song, in one `style`: raw, polished or tape."""

    style: str
    strips: tuple[Strip, ...]
    reverb: Reverb = Reverb()
    master: Master = Master()
