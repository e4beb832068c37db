"""Laws that a listener would hold a song to: its own key, no clash, a hook that rises, an end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compose_factory import crate, kit, loops, make, notes

from loopmind.compose.arrange import arrange
from loopmind.compose.compatibility import beat_chroma, family, pair_scores
from loopmind.compose.genres import PEAK_KINDS
from loopmind.compose.joint import LEAST_HARMONY
from loopmind.compose.prompt import read_prompt
from loopmind.compose.select import choose
from loopmind.compose.traits import traits
from loopmind.music.belief import Belief
from loopmind.music.loop import Crate, Loop
from loopmind.music.song import Clip, Song

SEEDS = range(1, 7)


def song_of(held: Crate, prompt: str, seed: int) -> Song:
    brief = read_prompt(prompt)
    return arrange(choose(held, brief, seed), held, brief, seed)


@pytest.mark.parametrize("prompt", ["dark trap 140", "lo-fi 85", "house 124", "pop"])
def test_loops_of_one_key_are_left_in_it(prompt: str) -> None:
    held = crate([make("drums", bpm=120)], [
        make(instrument, bpm=120, key="A minor", number=number)
        for instrument in ("bass", "keys", "lead", "pad") for number in (1, 2)
    ])  # fmt: skip
    for seed in SEEDS:
        palette = choose(held, read_prompt(prompt), seed)
        assert {choice.picked.semitones for choice in palette.choices} <= {0}


def test_a_triplet_reading_needs_more_than_a_faint_belief() -> None:
    loop = make("keys", bpm=90, key="A minor")
    faint = replace(loop, tempo=(Belief(90.0, 0.6), Belief(135.0, 0.3)))
    torn = replace(loop, tempo=(Belief(90.0, 0.5), Belief(135.0, 0.45)))
    said = replace(torn, evidence=("name: 90 bpm",))

    def reads(one: Loop) -> set[float]:
        return {round(bpm) for bpm in traits([one]).readings[0].tolist() if bpm}

    assert 135.0 in reads(torn)
    assert not {135.0, 68.0} & (reads(faint) | reads(said))


def test_a_semitone_apart_is_a_clash_and_a_unison_none() -> None:
    held = [make("bass", key=key) for key in ("A minor", "A# minor")]
    held.append(make("keys", key="A minor"))
    t = traits(held)
    chroma = np.array([beat_chroma(loop, 16.0, 0) for loop in held])
    pairs = pair_scores(t, np.arange(3), ["bass", "bass", "chords"], chroma, np.ones(3, bool))
    assert pairs.harmony[1, 2] < LEAST_HARMONY < 0.6 < pairs.harmony[0, 2]


def test_drum_loops_at_home_in_the_tempo_mostly_win_over_the_kit() -> None:
    held = crate(loops(140), kit())
    by_loop = sum(
        any(c.slot == "drums" for c in choose(held, read_prompt("trap 140"), seed).choices)
        for seed in range(20)
    )
    assert 14 <= by_loop <= 20


def test_sets_are_known_by_their_names() -> None:
    one, two = "a/bass/sweet-pop_85bpm_E.ogg", "a/chords/Sweet Pop 110 Am.wav"
    assert family(one) == family(two) == "sweet pop"
    assert family("a/drums/loop_120.wav") == ""


def sounding(clips: list[Clip]) -> list[tuple[float, float]]:
    """Stretches of beats in which the clips are heard."""
    found = []
    for clip in clips:
        place = clip.start_beat
        for start, length in clip.silences:
            found.append((place, clip.start_beat + start))
            place = clip.start_beat + start + length
        found.append((place, clip.start_beat + clip.beats))
    return [(a, b) for a, b in found if b > a]


def test_a_lead_and_a_voice_take_turns_until_the_last_peak() -> None:
    held = crate(loops(110), kit())
    checked = 0
    for seed in SEEDS:
        song = song_of(held, "pop 110", seed)
        if not {"lead", "vocal"} <= {track.id for track in song.tracks}:
            continue
        last = max(s.start_bar for s in song.sections if s.kind in PEAK_KINDS)
        last_beat = last * song.beats_per_bar
        lanes = [
            sounding([c for c in song.clips if c.track == name and c.start_beat < last_beat])
            for name in ("lead", "vocal")
        ]
        both = sum(max(min(b, d) - max(a, c), 0.0) for a, b in lanes[0] for c, d in lanes[1])
        assert both <= 0.2 * sum(b - a for a, b in lanes[0])
        checked += 1
    assert checked


def test_the_last_peak_is_turned_down_least_and_calm_sections_most() -> None:
    held = crate(loops(120), kit(), notes())
    for prompt in ("house 120", "pop 120", "rock 120"):
        song = song_of(held, prompt, 1)
        level = {
            s.name: max(c.gain_db for c in song.clips if c.id.startswith(s.name + "/")
                        and c.track != "riser")
            for s in song.sections
        }  # fmt: skip
        peaks = [s for s in song.sections if s.kind in PEAK_KINDS]
        verses = [s for s in song.sections if s.kind == "verse"]
        assert level[peaks[-1].name] >= max(level.values()) - 1e-9
        assert all(level[v.name] <= level[peaks[-1].name] - 1.0 for v in verses)


def test_songs_fade_audibly_or_end_on_a_downbeat() -> None:
    held = crate(loops(124), kit(), notes())
    ends = set()
    for seed in range(1, 13):
        song = song_of(held, "house 124", seed)
        fade = [a for a in song.automation if a.track == "master"]
        ends.add(bool(fade))
        if fade:
            points = dict(fade[0].points)
            start = min(beat for beat in points if beat > 0.0)
            assert all(gain >= -25.0 for beat, gain in points.items()
                       if beat <= start + 0.9 * (song.beats - start) + 1e-6)  # fmt: skip
        else:
            drums = [c for c in song.clips if c.track == "drums"]
            last = sounding(drums)[-1][1] if drums else 0.0
            assert last <= song.beats - song.beats_per_bar + 1.0
    assert ends == {True, False}
