"""Edits that draw: automation, fades, and single clips."""

from __future__ import annotations

import math
from dataclasses import replace

from loopmind.compose.editing import asking, curves
from loopmind.compose.editing.asking import MASTER, MOST_TRACKS, EditError
from loopmind.compose.editing.blocks import Fades, with_fades, without_fades
from loopmind.compose.editing.curves import Piece, Points
from loopmind.compose.editing.settling import settle
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import PutClip, RemoveClip, SetAutomation, SetFade
from loopmind.music.loop import ROLES, Crate
from loopmind.music.mix import EFFECT_KINDS
from loopmind.music.song import Automation, Clip, Section, Song, Track

RANGES: dict[str, tuple[float, float]] = {
    "gain_db": (-96.0, 24.0), "lowpass_hz": (20.0, 20000.0), "highpass_hz": (20.0, 20000.0),
    "reverb_send_db": (-96.0, 12.0), **dict.fromkeys(EFFECT_KINDS, (0.0, 1.0)),
}  # fmt: skip
SILENCE_DB = -48.0
# Steady in loudness, not in decibels: most of a fade is to be heard, not to be waited for.
_SHAPE = ((0.0, 0.0), (0.5, -6.0), (0.75, -13.0), (0.9, -22.0), (1.0, SILENCE_DB))
_NAMES: dict[str, str] = {"gain_db": "level", "lowpass_hz": "low pass", "highpass_hz": "high pass",
          "reverb_send_db": "reverb", **{kind: kind for kind in EFFECT_KINDS}}  # fmt: skip


def set_automation(edit: SetAutomation, draft: Draft, crate: Crate) -> Draft:
    """A parameter drawn over time, in place of what was drawn before; locked sections stay."""
    drawn = edit.automation
    song = draft.song
    if drawn.track != MASTER:
        asking.track(draft, drawn.track)
        asking.refuse_locked_track(draft, drawn.track)
    elif drawn.parameter == "reverb_send_db":
        raise EditError("the master sends nothing to the reverb; automate a track's send instead")
    elif drawn.parameter in EFFECT_KINDS:
        raise EditError(f"the master has no {drawn.parameter}; automate a track's instead")
    low, high = RANGES[drawn.parameter]
    for beat, value in drawn.points:
        if not math.isfinite(beat) or not 0.0 <= beat <= song.beats + song.tail_beats:
            raise EditError(
                f"beat {beat:g} lies outside the song, which lasts {song.beats:g} beats; "
                "draw within it"
            )
        if not math.isfinite(value) or not low <= value <= high:
            raise EditError(
                f"{value:g} is no value for {drawn.parameter}; stay within {low:g} to {high:g}"
            )
    key = (drawn.track, drawn.parameter)
    points = _with_locked(draft, drawn)
    held = curves.of(song, *key)
    if held is not None and held.points == points:
        raise EditError(f"the {_NAMES[drawn.parameter]} of {drawn.track} is drawn so already")
    locked = [s.name for s in song.sections if draft.is_locked("section", s.name)]
    kept = f"; {listed(locked)} stayed, as locked" if points != drawn.points else ""
    return asking.told(
        replace(draft, song=curves.with_curve(song, key, points)),
        f"the {_NAMES[drawn.parameter]} of {drawn.track} is drawn anew, in "
        f"{asking.count(len(drawn.points), 'point')}{kept}",
    )


def _with_locked(draft: Draft, drawn: Automation) -> Points:
    """The points drawn, with what locked sections had before."""
    song = draft.song
    held = curves.of(song, drawn.track, drawn.parameter)
    before = held.points if held is not None else ((0.0, rest_of(draft, drawn)),)
    locked = [s for s in song.sections if draft.is_locked("section", s.name)]
    if not locked:
        return drawn.points
    bar = song.beats_per_bar
    edges = [(s, float(s.start_bar * bar), float((s.start_bar + s.bars) * bar))
             for s in song.sections]  # fmt: skip
    pieces = [
        (start, curves.cut(before if s in locked else drawn.points, start, end))
        for s, start, end in edges
    ]
    return curves.join(pieces)


def rest_of(draft: Draft, drawn: Automation) -> float:
    """The value a parameter has where nothing is drawn."""
    rest = None if drawn.track == MASTER else (
        asking.strip(draft, drawn.track).at_rest(drawn.parameter)
    )  # fmt: skip
    return curves.REST[drawn.parameter] if rest is None else rest


