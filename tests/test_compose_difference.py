"""Differences say what changed and nothing else; a merged section leaves all others as they are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from project_songs import longer, old_draft, with_section

from loopmind.compose.difference import difference
from loopmind.compose.difference_report import in_words
from loopmind.compose.merging import MergeError, merge_section
from loopmind.errors import UsageError
from loopmind.music.codec import to_plain
from loopmind.music.draft import Draft, Lock
from loopmind.music.song import Automation, Clip
from loopmind.present.difference import difference_svg

SCHEMA = Path(__file__).parent.parent / "docs" / "schema" / "difference.schema.json"


def up(clip: Clip) -> Clip:
    return replace(clip, semitones=clip.semitones + 2)


@pytest.fixture(scope="module")
def draft() -> Draft:
    return old_draft()


def test_a_song_is_identical_to_itself(draft: Draft) -> None:
    same = difference(draft, old_draft())
    assert same.identical and same.touched == ()
    assert in_words(same) == ["before and after are identical"]


def test_one_changed_section_is_the_only_one_named(draft: Draft) -> None:
    found = difference(draft, with_section(draft, "hook 1", up))
    assert found.touched == ("hook 1",) and not found.identical
    assert [s.status for s in found.sections] == [
        "changed" if s.name == "hook 1" else "identical" for s in draft.song.sections
    ]
    assert all(track.status == "identical" for track in found.tracks)
    hook = next(s for s in found.sections if s.name == "hook 1")
    assert {c.what for cell in hook.cells for c in cell.changes} == {"pitch"}
    assert any("transposed by +2 semitones" in line for line in in_words(found))
    assert in_words(found)[-1] == "  identical: intro, verse 1, hook 2, outro"


def test_what_moves_along_is_untouched(draft: Draft) -> None:
    found = difference(draft, longer(draft, "verse 1", 4))
    assert [s.name for s in found.sections if not s.untouched] == ["verse 1"]
    moved = next(s for s in found.sections if s.name == "hook 2")
    assert moved.status == "changed" and [c.what for c in moved.changes] == ["place"]


def test_every_kind_of_change_is_told(draft: Draft) -> None:
    first = draft.mix.strips[0]
    strip = replace(first, gain_db=first.gain_db + 2, pan=0.5, eq=(), compressor=None, muted=True)
    mix = replace(
        draft.mix,
        strips=(strip, *draft.mix.strips[1:]),
        master=replace(draft.mix.master, target_lufs=-9.0),
        style="tape",
    )
    curve = Automation(first.track, "gain_db", ((0.0, 0.0), (64.0, -6.0), (128.0, 0.0)))
    song = replace(draft.song, bpm=150.0, automation=(*draft.song.automation, curve))
    other = replace(draft, mix=mix, song=song, locks=(Lock("section", "intro"),), solo=("bass",))
    found = difference(draft, other)
    assert {c.what for c in found.song} == {"tempo", "lock", "solo"}
    assert {c.what for c in found.mix} == {"style", "master"}
    drums = found.tracks[0]
    assert {"level", "pan", "mute"} <= {c.what for c in drums.changes}
    assert any(c.what == "automation" for s in found.sections for x in s.cells for c in x.changes)
    gone = replace(draft, song=replace(draft.song, sections=draft.song.sections[1:]))
    assert next(s for s in difference(draft, gone).sections).status == "removed"
    assert next(s for s in difference(gone, draft).sections).status == "added"


def test_the_json_follows_its_published_schema(draft: Draft) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    for other in (draft, with_section(draft, "hook 1", up), longer(draft, "intro", 2)):
        data = to_plain(difference(draft, other))
        jsonschema.validate(json.loads(json.dumps(data)), schema)


def test_the_picture_frames_what_changed(draft: Draft) -> None:
    other = with_section(draft, "hook 1", up)
    marks = {
        (s.name, cell.track): "changed"
        for s in difference(draft, other).sections
        for cell in s.cells
        if cell.status != "identical"
    }
    picture = difference_svg(draft.song, other.song, marks, title="A <song> & more")
    tree = ElementTree.fromstring(picture)
    frames = [e for e in tree.iter() if e.get("class") == "changed"]
    assert len(frames) == 2 * len(marks) > 0


# Merging


def test_a_merged_section_is_theirs_and_all_else_is_ours(draft: Draft) -> None:
    theirs = with_section(draft, "hook 1", up)
    ours = with_section(draft, "verse 1", lambda clip: replace(clip, gain_db=-3.0))
    merged = merge_section(ours, theirs, "hook 1")
    assert difference(ours, merged).touched == ("hook 1",)
    assert "hook 1" not in difference(theirs, merged).touched
    kept = {c for c in ours.song.clips if not c.id.startswith("hook 1/")}
    assert kept <= set(merged.song.clips)
    assert len(merged.told) == len(ours.told) + 1


@pytest.mark.parametrize("name", ["intro", "hook 1", "outro"])
def test_merging_what_is_the_same_changes_nothing(draft: Draft, name: str) -> None:
    assert merge_section(draft, draft, name).song == draft.song


@pytest.mark.parametrize("name", ["intro", "verse 1", "hook 1", "outro"])
@pytest.mark.parametrize("bars", [4, -2])
def test_a_section_of_another_length_moves_what_follows(draft: Draft, name: str, bars: int) -> None:
    theirs, ours = longer(draft, name, 4), draft
    if bars < 0:
        theirs, ours = draft, longer(draft, name, 4)
    merged = merge_section(ours, theirs, name)
    assert set(difference(ours, merged).touched) <= {name}
    assert difference(theirs, merged).touched == ()
    ends = [s.start_bar + s.bars for s in merged.song.sections]
    assert [s.start_bar for s in merged.song.sections] == [0, *ends[:-1]]
    assert len({c.id for c in merged.song.clips}) == len(merged.song.clips)


def test_sections_and_tracks_that_are_new_come_along(draft: Draft) -> None:
    lead = {c.id for c in draft.song.clips if c.track == "lead"}
    without = replace(
        longer(draft, "intro", 0),
        song=replace(
            draft.song,
            tracks=tuple(t for t in draft.song.tracks if t.id != "lead"),
            clips=tuple(c for c in draft.song.clips if c.id not in lead),
            automation=tuple(a for a in draft.song.automation if a.track != "lead"),
        ),
        mix=replace(
            draft.mix, strips=tuple(s for s in draft.mix.strips if s.track != "lead")
        ),
    )  # fmt: skip
    merged = merge_section(without, draft, "hook 1")
    assert [s.track for s in merged.mix.strips].count("lead") == 1
    assert {c.id.split("/")[0] for c in merged.song.clips if c.track == "lead"} == {"hook 1"}
    assert difference(without, merged).touched == ("hook 1",)


def test_merging_what_cannot_be_says_why(draft: Draft) -> None:
    with pytest.raises(UsageError, match="no section 'bridge'; it has intro, verse 1"):
        merge_section(draft, draft, "bridge")
    locked = replace(draft, locks=(Lock("section", "hook 1"),))
    with pytest.raises(MergeError, match="hook 1 is locked"):
        merge_section(locked, draft, "hook 1")
    theirs = with_section(draft, "hook 1", up)
    kept = merge_section(replace(draft, locks=(Lock("track", "drums"),)), theirs, "hook 1")
    hook = next(s for s in difference(draft, kept).sections if s.name == "hook 1")
    assert {c.track: c.status for c in hook.cells}["drums"] == "identical"
