"""What each edit does to a song: the part it names, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from editing_tools import check_laws, crate_of, draft_of, made
from jsonschema import Draft202012Validator

from loopmind.compose import editing
from loopmind.compose.editing import EditError
from loopmind.compose.genres import PEAK_KINDS
from loopmind.graph.context import PlainContext
from loopmind.graph.ports import Control
from loopmind.library.library import Library
from loopmind.music.brief import Brief
from loopmind.music.draft import Draft, Lock
from loopmind.music.edit import (
    EDITS,
    AddSection,
    AddTrack,
    ChangeEq,
    ChangeMaster,
    ChangeStrip,
    DuplicateSection,
    Edit,
    MoveSection,
    MuteTrack,
    PutClip,
    RegenerateSection,
    RemoveSection,
    RemoveTrack,
    Reseed,
    ResizeSection,
    SetEnergy,
    SetFade,
    SetGenre,
    SetKey,
    SetLayers,
    SetLock,
    SetMixStyle,
    SetTempo,
    ShiftMood,
    SoloTracks,
    SwapSound,
    Transpose,
    edit_name,
)
from loopmind.music.edit_schema import edit_json_schema, schema_text
from loopmind.music.loop import Crate
from loopmind.music.mix import EqBand
from loopmind.music.song import Clip, Section, Song
from loopmind.nodes.edit_song import edit_song

SCHEMA = Path(__file__).parent.parent / "docs" / "schema" / "edit.schema.json"
CRATE = crate_of("everything")


def draft() -> Draft:
    return draft_of("everything")


def apply(edit: Edit, to: Draft | None = None, crate: Crate = CRATE) -> Draft:
    before = to or draft()
    after = editing.apply(edit, before, crate)
    check_laws(after, crate)
    assert len(after.told) == len(before.told) + 1
    return after


def clips_in(song: Song, name: str) -> set[Clip]:
    section = named(song, name)
    start = section.start_bar * song.beats_per_bar
    end = start + section.bars * song.beats_per_bar
    return {c for c in song.clips if start <= c.start_beat < end}


def named(song: Song, name: str) -> Section:
    return next(s for s in song.sections if s.name == name)


def first(kind: str, song: Song) -> str:
    return next(s.name for s in song.sections if s.kind == kind)


def value(song: Song, track: str, parameter: str, beat: float) -> float | None:
    from loopmind.compose.editing.curves import of, value_at

    curve = of(song, track, parameter)
    return None if curve is None else value_at(curve.points, beat)


# One section


def test_a_section_made_anew_leaves_all_else_as_it_was() -> None:
    before = draft()
    hook = first("hook", before.song)
    after = apply(RegenerateSection(hook, 7))
    assert clips_in(after.song, hook) != clips_in(before.song, hook)
    rest = set(before.song.clips) - clips_in(before.song, hook)
    assert set(after.song.clips) - clips_in(after.song, hook) == rest
    known = {s.track: s for s in after.mix.strips}
    assert all(known[s.track] == s for s in before.mix.strips)
    assert after.mix.master == before.mix.master and after.mix.reverb == before.mix.reverb
    part = named(before.song, hook)
    bar = before.song.beats_per_bar
    for curve in before.song.automation:
        for beat in range(0, int(before.song.beats), 2):
            inside = part.start_bar * bar <= beat <= (part.start_bar + part.bars) * bar
            if not inside:
                now = value(after.song, curve.track, curve.parameter, beat)
                assert now in (None, pytest.approx(value(before.song, curve.track,
                                                         curve.parameter, beat)))  # fmt: skip
    assert apply(RegenerateSection(hook, 7)) == after
    other = apply(RegenerateSection(hook, 8))
    assert clips_in(other.song, hook) != clips_in(after.song, hook)


def test_one_track_in_a_section_made_anew() -> None:
    before = draft()
    verse = first("verse", before.song)
    track = next(t for t in ("kick", "drums", "hat") if any(
        c.track == t for c in clips_in(before.song, verse)))  # fmt: skip
    after = apply(RegenerateSection(verse, 3, (track,)))
    changed = set(before.song.clips) ^ set(after.song.clips)
    assert changed and {c.track for c in changed} == {track}
    assert changed <= clips_in(before.song, verse) | clips_in(after.song, verse)


# Form


@pytest.mark.parametrize("genre", ["trap", "house", "ambient"])
def test_what_follows_moves_by_whole_bars_and_the_fade_stays_at_the_end(genre: str) -> None:
    before = draft_of("everything", genre)
    song = before.song
    second, third = song.sections[1], song.sections[2]
    edits: list[tuple[Edit, int, str]] = [
        (RemoveSection(second.name), -second.bars, third.name),
        (ResizeSection(second.name, second.bars + 5), 5, third.name),
        (ResizeSection(second.name, 3), 3 - second.bars, third.name),
        (DuplicateSection(second.name), second.bars, third.name),
        (AddSection("bridge", second.name, 4), 4, third.name),
    ]
    for edit, bars, later in edits:
        after = apply(edit, before)
        name = song.sections[0].name
        assert clips_in(after.song, name) == clips_in(song, name), edit
        moved = {replace(c, start_beat=c.start_beat + 4.0 * bars) for c in clips_in(song, later)}
        assert clips_in(after.song, later) == moved, edit
        assert after.song.bars == song.bars + bars
        last = [value(s, "master", "gain_db", s.beats) for s in (song, after.song)]
        assert last[0] == last[1], edit
        check_strips_stay(before, after)


def check_strips_stay(before: Draft, after: Draft) -> None:
    known = {s.track: s for s in after.mix.strips}
    assert all(known[s.track] == s for s in before.mix.strips)


def test_names_of_sections_stay_for_life() -> None:
    song = draft().song
    hook = first("hook", song)
    after = apply(AddSection("hook", ""))
    names = [s.name for s in after.song.sections]
    assert names[1:] == [s.name for s in song.sections]
    number = max(int(n.split()[1]) for n in names[1:] if n.startswith("hook "))
    assert names[0] == f"hook {number + 1}"
    moved = apply(MoveSection(hook, song.sections[-1].name))
    assert [s.name for s in moved.song.sections][-1] == hook


def test_a_duplicate_plays_the_same_under_its_own_ids() -> None:
    song = draft().song
    hook = first("hook", song)
    after = apply(DuplicateSection(hook)).song
    copy = next(s for s in after.sections if s.name not in {x.name for x in song.sections})
    shift = 4.0 * (copy.start_bar - named(after, hook).start_bar)
    plain = {replace(c, id="", start_beat=c.start_beat + shift) for c in clips_in(after, hook)}
    assert {replace(c, id="") for c in clips_in(after, copy.name)} == plain


def test_a_longer_section_goes_on_as_it_began_and_a_shorter_one_loses_its_end() -> None:
    song = draft().song
    verse = first("verse", song)
    long = clips_in(apply(ResizeSection(verse, named(song, verse).bars + 8)).song, verse)
    tracks = {c.track for c in clips_in(song, verse)}
    end = 4.0 * (named(song, verse).start_bar + named(song, verse).bars)
    assert {c.track for c in long if c.start_beat >= end} >= tracks - {"crash", "fill", "riser"}
    short = clips_in(apply(ResizeSection(verse, 4)).song, verse)
    assert all(c.start_beat + c.beats <= 4.0 * (named(song, verse).start_bar + 4) for c in short)


@pytest.mark.parametrize("name", ["everything", "loops", "one-shots", "drums"])
def test_a_bridge_can_be_added_to_any_song(name: str) -> None:
    before = draft_of(name)
    after = apply(AddSection("bridge", before.song.sections[1].name), before, crate_of(name))
    assert clips_in(after.song, "bridge 1")


def test_no_section_is_made_of_nothing() -> None:
    empty = replace(draft(), palette=replace(draft().palette, choices=()))
    with pytest.raises(EditError, match="nothing left to build a bridge from"):
        editing.apply(AddSection("bridge", ""), empty, CRATE)
    with pytest.raises(EditError, match="nothing plays strings in this song"):
        editing.apply(AddSection("bridge", "", plays=("strings",)), draft(), CRATE)


def test_a_section_can_be_asked_for_by_its_roles() -> None:
    after = apply(AddSection("breakdown", draft().song.sections[1].name, 4, plays=("bass",)))
    assert {c.track for c in clips_in(after.song, "breakdown 1")} <= {"bass", "riser"}


# Layers and energy


def test_layers_are_exactly_those_wished_for() -> None:
    song = draft().song
    intro = song.sections[0].name
    assert {c.track for c in clips_in(apply(SetLayers(intro, ("bass",))).song, intro)} == {"bass"}
    with pytest.raises(EditError, match="nothing would play"):
        tracks = tuple(t.id for t in song.tracks)
        editing.apply(SetLayers(intro, remove=tracks), draft(), CRATE)


def test_more_energy_is_louder_and_fuller_less_is_quieter_and_thinner() -> None:
    song = draft().song
    verse = first("verse", song)

    def weight(made: Song) -> tuple[int, float]:
        own = clips_in(made, verse)
        main = [c for c in own if c.track not in ("riser", "crash", "fill")]
        return len({c.track for c in main}), max(c.gain_db for c in main)

    calm, now = apply(SetEnergy((verse,), by=-0.3)), weight(song)
    wild = apply(SetEnergy((verse,), by=0.3))
    assert weight(calm.song)[0] <= now[0] <= weight(wild.song)[0]
    assert weight(calm.song) < now < weight(wild.song)
    assert named(wild.song, verse).energy == pytest.approx(named(song, verse).energy + 0.3)
    rest = set(song.clips) - clips_in(song, verse)
    assert rest <= set(wild.song.clips) and rest <= set(calm.song.clips)


# Sounds


def test_darker_is_darker_by_what_was_measured() -> None:
    loops = CRATE.by_digest()
    before = draft_of("loops")
    track = "chords"
    old = next(c.picked for c in before.palette.choices if c.slot == track)
    dull = min(b for b in (x.brightness_hz for x in CRATE.loops))
    crate = Crate(tuple(
        replace(x, brightness_hz=dull) if x.best_role == "chords" and x.digest != old.digest else x
        for x in CRATE.loops
    ))  # fmt: skip
    loops = crate.by_digest()
    after = apply(SwapSound(track, moods=("dark",)), before, crate)
    new = next(c.picked for c in after.palette.choices if c.slot == track)
    assert loops[new.digest].brightness_hz < loops[old.digest].brightness_hz
    assert "darker" in after.told[-1] and "Hz in place of" in after.told[-1]
    changed = {c.track for c in set(before.song.clips) ^ set(after.song.clips)}
    assert changed == {track}
    with pytest.raises(EditError, match="is darker than"):
        editing.apply(SwapSound(track, moods=("dark",)), after, crate)


def test_a_swap_keeps_the_arrangement_and_mixes_only_its_own_strip() -> None:
    before = draft_of("loops")
    after = apply(SwapSound("drums", runner_up=1), before, crate_of("loops"))

    def shape(song: Song) -> list[Any]:
        return [(c.id, c.start_beat, c.beats, c.silences, c.treatment) for c in song.clips]

    assert shape(after.song) == shape(before.song)
    old = {s.track: s for s in before.mix.strips}
    assert {s.track for s in after.mix.strips if old[s.track] != s} <= {"drums"}
    picks = [next(c.picked.digest for c in d.palette.choices if c.slot == "drums")
             for d in (before, after)]  # fmt: skip
    assert picks[0] != picks[1]
    assert picks[0] not in {c.digest for c in after.song.clips if c.track == "drums"}


def test_a_swap_in_one_section_stays_there_even_when_it_is_made_anew() -> None:
    before = draft_of("loops")
    crate = crate_of("loops")
    hook = first("hook", before.song)
    after = apply(SwapSound("bass", (hook,)), before, crate)
    new = {c.digest for c in clips_in(after.song, hook) if c.track == "bass"}
    assert len(new) == 1
    outside = set(after.song.clips) - clips_in(after.song, hook)
    assert outside == set(before.song.clips) - clips_in(before.song, hook)
    again = apply(RegenerateSection(hook, 5), after, crate)
    assert {c.digest for c in clips_in(again.song, hook) if c.track == "bass"} == new
    copied = apply(DuplicateSection(hook), after, crate)
    assert check_bass(copied, new) == 2


def check_bass(draft: Draft, digests: set[str]) -> int:
    """In how many sections the bass plays these."""
    return sum(
        {c.digest for c in clips_in(draft.song, s.name) if c.track == "bass"} == digests
        for s in draft.song.sections
    )


def test_a_track_can_be_added_and_taken_out_again() -> None:
    before = draft_of("loops")
    crate = crate_of("loops")
    after = apply(AddTrack("pad", moods=("dark",)), before, crate)
    name = next(t.id for t in after.song.tracks if t.id not in {x.id for x in before.song.tracks})
    own = [c for c in after.song.clips if c.track == name]
    assert own and set(after.song.clips) - set(own) == set(before.song.clips)
    check_strips_stay(before, after)
    sounds = {c.digest for c in before.song.clips}
    assert not {c.digest for c in own} & sounds
    gone = apply(RemoveTrack(name), after, crate)
    assert gone.song.clips == before.song.clips and gone.mix == before.mix


def test_a_wish_that_nothing_meets_is_refused_with_the_remedy() -> None:
    crate = crate_of("loops")
    for edit, words in (
        (SwapSound("drums", runner_up=9), "no number 9"),
        (SwapSound("drums", digest="none"), "scan the folder"),
        (SwapSound("drums", folder="tokyo"), "tokyo"),
        (SwapSound("bass", instrument="tuba"), "choose from"),
        (SwapSound("bass", moods=("purple",)), "choose from"),
        (AddTrack("vocal", folder="nowhere"), "nowhere"),
    ):
        with pytest.raises(EditError, match=words):
            editing.apply(edit, draft_of("loops"), crate)


# Pitch, tempo, genre, mood


def test_keys_move_by_the_nearer_way() -> None:
    before = draft_of("loops")
    crate = crate_of("loops")
    key = before.song.key
    assert key is not None
    after = apply(SetKey(str(key.transpose(3))), before, crate)
    assert after.song.key == key.transpose(3)
    pitched = {t.id for t in before.song.tracks if t.role not in ("drums", "percussion", "fx")}
    for old, new in zip(before.song.clips, after.song.clips, strict=True):
        moved = (new.semitones - old.semitones) % 12
        assert moved == (3 if old.track in pitched else moved) and abs(new.semitones) <= 6
    back = apply(Transpose(-3), after, crate)
    assert back.song.key == key
    assert [c.semitones % 12 for c in back.song.clips] == [
        c.semitones % 12 for c in before.song.clips
    ]


def test_tempo_changes_no_clip_unless_it_is_counted_otherwise() -> None:
    before = draft_of("loops")
    crate = crate_of("loops")
    after = apply(SetTempo(by=1.03), before, crate)
    assert after.song.clips == before.song.clips
    assert after.song.bpm == pytest.approx(before.song.bpm * 1.03, abs=0.01)
    half = apply(SetTempo(by=0.5), before, crate)
    assert all(
        n.source_bpm is None or n.source_bpm == pytest.approx((o.source_bpm or 0.0) / 2.0)
        for o, n in zip(before.song.clips, half.song.clips, strict=True)
    )
    with pytest.raises(EditError, match=r"on \w+ would have to play"):
        editing.apply(SetTempo(bpm=before.song.bpm * 1.42), before, crate)


def test_another_genre_keeps_melodies_and_changes_the_rest() -> None:
    before = draft()
    after = apply(SetGenre("drill"))
    assert after.brief.genre == after.song.brief.genre == "drill"
    assert melodies(before) == melodies(after)
    assert [s.name for s in before.song.sections] != [s.name for s in after.song.sections]
    assert any(s.kind in PEAK_KINDS for s in after.song.sections)


def test_another_genre_lasts_about_as_long_at_its_own_tempo() -> None:
    before = draft()
    seconds = before.song.beats * 60.0 / before.song.bpm
    for genre in ("drill", "house", "lo-fi"):
        song = apply(SetGenre(genre), before).song
        assert abs(song.beats * 60.0 / song.bpm - seconds) < 0.15 * seconds, genre


def melodies(made: Draft) -> dict[str, str]:
    roles = ("chords", "lead", "pad", "bass")
    return {c.slot: c.picked.digest for c in made.palette.choices if c.role in roles}


def test_moods_by_tone_scale_with_the_amount() -> None:
    def shelf(amount: float) -> float:
        made = apply(ShiftMood(("dark",), amount, track="chords"))
        strip = next(s for s in made.mix.strips if s.track == "chords")
        return sum(b.gain_db for b in strip.eq if b.kind == "highshelf")

    assert shelf(0.9) < shelf(0.3) < 0.0
    master = apply(ShiftMood(("bright",), 0.3)).mix.master
    assert sum(b.gain_db for b in master.eq if b.kind == "highshelf") > 0.0


# The mix


def test_changes_by_hand_survive_a_new_mix_and_a_new_sound() -> None:
    before = draft_of("loops")
    crate = crate_of("loops")
    band = EqBand("peak", 1234.0, -4.0)
    by_hand: list[Edit] = [
        ChangeStrip("bass", "gain_db", by=3.0), ChangeStrip("bass", "pan", value=0.5),
        ChangeEq("bass", band), ChangeMaster("target_lufs", value=-9.0), MuteTrack("fx"),
    ]  # fmt: skip
    changed = editing.apply_all(by_hand, before, crate)
    for edit in (SetMixStyle("tape"), SetGenre("house"), SwapSound("bass", runner_up=1)):
        plain = next(s for s in apply(edit, before, crate).mix.strips if s.track == "bass")
        after = apply(edit, changed, crate)
        strip = next(s for s in after.mix.strips if s.track == "bass")
        assert strip.gain_db == pytest.approx(plain.gain_db + 3.0), edit
        assert strip.pan == 0.5 and band in strip.eq
        assert after.mix.master.target_lufs == -9.0
        assert after.muted == ("fx",)


def test_solo_remembers_what_was_muted() -> None:
    made = editing.apply_all(
        [MuteTrack("bass"), SoloTracks(("drums", "bass")), SoloTracks(())], draft_of("loops"),
        crate_of("loops"),
    )  # fmt: skip
    assert [s.track for s in made.mix.strips if s.muted] == ["bass"]


def test_a_level_in_one_section_is_drawn_there_alone() -> None:
    song = draft().song
    hook = first("hook", song)
    after = apply(ChangeStrip("bass", "gain_db", by=-6.0, sections=(hook,)))
    part = named(song, hook)
    start, end = 4.0 * part.start_bar, 4.0 * (part.start_bar + part.bars)
    assert value(after.song, "bass", "gain_db", start + 1.0) == -6.0
    assert value(after.song, "bass", "gain_db", start - 0.1) == 0.0
    assert value(after.song, "bass", "gain_db", end + 0.1) == 0.0
    assert after.mix == draft().mix and after.song.clips == song.clips


def test_the_fade_of_a_song_follows_its_end() -> None:
    faded = apply(SetFade(in_beats=8.0, out_beats=16.0))
    shorter = apply(RemoveSection(faded.song.sections[-1].name), faded)
    for song in (faded.song, shorter.song):
        assert value(song, "master", "gain_db", 0.0) == -48.0
        assert value(song, "master", "gain_db", song.beats) == -48.0
        assert value(song, "master", "gain_db", song.beats / 2.0) == 0.0
    assert value(apply(SetFade(out_beats=0.0), faded).song, "master", "gain_db", 1e9) == 0.0


# Locks and names


def test_locked_parts_are_named_when_an_edit_concerns_them() -> None:
    hook = first("hook", draft().song)
    locked = apply(SetLock("track", "bass"), apply(SetLock("section", hook)))
    own: tuple[Edit, ...] = (
        RegenerateSection(hook, 1), RemoveSection(hook), ResizeSection(hook, 4),
        SetLayers(hook, add=("bass",)), SetEnergy((hook,), by=-0.2),
    )  # fmt: skip
    for edit in own:
        with pytest.raises(EditError, match=f"{hook} is locked"):
            editing.apply(edit, locked, CRATE)
    others: tuple[Edit, ...] = (
        SwapSound("bass"), MuteTrack("bass"), RemoveTrack("bass"), Transpose(2, "bass"),
    )  # fmt: skip
    for edit in others:
        with pytest.raises(EditError, match="bass is locked"):
            editing.apply(edit, locked, CRATE)
    with pytest.raises(EditError, match="say 'unlock the bass' first"):
        editing.apply(MuteTrack("bass"), locked, CRATE)
    wide = apply(Reseed(5), locked)
    assert clips_in(wide.song, hook) == clips_in(locked.song, hook)
    assert "stayed, as locked" in wide.told[-1]
    free = apply(SetLock("section", hook, locked=False), locked)
    assert free.locks == (Lock("track", "bass"),)


def test_stale_names_list_what_there_is() -> None:
    song = draft().song
    with pytest.raises(EditError, match=song.sections[0].name):
        editing.apply(RemoveSection("verse 9"), draft(), CRATE)
    with pytest.raises(EditError, match=song.tracks[0].id):
        editing.apply(MuteTrack("kazoo"), draft(), CRATE)
    with pytest.raises(EditError, match="lie within the song"):
        clip = replace(song.clips[0], start_beat=song.beats)
        editing.apply(PutClip(clip), draft(), CRATE)


# Documents and the node


def test_every_edit_has_its_application_and_its_schema() -> None:
    from loopmind.compose.editing.applying import APPLIED_BY

    assert set(APPLIED_BY) == set(EDITS.values())
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), (
        f"run: python -m loopmind.music.edit_schema {SCHEMA}"
    )
    Draft202012Validator.check_schema(edit_json_schema())
    assert set(edit_json_schema()["$defs"]) >= set(EDITS)


def test_a_control_of_edits_names_number_and_field() -> None:
    control = Control("edits", "edit[]", [])
    given = [MuteTrack("drums"), {"edit": "resize_section", "section": "intro", "bars": 4}]
    plain = control.plain(given)
    assert plain == [{"edit": "mute_track", "track": "drums"}, given[1]]
    assert control.value(plain) == (MuteTrack("drums"), ResizeSection("intro", 4))
    assert control.parse(json.dumps(plain)) == plain
    Draft202012Validator(edit_json_schema()).validate(plain)
    for wrong, words in (
        ({"edit": "resize_section", "section": "intro", "bars": "x"}, "edit 2: ResizeSection.bars"),
        ({"edit": "sing"}, "edit 2: there is no edit 'sing'"),
        ("louder", "edit 2"),
    ):
        with pytest.raises(ValueError, match=words):
            control.plain([given[0], wrong])


class Remembering(PlainContext):
    """Counts what had to be made."""

    def __init__(self) -> None:
        self.held: dict[Any, Any] = {}
        self.count = 0

    def remember(self, what: object, wire_type: str, make: Any) -> Any:
        if what not in self.held:
            self.count += 1
            self.held[what] = make()
        return self.held[what]


def test_one_more_edit_costs_one_edit() -> None:
    context = Remembering()
    now = draft()
    parts = (now.brief, now.palette, now.song, now.mix, CRATE, context)
    assert edit_song(*parts).song == now.song and context.count == 0
    edits: tuple[Edit, ...] = (MuteTrack("bass"), SetMixStyle("tape"))
    edit_song(*parts, edits=edits)
    assert context.count == 2
    three = edit_song(*parts, edits=(*edits, RemoveSection(now.song.sections[-1].name)))
    assert context.count == 3
    assert len(three.draft.told) == 3 and three.mix.style == "tape"
    assert edit_song(*parts, draft=three.draft).song == three.song


# Real loops


@pytest.fixture(scope="module")
def real(real_loops: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Crate, Draft]:
    with Library(tmp_path_factory.mktemp("library")) as library:
        crate = library.scan([real_loops / "orin-ayo"])
    return crate, made(crate, Brief(genre="pop", length_s=100.0), 2)


@pytest.mark.slow
def test_real_loops_can_be_edited_all_over(real: tuple[Crate, Draft]) -> None:
    crate, first_draft = real
    song = first_draft.song
    hook, verse = first("hook", song), first("verse", song)
    edits: list[Edit] = [
        RegenerateSection(hook, 3), SwapSound("chords"), SwapSound("bass", (verse,)),
        AddSection("bridge", hook), AddTrack("pad"), SetEnergy((hook,), by=-0.2),
        ResizeSection(verse, 12), ShiftMood(("dark",), 0.5), SetTempo(by=1.05), Transpose(2),
        SetGenre("lo-fi"), SetMixStyle("raw"), Reseed(4),
    ]  # fmt: skip
    now = first_draft
    for edit in edits:
        try:
            now = apply(edit, now, crate)
        except EditError as error:
            assert edit_name(edit) in ("swap_sound", "add_track"), error
    loops = crate.by_digest()
    for mood, feature in (("dark", -1.0), ("bright", 1.0)):
        for track in ("drums", "bass", "chords"):
            try:
                after = editing.apply(SwapSound(track, moods=(mood,)), first_draft, crate)
            except EditError:
                continue
            old, new = (next(c.picked for c in d.palette.choices if c.slot == track)
                        for d in (first_draft, after))  # fmt: skip
            heard = [loops[c.digest].brightness_hz * 2 ** (c.semitones / 12) for c in (old, new)]
            assert feature * (heard[1] - heard[0]) > 0.0