def set_fade(edit: SetFade, draft: Draft, crate: Crate) -> Draft:
    """The song, or a section or track of it, faded in and out."""
    if edit.in_beats is None and edit.out_beats is None:
        raise EditError("name how many beats to fade in or out over; 0 takes a fade away")
    for beats in (edit.in_beats, edit.out_beats):
        if beats is not None and not 0.0 <= beats <= 4096.0:
            raise EditError(f"a fade lasts 0 beats or more, not {beats:g}")
    what = edit.track or edit.section or "the song"
    if edit.track:
        asking.track(draft, edit.track)
        asking.refuse_locked_track(draft, edit.track)
    if edit.section:
        asking.section(draft, edit.section)
        asking.refuse_locked_section(draft, edit.section)
    if edit.track or edit.section:
        song = _faded_part(edit, draft)
        if edit.track and edit.section:
            what = f"{edit.track} in {edit.section}"
    else:
        song = _faded_song(edit, draft.song)
    if song == draft.song:
        raise EditError(f"{what} fades like that already; ask for another length")
    said = []
    for beats, way in ((edit.in_beats, "in"), (edit.out_beats, "out")):
        if beats is not None:
            over = (
                asking.count(round(beats), "beat") if beats == round(beats) else f"{beats:g} beats"
            )
            said.append(f"fades {way} over {over}" if beats else f"no longer fades {way}")
    return asking.told(replace(draft, song=song), f"{what} {' and '.join(said)}")


def _faded_song(edit: SetFade, song: Song) -> Song:
    plain, fades = without_fades(song)
    half = song.beats / 2.0
    if edit.in_beats is not None:
        rise = tuple((min(edit.in_beats, half) * (1.0 - share), db) for share, db in _SHAPE[::-1])
        fades = replace(fades, rise=rise if edit.in_beats else ())
    if edit.out_beats is not None:
        beats = min(edit.out_beats, half)
        fall = tuple((beats * (share - 1.0), db) for share, db in _SHAPE)
        fades = replace(fades, fall=fall if edit.out_beats else ())
    return with_fades(plain, fades)


def _faded_part(edit: SetFade, draft: Draft) -> Song:
    """A section (on the master) or a track (where it plays, or in a section) faded."""
    song, fades = (draft.song, Fades()) if edit.track else without_fades(draft.song)
    start, end = _extent(edit, draft)
    key = (edit.track or MASTER, "gain_db")
    held = curves.of(song, *key)
    points = held.points if held is not None else ((0.0, 0.0),)
    inside = _faded(curves.cut(points, start, end), edit)
    whole = max(song.beats + song.tail_beats, points[-1][0])
    pieces = [(start, inside)]
    if start > 0.0:
        pieces.insert(0, (0.0, curves.cut(points, 0.0, start)))
    if end < whole and held is not None:
        pieces.append((end, curves.cut(points, end, whole)))
    elif end < song.beats:
        pieces.append((end, Piece(whole - end, ((0.0, 0.0), (whole - end, 0.0)))))
    made = curves.join(pieces, curves.QUICK_BEATS)
    level = all(value == 0.0 for _, value in made)
    return with_fades(curves.with_curve(song, key, None if level else made), fades)


def _extent(edit: SetFade, draft: Draft) -> tuple[float, float]:
    song = draft.song
    if edit.section:
        held: Section = asking.section(draft, edit.section)
        start = float(held.start_bar * song.beats_per_bar)
        return start, start + held.bars * song.beats_per_bar
    own = [c for c in song.clips if c.track == edit.track]
    if not own:
        raise EditError(f"{edit.track} plays nowhere, so it cannot fade; let it come in first")
    return min(c.start_beat for c in own), max(c.start_beat + c.beats for c in own)


def _faded(piece: Piece, edit: SetFade) -> Piece:
    """A stretch of level automation with fades at its ends, in place of those it had."""
    points, beats = list(piece.points), piece.beats
    half = beats / 2.0
    if edit.in_beats is not None:
        level = _level_after(points, beats)
        length = min(edit.in_beats, half)
        rest = [p for p in points if p[0] > length and p[1] > SILENCE_DB]
        rise = [(length * (1.0 - share), level + db) for share, db in _SHAPE[::-1]]
        points = [*(rise if length else [(0.0, level)]), *rest]
    if edit.out_beats is not None:
        level = _level_after(points, beats)
        length = min(edit.out_beats, half)
        rest = [p for p in points if p[0] < beats - length and p[0] <= _last_level(points, level)]
        fall = [(beats - length * (1.0 - share), level + db) for share, db in _SHAPE]
        points = [*rest, *(fall if length else [(beats, level)])]
    return Piece(beats, tuple(sorted(points, key=lambda p: p[0])))


def _level_after(points: list[tuple[float, float]], beats: float) -> float:
    """The level between the fades."""
    return max(value for _, value in points)


def _last_level(points: list[tuple[float, float]], level: float) -> float:
    return max((beat for beat, value in points if value >= level - 0.01), default=0.0)


