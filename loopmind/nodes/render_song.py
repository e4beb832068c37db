"""The node that renders a song to files."""

from __future__ import annotations

import json
import math
import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loopmind.errors import CancelledError, LoopMindError
from loopmind.files.encode import AudioWriter, write_audio
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.music.audio import Audio
from loopmind.music.material import Material
from loopmind.music.measured import Measured
from loopmind.music.mix import Mix
from loopmind.music.packed import SMALL_TYPES, PackedSound
from loopmind.music.song import Song
from loopmind.runtime.mixdown import REVERB_STEM
from loopmind.runtime.offline import render
from loopmind.runtime.packing import PackedBeside
from loopmind.runtime.takes import Take, TakeState

SONG_NAME = "song"
STEMS_FOLDER = "stems"
PREMASTER_NAME = "premaster"
TIMELINE_NAME = "timeline.json"
_CURVE_STEP_S = 0.5


class Rendered(NamedTuple):
    """What was measured, the master itself for those who would else decode its file, and packed."""

    measured: Measured
    master: Audio
    packed: PackedSound


@node(
    id="loopmind.render_song",
    category="Output",
    writes_files=True,
    cache="disk",  # of takes: the files are written every time
)
def render_song(
    song: Song,
    mix: Mix,
    material: Material,
    out: Annotated[Path, "Folder for the song's files; made if it is not there."],
    context: Context,
    format: Annotated[Literal["wav", "flac", "mp3", "ogg"], "Of the master."] = "wav",
    stems: Annotated[bool, "Also write one file for each track, and the pre-master."] = False,
    pack: Annotated[bool, "Also pack the master small, for a page, unless it is so."] = False,
) -> Rendered:
    """Play the song through its mix into `out`/song.FORMAT, faster than real time.

    With `stems`, `out`/stems holds one 32-bit float WAV for each track and for the reverb; their
    sum is premaster.wav, the mix before the master chain. Files appear whole or not at all.
    What was rendered before of the same song is taken up, bit for bit, where no stems are asked
    for. Errors: a folder that cannot be written, a full disk, nothing but silence.
    """
    files: list[tuple[str, str]] = [("song", f"{SONG_NAME}.{format}")]
    with ExitStack() as after, ExitStack() as open_files:
        packing = None
        if pack and f".{format}" not in SMALL_TYPES:
            packing = after.enter_context(PackedBeside(material.rate_hz, 2))
        writers: dict[str, AudioWriter] = {}
        if stems:
            for track in (*(t.id for t in song.tracks), REVERB_STEM):
                place = f"{STEMS_FOLDER}/{track}.wav"
                writer = AudioWriter(out / place, material.rate_hz, 2, subtype="FLOAT")
                writers[track] = open_files.enter_context(writer)
                files.append((f"stem {track}", place))

        master_file = _MasterFile(out / f"{SONG_NAME}.{format}", material.rate_hz, packing)
        master = open_files.enter_context(master_file)

        def write_stem(track: str, block: NDArray[np.float32]) -> None:
            writers[track].write(block)

        rendering = render(
            song,
            mix,
            material,
            rate_hz=material.rate_hz,
            threads=os.cpu_count() or 1,
            stems=write_stem if stems else None,
            takes=_KeptTakes(context),
            master=master,
            progress=context.progress,
            cancelled=context.cancelled,
        )
        if not math.isfinite(rendering.lufs):
            raise LoopMindError(
                f"the song for {out} comes out silent; choose louder sounds or another seed"
            )
        open_files.close()  # now, for packing may take a little longer
        packed = PackedSound() if packing is None else packing.finish()
    if stems:
        assert rendering.premaster is not None
        _remove_old_stems(out, {place for _, place in files})
        place = f"{STEMS_FOLDER}/{PREMASTER_NAME}.wav"
        write_audio(out / place, rendering.premaster, subtype="FLOAT")
        files.append(("pre-master", place))
    curve = rendering.short_term_lufs[:: round(_CURVE_STEP_S / 0.1)]
    measured = Measured(
        loudness_lufs=rendering.lufs,
        true_peak_dbtp=rendering.true_peak_dbtp,
        duration_s=rendering.master.duration_s,
        curve_lufs=tuple(float(x) if math.isfinite(x) else -120.0 for x in curve),
        curve_step_s=_CURVE_STEP_S,
        files=tuple(files),
        gain_db=rendering.gain_db,
        limiter_dbtp=rendering.ceiling_dbtp,
        trim_db=rendering.trim_db,
    )
    return Rendered(measured, rendering.master, packed)


class _MasterFile:
    """The master's file, written while the master is made; it appears when all went well.

    packing: is handed the master too.
    """

    def __init__(self, path: Path, rate_hz: int, packing: PackedBeside | None) -> None:
        self._path, self._rate_hz, self._packing = path, rate_hz, packing
        self._open: AudioWriter | None = None

    def start(self) -> None:
        self._leave(CancelledError("the master begins again"))
        self._open = AudioWriter(self._path, self._rate_hz, 2).__enter__()
        if self._packing is not None:
            self._packing.start()

    def write(self, samples: NDArray[np.float32]) -> None:
        assert self._open is not None
        if self._packing is not None:
            self._packing.write(samples)
        self._open.write(samples)

    def __enter__(self) -> _MasterFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave(error)

    def _leave(self, error: BaseException | None) -> None:
        writer, self._open = self._open, None
        if writer is not None:
            writer.__exit__(None if error is None else type(error), error, None)


class _KeptTakes:
    """Takes as the context remembers parts: in the session, and in the user's cache."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def take(self, key: str) -> Take | None:
        found = self._context.recall(("take", key), "take")
        return found if isinstance(found, Take) else None

    def state(self, key: str) -> TakeState | None:
        found = self._context.recall(("state", key), "take_state")
        return found if isinstance(found, TakeState) else None

    def keep(self, key: str, take: Take, state: TakeState) -> None:
        self._context.keep(("state", key), "take_state", state)
        self._context.keep(("take", key), "take", take)


def _remove_old_stems(out: Path, current: set[str]) -> None:
    """Take away what an earlier song in this folder wrote and this one lacks, nothing else.

    The earlier song's timeline.json names its files; left over, they would spoil the sum.
    """
    try:
        told = json.loads((out / TIMELINE_NAME).read_text("utf-8"))
        earlier = [str(file["path"]) for file in told["files"] if "stem" in str(file["what"])]
    except (OSError, ValueError, KeyError, TypeError):  # no earlier song that can be read
        return
    for place in earlier:
        file = out / place
        if place not in current and file.parent == out / STEMS_FOLDER:
            file.unlink(missing_ok=True)
