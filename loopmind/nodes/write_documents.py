"""The node that writes a song's documents."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

from loopmind.files.atomic import atomic_write
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.music.audio import Audio
from loopmind.music.loop import Crate
from loopmind.music.measured import Measured
from loopmind.music.mix import Mix
from loopmind.music.packed import SMALL_TYPES, PackedSound
from loopmind.music.palette import Palette
from loopmind.music.song import Song
from loopmind.present.markers import section_labels, song_midi
from loopmind.present.page import song_page
from loopmind.present.provenance import provenance, provenance_csv, sounds_of_crate
from loopmind.present.timeline import timeline, timeline_json
from loopmind.runtime.packing import Packer

_Sound = tuple[bytes, str]  # an encoded file and its media type


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
    packed: PackedSound | None = None,
    embed_audio: Annotated[bool, "Put the sound into the page itself."] = True,
) -> Path:
    """Write song.html, a page with player, arrangement and every "why", and data for programs.

    timeline.json follows docs/schema/timeline.schema.json; song.mid holds the patterns' notes and
    tempo, labels.txt the sections as Audacity labels, provenance.csv the files and licences of
    every bar. The page needs nothing beside it: it holds `packed`, or the master packed here.
    """
    source = dict(measured.files)["song"]

    def data() -> None:
        text = timeline_json(timeline(song, palette, mix, crate, measured))
        atomic_write(out / "timeline.json", text.encode("utf-8"))
        atomic_write(out / "labels.txt", section_labels(song).encode("utf-8"))
        voices = {loop.digest: loop.best_instrument or "" for loop in crate.loops}
        atomic_write(out / "song.mid", song_midi(song, voices))
        sheet = provenance_csv(provenance(song, sounds_of_crate(song, crate.loops)))
        atomic_write(out / "provenance.csv", sheet.encode("utf-8"))

    def page() -> None:
        audio, audio_type = None, ""
        if embed_audio:
            audio, audio_type = _page_sound(out / source, master, packed)
        text = song_page(
            song, palette, mix, crate, measured, audio=audio, audio_type=audio_type,
            audio_src=None if embed_audio else source,
        )  # fmt: skip
        atomic_write(out / "song.html", text.encode("utf-8"))

    # Writing waits for the disk, so one goes on while the other waits.
    context.map(lambda make: make(), (page, data), processes=False)
    return out / "song.html"


def _page_sound(song: Path, master: Audio, packed: PackedSound | None) -> _Sound:
    """`master`, the sound of the file `song`, small enough to be part of a page."""
    known = SMALL_TYPES.get(song.suffix)
    if known is not None:
        return song.read_bytes(), known
    if packed is None or packed.data.size == 0:
        with closing(Packer(master.rate_hz, master.channels)) as packer:
            packer.write(master.samples)
            packed = packer.finish()
    return packed.data.tobytes(), packed.media_type
