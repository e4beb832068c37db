"""Fills: how sections end, what plays them, and that nothing else is touched."""

from __future__ import annotations

from dataclasses import replace

import pytest
from editing_tools import check_laws, crate_of, draft_of

from loopmind.compose import editing
from loopmind.compose.editing import EditError
from loopmind.compose.editing.regenerate import sounding
from loopmind.music.draft import Draft
from loopmind.music.edit import Edit, RegenerateSection, SetFill, SetLayers, SetLock, SplitSection
from loopmind.music.song import Clip, Section


def apply(edit: Edit, to: Draft, name: str = "everything") -> Draft:
    after = editing.apply(edit, to, crate_of(name))
    check_laws(after, crate_of(name))
    assert len(after.told) == len(to.told) + 1
    return after


def with_drums(draft: Draft) -> list[Section]:
    kit = {t.id for t in draft.song.tracks if t.role == "drums" and t.id != "fill"}
    return [
        s for s in draft.song.sections[:-1]
        if any(c.track in kit for c in clips_in(draft, s))
    ]  # fmt: skip


def clips_in(draft: Draft, held: Section) -> list[Clip]:
    bar = draft.song.beats_per_bar
    start, end = held.start_bar * bar, (held.start_bar + held.bars) * bar
    return [c for c in draft.song.clips if start <= c.start_beat < end]


def end_of(draft: Draft, held: Section) -> float:
    return float((held.start_bar + held.bars) * draft.song.beats_per_bar)


@pytest.mark.parametrize("crate", ["everything", "one-shots"])
def test_a_roll_leads_out_of_a_section_and_touches_nothing_else(crate: str) -> None:
    before = draft_of(crate)
    before = apply(SetFill(kind="none"), before, crate) if any(
        c.track == "fill" for c in before.song.clips
    ) else before  # fmt: skip
    held = with_drums(before)[0]
    after = apply(SetFill((held.name,), "roll", 2.0), before, crate)
    new = set(after.song.clips) - set(before.song.clips)
    assert set(before.song.clips) <= set(after.song.clips)
    (clip,) = new
    assert clip.track == "fill"
    beats = [clip.start_beat + hit.beat for hit in clip.hits]
    assert min(beats) >= end_of(before, held) - 2.0 and max(beats) < end_of(before, held)
    assert len(beats) >= 3 and clip.hits[-1].velocity > clip.hits[0].velocity
    assert after.told[-1].startswith(f"{held.name.capitalize()} ends with a fill of 2 beats")
    assert {s.track for s in after.mix.strips} >= {"fill"}
    known = {s.track: s for s in after.mix.strips}
    assert all(known[s.track] == s for s in before.mix.strips)
    # The same again changes nothing; another seed is another roll; then none.
    other = apply(SetFill((held.name,), "roll", 4.0, seed=3), after, crate)
    assert other.song != after.song
    gone = apply(SetFill((held.name,), "none"), other, crate)
    assert not any(c.track == "fill" for c in clips_in(gone, held))


def test_drums_break_off_or_stutter_at_the_end() -> None:
    before = draft_of("loops")
    held = with_drums(before)[0]
    end = end_of(before, held)
    silent = apply(SetFill((held.name,), "break", 2.0), before, "loops")
    drums = [c for c in clips_in(silent, held) if c.track == "drums"]
    last = max(drums, key=lambda c: c.start_beat)
    assert last.silences[-1][0] + last.start_beat <= end - 2.0 + 1e-6
    assert sum(last.silences[-1]) + last.start_beat == pytest.approx(end)
    stutter = apply(SetFill((held.name,), "stutter"), silent, "loops")
    last = max(
        (c for c in clips_in(stutter, held) if c.track == "drums"), key=lambda c: c.start_beat
    )
    assert (last.treatment, last.beats) == ("stutter", 1.0)
    assert last.start_beat + last.beats == pytest.approx(end)
    # Without it the loop goes on where it was, as one piece and in phase.
    plain = apply(SetFill((held.name,), "none"), stutter, "loops")
    whole = max(
        (c for c in clips_in(plain, held) if c.track == "drums"), key=lambda c: c.start_beat
    )
    assert whole.treatment == "plain" and whole.start_beat + whole.beats == pytest.approx(end)
    rest = {c for c in before.song.clips if c not in clips_in(before, held)}
    assert rest == {c for c in plain.song.clips if c not in clips_in(plain, held)}


