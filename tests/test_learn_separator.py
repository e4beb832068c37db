"""Training a separator in small: a shelf of made-up tracks, a few steps, export, and judging it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import soundfile

from loopmind.files.midi_notes import write_notes
from loopmind.learn.drums.data import Sources
from loopmind.learn.drums.kits import one_shots
from loopmind.learn.judging import OURS
from loopmind.learn.separation.data import (
    SHELF_FRAMES,
    Mixes,
    Row,
    Shelf,
    ShelfWriter,
    example,
    groove_rows,
    piece_rows,
)
from loopmind.learn.separation.grooves import chart, tune
from loopmind.learn.sounds.held_back import NEITHER_KITS, TEST_KITS
from loopmind.learn.sounds.pieces import STEMS
from loopmind.music.notes import Note, Notes

torch = pytest.importorskip("torch")

RATE_HZ = 44_100


def track(stem: str, seconds: float, seed: int) -> np.ndarray:
    """A stem anyone could tell by ear: clicks, a low tone, a wavering one, a chord."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    if stem == "drums":
        sound = rng.standard_normal(at.size) * np.exp(-40.0 * (at % rng.choice([0.25, 0.5])))
    elif stem == "bass":
        sound = np.sin(2 * np.pi * rng.uniform(45, 90) * at)
    else:
        shake = 30.0 * np.sin(2 * np.pi * 5 * at) if stem == "vocals" else 0.0
        sound = sum(np.sin(2 * np.pi * f * at + shake) for f in rng.uniform(300, 900, 3)) / 3
    return np.stack((sound, 0.8 * sound)).astype(np.float32) * np.float32(0.2)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    with ShelfWriter(folder) as writer:
        for piece in range(2):
            for stem in STEMS:
                row = Row(stem, str(piece), "made up")
                writer.add(row, track(stem, SHELF_FRAMES / RATE_HZ, piece))
        writer.add(Row("other", "silence", "made up"), np.zeros((2, SHELF_FRAMES), np.float32))
    return folder


def test_a_shelf_gives_back_what_was_put_on_it(shelf: Path) -> None:
    read = Shelf(shelf)
    assert [row.stem for row in read.rows] == [*STEMS, *STEMS]
    assert np.abs(read.cut(1, 100, 500) - track("bass", 7.0, 0)[:, 100:600]).max() < 1e-4
    both = Shelf(shelf, shelf)
    assert both.rows == [*read.rows, *read.rows]
    for row in (1, 9):
        np.testing.assert_array_equal(both.cut(row, 100, 500), read.cut(1, 100, 500))
    assert [len(rows) for rows in both.groups] == [len(STEMS)] * 4  # pieces stay apart
    with pytest.raises(FileNotFoundError, match="run the build step"):
        Shelf(shelf / "nowhere")


def test_examples_follow_from_their_seed_and_are_never_silent(shelf: Path) -> None:
    read, mixes = Shelf(shelf), Mixes(frames=12)
    one, two = (example(read, mixes, np.random.default_rng([1, 2])) for _ in range(2))
    assert one.shape == (4, 2, 12, 2049) and np.array_equal(one, two)
    for seed in range(4):
        made = example(read, mixes, np.random.default_rng(seed))
        assert 0.1 < np.mean(np.abs(made.sum(axis=0)) ** 2) < 10.0


def test_windows_of_a_piece_lie_in_each_part_of_it(tmp_path: Path) -> None:
    class Ramp:
        """Samples that tell where they are."""

        folder = tmp_path / "pieces" / "00001"
        tracks = ({"stem": "bass"}, {"stem": "drums"})
        truth: ClassVar = {"font": "some.sf2"}

        def track(self, number: int) -> np.ndarray:
            at = np.arange(4 * SHELF_FRAMES, dtype=np.float32) / (4 * SHELF_FRAMES)
            return np.stack([at + 0.1, at + 0.1])

    found = list(piece_rows([Ramp()], np.random.default_rng(1), windows=3))  # type: ignore[list-item]
    assert [row.group for row, _ in found] == [
        f"{Ramp.folder}#{turn}" for turn in range(3) for _ in range(2)
    ]
    starts = [float(sound[0, 0]) - 0.1 for _, sound in found]
    assert starts == sorted(starts)
    assert all(abs(a - b) >= 0.2499 for a, b in zip(starts[::2], starts[2::2], strict=False))


