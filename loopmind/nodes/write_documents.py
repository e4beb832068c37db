"""The node that writes a song's documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from loopmind.files.atomic import atomic_write
from loopmind.files.decode import read_audio
from loopmind.files.encode import write_audio
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.types import register_type
from loopmind.music.loop import Crate
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song
from loopmind.present.measured import Measured
from loopmind.present.page import song_page
from loopmind.present.timeline import timeline, timeline_json

_LISTEN_NAME = "song.mp3"

register_type(Measured, "measured", colour="#80ffdb")


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
    out: Annotated[Path, "Folder of the rendered song."],
    context: Context,
    embed_audio: Annotated[bool, "Put the sound into the page itself."] = True,
) -> Path:
    """Write timeline.json and song.html, a page with player, arrangement and every "why".

    timeline.json follows docs/schema/timeline.schema.json. The page needs nothing beside it.
    """
    data = timeline_json(timeline(song, palette, mix, crate, measured))
    atomic_write(out / "timeline.json", data.encode("utf-8"))
    context.check_cancelled()
    audio, source = None, dict(measured.files)["song"]
    if embed_audio:
        listen = out / _LISTEN_NAME
        if source != _LISTEN_NAME:
            write_audio(listen, read_audio(out / source))
        audio = listen.read_bytes()
        if source != _LISTEN_NAME:
            listen.unlink()
    page = song_page(
        song, palette, mix, crate, measured, audio=audio,
        audio_src=None if embed_audio else source,
    )  # fmt: skip
    atomic_write(out / "song.html", page.encode("utf-8"))
    return out / "song.html"
