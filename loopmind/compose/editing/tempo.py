"""The song at another tempo: everything moved together, what cannot follow is named."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from loopmind.compose.compatibility import LAST_RESORT, RATIO_LIMITS
from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.playing import in_reading
from loopmind.compose.transitions import RISER
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import SetTempo
from loopmind.music.loop import Crate
from loopmind.music.palette import Candidate
from loopmind.music.song import Clip, Section, Song

SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0


def set_tempo_of_song(edit: SetTempo, draft: Draft, crate: Crate) -> Draft:
    """The song at another tempo, if its loops can follow."""
    old = draft.song.bpm
    wanted = old * edit.by if edit.bpm is None else edit.bpm
    if not SLOWEST_BPM <= wanted <= FASTEST_BPM:
        raise EditError(
            f"{wanted:g} bpm is no tempo for a song; stay within {SLOWEST_BPM:g} to {FASTEST_BPM:g}"
        )
    bpm = round(wanted, 2)
    if bpm == old:
        own = [s.name for s in draft.song.sections if s.bpm is not None]
        more = f", or name {listed(own)} to bring it there" if own else ""
        raise EditError(f"the song has {old:g} bpm already; name another tempo{more}")
    draft, counted = at_tempo(draft, crate, bpm)
    said = f"the song runs at {bpm:g} bpm in place of {old:g}"
    if counted:
        said += f"; {asking.verb(counted, 'is', 'are')} counted in half or double time"
    return asking.told(draft, "; ".join([said, *other_tempi(draft.song)]))


def refuse_spoilt(
    song: Song, crate: Crate, section: Section, bpm: float, yielding: Collection[str] = ()
) -> None:
    """Raise EditError for a loop in `section` that cannot be played at `bpm`."""
    bar, loops = song.beats_per_bar, crate.by_digest()
    start, end = section.start_bar * bar, (section.start_bar + section.bars) * bar
    roles = {t.id: t.role for t in song.tracks}
    for clip in song.clips:
        if clip.hits or clip.source_bpm is None:
            continue
        if clip.track in yielding and not clip.recorded:
            continue
        if clip.start_beat >= end or clip.start_beat + clip.beats <= start:
            continue
        ratio, present = bpm / clip.source_bpm, song.bpm / clip.source_bpm
        if _reading(ratio, roles.get(clip.track, "fx"), present) != 1.0:
            name = loops[clip.digest].path if clip.digest in loops else clip.digest
            way_out = "take it out" if clip.recorded else "swap it"
            raise EditError(
                f"at {bpm:g} bpm {name} on {clip.track} in {section.name} would be stretched too "
                f"far; stay nearer to {song.bpm:g} bpm, or {way_out} first"
            )


def at_tempo(
    draft: Draft, crate: Crate, bpm: float, *, yielding: Collection[str] = ()
) -> tuple[Draft, list[str]]:
    """The draft at `bpm`, and the tracks whose loops are counted at half or double the tempo.

    yielding: tracks that are going to play other sounds, so that theirs may be spoilt. Raises
    EditError naming the first loop that would have to be played too fast or too slow.
    """
    song = draft.song
    loops = crate.by_digest()
    roles = {t.id: t.role for t in song.tracks}
    factors: dict[str, float] = {}
    counted: list[str] = []
    # Swells come last: most play a sound that is read for its own track already.
    for clip in sorted(song.clips, key=lambda c: c.track == RISER.id):
        if clip.hits or clip.source_bpm is None or clip.digest in factors:
            continue
        name = loops[clip.digest].path if clip.digest in loops else clip.digest
        ratio = bpm / clip.source_bpm
        factor = _followed(clip, bpm, song.bpm, roles.get(clip.track, "fx"))
        if factor is None and clip.track in yielding and not clip.recorded:
            factor = 1.0
        short = factor is not None and factor < 1.0 and clip.loop_beats * factor < 1.0
        if factor is None or (short and clip.track != RISER.id):
            way = "faster" if ratio > 1.0 else "slower"
            times = max(ratio, 1.0 / ratio)
            raise EditError(
                f"at {bpm:g} bpm {name} on {clip.track} would have to play {times:.2f} times "
                f"{way}, which spoils it; {'take it out' if clip.recorded else 'swap it'} first, "
                f"or stay nearer to {song.bpm:g} bpm"
            )
        factors[clip.digest] = factor
        if factor != 1.0 and clip.track not in counted:
            counted.append(clip.track)

    def placed(clip: Clip) -> Clip:
        factor = factors.get(clip.digest, 1.0)
        return clip if factor == 1.0 else in_reading(clip, factor)

    def read(candidate: Candidate) -> Candidate:
        if candidate.source_bpm is None:
            return candidate
        factor = factors.get(candidate.digest, 1.0)
        tempo = candidate.source_bpm * factor
        return replace(
            candidate, source_bpm=tempo, beats=candidate.beats * factor,
            ratio=round(bpm / tempo, 6),
        )  # fmt: skip

    choices = tuple(
        replace(c, picked=read(c.picked), runners_up=tuple(read(r) for r in c.runners_up))
        for c in draft.palette.choices
    )
    clips = tuple(placed(clip) for clip in song.clips)
    palette = replace(draft.palette, bpm=bpm, choices=choices)
    sections = tuple(
        s if s.bpm is None else replace(s, bpm=round(s.bpm * bpm / song.bpm, 2))
        for s in song.sections
    )
    made = replace(song, bpm=bpm, clips=clips, sections=sections)
    for held in sections:
        if held.bpm is not None:
            if not SLOWEST_BPM <= held.bpm <= FASTEST_BPM:
                raise EditError(
                    f"{held.name}, which keeps its ratio, would run at {held.bpm:g} bpm; give it "
                    f"another tempo first, within {SLOWEST_BPM:g} to {FASTEST_BPM:g}"
                )
            refuse_spoilt(made, crate, held, held.bpm, yielding)
    return replace(draft, palette=palette, song=made), counted


def cannot_follow(draft: Draft, bpm: float, *, recorded: bool = False) -> list[str]:
    """The tracks, swells aside, with a loop (or a recording) that would be spoilt at `bpm`."""
    roles = {t.id: t.role for t in draft.song.tracks}
    found = [
        c.track for c in draft.song.clips
        if not c.hits and c.source_bpm is not None and c.track != RISER.id
        and (c.recorded or not recorded)
        and _followed(c, bpm, draft.song.bpm, roles[c.track]) is None
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def other_tempi(song: Song) -> list[str]:
    """What to say of sections with tempi of their own after the song's tempo moved."""
    return [
        f"{s.name} keeps its ratio to it, at {s.bpm:g} bpm"
        for s in song.sections if s.bpm is not None and s.bpm != song.bpm
    ]  # fmt: skip


def _followed(clip: Clip, bpm: float, present: float, role: str) -> float | None:
    """At what its tempo is counted as the song goes from `present` to `bpm`; None: it cannot go.

    A recording is not a loop that could be counted in half or double time.
    """
    tempo = clip.source_bpm or present
    factor = _reading(bpm / tempo, role, present / tempo)
    return None if clip.recorded and factor != 1.0 else factor


def _reading(ratio: float, role: str, present: float) -> float | None:
    """1, or what the loop's tempo is counted at so that the stretch stays bearable; else None."""
    low, high = RATIO_LIMITS.get(role, RATIO_LIMITS["fx"])
    if not low <= present <= high:
        # It was a makeshift from the start: no better is asked of it now.
        low, high = min(low, present), max(high, present)
    low, high = max(low * 0.98, LAST_RESORT[0]), min(high * 1.02, LAST_RESORT[1])
    for factor in (1.0, 0.5, 2.0):
        if low <= ratio / factor <= high:
            return factor
    return None
