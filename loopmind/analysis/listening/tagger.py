"""The sound encoder and tagger: what it is shown of a sound, and what it tells.

It sees a sound's beginning closely and all of it from afar, and the features that are measured
anyway. `loopmind.learn.tagger.model` trains it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.mel import mel_powers
from loopmind.analysis.models import TAGGER_MODEL, ModelError, open_model
from loopmind.music.loop import INSTRUMENTS, ROLES

if TYPE_CHECKING:
    from loopmind.analysis.frontend import Spectra

F32 = NDArray[np.float32]

EMBEDDING = 256
BANDS = 48
NEAR_FRAMES = 64
FAR_STEPS = 128
STEP_FRAMES = 4
FLOOR_DB = -80.0
_BEFORE = 2
_SOUNDING_DB = -50.0


@dataclass(frozen=True, eq=False)
class Told:
    """What the tagger tells of one sound.

    embedding: float32 (EMBEDDING,), unit length. instrument, role: float32 probabilities in the
    order of INSTRUMENTS and ROLES. loop: probability of a loop rather than a one-shot.
    """

    embedding: F32
    instrument: F32
    role: F32
    loop: float


def tell(spectra: Spectra, features: F32) -> Told:
    """Ask the tagger about a sound and its `features` (those of `timbre_features`).

    Raises ModelError where the model is missing, damaged or another one.
    """
    model = open_model(TAGGER_MODEL)
    near, far = pictures(spectra)
    embedding, instrument, role, kind = model.run(
        {"near": near[None], "far": far[None], "features": features[None]},
        ("embedding", "instrument", "role", "kind"),
    )
    sizes = (embedding.shape, instrument.shape, role.shape, kind.shape)
    if sizes != ((1, EMBEDDING), (1, len(INSTRUMENTS)), (1, len(ROLES)), (1, 2)):
        raise ModelError(
            f"the model {model.file} answers other questions than this LoopMind asks; "
            "install LoopMind again, or learn it anew"
        )
    return Told(embedding[0], instrument[0], role[0], float(kind[0, 1]))


def pictures(spectra: Spectra) -> tuple[F32, F32]:
    """Two log-mel pictures of a sound: near (NEAR_FRAMES, BANDS) and far (FAR_STEPS, BANDS).

    Both begin just before the first frame within 50 dB of the loudest. `near` has the analyser's
    frames (12 ms, .74 s in all), `far` means of STEP_FRAMES of them (46 ms, 5.9 s). Levels are
    relative to the loudest cell of the far picture's span and run from -1 (FLOOR_DB and below,
    and where the sound is over) to 1: gain changes nothing.
    """
    power = spectra.power
    mel, total, _ = mel_powers(power, spectra.rate_hz, BANDS)
    total += power[:, 0]
    top = float(total.max(initial=0.0))
    begin = int((total > top * 10.0 ** (_SOUNDING_DB / 10.0)).argmax()) if top > 0.0 else 0
    begin = max(0, begin - _BEFORE)
    mel = mel[begin : begin + FAR_STEPS * STEP_FRAMES]
    near = np.zeros((NEAR_FRAMES, BANDS), np.float32)
    near[: min(NEAR_FRAMES, len(mel))] = mel[:NEAR_FRAMES]
    far = np.zeros((FAR_STEPS, BANDS), np.float32)
    steps = len(mel) // STEP_FRAMES
    whole = mel[: steps * STEP_FRAMES]
    far[:steps] = whole.reshape(steps, STEP_FRAMES, BANDS).mean(axis=1)
    if len(mel) % STEP_FRAMES and steps < FAR_STEPS:
        far[steps] = mel[steps * STEP_FRAMES :].sum(axis=0) / STEP_FRAMES
    loudest = float(mel.max(initial=0.0))
    if loudest <= 0.0:
        return np.full_like(near, -1.0), np.full_like(far, -1.0)
    return _levels(near, loudest), _levels(far, loudest)


def _levels(mel: F32, loudest: float) -> F32:
    relative = np.maximum(mel * np.float32(1.0 / loudest), np.float32(10.0 ** (FLOOR_DB / 10.0)))
    levels = np.log(relative)
    levels *= np.float32(-20.0 / FLOOR_DB / np.log(10.0))
    levels += np.float32(1.0)
    return np.asarray(levels, np.float32)
