"""Edits of songs that other modes made: remixes go on of their own bars, matched masters stay."""

from __future__ import annotations

from dataclasses import replace

import compose_factory as factory
import pytest
from editing_tools import check_laws, crate_of, draft_of

from loopmind.compose import editing, mixing
from loopmind.compose.rebuild import rebuild, rebuild_palette
from loopmind.compose.tone_match import combined, matching_eq
from loopmind.music.brief import Brief
from loopmind.music.cuts import CutBar, CutLoop, Cuts
from loopmind.music.draft import Draft
from loopmind.music.edit import (
    AddSection,
    ChangeEq,
    Edit,
    RegenerateSection,
    SetEnergy,
    SetGenre,
    SetLock,
    SetMixStyle,
)
from loopmind.music.loop import Crate
from loopmind.music.mix import EqBand
from loopmind.music.song import Clip

BPM, BARS = 120.0, 48


def remix() -> tuple[Draft, Crate]:
    """A track of 48 bars in three parts, rebuilt with drums on top."""
    beat_s = 60.0 / BPM
    bars = tuple(
        CutBar(0.25 + 4 * beat_s * i, BPM, i // 16, -12.0, (0.2, 0.6, 0.9)[i // 16], i % 4)
        for i in range(BARS)
    )
    loops = tuple(
        CutLoop(first, length, first // 16, (0.2, 0.6, 0.9)[first // 16], 0.8)
        for length in (4, 2) for first in range(0, BARS - length + 1, length)
    )  # fmt: skip
    cuts = Cuts("track", BPM, 4, True, 0.9, 3, bars, loops)
    track = replace(
        factory.make("drums", kind="song", bpm=BPM, seconds=100.0, key="A minor"), digest="track"
    )
    crate = factory.crate([track], factory.kit(), factory.loops())
    brief = Brief(genre="house", length_s=90.0)
    palette = rebuild_palette(cuts, crate, brief, 1)
    song = rebuild(cuts, palette, crate, brief, 1)
    return editing.start(brief, palette, song, mixing.mix_song(song, palette, crate)), crate


def apply(edit: Edit, to: Draft, crate: Crate) -> Draft:
    after = editing.apply(edit, to, crate)
    check_laws(after, crate)
    return after


def sample_clips(draft: Draft, name: str) -> list[Clip]:
    held = next(s for s in draft.song.sections if s.name == name)
    bar = draft.song.beats_per_bar
    start, end = held.start_bar * bar, (held.start_bar + held.bars) * bar
    return [c for c in draft.song.clips if c.track == "sample" and start <= c.start_beat < end]


def whole_bars(clips: list[Clip]) -> set[tuple[float, float]]:
    """Where the slices of whole bars begin in the file, with their lengths."""
    return {(c.source_start_s, c.loop_beats) for c in clips if c.loop_beats >= 4.0}


@pytest.mark.parametrize("kind", ["hook", "drop", "verse"])
def test_a_section_of_a_remix_is_made_anew_of_the_track_s_own_bars(kind: str) -> None:
    before, crate = remix()
    names = [s.name for s in before.song.sections if s.kind == kind]
    if not names:
        pytest.skip(f"this remix has no {kind}")
    everything = whole_bars([c for c in before.song.clips if c.track == "sample"])
    after = apply(RegenerateSection(names[0], 5, ("sample",)), before, crate)
    old, new = sample_clips(before, names[0]), sample_clips(after, names[0])
    assert set(old) != set(new) and new
    # On the beat of the track, out of bars that the remix is made of, and cut up as remixes are.
    for clip in new:
        beats = (clip.source_start_s - 0.25) * BPM / 60.0
        assert beats == pytest.approx(round(2.0 * beats) / 2.0, abs=1e-4), clip
        assert clip.digest == "track"
    starts = {round(start, 4) for start, _ in everything}
    assert {round(s, 4) for s, _ in whole_bars(new)} <= {
        round(start + 2.0 * i, 4) for start in starts for i in range(8)
    }
    assert len(new) > 1
    others = set(before.song.clips) - set(old)
    assert others <= set(after.song.clips)


def test_a_whole_section_made_anew_and_a_new_one_hold_the_sample() -> None:
    before, crate = remix()
    hook = next(s.name for s in before.song.sections if s.kind in ("hook", "drop"))
    filters = [a for a in before.song.automation if a.track == "sample"]
    after = apply(RegenerateSection(hook, 3), before, crate)
    assert whole_bars(sample_clips(after, hook))
    assert [a for a in after.song.automation if a.track == "sample"] == filters
    added = apply(AddSection("bridge", hook), before, crate)
    bridge = next(s.name for s in added.song.sections if s.kind == "bridge")
    assert all(c.digest == "track" for c in sample_clips(added, bridge))
    assert len(sample_clips(added, bridge)) > 1
    lower = apply(SetEnergy((hook,), by=-0.3), before, crate)
    assert lower.song != before.song


def matched() -> Draft:
    """A song whose master was brought towards a reference's octaves."""
    plain = draft_of("everything")
    own, wanted = [-9.0] * 10, [-4.0, -6.0, -8.0, -9.0, -9.0, -10.0, -12.0, -14.0, -18.0, -20.0]
    eq = combined(plain.mix.master.eq, matching_eq(own, wanted))
    assert len(eq) > len(plain.mix.master.eq)
    mix = replace(plain.mix, master=replace(plain.mix.master, eq=eq, target_lufs=-11.3))
    return editing.start(plain.brief, plain.palette, plain.song, mix)


@pytest.mark.parametrize("edit", [SetMixStyle("tape"), SetMixStyle("raw"), SetGenre("house")])
def test_a_master_matched_to_a_reference_stays_matched(edit: Edit) -> None:
    before, crate = matched(), crate_of("everything")
    plain = draft_of("everything")
    bands = [b for b in before.mix.master.eq if b not in plain.mix.master.eq]
    after = apply(edit, before, crate)
    assert [b for b in after.mix.master.eq if b in bands] == bands
    assert after.mix.master.target_lufs == -11.3
    # What the style itself decides is the new style's.
    usual = apply(edit, plain, crate).mix.master
    assert [b for b in after.mix.master.eq if b not in bands] == list(usual.eq)
    assert after.mix.master.compressor == usual.compressor
    # Once more, with a band by hand on top.
    band = EqBand("peak", 3000.0, -2.0)
    other = "polished" if after.mix.style != "polished" else "tape"
    again = apply(SetMixStyle(other), apply(ChangeEq("master", band), after, crate), crate)
    assert {*bands, band} <= set(again.mix.master.eq)


@pytest.mark.parametrize(
    ("genre", "low", "high"), [("drum and bass", 165, 180), ("drill", 136, 150)]
)
def test_another_genre_takes_the_tempo_along_and_says_so(
    genre: str, low: float, high: float
) -> None:
    before, crate = draft_of("everything"), crate_of("everything")
    after = apply(SetGenre(genre), before, crate)
    assert low <= after.song.bpm <= high
    assert f"{after.song.bpm:g} bpm in place of {before.song.bpm:g}" in after.told[-1]
    # What could not follow plays another sound, or is told to be stretched.
    old = {c.slot: c.picked.digest for c in before.palette.choices}
    for choice in after.palette.choices:
        pitched = choice.role not in ("drums", "percussion", "fx")
        if pitched and old.get(choice.slot, choice.picked.digest) != choice.picked.digest:
            assert choice.slot in after.told[-1], choice.slot


def test_a_locked_track_keeps_the_tempo_where_it_cannot_follow() -> None:
    crate = crate_of("everything")
    before = apply(SetLock("track", "vocal"), draft_of("everything"), crate)
    after = apply(SetGenre("drum and bass"), before, crate)
    assert after.song.bpm == before.song.bpm
    assert "it stays at" in after.told[-1]