def test_more_fills_reach_every_section_that_leads_on() -> None:
    before = draft_of("everything")
    after = apply(SetFill(kind="roll"), before)
    for held in with_drums(before):
        assert any(c.track == "fill" for c in clips_in(after, held)), held.name
    last = after.song.sections[-1]
    assert not any(c.track == "fill" and c.hits for c in clips_in(after, last))
    with pytest.raises(EditError, match="no section"):
        editing.apply(SetFill(kind="roll"), after, crate_of("everything"))


def test_without_a_drum_sound_it_stutters_and_a_roll_says_what_is_missing() -> None:
    before = draft_of("loops")
    held = with_drums(before)[0]
    assert "stuttering" in apply(SetFill((held.name,)), before, "loops").told[-1]
    with pytest.raises(EditError, match=r"one-shots, or ask for a\s+stutter"):
        editing.apply(SetFill((held.name,), "roll"), before, crate_of("loops"))


def test_locks_and_silence_stand_in_the_way() -> None:
    before = draft_of("everything")
    held = with_drums(before)[0]
    locked = apply(SetLock("section", held.name), before)
    with pytest.raises(EditError, match="locked"):
        editing.apply(SetFill((held.name,)), locked, crate_of("everything"))
    kit = tuple(t.id for t in before.song.tracks if t.role in ("drums", "percussion"))
    there = tuple(t for t in kit if any(c.track == t for c in clips_in(before, held)))
    bare = apply(SetLayers(held.name, remove=there), before)
    with pytest.raises(EditError, match="no drums play"):
        editing.apply(SetFill((held.name,)), bare, crate_of("everything"))
    with pytest.raises(EditError, match="half a beat to two bars"):
        editing.apply(SetFill((held.name,), beats=64.0), before, crate_of("everything"))


def test_a_fill_survives_another_section_made_anew() -> None:
    before = draft_of("everything")
    held, other = with_drums(before)[:2]
    after = apply(SetFill((held.name,), "roll"), before)
    again = apply(RegenerateSection(other.name, 5), after)
    assert [c for c in clips_in(again, held) if c.track == "fill"] == [
        c for c in clips_in(after, held) if c.track == "fill"
    ]
    assert replace(again, told=()) != replace(after, told=())


# Halves


def test_a_split_section_sounds_as_before_and_its_halves_go_their_own_ways() -> None:
    before = draft_of("everything")
    held = max(before.song.sections, key=lambda s: s.bars)
    after = apply(SplitSection(held.name), before)
    names = [s.name for s in after.song.sections]
    place = names.index(held.name)
    second = after.song.sections[place + 1]
    first = after.song.sections[place]
    assert (first.bars, second.bars) == (held.bars // 2, held.bars - held.bars // 2)
    assert second.kind == held.kind and second.start_bar == first.start_bar + first.bars
    assert after.song.beats == before.song.beats
    tracks = [t.id for t in before.song.tracks]
    # Every sixteenth of the song plays the same place of the same sound as it did.
    whole = replace(held, start_bar=0, bars=before.song.bars)
    assert sounding(before.song, whole, tracks) == sounding(after.song, whole, tracks)
    assert {a: a.points for a in after.song.automation} == {
        a: a.points for a in before.song.automation
    }
    changed = apply(RegenerateSection(second.name, 4), after)
    assert clips_in(changed, first) == clips_in(after, first)
    assert clips_in(changed, second) != clips_in(after, second)


def test_what_cannot_be_split_says_so() -> None:
    before = draft_of("everything")
    held = before.song.sections[0]
    with pytest.raises(EditError, match="split after 1 to"):
        editing.apply(SplitSection(held.name, held.bars), before, crate_of("everything"))
    locked = apply(SetLock("section", held.name), before)
    with pytest.raises(EditError, match="locked"):
        editing.apply(SplitSection(held.name), locked, crate_of("everything"))
