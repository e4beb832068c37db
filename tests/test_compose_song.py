"""Laws of songs: whole bars, a peak, variation, determinism, what is forbidden never used."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import pytest
from compose_factory import crate, kit, loops, make, notes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopmind.compose import genres
from loopmind.compose.arrange import arrange
from loopmind.compose.compatibility import LAST_RESORT, RATIO_LIMITS
from loopmind.compose.explain import why
from loopmind.compose.genres import PEAK_KINDS
from loopmind.compose.mixing import mix_song
from loopmind.compose.prompt import read_prompt
from loopmind.compose.select import choose
from loopmind.errors import LoopMindError
from loopmind.music.brief import Brief
from loopmind.music.key import Key
from loopmind.music.loop import DRUM_INSTRUMENTS, INSTRUMENTS, Crate
from loopmind.music.palette import Palette
from loopmind.music.song import Clip, Section, Song

FULL = crate(loops(), kit(), notes())


def make_song(held: Crate, prompt: str, seed: int = 1) -> tuple[Palette, Song]:
    brief = read_prompt(prompt)
    palette = choose(held, brief, seed)
    return palette, arrange(palette, held, brief, seed)


def check_palette(palette: Palette, held: Crate, *, strict: bool = True) -> None:
    by_digest = held.by_digest()
    assert palette.bpm > 0 and 0.5 <= palette.swing <= 0.75
    slots = [choice.slot for choice in palette.choices]
    assert len(slots) == len(set(slots)) and slots
    for choice in palette.choices:
        assert choice.reason and len(choice.runners_up) <= 5
        digests = [c.digest for c in (choice.picked, *choice.runners_up)]
        assert len(digests) == len(set(digests))
        low, high = RATIO_LIMITS[choice.role] if strict else LAST_RESORT
        for candidate in (choice.picked, *choice.runners_up):
            assert candidate.digest in by_digest
            assert 0.0 <= candidate.score <= 1.0
            assert all(0.0 <= value <= 1.0 for _, value in candidate.parts)
            assert abs(candidate.semitones) <= (5 if candidate.source_bpm else 6)
            if candidate.source_bpm is not None:
                assert candidate.beats >= 1.0 and candidate.beats == round(candidate.beats)
                assert low - 1e-6 <= candidate.ratio <= high + 1e-6
                assert candidate.ratio == pytest.approx(palette.bpm / candidate.source_bpm, 1e-4)


def check_song(song: Song, held: Crate) -> None:
    by_digest = held.by_digest()
    bar = song.beats_per_bar
    place = 0
    for section in song.sections:
        assert section.start_bar == place and section.bars >= 1
        assert 0.0 <= section.energy <= 1.0
        place += section.bars
    assert len({s.name for s in song.sections}) == len(song.sections)
    tracks = {track.id for track in song.tracks}
    assert tracks == {clip.track for clip in song.clips}
    assert len({clip.id for clip in song.clips}) == len(song.clips)
    lanes: dict[str, list[Clip]] = defaultdict(list)
    for clip in song.clips:
        lanes[clip.track].append(clip)
        check_clip(clip, by_digest, song)
    for clips in lanes.values():
        ordered = sorted(clips, key=lambda c: c.start_beat)
        for one, two in itertools.pairwise(ordered):
            assert one.start_beat + one.beats <= two.start_beat + 1e-6, (one.id, two.id)
    for section in song.sections:
        start, end = section.start_bar * bar, (section.start_bar + section.bars) * bar
        sounding = [c for c in song.clips if start <= c.start_beat < end and c.track != "riser"]
        assert sounding, f"{section.name} is empty"
        assert min(c.start_beat for c in sounding) == start
    for line in song.automation:
        assert line.track in tracks or line.track == "master"
        assert all(0.0 <= beat <= song.beats + 1.0 for beat, _ in line.points)
        beats = [beat for beat, _ in line.points]
        assert len(beats) == len(set(beats))


def check_clip(clip: Clip, by_digest: dict, song: Song) -> None:  # type: ignore[type-arg]
    assert clip.beats > 0 and clip.start_beat >= 0
    assert clip.start_beat + clip.beats <= song.beats + 1e-6
    section = next(s for s in song.sections if s.name == clip.id.split("/")[0])
    begin = section.start_bar * song.beats_per_bar
    assert begin <= clip.start_beat < begin + section.bars * song.beats_per_bar
    assert math.isfinite(clip.gain_db) and abs(clip.gain_db) <= 15.0
    if clip.hits:
        assert clip.start_beat % song.beats_per_bar == 0
        for hit in clip.hits:
            assert hit.digest in by_digest and 0 <= hit.beat < clip.beats
            assert 0 < hit.velocity <= 1 and abs(hit.semitones) <= 12
    else:
        assert clip.digest in by_digest
        assert clip.loop_beats > 0 and clip.loop_beats * 2 == round(clip.loop_beats * 2)
        assert 0 <= clip.offset_beats < clip.loop_beats
        assert (clip.start_beat * 2).is_integer()
        assert clip.source_start_s >= 0
    assert clip.fade_in_beats <= clip.beats and clip.fade_out_beats <= clip.beats
    end = 0.0
    for start, length in clip.silences:
        assert start >= end and length > 0
        end = start + length
    assert end <= clip.beats + 1e-6 and sum(n for _, n in clip.silences) < clip.beats


def layers_of(song: Song, section: Section) -> set[str]:
    start = section.start_bar * song.beats_per_bar
    end = start + section.bars * song.beats_per_bar
    made = {"riser", "crash", "fill", "cymbal", "tom"}
    return {c.track for c in song.clips if start <= c.start_beat < end} - made


@pytest.mark.parametrize("genre", genres.names())
def test_every_genre_makes_a_whole_song(genre: str) -> None:
    bpm = genres.profile(genre).typical_bpm
    held = crate(loops(bpm), kit(), notes())
    for seed in (1, 2):
        palette, song = make_song(held, genre, seed)
        check_palette(palette, held)
        check_song(song, held)
        assert song.brief.genre == genre
        low, high = genres.profile(genre).bpm
        assert low * 0.97 <= song.bpm <= high * 1.03
        assert 90 <= song.beats * 60 / song.bpm <= 260
        assert all(section.bars % 2 == 0 for section in song.sections)
        check_peak(song)
        check_variation(song)
        mix = mix_song(song, palette, held)
        assert [strip.track for strip in mix.strips] == [track.id for track in song.tracks]


def check_peak(song: Song) -> None:
    peaks = [s for s in song.sections if s.kind in PEAK_KINDS]
    rest = [s for s in song.sections if s.kind not in PEAK_KINDS]
    assert peaks and max(song.sections, key=lambda s: s.energy) == peaks[-1]
    if rest:
        assert min(s.energy for s in peaks) > max(s.energy for s in rest)
        most = max(len(layers_of(song, s)) for s in rest)
        assert len(layers_of(song, peaks[-1])) > most
        assert all(len(layers_of(song, s)) >= most for s in peaks)


def check_variation(song: Song) -> None:
    """No clip lasts longer than 8 bars, and nothing repeats unchanged for more than 8 bars."""
    bar = song.beats_per_bar
    lanes: dict[str, list[Clip]] = defaultdict(list)
    for clip in song.clips:
        if not clip.hits:
            lanes[clip.track].append(clip)
    for clips in lanes.values():
        run, before = 0.0, None
        for clip in sorted(clips, key=lambda c: c.start_beat):
            assert clip.beats <= 8 * bar
            sound = (clip.digest, clip.treatment, clip.silences, clip.beats, clip.offset_beats)
            follows = before is not None and before[1] == clip.start_beat
            run = run + clip.beats if follows and before and before[0] == sound else clip.beats
            assert run <= 8 * bar + 1e-6, clip.id
            before = (sound, clip.start_beat + clip.beats)


def test_the_same_seed_makes_the_same_song_and_another_seed_another() -> None:
    assert make_song(FULL, "house", 5) == make_song(FULL, "house", 5)
    songs = [make_song(FULL, "house", seed)[1] for seed in range(4)]
    assert len({song.clips for song in songs}) == 4


def test_palettes_vary_with_the_seed() -> None:
    held = crate(loops(124, count=8), kit())
    picked = {tuple(c.picked.digest for c in make_song(held, "house", s)[0].choices)
              for s in range(6)}  # fmt: skip
    assert len(picked) >= 4


def test_redoing_one_section_leaves_the_others_as_they_were() -> None:
    brief = read_prompt("boom bap")
    held = crate(loops(90), kit())
    palette = choose(held, brief, 3)
    first = arrange(palette, held, brief, 3)
    name = next(s.name for s in first.sections if s.name == "verse 2")
    again = arrange(palette, held, brief, 3, section_seeds={name: 99})
    mine = [c for c in first.clips if not c.id.startswith(f"{name}/")]
    theirs = [c for c in again.clips if not c.id.startswith(f"{name}/")]
    assert mine == theirs
    assert first.clips != again.clips and first.sections == again.sections


def test_the_briefs_tempo_and_key_win() -> None:
    palette, song = make_song(FULL, "trap 127 bpm in D minor")
    assert song.bpm == 127.0 and song.key == Key.parse("D minor")
    by_digest = FULL.by_digest()
    for choice in palette.choices:
        own = by_digest[choice.picked.digest].best_key
        if own is not None and choice.picked.source_bpm and choice.role in ("bass", "chords"):
            moved = own.transpose(choice.picked.semitones)
            assert moved.semitones_to(Key.parse("D minor")) in (0, 5, -5, -6, 2, -2)


def test_a_tempo_range_is_kept() -> None:
    for seed in range(3):
        assert 118 <= make_song(FULL, "118 to 122 bpm", seed)[1].bpm <= 122


def test_loops_at_half_the_tempo_are_at_home_in_trap() -> None:
    held = crate([make("drums", bpm=70, beats=8), make("keys", bpm=70, key="A minor", beats=8)])
    palette, song = make_song(held, "trap 140 bpm")
    assert {c.role for c in palette.choices} >= {"drums", "chords"}
    for choice in palette.choices:
        assert choice.picked.ratio == pytest.approx(1.0)
        assert choice.picked.beats == 16.0
    check_song(song, held)


def test_a_doubtful_loop_follows_the_others() -> None:
    sure = [make("drums", bpm=100, number=n) for n in range(3)]
    doubtful = make("keys", bpm=66.7, key="A minor", beats=16 * 0.667, seconds=9.6)
    palette, _ = make_song(crate(sure, [doubtful]), "")
    assert palette.bpm == pytest.approx(100.0, rel=0.02)


@pytest.mark.parametrize("word", ["vocals", "drums", "guitar", "bass", "fx"])
def test_what_is_forbidden_is_never_used(word: str) -> None:
    held = crate(loops(), kit(), notes(), [make("guitar", key="A minor", number=9)])
    brief = read_prompt(f"house without {word}")
    for seed in range(4):
        palette = choose(held, brief, seed)
        song = arrange(palette, held, brief, seed)
        by_digest = held.by_digest()
        used = {c.digest for c in song.clips if c.digest}
        used |= {h.digest for c in song.clips for h in c.hits}
        for digest in used:
            assert by_digest[digest].best_instrument not in brief.forbidden
            assert by_digest[digest].best_role not in brief.forbidden


def test_only_guitars_keeps_drums_but_no_other_pitched_sound() -> None:
    guitars = [make("guitar", key="A minor", number=n) for n in range(3)]
    held = crate(loops(), kit(), guitars)
    palette, _ = make_song(held, "use only my guitar loops")
    instruments = {held.by_digest()[c.picked.digest].best_instrument for c in palette.choices}
    assert "guitar" in instruments and instruments <= {"guitar"} | DRUM_INSTRUMENTS
    palette, _ = make_song(held, "nothing but guitar loops")
    assert {held.by_digest()[c.picked.digest].best_instrument for c in palette.choices} == {
        "guitar"
    }
    with pytest.raises(LoopMindError, match="no brass"):
        make_song(held, "only brass")


def test_wanted_instruments_are_used_or_missed_aloud() -> None:
    strings = [make("strings", key="A minor", number=n) for n in range(2)]
    palette, _ = make_song(crate(loops(), strings), "house with strings")
    assert any(c.instrument == "strings" for c in palette.choices)
    palette, _ = make_song(crate(loops()), "house with strings")
    assert "strings" in dict(palette.unfilled)


def test_folders_are_blended() -> None:
    drill = [make("drums", name=f"drill/d{n}.wav", bpm=142) for n in range(2)]
    lofi = [make("keys", name=f"LoFi/k{n}.wav", bpm=80, beats=8, key="A minor") for n in range(2)]
    others = loops(142)
    held = crate(drill, lofi, others)
    palette, _ = make_song(held, "drill loops with lo-fi samples")
    for choice in palette.choices:
        assert held.by_digest()[choice.picked.digest].path.lower().startswith(("drill", "lofi"))
    palette, _ = make_song(crate(others), "drill loops with lo-fi samples")
    assert palette.choices and any("lo-fi" in note for note in palette.notes)


def test_only_oneshots_make_a_beat_with_the_kick_on_one_and_a_bass_in_key() -> None:
    held = crate(kit(), notes())
    for genre in ("trap", "house", "boom bap", "drum and bass"):
        palette, song = make_song(held, genre)
        check_palette(palette, held)
        check_song(song, held)
        tracks = {track.id for track in song.tracks}
        assert {"kick", "hat", "bass"} <= tracks and tracks & {"snare", "clap"}
        for clip in song.clips:
            if clip.track == "kick" and clip.hits:
                assert clip.hits[0].beat == 0.0
        assert palette.key is not None
        sounds = held.by_digest()
        from loopmind.compose.compatibility import scale_mask

        mask = scale_mask(palette.key)
        for clip in song.clips:
            if clip.track in ("bass", "lead", "chords"):
                for hit in clip.hits:
                    midi = sounds[hit.digest].pitch_midi
                    assert midi is not None
                    note = round(midi + hit.semitones) % 12
                    assert mask[note] == 1.0, (clip.track, note, str(palette.key))


def test_hits_lie_on_sixteenths_with_the_genres_swing() -> None:
    held = crate(kit())
    _, song = make_song(held, "boom bap")
    swing = genres.profile("boom bap").swing
    steps = {0.0, swing / 2, 0.5, 0.5 + swing / 2}
    for clip in song.clips:
        for hit in clip.hits:
            nearest = min(abs(hit.beat % 1.0 - s) for s in steps)
            assert nearest < 1e-5 or clip.track in ("snare", "hat", "fill")
    kicks = {round(h.beat % 1.0, 4) for c in song.clips if c.track == "kick" for h in c.hits}
    assert kicks <= {round(s, 4) for s in steps}


def test_sounds_without_names_stand_in_for_a_kit_by_register() -> None:
    shots = [make("fx", kind="oneshot", number=n, name=f"s{n}.wav") for n in range(4)]
    palette, song = make_song(crate(shots), "techno")
    assert "kick" in {c.slot for c in palette.choices}
    check_song(song, crate(shots))


@pytest.mark.parametrize(
    "instrument", ["drums", "keys", "vocal", "pad", "fx", "bass", "percussion"]
)
def test_one_loop_is_enough(instrument: str) -> None:
    held = crate([make(instrument, key=None if instrument in ("drums", "fx") else "C minor")])
    for prompt in ("", "techno 2 minutes", "90 bpm"):
        palette, song = make_song(held, prompt)
        check_palette(palette, held, strict=False)
        check_song(song, held)
        check_variation(song)
        assert why(palette, held, palette.choices[0].slot)


def test_time_is_kept_by_a_closed_hat() -> None:
    shot = {"kind": "oneshot", "moods": ("dark",)}
    closed, opened = (
        make("hat", name=f"crate/{name}.wav", seconds=seconds, belief=belief, **shot)
        for name, seconds, belief in (("closed", 0.06, 0.8), ("open", 1.2, 0.9))
    )
    held = crate([opened, closed, make("kick", **shot), make("snare", **shot)])
    for seed in range(5):
        palette, _ = make_song(held, "dark trap", seed=seed)
        hats = next(c for c in palette.choices if c.slot == "hat")
        assert hats.picked.digest == closed.digest and len(hats.runners_up) == 1


def test_three_files_make_a_song_and_say_what_is_missing() -> None:
    held = crate([make("drums"), make("bass", key="E minor"), make("keys", key="E minor")])
    palette, song = make_song(held, "house")
    assert {c.slot for c in palette.choices} == {"drums", "bass", "chords"}
    assert palette.key in (Key.parse("E minor"), Key.parse("G major"))
    check_song(song, held)
    check_peak(song)


def test_a_role_out_of_reach_is_named_with_its_reason() -> None:
    held = crate([make("drums", bpm=140), make("vocal", bpm=100, key="A minor")])
    palette, _ = make_song(held, "trap 140 bpm with vocals")
    assert "times" in dict(palette.unfilled)["vocal"]


def test_nothing_usable_is_an_error_that_names_the_remedy() -> None:
    with pytest.raises(LoopMindError, match="add some loops"):
        choose(Crate(()), Brief(), 1)
    with pytest.raises(LoopMindError, match="silent"):
        choose(crate([make("drums", lufs=-70.0)]), Brief(), 1)


def test_whole_songs_are_used_only_where_nothing_else_is() -> None:
    whole = make("lead", kind="song", seconds=180.0, bpm=100, key="A minor", seamless=False)
    palette, _ = make_song(crate(loops(100), [whole]), "")
    assert whole.digest not in {c.picked.digest for c in palette.choices}
    palette, song = make_song(crate([whole]), "pop")
    assert {c.digest for c in song.clips} == {whole.digest}
    check_song(song, crate([whole]))
    starts = {c.source_start_s for c in song.clips}
    assert len(starts) > 1 and max(starts) < 180.0


def test_odd_lengths_stay_in_time() -> None:
    odd = [
        make("drums", beats=16),
        make("keys", beats=6, key="A minor"),
        make("bass", beats=15, key="A minor"),
        make("lead", beats=15.4, key="A minor", seamless=False, downbeat_s=0.3),
    ]
    palette, song = make_song(crate(odd), "house 120 bpm")
    for choice in palette.choices:
        assert choice.picked.beats in (1, 2, 4, 8, 12, 16)
    check_song(song, crate(odd))


def test_waltz_time_is_kept() -> None:
    three = [make(i, beats=12, beats_per_bar=3, key="C major") for i in ("drums", "keys", "bass")]
    _, song = make_song(crate(three), "pop")
    assert song.beats_per_bar == 3
    check_song(song, crate(three))
    _, song = make_song(crate(three, kit(), notes()), "trap")
    check_song(song, crate(three, kit(), notes()))


@pytest.mark.parametrize("text", ["20 seconds", "45 seconds", "short", "4 minutes", "10 minutes"])
def test_the_length_is_kept(text: str) -> None:
    for genre in ("trap", "house", "ambient", "pop"):
        brief = read_prompt(f"{genre} {text}")
        _, song = make_song(FULL, brief.prompt)
        seconds = song.beats * 60 / song.bpm
        assert brief.length_s is not None
        bar_s = song.beats_per_bar * 60 / song.bpm
        assert abs(seconds - brief.length_s) <= max(4 * bar_s, 0.12 * brief.length_s)
        check_song(song, FULL)


def test_genres_differ_audibly() -> None:
    """Tempo, drum bars and form: no two brains agree on all, most on none."""
    held = crate(kit(), notes())
    found = {}
    for genre in genres.names():
        _, song = make_song(held, genre)
        kick = next(c for c in song.clips if c.track == "kick" and c.start_beat > 0)
        found[genre] = (round(song.bpm), tuple(h.beat for h in kick.hits if h.beat < 4),
                        tuple((s.kind, s.bars) for s in song.sections))  # fmt: skip
    assert len(set(found.values())) == len(found)
    assert len({f[0] for f in found.values()}) >= 12
    assert len({f[2] for f in found.values()}) >= 12


def test_runners_up_are_kept_and_explained() -> None:
    held = crate(loops(120, count=9))
    palette, _ = make_song(held, "house 120 bpm")
    drums = next(c for c in palette.choices if c.slot == "drums")
    assert len(drums.runners_up) == 5
    text = why(palette, held, "drums")
    assert text.count("\n") == 6 and "drums" in text
    with pytest.raises(KeyError, match="no slot"):
        why(palette, held, "kazoo")


def test_loops_that_agree_are_preferred_to_those_that_clash() -> None:
    fitting = [make("bass", key="A minor", number=1), make("keys", key="A minor", number=1)]
    clashing = [make("bass", bpm=97, key="D# minor", number=2),
                make("keys", bpm=150, key="C# major", number=2)]  # fmt: skip
    held = crate([make("drums")], fitting, clashing)
    for seed in range(5):
        palette, _ = make_song(held, "house 120 bpm", seed)
        picked = {c.picked.digest for c in palette.choices if " " not in c.slot}
        assert {loop.digest for loop in fitting} <= picked


any_loop = st.builds(
    make,
    st.sampled_from(INSTRUMENTS),
    kind=st.sampled_from(["loop", "loop", "loop", "oneshot", "song"]),
    bpm=st.one_of(st.none(), st.floats(45, 220)),
    beats=st.floats(0.3, 70),
    key=st.sampled_from([None, "A minor", "C major", "F# minor", "D# major"]),
    midi=st.one_of(st.none(), st.floats(20, 100)),
    lufs=st.sampled_from([-12.0, -30.0, -70.0, float("-inf")]),
    swing=st.floats(0.5, 0.75),
    beats_per_bar=st.sampled_from([4, 4, 3]),
    seamless=st.booleans(),
    downbeat_s=st.floats(0, 1),
    number=st.integers(0, 99),
    energy=st.floats(0, 1),
)
PROMPTS = ["", "dark trap 140 bpm", "house, no vocals", "60 bpm", "only guitar", "slow ambient",
           "240 bpm techno 30 seconds", "jazz in F with strings", "nothing but drums"]  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(any_loop, max_size=12), st.sampled_from(PROMPTS), st.integers(0, 2**31))
def test_any_crate_gives_a_valid_song_or_a_plain_error(
    found: list,
    prompt: str,
    seed: int,  # type: ignore[type-arg]
) -> None:
    held = crate(found)
    brief = read_prompt(prompt)
    try:
        palette = choose(held, brief, seed)
    except LoopMindError as error:
        assert len(str(error)) > 20
        return
    check_palette(palette, held, strict=False)
    song = arrange(palette, held, brief, seed)
    check_song(song, held)
    mix = mix_song(song, palette, held)
    assert all(math.isfinite(strip.gain_db) for strip in mix.strips)
