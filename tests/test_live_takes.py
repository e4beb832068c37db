"""Takes in a song that is edited: they stay, move with their section, and are never swung."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import compose_factory
import numpy as np
import pytest
from editing_tools import check_laws, crate_of, draft_of

from loopmind.compose import editing
from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.files.encode import write_audio
from loopmind.graph.context import PlainContext
from loopmind.music.audio import Audio
from loopmind.music.draft import Draft
from loopmind.music.edit import (
    DuplicateSection,
    Edit,
    MoveSection,
    PutClip,
    RegenerateSection,
    RemoveSection,
    RemoveTrack,
    Reseed,
    ResizeSection,
    SetEnergy,
    SetFill,
    SetGenre,
    SetKey,
    SetLayers,
    SetMixStyle,
    SetTempo,
    ShiftMood,
    SplitSection,
    SwapSound,
)
from loopmind.music.loop import Crate
from loopmind.music.song import Clip, Section, Song, Track
from loopmind.nodes.fit_loops import fit_loops

CRATE = crate_of("everything")
_PLAYED = {digest for c in draft_of("everything").song.clips for digest in asking.sounds(c)}
# Any sound that nothing else in the song plays, as a take is.
TAKE = next(loop.digest for loop in CRATE.loops if loop.digest not in _PLAYED)


def hooks(song: Song) -> list[Section]:
    return [s for s in song.sections if s.kind == "hook"]


def laid(track: str = "take", role: str = "vocal", over: float = 0.0) -> Draft:
    """The draft with a take over the first hook, from a bar after its start to `over` bars on."""
    draft = draft_of("everything")
    song = draft.song
    hook, bar = hooks(song)[0], song.beats_per_bar
    start, end = (hook.start_bar + 1) * bar, (hook.start_bar + hook.bars + over) * bar
    clip = Clip(
        f"{track}/5-8", track, float(start), float(end - start), digest=TAKE,
        source_bpm=song.bpm, loop_beats=float(end - start), recorded=True,
    )  # fmt: skip
    return editing.apply(PutClip(clip, role), draft, CRATE)  # type: ignore[arg-type]


def apply(edit: Edit, draft: Draft) -> Draft:
    after = editing.apply(edit, draft, CRATE)
    check_laws(after, CRATE)
    return after


def heard(song: Song) -> Sequence[tuple[float, float, float]]:
    """What is heard of takes: start, length and place in the take, pieces that meet as one."""
    found: list[tuple[float, float, float]] = []
    for clip in sorted((c for c in song.clips if c.recorded), key=lambda c: c.start_beat):
        if found:
            start, beats, place = found[-1]
            if (start + beats, place + beats) == (clip.start_beat, clip.offset_beats):
                found[-1] = (start, beats + clip.beats, place)
                continue
        found.append((clip.start_beat, clip.beats, clip.offset_beats))
    return found


@pytest.mark.parametrize("track", ["take", "bass", "drums"])
def test_no_edit_that_does_not_name_it_loses_a_take(track: str) -> None:
    draft = laid(track, "drums" if track == "drums" else "vocal", over=1.0)
    song = draft.song
    hook = hooks(song)[0].name
    assert song.key is not None
    for edit in (
        RegenerateSection(hook, 7), RegenerateSection(hook, 7, ("chords",)), Reseed(5),
        SetMixStyle("tape"), SetTempo(by=1.04), SetGenre("drill"), SetGenre("house"),
        SetKey(replace(song.key, mode="major" if song.key.mode == "minor" else "minor").written),
        ShiftMood(("dark",)), SetEnergy((hook,), by=-0.4), SetFill((hook,), "break"),
        SetFill((hook,), "stutter"),
    ):  # fmt: skip
        after = apply(edit, draft)
        assert heard(after.song) == heard(song), edit
        assert "recording on" not in after.told[-1] or "stays" in after.told[-1]


def test_another_genre_keeps_the_form_that_a_take_was_played_to() -> None:
    draft = laid("beatbox", "drums")
    after = apply(SetGenre("drill"), draft)
    assert after.song.brief.genre == "drill"
    assert [s.name for s in after.song.sections] == [s.name for s in draft.song.sections]
    assert "the form stays, as the recording on beatbox was played to it" in after.told[-1]
    assert heard(after.song) == heard(draft.song)


def test_a_take_moves_with_its_section_and_each_section_has_its_own_part() -> None:
    draft = laid(over=1.0)
    song = draft.song
    hook, bar = hooks(song)[0], float(song.beats_per_bar)
    ((start, beats, _),) = heard(song)
    after = apply(MoveSection(hook.name, ""), draft)
    inner = beats - bar
    assert (bar, inner, 0.0) in heard(after.song)
    # What was played over the next section stays there, and none of it is lost.
    following = next(s for s in song.sections if s.start_bar == hook.start_bar + hook.bars)
    now = next(s for s in after.song.sections if s.name == following.name)
    assert (now.start_bar * bar, bar, inner) in heard(after.song)
    twice = apply(DuplicateSection(hook.name), draft)
    assert sum(length for _, length, _ in heard(twice.song)) == beats + inner
    assert heard(apply(SplitSection(hook.name), draft).song) == heard(song)
    assert start == (hook.start_bar + 1) * bar


def test_what_an_edit_takes_of_a_recording_is_told() -> None:
    draft = laid(over=1.0)
    hook = hooks(draft.song)[0]
    for edit, words in (
        (RemoveSection(hook.name), "a part of the recording on take is gone with it"),
        (ResizeSection(hook.name, 1), "a part of the recording on take is gone"),
        (SetLayers(hook.name, only=("drums",)), "the recording on take is gone with it"),
    ):
        assert words in apply(edit, draft).told[-1]
    gone = apply(RemoveTrack("take"), draft)
    assert not heard(gone.song) and "recording" not in gone.told[-1]


def test_a_take_on_a_track_that_is_named_makes_way() -> None:
    draft = laid("bass")
    hook = hooks(draft.song)[0].name
    assert not heard(apply(RegenerateSection(hook, 7, ("bass",)), draft).song)
    # Another sound for the track is another sound for its loops, not for what was played.
    assert heard(apply(SwapSound("bass"), draft).song) == heard(draft.song)


def test_a_take_is_not_counted_in_double_time() -> None:
    draft = laid()
    with pytest.raises(EditError, match="take it out first"):
        apply(SetTempo(by=0.5), draft)


def test_a_take_of_drums_is_never_swung(tmp_path: Path) -> None:
    bar, bpm = 4.0, 120.0
    sound = np.zeros((1, 88200), np.float32)
    for step in range(8):
        sound[0, step * 11025 : step * 11025 + 900] = 0.5 * np.exp(-np.arange(900) / 150.0)
    file = write_audio(tmp_path / "take.wav", Audio(sound, 44100))
    loop = compose_factory.make("drums", name=str(file), beats=bar)
    draft = draft_of("everything")
    made = {}
    for recorded in (False, True):
        clip = Clip(
            "a", "box", 0.0, bar, digest=loop.digest, source_bpm=bpm, loop_beats=bar,
            recorded=recorded,
        )  # fmt: skip
        song = replace(
            draft.song, bpm=bpm, swing=0.62, clips=(clip,), automation=(),
            tracks=(Track("box", "Box", "drums", "drums"),),
        )  # fmt: skip
        fitted = fit_loops(song, Crate((loop,)), PlainContext())
        (made[recorded],) = (audio.samples for audio in fitted.sounds.values())
    # At the very ends a fitted loop is faded for its seam.
    assert np.abs(made[True][:1] - sound)[:, 400:-400].max() < 2.0**-20
    assert np.abs(made[False][:1] - sound).max() > 0.1


# Sections with tempi of their own


def with_tempo(bpm_factor: float) -> tuple[Draft, str]:
    draft = draft_of("everything")
    hook = hooks(draft.song)[0].name
    return apply(SetTempo(by=bpm_factor, sections=(hook,)), draft), hook


def test_sections_keep_their_ratio_to_the_song_and_that_is_told() -> None:
    draft, hook = with_tempo(0.96)
    after = apply(SetTempo(by=1.03), draft)
    own = next(s.bpm for s in after.song.sections if s.name == hook)
    assert own == pytest.approx(after.song.bpm * 0.96, abs=0.02)
    assert f"{hook} keeps its ratio to it, at {own:g} bpm" in after.told[-1]
    with pytest.raises(EditError, match=f"or name {hook} to bring it there"):
        apply(SetTempo(draft.song.bpm), draft)
    apart = replace(draft, song=replace(
        draft.song, clips=(), sections=tuple(
            replace(s, bpm=44.0) if s.name == hook else s for s in draft.song.sections
        ),
    ))  # fmt: skip
    with pytest.raises(EditError, match="which keeps its ratio, would run at"):
        editing.apply(SetTempo(by=0.8), apart, CRATE)
    again = apply(Reseed(5), draft)
    assert [s.bpm for s in again.song.sections] == [s.bpm for s in draft.song.sections]


@pytest.mark.parametrize("recorded", [False, True])
def test_another_genre_tells_what_became_of_the_tempi(recorded: bool) -> None:
    draft, hook = with_tempo(0.96)
    if recorded:
        clip = next(c for c in laid().song.clips if c.recorded)
        draft = apply(PutClip(replace(clip, start_beat=0.0, beats=8.0), "vocal"), draft)
    after = apply(SetGenre("drill"), draft)
    own = {s.name: s.bpm for s in after.song.sections}
    if recorded:
        assert own[hook] == pytest.approx(after.song.bpm * 0.96, abs=0.02)
        assert f"{hook} keeps its ratio to it" in after.told[-1]
    else:
        assert set(own.values()) == {None}
        assert f"{hook} has no tempo of their own any more" in after.told[-1]
