"""Edits say what they did, refuse what would do nothing, and leave alone what they do not name."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from editing_tools import crate_of, draft_of

from loopmind.commands.apply import read_edits
from loopmind.compose import editing
from loopmind.compose.difference import difference
from loopmind.compose.editing import EditError, asking
from loopmind.compose.editing.curves import QUICK_BEATS, of, value_at
from loopmind.compose.editing.regenerate import sounding
from loopmind.errors import LoopMindError
from loopmind.music.codec import CodecError
from loopmind.music.draft import Draft
from loopmind.music.edit import (
    ChangeEq,
    ChangeMaster,
    ChangeStrip,
    Edit,
    MuteTrack,
    PutClip,
    RegenerateSection,
    RemoveSection,
    Reseed,
    ResizeSection,
    SetAutomation,
    SetEnergy,
    SetFade,
    SetKey,
    SetLayers,
    SetLock,
    SetMixStyle,
    ShiftMood,
    SoloTracks,
    Transpose,
    edit_from_plain,
)
from loopmind.music.mix import EqBand
from loopmind.music.song import Automation, Section

CRATE = crate_of("loops")
DRAFT = draft_of("loops")


def apply(edit: Edit, draft: Draft = DRAFT) -> Draft:
    return editing.apply(edit, draft, CRATE)


def section_of_kind(kind: str) -> tuple[Section, Section]:
    """The first of a kind with a section behind it, and that one."""
    sections = DRAFT.song.sections
    place = next(i for i, s in enumerate(sections[:-1]) if s.kind == kind)
    return sections[place], sections[place + 1]


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(figure: float) -> None:
    for edit in (
        ChangeStrip("drums", "gain_db", value=figure),
        ChangeStrip("drums", "gain_db", by=figure),
        SetEnergy(by=figure),
        ChangeEq("drums", EqBand("peak", 1000.0, figure)),
        SetAutomation(Automation("drums", "gain_db", ((0.0, figure),))),
    ):
        with pytest.raises(EditError, match="no number"):
            apply(edit)


def test_clips_stay_within_reason() -> None:
    clip = next(c for c in DRAFT.song.clips if c.digest)
    for wrong in (
        replace(clip, gain_db=500.0),
        replace(clip, fade_in_beats=-1.0),
        replace(clip, silences=((clip.beats, 4.0),)),
    ):
        with pytest.raises(EditError):
            apply(PutClip(wrong))


def test_what_would_change_nothing_is_refused() -> None:
    for edit in (MuteTrack("drums", muted=False), SoloTracks(()), SetMixStyle(DRAFT.mix.style)):
        with pytest.raises(EditError):
            apply(edit)
    muted = apply(MuteTrack("drums"))
    with pytest.raises(EditError, match="drums are muted already"):
        apply(MuteTrack("drums"), muted)
    alone = apply(SoloTracks(("bass",)))
    with pytest.raises(EditError, match="end the solo"):
        apply(MuteTrack("drums", muted=False), alone)
    with pytest.raises(EditError, match="already"):
        apply(SoloTracks(("bass",)), alone)


def test_a_solo_tells_where_nothing_is_left() -> None:
    track = "lead" if any(t.id == "lead" for t in DRAFT.song.tracks) else "drums"
    bar = DRAFT.song.beats_per_bar
    own = [c for c in DRAFT.song.clips if c.track == track]
    silent = [
        s.name for s in DRAFT.song.sections
        if not any(
            c.start_beat < (s.start_bar + s.bars) * bar
            and c.start_beat + c.beats > s.start_bar * bar for c in own
        )
    ]  # fmt: skip
    assert silent, "the example plays everywhere"
    assert f"{asking.verb(silent, 'is', 'are')} silent" in apply(SoloTracks((track,))).told[-1]


def test_transposing_tells_what_went_the_other_way() -> None:
    for wrong in (13, 40, -17):
        with pytest.raises(EditError, match="octave"):
            apply(Transpose(wrong))
    for semitones in (1, 5, -6, 7):
        after = apply(Transpose(semitones))
        moved = {
            new.track
            for old, new in zip(DRAFT.song.clips, after.song.clips, strict=True)
            if not old.hits and old.semitones != new.semitones and old.track != "riser"
            and new.semitones - old.semitones != semitones
        }  # fmt: skip
        said = after.told[-1]
        assert ("an octave" in said) == bool(moved)
        assert all(track in said for track in moved)


def test_a_section_made_anew_is_heard_to_be_another() -> None:
    hook, _ = section_of_kind("hook")
    tracks = [t.id for t in DRAFT.song.tracks]
    before = sounding(DRAFT.song, hook, tracks)
    for seed in range(1, 6):
        made = apply(RegenerateSection(hook.name, seed))
        after = sounding(made.song, hook, tracks)
        changed = set(DRAFT.song.clips) ^ set(made.song.clips)
        assert all(clip.track in made.told[-1] for clip in changed)
        assert len(before ^ after) >= 0.1 * len(before | after)


def test_a_song_made_anew_is_heard_to_be_another_wherever_it_says_so() -> None:
    tracks = [t.id for t in DRAFT.song.tracks]
    for seed in (DRAFT.song.seed, 2, 3):
        made = apply(Reseed(seed))
        for held in DRAFT.song.sections:
            before = sounding(DRAFT.song, held, tracks)
            after = sounding(made.song, held, tracks)
            assert (before == after) == ("as before" in made.told[-1]), made.told[-1]
            assert before == after or len(before ^ after) >= 0.05 * len(before | after)


def test_what_is_as_intense_as_can_be_rises_above_what_leads_into_it() -> None:
    sections = DRAFT.song.sections
    place = max(n for n, s in enumerate(sections) if s.energy == 1.0)
    before, last = sections[place - 1], sections[place]
    made = apply(SetEnergy((last.name,), by=0.2))
    calmer = next(s for s in made.song.sections if s.name == before.name)
    assert calmer.energy == pytest.approx(before.energy - 0.15)
    assert all(s in made.song.sections for s in sections if s.name != before.name)
    assert f"{last.name} is at its limit, so {before.name}" in made.told[-1]
    locked = apply(SetLock("section", before.name))
    with pytest.raises(EditError, match="nothing that leads there"):
        apply(SetEnergy((last.name,), by=0.2), locked)


def test_a_figure_beyond_the_limits_is_told_to_be_held_back() -> None:
    loud = apply(ChangeMaster("target_lufs", -3.0))
    assert loud.mix.master.target_lufs == -6.0
    assert "not -3, as -30 to -6 LUFS is as far as it goes" in loud.told[-1]
    assert "as far" not in apply(ChangeMaster("target_lufs", -9.0)).told[-1]


def test_taking_out_the_last_section_tells_where_the_fade_went() -> None:
    last, before = DRAFT.song.sections[-1].name, DRAFT.song.sections[-2].name
    faded = apply(SetFade(out_beats=8.0))
    made = apply(RemoveSection(last), faded)
    assert f"the fade-out moved to {before}" in made.told[-1]
    assert made.song.automation != DRAFT.song.automation
    assert "moves up" not in made.told[-1]


def test_another_mode_tells_what_moved() -> None:
    key = DRAFT.song.key
    assert key is not None
    mode = "major" if key.mode == "minor" else "minor"
    made = apply(SetKey(f"{key.transpose(2).written.split(' ')[0]} {mode}"))
    for old, new in zip(DRAFT.palette.choices, made.palette.choices, strict=True):
        same = old.picked.digest == new.picked.digest
        if same and old.picked.semitones != new.picked.semitones and " " not in old.slot:
            assert old.slot in made.told[-1].lower()


def test_verbs_suit_their_names() -> None:
    assert asking.verb(["drums"], "is", "are") == "drums are"
    assert asking.verb(["bass"], "is", "are") == "bass is"
    assert asking.verb(["lead", "pad"], "is", "are") == "lead and pad are"
    assert apply(MuteTrack("drums")).told[-1] == "Drums are muted."
    hook, _ = section_of_kind("hook")
    assert "1 bar in place" in apply(ResizeSection(hook.name, 1)).told[-1]
    left = apply(SetLayers(hook.name, remove=("bass",))).told[-1]
    assert "bass drops out" in left


@pytest.mark.parametrize("edit", ["gain", "mood"])
def test_what_is_drawn_in_a_section_leaves_the_next_one_alone(edit: str) -> None:
    hook, _ = section_of_kind("hook")
    made = apply(
        ChangeStrip("drums", "gain_db", by=-12.0, sections=(hook.name,)) if edit == "gain"
        else ShiftMood(("dark",), amount=0.3, sections=(hook.name,))
    )  # fmt: skip
    changed = {s.name for s in difference(DRAFT, made).sections if s.status != "identical"}
    assert changed == {hook.name}
    bar = DRAFT.song.beats_per_bar
    end = (hook.start_bar + hook.bars) * bar
    for curve in made.song.automation:
        before = of(DRAFT.song, curve.track, curve.parameter)
        rest = {"gain_db": 0.0, "lowpass_hz": 20000.0}.get(curve.parameter)
        if rest is None:
            continue
        old = value_at(before.points, end) if before is not None else rest
        assert value_at(curve.points, end) == pytest.approx(old)


def test_neighbours_that_are_drawn_in_lead_into_each_other() -> None:
    first, second = section_of_kind("hook")
    bar = DRAFT.song.beats_per_bar
    edge = float(second.start_bar * bar)
    for order in ((first, second), (second, first)):
        draft = DRAFT
        for section in order:
            draft = apply(ChangeStrip("bass", "gain_db", by=-12.0, sections=(section.name,)), draft)
        curve = of(draft.song, "bass", "gain_db")
        assert curve is not None
        for beat in (-2 * QUICK_BEATS, -QUICK_BEATS / 2, 0.0, QUICK_BEATS / 2, 2 * QUICK_BEATS):
            assert value_at(curve.points, edge + beat) == pytest.approx(-12.0)
        again = apply(ChangeStrip("bass", "gain_db", by=12.0, sections=(first.name,)), draft)
        curve = of(again.song, "bass", "gain_db")
        assert curve is not None
        assert value_at(curve.points, edge - 1.0) == pytest.approx(0.0)
        assert value_at(curve.points, edge + 1.0) == pytest.approx(-12.0)


def test_files_of_edits_that_are_none(tmp_path: Path) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000)
    with pytest.raises(LoopMindError, match=r"deep|JSON"):
        read_edits(str(deep))
    with pytest.raises(CodecError, match="expected a number, got 'much'"):
        edit_from_plain({"edit": "set_energy", "by": "much"})