def test_a_chart_names_grooves_and_the_chords_of_one_key() -> None:
    rng = np.random.default_rng(4)
    text, tonic, mode, bpm = chart(["Waltz", "BossaNova"], rng)
    lines = text.splitlines()
    assert {x.split()[1] for x in lines if x.startswith("Groove")} <= {"Waltz", "BossaNova"}
    assert 60.0 < bpm < 180.0
    names = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
    steps = (0, 2, 4, 5, 7, 9, 11) if mode == "major" else (0, 2, 3, 5, 7, 8, 10)
    scale = {names[(tonic + step) % 12] for step in steps}
    bars = [x.split() for x in lines if x[0].isdigit()]
    assert [int(x[0]) for x in bars] == list(range(1, len(bars) + 1))
    roots = {c[:2] if c[1:2] == "b" else c[0] for x in bars for c in x[1:]}
    assert roots <= scale
    (part,) = [tune(tonic, mode, bpm, rng)]
    assert {names[n.pitch % 12] for n in part.notes} <= scale


def test_it_learns_goes_on_where_it_stopped_and_exports_what_it_computes(
    shelf: Path, tmp_path: Path
) -> None:
    from loopmind.analysis.listening.separation import LightSeparator, separate
    from loopmind.learn.export import export_onnx
    from loopmind.learn.separation.model import Config, Training, separated, train
    from loopmind.learn.separation.net import NetSize
    from loopmind.music.audio import Audio

    torch.set_num_threads(1)
    config = Config(NetSize(8, 12, 8, (1,)), Mixes(frames=16), batch=2, steps=10, warm_steps=1)
    read = Shelf(shelf)
    whole = Training(config, "cpu")
    losses = [whole.learn(whole.examples(read)) for _ in range(10)]
    assert np.mean(losses[-3:]) < 0.9 * losses[0]

    half = Training(config, "cpu")
    for _ in range(5):
        half.learn(half.examples(read))
    half.save(tmp_path)
    resumed = Training.load(tmp_path)
    train(resumed, read, tmp_path, every=5)
    for a, b in zip(whole.net.parameters(), resumed.net.parameters(), strict=True):
        assert torch.equal(a, b)

    net, path = whole.mean, tmp_path / "small.onnx"
    worst = export_onnx(
        net, (torch.randn(1, 20, 4, 2049),), (("spectra",), ("masks",)),
        {"spectra": {1: "frames"}, "masks": {2: "frames"}}, path, "# small\n",
        notes={"stems": ",".join(STEMS), "context_frames": str(config.size.context_frames)},
    )  # fmt: skip
    assert worst < 1e-4
    mix = track("drums", 1.0, 5) + track("bass", 1.0, 6)
    found = separate(Audio(mix, RATE_HZ), LightSeparator(path, threads=1))
    direct = separated(net, mix)
    for sound, wanted in zip(found.sounds, direct, strict=True):
        assert np.abs(sound.samples - wanted).max() < 1e-3


def test_the_gradient_of_the_mask_error_is_right() -> None:
    from loopmind.learn.separation.model import _MaskError

    random = torch.Generator().manual_seed(0)
    mask, power, cross = (
        torch.rand(1, n, 2, 2, 3, generator=random, dtype=torch.float64) for n in (4, 1, 4)
    )
    mask.requires_grad_(True)
    assert torch.autograd.gradcheck(lambda m: _MaskError.apply(m, power, cross), (mask,))


def test_orthogonal_steps_are_nearly_orthogonal() -> None:
    from loopmind.learn.orthogonal import orthogonal

    for shape in ((6, 20), (20, 6)):
        made = orthogonal(torch.randn(*shape, generator=torch.Generator().manual_seed(1)))
        values = torch.linalg.svdvals(made)
        assert made.shape == shape and 0.5 < float(values.min()) <= float(values.max()) < 1.4


