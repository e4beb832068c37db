"""The node that hears one sound."""

from __future__ import annotations

from loopmind.analysis.hear import hear
from loopmind.analysis.models import MODELS
from loopmind.files.digest import value_digest
from loopmind.graph.node import node
from loopmind.music.audio import Audio
from loopmind.music.loop import Loop


@node(id="loopmind.hear_audio", category="Analysis", output="loop", models=MODELS)
def hear_audio(audio: Audio) -> Loop:
    """Tell tempo, key, instrument, moods and all else of a sound, by sound alone."""
    digest = value_digest([audio.samples, audio.rate_hz])
    return hear(audio, path="", digest=digest)