def put_clip(edit: PutClip, draft: Draft, crate: Crate) -> Draft:
    """A clip placed exactly, in place of the one with the same id."""
    clip = edit.clip
    draft = _with_track(edit, draft)
    song = draft.song
    asking.track(draft, clip.track)
    if not clip.id or not clip.id.isprintable():
        raise EditError("a clip needs an id, such as 'hook 1/drums/0'")
    _check_place(clip, song)
    _check_sound(clip, crate)
    old = next((c for c in song.clips if c.id == clip.id), None)
    for touched in (old, clip):
        if touched is not None and not asking.is_free(draft, touched):
            at = asking.section_at(draft, touched.start_beat)
            asking.refuse_locked_track(draft, touched.track)
            if at is not None:
                asking.refuse_locked_section(draft, at.name)
            asking.refuse_locked_sound(draft, asking.sounds(touched), touched.track)
    if old == clip:
        raise EditError(f"the clip {clip.id} is there already, just so; change something in it")
    others = tuple(c for c in song.clips if c.id != clip.id)
    made = replace(draft, song=replace(song, clips=(*others, clip)))
    said = "changed" if old is not None else "new"
    at = asking.section_at(draft, clip.start_beat)
    where = f" in {at.name}" if at is not None else ""
    return asking.told(settle(made, crate), f"the clip {clip.id} on {clip.track}{where} is {said}")


def _with_track(edit: PutClip, draft: Draft) -> Draft:
    """The draft with the clip's track, where it is to be made."""
    name, tracks = edit.clip.track, draft.song.tracks
    if edit.role is None or name in {track.id for track in tracks}:
        return draft
    if edit.role not in ROLES:
        raise EditError(f"there is no role {edit.role!r}; choose from {', '.join(ROLES)}")
    if not name.strip() or not name.isprintable() or name == MASTER:
        raise EditError(f"{name!r} is no name for a track; give it another")
    if len(tracks) >= MOST_TRACKS:
        raise EditError(f"{MOST_TRACKS} tracks are the most; take one out first")
    # Roles are named after instruments where there is no better word for them.
    track = Track(name, name[:1].upper() + name[1:], edit.role, edit.role)
    return replace(draft, song=replace(draft.song, tracks=(*tracks, track)))


def _check_place(clip: Clip, song: Song) -> None:
    end = clip.start_beat + clip.beats
    numbers = (clip.start_beat, clip.beats, clip.gain_db, clip.loop_beats, clip.offset_beats)
    if not all(map(math.isfinite, numbers)):
        raise EditError(f"the clip {clip.id} has a figure that is no number; mend it")
    if not -96.0 <= clip.gain_db <= 24.0:
        raise EditError(f"{clip.gain_db:g} dB is no level for a clip; stay within -96 to 24 dB")
    if min(clip.fade_in_beats, clip.fade_out_beats) < 0.0 or any(
        start < 0.0 or length <= 0.0 or start + length > clip.beats + 1e-6
        for start, length in clip.silences
    ):
        raise EditError(f"a fade or silence of the clip {clip.id} lies outside it; move it in")
    if clip.beats <= 0.0 or clip.start_beat < 0.0 or end > song.beats + 1e-6:
        raise EditError(
            f"the clip {clip.id} would last from beat {clip.start_beat:g} to {end:g}; it must lie "
            f"within the song's {song.beats:g} beats"
        )


def _check_sound(clip: Clip, crate: Crate) -> None:
    there = crate.by_digest()
    if bool(clip.digest) == bool(clip.hits):
        raise EditError(f"the clip {clip.id} needs either a sound or hits to play; give it one")
    for digest in asking.sounds(clip):
        if digest not in there:
            raise EditError(
                f"the clip {clip.id} plays sound {digest!r}, which is not at hand; "
                "scan the folder that holds it"
            )
    if clip.digest and (clip.loop_beats <= 0.0 or not clip.source_bpm or clip.source_bpm <= 0.0):
        raise EditError(f"the clip {clip.id} needs loop_beats and source_bpm to be fitted by")
    if any(not 0.0 <= hit.beat < clip.beats for hit in clip.hits):
        raise EditError(f"a hit of the clip {clip.id} lies outside it; move it in")
    if clip.source_start_s < 0.0 or abs(clip.semitones) > 48:
        raise EditError(f"the clip {clip.id} starts before its file, or is moved beyond 4 octaves")


def remove_clip(edit: RemoveClip, draft: Draft, crate: Crate) -> Draft:
    """One clip taken away."""
    gone = asking.clip(draft, edit.clip_id)
    asking.refuse_locked_track(draft, gone.track)
    at = asking.section_at(draft, gone.start_beat)
    if at is not None:
        asking.refuse_locked_section(draft, at.name)
    asking.refuse_locked_sound(draft, asking.sounds(gone), gone.track)
    clips = tuple(c for c in draft.song.clips if c.id != gone.id)
    made = replace(draft, song=replace(draft.song, clips=clips))
    return asking.told(made, f"the clip {gone.id} on {gone.track} was taken away")
