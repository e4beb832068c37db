"""The node that writes a song's documents."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import numpy as np

from loopmind.dsp.resample import resample
from loopmind.dsp.thinning import BLOCK, THIN_RATE_HZ, thinned
from loopmind.files.atomic import atomic_write
from loopmind.files.encode import flac_bytes
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.music.audio import Audio, Samples
from loopmind.music.loop import Crate
from loopmind.music.measured import Measured
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song
from loopmind.present.markers import section_labels, song_midi
from loopmind.present.page import song_page
from loopmind.present.provenance import provenance, provenance_csv, sounds_of_crate
from loopmind.present.timeline import timeline, timeline_json

_Sound = tuple[bytes, str]  # an encoded file and its media type

# A song in one of these forms is put into the page as it is.
_SMALL_TYPES = {".ogg": "audio/ogg", ".mp3": "audio/mpeg"}
_BLOCKS_AT_ONCE = 32
_THINNERS = 2


@node(
    id="loopmind.write_documents",
    category="Output",
    output="page",
    writes_files=True,
    cache="none",
)
def write_documents(
    song: Song,
    palette: Palette,
    mix: Mix,
    crate: Crate,
    measured: Measured,
    master: Audio,
    out: Annotated[Path, "Folder of the rendered song."],
    context: Context,
    embed_audio: Annotated[bool, "Put the sound into the page itself."] = True,
) -> Path:
    """Write song.html, a page with player, arrangement and every "why", and data for programs.

    timeline.json follows docs/schema/timeline.schema.json; song.mid holds the patterns' notes and
    tempo, labels.txt the sections as Audacity labels, provenance.csv the files and licences of
    every bar. The page needs nothing beside it.
    """
    source = dict(measured.files)["song"]

    def sound() -> _Sound | None:
        return _page_sound(out / source, master, context) if embed_audio else None

    def data() -> None:
        text = timeline_json(timeline(song, palette, mix, crate, measured))
        atomic_write(out / "timeline.json", text.encode("utf-8"))
        atomic_write(out / "labels.txt", section_labels(song).encode("utf-8"))
        voices = {loop.digest: loop.best_instrument or "" for loop in crate.loops}
        atomic_write(out / "song.mid", song_midi(song, voices))
        sheet = provenance_csv(provenance(song, sounds_of_crate(song, crate.loops)))
        atomic_write(out / "provenance.csv", sheet.encode("utf-8"))

    # Packing the sound leaves the interpreter's lock, so the rest is written beside it.
    work: tuple[Callable[[], _Sound | None], ...] = (sound, data)
    embedded, _ = context.map(lambda make: make(), work, processes=False)
    audio, audio_type = embedded or (None, "")
    page = song_page(
        song, palette, mix, crate, measured, audio=audio, audio_type=audio_type,
        audio_src=None if embed_audio else source,
    )  # fmt: skip
    atomic_write(out / "song.html", page.encode("utf-8"))
    return out / "song.html"


def _page_sound(song: Path, master: Audio, context: Context) -> _Sound:
    """`master`, the sound of the file `song`, small enough to be part of a page.

    FLAC of thinned sound: encoded in a fraction of a second, and every current browser plays it
    and finds any place in it.
    """
    known = _SMALL_TYPES.get(song.suffix)
    if known is not None:
        return song.read_bytes(), known

    def slower(channel: Samples) -> Samples:
        return resample(channel[np.newaxis], master.rate_hz, THIN_RATE_HZ)

    samples = np.concatenate(context.map(slower, master.samples, processes=False))
    blocks = range(0, -(-samples.shape[1] // BLOCK), _BLOCKS_AT_ONCE)
    # Thinned on other threads, a little ahead of the encoder.
    with ThreadPoolExecutor(_THINNERS) as pool:
        pieces = [pool.submit(thinned, samples, at, at + _BLOCKS_AT_ONCE) for at in blocks]
        packed = flac_bytes((piece.result() for piece in pieces), len(samples), THIN_RATE_HZ)
    context.check_cancelled()
    return packed, "audio/flac"
