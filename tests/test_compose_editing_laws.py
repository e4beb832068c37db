"""Laws of editing that hold for any edits in any order, on any crate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from editing_tools import CRATES, check_laws, crate_of, draft_of, edits_for
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopmind.compose import editing
from loopmind.music.draft import Draft, Lock
from loopmind.music.edit import Edit, SetLock, edit_from_plain, edit_to_plain
from loopmind.music.loop import Crate

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)


@pytest.mark.parametrize("name", CRATES)
@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(data=st.data())
def test_no_edits_break_a_song(name: str, data: st.DataObject) -> None:
    crate, draft = crate_of(name), draft_of(name)
    for _ in range(data.draw(st.integers(2, 7))):
        edit = data.draw(edits_for(draft))
        after = attempted(edit, draft, crate)
        if after is not None:
            check_laws(after, crate)
            assert len(after.told) == len(draft.told) + 1
            draft = after


def attempted(edit: Edit, draft: Draft, crate: Crate) -> Draft | None:
    """The draft after the edit; None where it was refused, for a reason that says what to do."""
    try:
        return editing.apply(edit, draft, crate)
    except editing.EditError as error:
        text = str(error)
        assert "\n" not in text and len(text) > 20, text
        return None


@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(data=st.data())
def test_edits_replay_and_survive_their_files(data: st.DataObject) -> None:
    crate, first = crate_of("everything"), draft_of("everything")
    draft, done = first, list[Edit]()
    for _ in range(6):
        edit = data.draw(edits_for(draft))
        assert edit_from_plain(edit_to_plain(edit)) == edit
        after = attempted(edit, draft, crate)
        if after is not None:
            draft, done = after, [*done, edit]
    assert editing.apply_all(done, first, crate) == draft


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(data=st.data())
def test_locked_parts_stay_whatever_is_done(data: st.DataObject) -> None:
    crate, draft = crate_of("everything"), draft_of("everything")
    hook = next(s for s in draft.song.sections if s.kind == "hook")
    draft = replace(draft, locks=(Lock("section", hook.name), Lock("track", "bass")))
    for _ in range(4):
        edit = data.draw(edits_for(draft))
        if isinstance(edit, SetLock):
            continue
        after = attempted(edit, draft, crate)
        if after is None:
            continue
        assert content(after, hook.name) == content(draft, hook.name), edit
        known = {c.id: replace(c, start_beat=0.0) for c in after.song.clips if c.track == "bass"}
        for clip in draft.song.clips:
            if clip.track == "bass" and clip.id in known and keeps_tempo(draft, after):
                assert known[clip.id].digest == clip.digest, edit
                assert known[clip.id].hits[:1] == clip.hits[:1], edit
        strips = [[s for s in d.mix.strips if s.track == "bass"] for d in (draft, after)]
        assert [replace(s, muted=False) for s in strips[0]] == [
            replace(s, muted=False) for s in strips[1]
        ], edit
        draft = after


def keeps_tempo(before: Draft, after: Draft) -> bool:
    return before.song.bpm == after.song.bpm


def content(draft: Draft, name: str) -> Sequence[object]:
    """The clips of a section by their place in it; of loops not how they are counted."""
    section = next(s for s in draft.song.sections if s.name == name)
    start = section.start_bar * draft.song.beats_per_bar
    end = start + section.bars * draft.song.beats_per_bar
    return sorted(
        (c.track, c.start_beat - start, c.beats, c.digest, c.gain_db, c.semitones, c.silences,
         c.hits, c.treatment)
        for c in draft.song.clips if start <= c.start_beat < end
    )  # fmt: skip