@pytest.mark.slow
def test_judging_puts_classical_peers_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loopmind.analysis.listening.separation import LightSeparator
    from loopmind.learn.separation import judge as judge_separation
    from tests.separation_models import untrained

    model = untrained(tmp_path)
    monkeypatch.setattr(
        judge_separation, "open_separator", lambda *_, **__: LightSeparator(model, threads=1)
    )
    lines = ["path,drums,bass,vocals,other"]
    for name in ("one", "two"):
        parts = {stem: track(stem, 1.5, len(name)) for stem in ("drums", "bass", "other")}
        for stem, sound in {"mix": sum(parts.values()), **parts}.items():
            soundfile.write(tmp_path / f"{name}_{stem}.wav", sound.T, RATE_HZ, "FLOAT")
        lines.append(f"{name}_mix.wav,{name}_drums.wav,{name}_bass.wav,,{name}_other.wav")
    lines += ["gone.wav,one_drums.wav,,,", "one_mix.wav,gone.wav,,,", "one_mix.wav,,,,"]
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join(lines) + "\n")
    told: list[int] = []
    rows = judge_separation.judge(labels, lambda done, total, what: told.append(done), sdr=False)
    figures = {(row.what, row.of): row.value for row in rows if row.unit != "unusable"}
    gain = "{}: SI-SDR gain over the mix"
    assert figures[gain.format("drums"), "HPSS"] > 3.0
    assert figures[gain.format("bass"), judge_separation.BEST_PEER] > 6.0
    assert (gain.format("other"), OURS) in figures
    assert figures["drums: mixes", OURS] == 2.0
    assert len([row for row in rows if row.unit == "unusable"]) == 2 and told[-1] == 3


def test_si_sdr_does_not_care_how_loud_it_is() -> None:
    from loopmind.learn.separation.judge import bss_sdr, si_sdr

    truth, noise = track("other", 0.5, 1), 0.1 * track("drums", 0.5, 2)
    assert si_sdr(truth + noise, truth) == pytest.approx(si_sdr(9.0 * (truth + noise), truth))
    assert si_sdr(truth + noise, truth) > 10.0
    found = {"other": truth + noise, "drums": 10.0 * noise}
    sdr = bss_sdr(found, {"other": truth, "drums": 10.0 * noise})
    assert sdr["drums"] > 30.0 > sdr["other"] > 10.0


def test_speech_is_made_to_sing_and_voices_are_placed() -> None:
    from loopmind.learn.separation.voices import sung

    speech = track("vocals", 1.5, 3)[0] + 0.01 * np.random.default_rng(0).standard_normal(66_150)
    sound = sung(speech.astype(np.float32), np.random.default_rng(1), 2.0)
    assert sound.shape == (88_200,) and np.abs(sound).max() == pytest.approx(1.0, abs=1e-4)
    assert np.isfinite(sound).all()


def test_drum_parts_for_the_shelf_are_played_by_kits_that_no_test_knows(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    lines = ["path,kind,instrument,source,truth,note"]
    for kit in ("Own", TEST_KITS[0], NEITHER_KITS[0]):
        (tmp_path / kit).mkdir()
        for voice in ("kick", "snare", "hat"):
            sound = rng.standard_normal(9000) * np.exp(-np.arange(9000) / 1500)
            soundfile.write(tmp_path / kit / f"{voice}.wav", 0.2 * sound, RATE_HZ)
            lines.append(f"{kit}/{voice}.wav,oneshot,{voice},made up,,")
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join(lines), encoding="utf-8")
    shots = [one_shots(labels, held=held) for held in (False, True)]
    assert sum(len(sounds) for shelf in shots for sounds in shelf.values()) == 3
    hits = tuple(Note(0.5 * beat, 0.1, 36 + 2 * (beat % 2), 100) for beat in range(60))
    (tmp_path / "midi").mkdir()
    write_notes(tmp_path / "midi" / "beat.mid", [Notes("drums", hits)])
    sources = Sources(tmp_path / "midi", tmp_path, Path("presets/genres"), [])
    made = list(groove_rows(sources, 3, np.random.default_rng(5)))
    assert [row.stem for row, _ in made] == ["drums"] * 3
    assert len({row.group for row, _ in made}) == 3
    for _, sound in made:
        assert sound.shape == (2, SHELF_FRAMES)
        assert np.abs(sound).max() == pytest.approx(0.5, abs=1e-3)
    again = list(groove_rows(sources, 3, np.random.default_rng(5)))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(made, again, strict=True))
