"""A recording becomes part of a song: kept beside the project, heard, laid where it was played."""

from __future__ import annotations

from pathlib import Path

from loopmind.errors import LoopMindError
from loopmind.files.encode import write_audio
from loopmind.graph.document import Graph, GraphNode
from loopmind.music.audio import Audio
from loopmind.music.edit import Edit, PutClip, RemoveClip
from loopmind.music.history import Revision
from loopmind.music.loop import Crate, Loop, Role
from loopmind.music.song import Clip, with_free_id
from loopmind.runtime.generate import song_session
from loopmind.runtime.project_session import ProjectSession

FOLDER = "recordings"


def lay_recording(
    session: ProjectSession,
    audio: Audio,
    bars: tuple[int, int],
    *,
    track: str = "recording",
    role: Role = "vocal",
    library: Path | None = None,
) -> Revision:
    """Lay `audio`, played while bars `bars` (first and last, from 1) were heard, into the song.

    It is written to the folder "recordings" beside the project and is one clip on `track`, which
    is made with `role` where the song has none; one undo takes it out again. Another take takes
    the place of those on the track that lie in the same bars; their files stay. library: the
    folder of the library that hears it. Raises LoopMindError where nothing was recorded,
    EditError where the song has no such bars or the track is locked, OutputError.
    """
    song = session.draft.song
    first, last = bars
    beats = float((last - first + 1) * song.beats_per_bar)
    file = write_audio(_free_place(session.path.parent / FOLDER, track, bars), audio)
    loop = _heard(file, library)
    session.take_in([loop])
    begin, tempo = float((first - 1) * song.beats_per_bar), song.tempo
    edits: list[Edit] = []
    end = begin + beats
    replaced = [
        c.id for c in song.clips
        if c.recorded and c.track == track and begin <= c.start_beat
        and c.start_beat + c.beats <= end + 1e-6
    ]  # fmt: skip
    taken = {c.id for c in song.clips} - set(replaced)
    # Where the tempo changes meanwhile, each stretch is a clip of its own.
    for number, (start, until, bpm) in enumerate(tempo.stretches(begin, end)):
        clip = Clip(
            id=f"{track}/{first}-{last}" + (f"/{number}" if number else ""),
            track=track,
            start_beat=start,
            beats=until - start,
            digest=loop.digest,
            source_bpm=bpm,
            source_start_s=tempo.seconds(start) - tempo.seconds(begin),
            loop_beats=until - start,
            recorded=True,
        )
        clip = with_free_id(clip, taken)
        taken.add(clip.id)
        edits.append(PutClip(clip, role))
    edits += [RemoveClip(name) for name in replaced if name not in taken]
    return session.apply(edits, f"recorded bars {first} to {last}")


def _free_place(folder: Path, track: str, bars: tuple[int, int]) -> Path:
    """A file that is not there yet: "vocal 5-8 take 2.wav"."""
    number = 1
    while (file := folder / f"{track} {bars[0]}-{bars[1]} take {number}.wav").exists():
        number += 1
    return file


def _heard(file: Path, library: Path | None) -> Loop:
    controls = {"folders": (file,), "library": library}
    graph = Graph({"scan": GraphNode("loopmind.scan_folders", controls=controls)})
    with song_session() as session:
        result = session.evaluate(graph, ["scan"])
    try:
        result.check_for_user()
    except LoopMindError as error:
        raise LoopMindError(
            f"nothing was laid into the song: {error}; "
            "check the input with 'loopmind devices' and its level"
        ) from error
    crate: Crate = result["scan"]
    return crate.loops[0]
