"""The node that writes a song's documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from loopmind.files.atomic import atomic_write
from loopmind.files.encode import write_audio
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.music.audio import Audio
from loopmind.music.loop import Crate
from loopmind.music.measured import Measured
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song
from loopmind.present.markers import section_labels, song_midi
from loopmind.present.page import song_page
from loopmind.present.timeline import timeline, timeline_json

# Vorbis: every current browser plays it, and it encodes three times as fast as MP3.
_LISTEN_SUFFIX = ".ogg"


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
    tempo, labels.txt the sections as Audacity labels. The page needs nothing beside it.
    """
    data = timeline_json(timeline(song, palette, mix, crate, measured))
    atomic_write(out / "timeline.json", data.encode("utf-8"))
    atomic_write(out / "labels.txt", section_labels(song).encode("utf-8"))
    loops = crate.by_digest()
    voices = {digest: loop.best_instrument or "" for digest, loop in loops.items()}
    atomic_write(out / "song.mid", song_midi(song, voices))
    context.check_cancelled()
    audio, source = None, dict(measured.files)["song"]
    if embed_audio:
        audio = _as_vorbis(out / source, master)
    page = song_page(
        song, palette, mix, crate, measured, audio=audio, audio_type="audio/ogg",
        audio_src=None if embed_audio else source,
    )  # fmt: skip
    atomic_write(out / "song.html", page.encode("utf-8"))
    return out / "song.html"


def _as_vorbis(song: Path, master: Audio) -> bytes:
    """`master`, the sound of `song`, in the form that the page embeds; nothing stays behind."""
    if song.suffix == _LISTEN_SUFFIX:
        return song.read_bytes()
    # Hidden, so that a kill leaves nothing that looks like a song; the next run writes over it.
    listen = song.with_name(f".loopmind-page{_LISTEN_SUFFIX}")
    try:
        return write_audio(listen, master).read_bytes()
    finally:
        listen.unlink(missing_ok=True)
