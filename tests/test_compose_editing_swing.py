"""Laws of swing: beats stay, struck notes move and come back, what is made anew swings so too."""

from __future__ import annotations

import pytest
from assistant_draft import assistant_crate, assistant_draft

from loopmind import assistant
from loopmind.compose import editing
from loopmind.compose.editing import EditError
from loopmind.compose.editing.swing import swung_beat
from loopmind.music.edit import Edit, SetSwing, SetTempo, edit_from_plain, edit_to_plain


def _read(text: str) -> tuple[Edit, ...]:
    return assistant.read(text, assistant_draft(), assistant_crate()).edits


def test_beats_stay_and_notes_between_them_move_in_order() -> None:
    beats = [n / 8.0 for n in range(33)]
    moved = [swung_beat(b, 0.5, 0.64) for b in beats]
    assert moved == sorted(moved) and moved[::8] == beats[::8]
    assert moved[4] == pytest.approx(0.64)  # the second eighth
    assert [swung_beat(b, 0.64, 0.5) for b in moved] == pytest.approx(beats, abs=1e-5)


def test_struck_notes_and_the_palette_follow() -> None:
    draft = assistant_draft()
    after = editing.apply_all([SetSwing(0.62)], draft, assistant_crate())
    assert after.song.swing == after.palette.swing == 0.62
    clips = zip(draft.song.clips, after.song.clips, strict=True)
    for old, new in clips:
        assert [swung_beat(h.beat, 0.5, 0.62) for h in old.hits] == [h.beat for h in new.hits]
    assert "62%" in after.told[-1]
    back = editing.apply_all([SetSwing(0.5)], after, assistant_crate())
    assert back.song.swing == 0.5
    assert back.song.clips[1].hits == pytest.approx(draft.song.clips[1].hits)


def test_steps_add_up_and_stop_at_the_ends() -> None:
    draft, crate = assistant_draft(), assistant_crate()
    more = editing.apply_all([SetSwing(by=0.06), SetSwing(by=0.06)], draft, crate)
    assert more.song.swing == pytest.approx(0.62)
    most = editing.apply_all([SetSwing(by=0.6)], draft, crate)
    assert most.song.swing == 0.75
    with pytest.raises(EditError, match="straight already"):
        editing.apply_all([SetSwing(0.5)], draft, crate)
    with pytest.raises(EditError, match=r"0\.9"):
        editing.apply_all([SetSwing(0.9)], draft, crate)


def test_edit_as_plain_data() -> None:
    assert edit_to_plain(SetSwing(by=0.06)) == {"edit": "set_swing", "by": 0.06}
    assert edit_from_plain({"edit": "set_swing", "swing": 0.6}) == SetSwing(0.6)


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("more swing", SetSwing(by=0.06)),
        ("a bit more swing please", SetSwing(by=0.03)),
        ("give it a shuffle feel", SetSwing(by=0.06)),
        ("less swing", SetSwing(by=-0.06)),
        ("straighten it", SetSwing(0.5)),
        ("no swing", SetSwing(0.5)),
        ("58% swing", SetSwing(0.58)),
        ("a triplet feel", SetSwing(0.667)),
    ],
)
def test_swing_can_be_wished_for(text: str, edit: Edit) -> None:
    assert _read(text) == (edit,)


def test_swing_of_one_track_or_section_is_asked_about_or_refused() -> None:
    draft, crate = assistant_draft(), assistant_crate()
    asked = assistant.read("make the hats swing more", draft, crate)
    assert not asked.edits and asked.question is not None
    assert not _read("swing the bridge")


def test_tempo_of_a_section_is_counted_from_its_own() -> None:
    crate = assistant_crate()
    draft = editing.apply_all([SetTempo(120.0, sections=("bridge 1",))], assistant_draft(), crate)
    read = assistant.read("the bridge 10 bpm faster", draft, crate)
    assert read.edits == (SetTempo(130.0, sections=("bridge 1",)),)


def test_a_large_figure_for_sections_is_a_tempo() -> None:
    assert _read("the verses at 130") == (SetTempo(130.0, sections=("verse 1", "verse 2")),)
