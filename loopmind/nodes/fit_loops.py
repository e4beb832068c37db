"""The node that stretches and transposes loops to the song."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Annotated

from loopmind.errors import LoopMindError
from loopmind.files.decode import read_audio
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.ports import Choices
from loopmind.music.audio import Audio
from loopmind.music.loop import HEARD_SECONDS, Crate, Loop
from loopmind.music.material import Material, MaterialKey, clip_material
from loopmind.music.song import Song

# A loop is read a little beyond what its beats need, so that a stretch has sound to look ahead.
_CONTEXT_SECONDS = 2.0


@node(
    id="loopmind.fit_loops",
    category="Compose",
    output="material",
    cache="disk",
    touches_files=True,
    # The inputs name every file by the digest of its content, so nothing else can change.
    fingerprint=lambda controls: "",
)
def fit_loops(
    song: Song,
    crate: Crate,
    context: Context,
    rate_hz: Annotated[int, Choices(44100, 48000, 88200, 96000), "Rate of the song."] = 44100,
) -> Material:
    """Stretch and transpose every sound of the song to its tempo and key, sample-exact to the bars.

    Drums are fitted by moving their hits, all else by Signalsmith Stretch; a swung song moves
    off-beats to the common swing, but never those of a recording. Errors: a file that vanished
    since it was scanned.
    """
    loops = crate.by_digest()
    roles = {track.id: track.role for track in song.tracks}
    wanted: dict[MaterialKey, str] = {}
    as_played: set[MaterialKey] = set()
    for clip in song.clips:
        for key in clip_material(clip, song):
            wanted.setdefault(key, roles[clip.track])
            if clip.recorded:
                as_played.add(key)
    keys = sorted(wanted)
    reader = _Reader(loops, keys)

    def fit(key: MaterialKey) -> Audio:
        context.check_cancelled()
        loop, role = loops[key.digest], wanted[key]
        swing = loop.swing if key in as_played else song.swing
        # One sound that changed is fitted anew, the others are remembered.
        what = (key, role, loop.swing, key.bpm or song.bpm, swing, rate_hz)
        return context.remember(
            what, "audio", lambda: _fit(key, loop, role, song.bpm, swing, rate_hz, reader)
        )

    # Threads: decoding and resampling leave the interpreter's lock; for the dozen sounds of a
    # song, starting processes would cost more than the stretching itself.
    sounds = context.map(fit, keys, processes=False, name=lambda key: loops[key.digest].path)
    return Material(song.bpm, rate_hz, dict(zip(keys, sounds, strict=True)))


class _Reader:
    """Reads sounds, each long track of which many excerpts are used only once."""

    def __init__(self, loops: dict[str, Loop], keys: list[MaterialKey]) -> None:
        self._loops = loops
        self._seconds: dict[str, float] = {}
        self._held: dict[str, Audio] = {}
        self._lock = threading.Lock()
        self._excerpts = Counter(key.digest for key in keys)
        for key in keys:
            needed = max(self._seconds.get(key.digest, 0.0), _seconds(key, loops[key.digest]))
            self._seconds[key.digest] = needed

    def read(self, key: MaterialKey) -> Audio:
        loop = self._loops[key.digest]
        if self._excerpts[key.digest] < 2 or loop.kind != "song":
            return read_audio(loop.path, max_seconds=_seconds(key, loop))
        with self._lock:
            if key.digest not in self._held:
                seconds = self._seconds[key.digest]
                self._held[key.digest] = read_audio(loop.path, max_seconds=seconds)
            held = self._held[key.digest]
        # Cut to what this excerpt alone would read, so that others make no difference to it.
        return Audio(held.samples[:, : round(_seconds(key, loop) * held.rate_hz)], held.rate_hz)


def _seconds(key: MaterialKey, loop: Loop) -> float:
    """Of a file that goes on for an hour no more is read than was heard, or than is played."""
    if key.source_bpm <= 0:
        return HEARD_SECONDS
    needed = key.source_start_s + key.beats * 60.0 / key.source_bpm + _CONTEXT_SECONDS
    return needed if loop.kind == "song" else max(needed, HEARD_SECONDS)


def _fit(
    key: MaterialKey, loop: Loop, role: str, bpm: float, swing: float, rate_hz: int, reader: _Reader
) -> Audio:
    from loopmind.compose.fit import FitError, fit_material  # often what came of it is known

    audio = reader.read(key)
    try:
        return fit_material(
            key,
            audio,
            bpm=key.bpm or bpm,
            rate_hz=rate_hz,
            role=role,
            source_swing=loop.swing,
            target_swing=swing,
        )
    except FitError as error:
        raise LoopMindError(f"{loop.path}: {error}") from error
