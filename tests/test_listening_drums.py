"""Hearing drums: front end, decoding, patterns, a training in small, and how it is judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from loopmind.analysis.listening.drums import activations, hear_drums, thresholds_of
from loopmind.analysis.listening.drums_decode import (
    VOICES,
    DrumHit,
    decode_drums,
    own_thresholds,
)
from loopmind.analysis.listening.drums_frontend import (
    BANDS,
    DRUM_RATE_HZ,
    HOP_S,
    drum_features,
    drum_power,
    loudness_reference,
    mono_at_rate,
)
from loopmind.analysis.models import ModelError, card_of, open_file, open_model
from loopmind.files.encode import write_audio
from loopmind.learn.drums import kits
from loopmind.learn.drums import model as drums_model
from loopmind.learn.drums.data import LINE, Clip, from_steps, hits_of, to_steps
from loopmind.learn.drums.judge import CLASSES, score_hits
from loopmind.learn.drums.net import SMALL, Batches, DrumNet, targets
from loopmind.learn.drums.patterns import brain_part, free_part, steady_part, voice_of
from loopmind.learn.export import ExportError
from loopmind.learn.sounds.fluid import Part
from loopmind.learn.sounds.phrases import KITS
from loopmind.learn.sounds.render import Note
from loopmind.music.audio import Audio

STEPS = 160  # ten more than the learning rate takes to rise
TINY = replace(SMALL, channels=(4, 6, 6), hidden=16, dilations=(1, 2), frames=120, batch=6)


def beat(seconds: float = 3.0) -> tuple[np.ndarray, list[Note]]:
    """Kicks (a falling sine) and hats (short noise) in turn, four a second."""
    rng = np.random.default_rng(3)
    out = np.zeros(round(seconds * DRUM_RATE_HZ), np.float32)
    notes = []
    t = np.arange(round(0.2 * DRUM_RATE_HZ)) / DRUM_RATE_HZ
    kick = np.sin(2 * np.pi * (55 * t - 4 * np.exp(-t / 0.02))) * np.exp(-t / 0.06)
    hat = rng.standard_normal(t.size) * np.exp(-t / 0.012)
    hat = np.diff(hat, prepend=0.0)
    for number in range(int(seconds * 4) - 1):
        at = 0.1 + number * 0.25
        sound, pitch = (kick, 36) if number % 2 == 0 else (0.4 * hat, 42)
        first = round(at * DRUM_RATE_HZ)
        out[first : first + sound.size] += sound.astype(np.float32)
        notes.append(Note(at, 0.1, pitch, 100))
    return 0.5 * out, notes


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    found = []
    for number in range(3):
        sound, notes = beat(4.0 + number)
        drums = to_steps(drum_power(sound))
        found.append(Clip(f"beat{number}", drums, np.zeros_like(drums), hits_of(notes)))
    return found


def test_power_is_that_of_a_sine_and_silence_is_nothing() -> None:
    t = np.arange(DRUM_RATE_HZ) / DRUM_RATE_HZ
    power = drum_power(np.sin(2 * np.pi * 1000.0 * t).astype(np.float32))
    assert power.shape == (101, BANDS)
    middle = power[50]
    assert 0.05 < middle.max() <= 1.01
    assert middle[np.argsort(middle)[:-8]].max() < 1e-3
    assert loudness_reference(drum_power(np.zeros(5000, np.float32))) == 0.0


def test_features_do_not_know_how_loud_a_recording_is() -> None:
    sound, _ = beat()
    loud, soft = drum_power(sound), drum_power(sound * np.float32(0.01))
    one = drum_features(loud, loudness_reference(loud))
    two = drum_features(soft, loudness_reference(soft))
    assert np.abs(one - two).max() < 1e-2


def test_any_rate_is_brought_to_one_and_what_is_not_finite_is_silence() -> None:
    samples = np.full((2, 8000), 0.25, np.float32)
    samples[0, 5] = np.nan
    mono = mono_at_rate(Audio(samples, 8000))
    assert abs(mono.size - DRUM_RATE_HZ) < 10
    assert np.isfinite(mono).all()


@pytest.mark.parametrize("at", [0.5, 0.5034, 0.4971, 0.505])
def test_a_hit_is_found_between_frames(at: float) -> None:
    active, strong = targets(np.array([[at, 1, 0.7]], np.float32), 100)
    (hit,) = decode_drums(active, strong, (0.4,) * len(VOICES))
    assert hit.voice == 1
    assert abs(hit.time_s - at) < 0.001
    assert hit.velocity == pytest.approx(0.7)


def test_a_roll_is_many_hits_and_a_hat_is_closed_or_open() -> None:
    times = 0.2 + 0.05 * np.arange(8)
    rows = [[t, VOICES.index("snare"), 0.5] for t in times]
    rows += [[0.8, VOICES.index("hat"), 0.5], [0.81, VOICES.index("open hat"), 0.5]]
    active, strong = targets(np.array(rows, np.float32), 120)
    active[:, VOICES.index("hat")] *= 0.7
    hits = decode_drums(active, strong, (0.3,) * len(VOICES))
    assert sum(h.voice == VOICES.index("snare") for h in hits) == 8
    assert [VOICES[h.voice] for h in hits if h.time_s > 0.7] == ["open hat"]


def test_steps_keep_power_to_a_quarter_of_a_decibel() -> None:
    power = (10.0 ** np.linspace(-9.5, 1.0, 200)).astype(np.float32)
    back = from_steps(to_steps(power))
    assert np.abs(10 * np.log10(back / power)).max() <= 0.26
    assert (from_steps(to_steps(np.zeros(3, np.float32))) == 0).all()


def test_two_notes_of_a_voice_at_once_are_one_hit() -> None:
    notes = [Note(1.0, 0.1, 49, 60), Note(1.005, 0.1, 57, 90), Note(1.0, 0.1, 36, 100)]
    hits = hits_of(notes)
    assert len(hits) == 2
    assert hits[hits[:, 1] == VOICES.index("cymbal")][0, 2] == pytest.approx(90 / 127)
    assert voice_of(37) == VOICES.index("clap")
    assert voice_of(1) is None


def test_parts_are_playable_and_the_same_for_the_same_seed() -> None:
    brain = {"bpm": [90, 120], "drums": {"kick": ["X...r..."], "hat": ["x?x?"]}}
    for make in (free_part, steady_part, lambda s, rng: brain_part(brain, s, rng)):
        one = make(8.0, np.random.default_rng(5))
        assert one == make(8.0, np.random.default_rng(5))
        assert one
        assert all(0.0 <= n.start_s < 8.0 and 1 <= n.velocity <= 127 for n in one)
        by_pitch: dict[int, float] = {}
        for note in one:
            assert note.start_s - by_pitch.get(note.pitch, -1.0) >= 0.03
            by_pitch[note.pitch] = note.start_s


def test_a_line_is_laid_over_other_drums_and_both_are_to_be_heard(clips: list[Clip]) -> None:
    hats = clips[0].hits[clips[0].hits[:, 1] == VOICES.index("hat")]
    line = replace(clips[0], name=f"{LINE}0", hits=hats)
    kick = clips[1].hits[clips[1].hits[:, 1] == VOICES.index("kick")]
    drums = replace(clips[1], hits=kick)
    heard = np.zeros(len(VOICES))
    for step in range(8):
        _, active, _ = Batches([drums, line], TINY).draw(step)
        one = active.numpy().max(axis=1)
        heard += ((one[:, [0]] > 0.5) & (one > 0.5)).sum(axis=0)
    assert heard[VOICES.index("hat")] > 0  # in one example with kicks, which play no hats


def test_what_is_beside_nothing_is_put_beside_another_clips_music(clips: list[Clip]) -> None:
    assert not any(clip.rest.any() for clip in drums_model.backed(clips))
    music = replace(clips[0], rest=np.full_like(clips[0].drums, 120))
    found = drums_model.backed([music, *clips])
    assert found[0] is music
    for clip in found[1:]:
        assert clip.rest.shape == clip.drums.shape
        drums, rest = from_steps(clip.drums).mean(), from_steps(clip.rest).mean()
        assert 10 * np.log10(rest / drums) == pytest.approx(0.0, abs=0.5)


def test_thresholds_lie_between_hits_and_what_is_none() -> None:
    hits = np.array([[0.5 + 0.3 * n, n % len(VOICES), 0.8] for n in range(28)], np.float32)
    clip = Clip("clear", np.zeros((1000, BANDS), np.uint8), np.zeros((1000, BANDS), np.uint8), hits)
    active, strong = targets(hits, 1000)
    false = hits.copy()
    false[:, 0] += 0.12
    active = np.maximum(0.9 * active, 0.42 * targets(false, 1000)[0])
    chosen = drums_model.tune([[(clip, active, strong)]])
    assert all(0.42 < least < 0.9 for least in chosen)


def test_a_recordings_own_hits_move_the_threshold_and_not_far() -> None:
    def peaks(sure: list[float], voice: int = 0) -> list[DrumHit]:
        return [DrumHit(0.5 * at, voice, 0.8, value) for at, value in enumerate(sure)]

    usual = (0.5, 0.3)
    shy = own_thresholds(peaks([0.56, 0.58, 0.6] * 4 + [0.1, 0.12] * 4), usual)
    assert shy[0] < 0.45  # all that is near is the drum
    loud = own_thresholds(peaks([0.95, 0.93] * 4 + [0.45, 0.47, 0.44] * 3), usual)
    assert 0.5 < loud[0] < 0.7  # between what is there and what is not
    absent = own_thresholds(peaks([0.46, 0.5, 0.52, 0.45] * 3), usual)
    assert absent[0] > 0.53
    assert shy[1] == loud[1] == absent[1] == 0.3  # no peaks of that voice
    assert own_thresholds(peaks([0.46] * 5), usual) == usual  # too few to tell
    low, high = (own_thresholds(peaks([sure] * 50), usual)[0] for sure in (0.6, 0.4))
    odds = [np.log(value / (1.0 - value)) for value in (low, high)]
    assert np.abs(odds).max() <= 0.5 + 1e-6


def test_hits_are_paired_as_the_field_pairs_them() -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        one, two = (np.sort(rng.uniform(0, 4, 40)).astype(np.float32) for _ in range(2))
        truth = np.stack([one, np.zeros(40), np.ones(40)], axis=1).astype(np.float32)
        found = [DrumHit(float(t), 0, 1.0, 1.0) for t in two]
        pairs = drums_model._near(one, two)
        assert pairs == score_hits(truth, found).by_voice["kick"].matched


def test_one_shots_are_learned_from_or_chosen_by_and_never_both(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    for number in range(12):
        path = tmp_path / "x" / "lower" / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        sound = np.zeros((1, 6000), np.float32)
        sound[:, 2000:] = rng.standard_normal(4000) * 0.5**number
        write_audio(path, Audio(np.clip(sound, -0.9, 0.9), DRUM_RATE_HZ))
    learned, held = (kits.lettered(tmp_path, held=h) for h in (False, True))
    assert len(learned["kick"]) + len(held["kick"]) >= 5
    assert learned["kick"] and held["kick"]
    for sound in (*learned["kick"], *held["kick"]):
        assert np.abs(sound).max() == pytest.approx(1.0)
        assert np.argmax(np.abs(sound[0]) > 0.05) < 60  # it begins with its attack


def test_drums_that_kits_of_a_soundfont_share_are_taken_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Font:
        """Each drum another pitch; kits 24 and up have kicks of their own, kit 48 no cymbals."""

        def __init__(self, _: Path) -> None: ...
        def __enter__(self) -> Font:
            return self

        def __exit__(self, *_: object) -> None: ...
        def play(self, parts: list[Part], seconds: float) -> list[np.ndarray]:
            at = np.arange(round(seconds * 44_100)) / 44_100
            out = []
            for part in parts:
                (note,) = part.notes
                own = part.program if note.pitch == 36 and part.program >= 24 else 0
                gone = part.program == 48 and voice_of(note.pitch) == VOICES.index("cymbal")
                sound = np.exp(-9.0 * at) * np.sin(2 * np.pi * (50.0 * note.pitch + own) * at)
                out.append(np.stack([sound, sound]).astype(np.float32) * (0.0 if gone else 0.3))
            return out

    monkeypatch.setattr(kits, "Player", Font)
    shelf = kits.of_font(Path("some.sf2"))
    struck = {voice: len(sounds) for voice, sounds in shelf.items()}
    usual = {"snare": 2, "clap": 1, "tom": 6, "hat": 2, "open": 1, "cymbal": 7, "percussion": 23}
    assert struck == usual | {"kick": 2 + len([kit for kit in KITS if kit >= 24])}
    for sounds in shelf.values():
        assert all(np.abs(sound).max() == pytest.approx(1.0, abs=1e-3) for sound in sounds)


def test_kits_are_drawn_and_worn_the_same_for_the_same_seed() -> None:
    shelf = kits.synthesised(np.random.default_rng(1), 4)
    assert {"kick", "snare", "hat", "cymbal", "percussion"} <= set(shelf)
    one, two = (kits.drawn(shelf, np.random.default_rng(3)) for _ in range(2))
    for voice, sounds in one.items():
        for sound, again in zip(sounds, two[voice], strict=True):
            np.testing.assert_array_equal(sound, again)
            assert sound.shape[0] == 2
            assert np.isfinite(sound).all()
            assert np.abs(sound).max() <= 1.0 + 1e-6
    mono = beat(2.0)[0]
    for seed in range(6):
        worn = kits.on_a_bus(mono, np.random.default_rng(seed))
        assert worn.shape == mono.shape
        assert worn.dtype == np.float32
        assert np.isfinite(worn).all()


@pytest.mark.slow
def test_training_in_small_learns_and_the_export_is_the_same(
    clips: list[Clip], tmp_path: Path
) -> None:
    lines: list[str] = []
    config = replace(TINY, steps=STEPS, learning_rate=5e-3)
    torch.manual_seed(0)
    before = _loss(DrumNet(config), clips, config)
    net = drums_model.train(config, Batches(clips, config), tmp_path, tell=lines.append)
    after = _loss(net, clips, config)
    assert after < 0.7 * before, (before, after)
    again, state = drums_model.load(tmp_path)
    assert state["step"] == STEPS
    assert _loss(again, clips, config) == pytest.approx(after, rel=1e-5)
    (tmp_path / "thresholds.json").write_text("[0.4,0.4,0.4,0.4,0.4,0.4,0.4]", encoding="utf-8")
    out = tmp_path / "drums.onnx"
    card_of(out).write_text("# Drums\n\n| | |\n|---|---|\n", encoding="utf-8")
    assert drums_model.export(tmp_path, out) < 1e-4
    model = open_model(out)
    assert thresholds_of(model) == (0.4,) * 7
    # Stretches that overlap give what one run gives.
    features = np.random.default_rng(1).standard_normal((4500, BANDS)).astype(np.float32)
    active, _ = activations(model, features)
    with torch.no_grad():
        whole = net(torch.from_numpy(features)[None])[0][0].numpy()
    assert np.abs(active - whole).max() < 1e-4
    # What was shipped can be learned on from: it computes the same, and its normalisations are
    # there again for what it hears next.
    back = drums_model.exported(out, config, Batches(clips, config))
    with torch.no_grad():
        assert np.abs(back(torch.from_numpy(features)[None])[0][0].numpy() - whole).max() < 1e-4
    assert _loss(back, clips, config) == pytest.approx(after, rel=1e-3)
    larger = DrumNet(replace(config, dilations=(*config.dilations, 8)))
    larger.take(back)
    assert _loss(larger, clips, config) == pytest.approx(after, rel=0.2)
    with pytest.raises(ExportError, match="another network"):
        drums_model.exported(out, SMALL, Batches(clips, SMALL))


def _loss(net: DrumNet, clips: list[Clip], config: object) -> float:
    from loopmind.learn.drums.net import loss_of

    net.eval()
    with torch.no_grad():
        return float(loss_of(net, *Batches(clips, TINY).draw(999)))


def test_a_run_that_was_cut_goes_on_where_it_stopped(
    clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cut(Batches):
        def draw(self, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            if step == 3:
                raise KeyboardInterrupt
            return super().draw(step)

    config = replace(TINY, steps=6)
    whole = drums_model.train(config, Batches(clips, config), tmp_path / "a", tell=lambda _: None)
    monkeypatch.setattr(drums_model, "_SAVE_EVERY", 1)
    with pytest.raises(KeyboardInterrupt):
        drums_model.train(config, Cut(clips, config), tmp_path / "b", tell=lambda _: None)
    resumed = drums_model.train(
        config, Batches(clips, config), tmp_path / "b", resume=True, tell=lambda _: None
    )
    for one, two in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert torch.allclose(one.float(), two.float(), atol=1e-6)


def test_what_is_found_exactly_scores_one() -> None:
    truth = np.array(
        [[0.5, 0, 0.8], [1.0, 1, 0.5], [1.5, 3, 0.4], [2.0, 5, 0.9], [2.5, 6, 0.9]], np.float32
    )
    found = [DrumHit(float(t) + 0.004, int(v), float(s), 0.9) for t, v, s in truth]
    score = score_hits(truth, found)
    assert score.total.f1 == 1.0
    assert score.total.truth == 4  # a clap is none of the five classes
    assert score.deviation_ms == pytest.approx(4.0, abs=0.01)
    assert score.of("hat").matched == 1  # open and closed alike
    wrong = score_hits(truth, [replace(h, time_s=h.time_s + 0.2) for h in found])
    assert wrong.total.f1 == 0.0
    assert set(score.by_class) == set(CLASSES)
    both = score + wrong
    assert both.total.f1 == pytest.approx(0.5)


def test_another_models_file_is_refused(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    value = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1]) for n in ("x", "y")]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "other", value[:1], value[1:]
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    path = tmp_path / "drums.onnx"
    onnx.save(made, str(path))
    with pytest.raises(ModelError, match="no drum model"):
        thresholds_of(open_file(path))


def test_the_shipped_model_hears_kicks_and_hats() -> None:
    sound, notes = beat(6.0)
    stereo = np.stack([sound, sound])
    steps: list[tuple[int, int]] = []
    hits = hear_drums(
        Audio(stereo, DRUM_RATE_HZ), progress=lambda done, total: steps.append((done, total))
    )
    score = score_hits(hits_of(notes), hits)
    assert score.of("kick").f1 > 0.8
    assert score.of("hat").f1 > 0.6
    assert score.deviation_ms < 12.0
    assert steps[-1][0] == steps[-1][1]
    assert hear_drums(Audio(np.zeros((1, 4000), np.float32), 8000)) == []
    assert HOP_S * DRUM_RATE_HZ == 441
