"""The node that lets a song play on where some of its sounds are missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.music.loop import Crate
from loopmind.music.song import Clip, Song


@node(id="loopmind.leave_out_missing", category="Compose", output="song", touches_files=True)
def leave_out_missing(song: Song, crate: Crate, context: Context) -> Song:
    """Take out what plays sounds that are not in the crate, or whose files are gone.

    All else stays in its place, so the song sounds as it was but for them.
    """
    wanted = {clip.digest for clip in song.clips}
    wanted |= {hit.digest for clip in song.clips for hit in clip.hits}
    loops = crate.by_digest()
    there = {d for d in wanted & loops.keys() if Path(loops[d].path).is_file()}

    def present(clip: Clip) -> Clip | None:
        if clip.digest:
            return clip if clip.digest in there else None
        hits = tuple(hit for hit in clip.hits if hit.digest in there)
        if not hits:
            return None
        return clip if len(hits) == len(clip.hits) else replace(clip, hits=hits)

    clips = tuple(kept for clip in song.clips if (kept := present(clip)) is not None)
    missing = len(wanted - there - {""})
    if missing:
        context.note(f"{missing} sound{'s are' if missing > 1 else ' is'} missing and left out")
    return song if clips == song.clips else replace(song, clips=clips)
