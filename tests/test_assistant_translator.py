"""The third reader: sentences in plain commands, and what is done where readers differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from assistant_draft import assistant_crate, assistant_draft

from loopmind import assistant
from loopmind.assistant import settling
from loopmind.assistant.commands import carried_out, same_wish
from loopmind.assistant.reader import _of_command
from loopmind.assistant.translator import Translation, Translator
from loopmind.assistant.translator_net import packed, unpacked
from loopmind.assistant.values import Memory, Reading
from loopmind.assistant.wording import text_of, words_of
from loopmind.assistant.world import World
from loopmind.learn.translator.batches import Maker, Meanings
from loopmind.learn.translator.data import _TRACKS, Pair, Variations, read_file, read_folder
from loopmind.learn.translator.model import begin, export, judged, loaded, train
from loopmind.music.edit import (
    AddSection,
    ChangeEq,
    ChangeStrip,
    MoveSection,
    RemoveTrack,
    ResizeSection,
    SetEffect,
    SetEnergy,
    SetLayers,
    SetTempo,
    SplitSection,
)

SAID = Path(settling.__file__).parent.parent / "learn" / "translator" / "said"
COMMANDS = (
    "bass louder", "bass a bit quieter", "vocal louder by 3 db", "bass to -6 db", "song louder",
    "song to -9 lufs", "kick and bass louder in hooks", "mute lead", "unmute lead", "solo drums",
    "remove pad", "remove lead in hook 1", "add pad in verse 1", "only pad and chords in outro",
    "add strings in hooks", "add warm pad", "swap lead for piano", "swap pad in hook 1",
    "swap lead for something darker", "swap lead for runner-up 2", "kick punchier",
    "song a bit happier", "verse 2 more dark", "redo drums in hook 2", "redo song",
    "add 4 bar bridge after hook 1", "add bridge with only pad after hook 2",
    "drums and guitar and 808 quieter in verse 1", "song quieter in hook 1", "song wider",
    "swap kick and hats for something darker",
    "add 8 bar breakdown after hook 2 without drums", "remove bridge", "move bridge before hook 1",
    "exchange verse 1 and hook 1", "repeat hook 3 at the end", "intro 4 bars shorter",
    "outro twice as long", "verse 2 to 8 bars", "much more energy in bridge", "fade out",
    "fade in over 4 bars", "no fade out", "more reverb on vocal", "no reverb on drums",
    "longer reverb", "pad wider", "pad mono", "lead 30 % right", "more drive on bass",
    "less highs on hats", "hats too harsh", "low cut on pad at 200 hz",
    "boost vocal 3 db at 3000 hz", "compress vocal", "sidechain pad to kick", "tape style",
    "make it polished", "1/8 echo on vocal", "no echo on lead", "bitcrusher on drums",
    "fill at the end of verse 1", "drum break at the end of hook 1", "riser before hook 1",
    "second half of verse 1 without drums", "last bar of bridge with only vocal",
    "turn into drill", "tempo 150 bpm",
    "song 10 % slower", "song half time", "key a minor", "lead up an octave", "more swing",
    "lock hook 1", "unlock drums", "undo", "why pad", "what changed", "list tracks",
)  # fmt: skip


def world() -> World:
    return World(assistant_draft(), assistant_crate(), Memory())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_language_is_carried_out_without_a_question(command: str) -> None:
    carried = carried_out([command], world(), _of_command)
    assert carried.whole
    assert carried.reading.edits or carried.reading.actions or carried.reading.notes
    assert text_of(words_of(command)) == command


def test_a_new_section_plays_what_its_command_names() -> None:
    (only,) = carried_out(
        ["add bridge with only pad after hook 2"], world(), _of_command
    ).reading.edits
    assert isinstance(only, AddSection)
    assert (only.after, only.plays) == ("hook 2", ("pad",))
    (without,) = carried_out(
        ["add bridge without drums after hook 2"], world(), _of_command
    ).reading.edits
    assert isinstance(without, AddSection)
    assert "drums" not in without.plays
    assert "bass" in without.plays


@pytest.mark.slow
def test_sentences_to_learn_from_are_well_formed_and_of_several_hands() -> None:
    pairs = read_folder(SAID)
    assert len(pairs) > 15_000
    assert len({p.source for p in pairs}) >= 8
    told = {(p.said, p.goes_on): p.command for p in pairs}
    assert len(told) > 0.97 * len(pairs)


def test_a_line_without_commands_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "x.tsv"
    file.write_text("louder\tsong louder\nmore bass\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"x\.tsv, line 2"):
        read_file(file)


def test_variations_keep_what_is_meant() -> None:
    pair = Pair(
        tuple(words_of("the guitar in hook 2 is 6 db too loud")),
        tuple(words_of("guitar quieter by 6 db in hook 2")),
    )
    vary = Variations([pair], 3)
    seen = set()
    for _ in range(300):
        varied = vary(pair)
        parts = " ".join(varied.command).split(" ; ")
        for part in parts:
            words = part.split()
            tracks = [w for w in words if w in _TRACKS]
            assert len(tracks) == 1
            assert tracks[0] in varied.said
            assert {w for w in words if w[0].isdigit()} <= set(varied.said)
        seen.add(parts[0].split()[0])
    assert len(seen) > 10


SMALL = {"width": 32, "hidden": 64, "encoder": 1, "decoder": 1}


def exported(folder: Path, steps: int) -> tuple[list[Pair], Path, Path]:
    """Sentences, a small network that learned from them, and a place to learn on in."""
    pairs, file = small(folder), folder / "translator.npz"
    train(pairs, [], folder, steps, **SMALL)
    export(folder, file)
    return pairs, file, folder / "again"


def as_shipped(weight: torch.Tensor) -> torch.Tensor:
    """A weight as it is read from an exported file."""
    return torch.from_numpy(unpacked(packed({"": weight.detach().numpy()}))[""])


def test_a_packed_weight_is_near_what_it_was() -> None:
    weight = np.random.default_rng(1).normal(0.0, 1.0, (40, 30)).astype(np.float32)
    weight[3] = 0.0
    weight[4] *= 1e-3
    again = unpacked(packed({"a.weight": weight, "a.bias": weight[0]}))
    assert set(again) == {"a.weight", "a.bias"}
    off = np.abs(again["a.weight"] - weight).max(1)
    assert (off <= np.abs(weight).max(1) / 253.0).all() and off[3] == 0.0
    np.testing.assert_allclose(again["a.bias"], weight[0], rtol=1e-3)


def small(folder: Path) -> list[Pair]:
    """Words with vectors drawn at random, and sentences of four kinds."""
    tracks = ("bass", "pad", "lead", "drums", "vocal", "hats")
    lines = [
        line
        for t in tracks
        for line in (
            f"the {t} is too loud\t{t} quieter",
            f"i can not hear the {t}\t{t} louder",
            f"please take the {t} away\tremove {t}",
            f"something else for the {t}\tswap {t}",
        )
    ]
    file = folder / "said" / "a.tsv"
    file.parent.mkdir()
    file.write_text("\n".join(lines), encoding="utf-8")
    pairs = read_file(file)
    words = sorted({w for p in pairs for w in p.said})
    drawn = np.random.default_rng(1).integers(-99, 99, (len(words), 8)).astype(np.int8)
    np.savez(folder / "words.npz", words=np.array(words), vectors=drawn, scale=np.float32(0.01))
    return pairs


def test_it_learns_goes_on_with_more_words_and_computes_the_same_without_torch(
    tmp_path: Path,
) -> None:
    pairs = small(tmp_path)
    losses = train(pairs, [], tmp_path, 120, **SMALL)
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:10])
    further = Pair(("fade", "it", "out"), ("fade", "out"))
    before = loaded(tmp_path)[1]
    train([*pairs, *[further] * 3], [], tmp_path, 130, **SMALL)
    net, words = loaded(tmp_path)
    assert words.command[: len(before.command)] == before.command
    assert "fade" in words.command

    file = tmp_path / "translator.npz"
    export(tmp_path, file)
    with torch.no_grad():
        for values in net.parameters():
            values.copy_(as_shipped(values))
    reader = Translator(file)
    pair = Pair(tuple(words_of("the unheard pad is too loud")), ("pad", "unheard", "quieter"))
    batch = Maker(words, Meanings.load(tmp_path / "words.npz"))([pair])
    with torch.no_grad():
        wanted = net(batch.vectors, batch.words, batch.pieces, batch.there, batch.goes_on,
                     batch.answer)[0].numpy()  # fmt: skip
    (network,) = reader.networks
    seen = network.read(pair.said, False)
    for places in range(1, batch.answer.shape[1] + 1):
        found = network.net.next(seen, batch.answer.numpy()[:, :places])[0]
        np.testing.assert_allclose(np.exp(found), np.exp(wanted[places - 1]), atol=1e-4)
    whole = network.net.every(seen, batch.answer.numpy())[0]
    np.testing.assert_allclose(np.exp(whole), np.exp(wanted), atol=1e-4)
    chances = [t.chance for t in reader("the pad is too loud", goes_on=False)]
    assert chances == sorted(chances, reverse=True)
    assert 0.0 < sum(chances) <= 1.0 + 1e-6


def test_a_network_may_write_the_last_word_first_and_both_are_weighed(tmp_path: Path) -> None:
    pairs, ways = small(tmp_path), {}
    for name, backwards in (("to", False), ("fro", True)):
        work = tmp_path / name
        work.mkdir()
        (work / "words.npz").write_bytes((tmp_path / "words.npz").read_bytes())
        train(pairs, [], work, 150, **SMALL, dropout=0.0, backwards=backwards)
        export(work, tmp_path / f"{name}.npz")
        ways[name] = Translator(tmp_path / f"{name}.npz")
    both = Translator(tmp_path / "to.npz", tmp_path / "fro.npz")
    for pair in pairs:
        said, wanted = " ".join(pair.said), (" ".join(pair.command),)
        each = [{t.commands: t.chance for t in way(said, goes_on=False)} for way in ways.values()]
        best = both(said, goes_on=False)[0]
        assert best.commands == wanted
        assert all(max(found, key=found.__getitem__) == wanted for found in each)
        assert best.chance == pytest.approx((each[0][wanted] + each[1][wanted]) / 2, rel=1e-3)


def test_a_network_begins_to_write_the_other_way_round(tmp_path: Path) -> None:
    pairs, shipped, again = exported(tmp_path, 100)
    begin(shipped, again, backwards=True)
    (old, _), (new, _) = loaded(tmp_path), loaded(again)
    assert new.size.backwards and not old.size.backwards
    assert torch.equal(new.encoder[0].up.weight, as_shipped(old.encoder[0].up.weight))
    assert not torch.equal(new.decoder[0].up.weight, as_shipped(old.decoder[0].up.weight))
    losses = train(pairs, [], again, 60)
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:10])


def told(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, float]) -> None:
    """Let the translator say `found`: commands and their chance."""
    translations = [Translation(tuple(c.split(" ; ")), (p, p)) for c, p in found]
    monkeypatch.setattr(settling, "translator", lambda: lambda said, goes_on: translations)


def read(text: str) -> Reading:
    return assistant.read(text, assistant_draft(), assistant_crate(), None)


def test_learning_goes_on_from_an_exported_file(tmp_path: Path) -> None:
    pairs, shipped, again = exported(tmp_path, 100)
    begin(shipped, again)
    (old, words), (new, its_words) = loaded(tmp_path), loaded(again)
    assert its_words == words
    for name, value in old.state_dict().items():
        assert torch.equal(new.state_dict()[name], as_shipped(value)), name
    held = Meanings.load(again / "words.npz")
    assert np.array_equal(held.table, Meanings.load(tmp_path / "words.npz").table)
    losses = train(pairs, [], again, 10, rate=0.1, **SMALL)
    (tmp_path / "fresh").mkdir()
    small(tmp_path / "fresh")
    fresh = train(pairs, [], tmp_path / "fresh", 10, rate=0.1, **SMALL)
    assert np.mean(losses) < 0.8 * np.mean(fresh)


def test_a_network_that_grew_says_what_it_said_before(tmp_path: Path) -> None:
    pairs, shipped, again = exported(tmp_path, 20)
    begin(shipped, tmp_path / "same")
    begin(shipped, again, encoder=3, decoder=2)
    (old, words), (grown, _) = loaded(tmp_path / "same"), loaded(again)
    assert (len(grown.encoder), len(grown.decoder)) == (3, 2)
    make = Maker(words, Meanings.load(again / "words.npz"))
    assert judged(grown, pairs, make) == pytest.approx(judged(old, pairs, make), abs=1e-5)
    losses = train(pairs, [], again, 60)
    assert np.mean(losses[-10:]) < np.mean(losses[:10])
    assert len(loaded(again)[0].encoder) == 3


def test_what_both_readers_find_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, ("bass louder", 0.4), ("bass quieter", 0.3))
    (edit,) = read("bass louder").edits
    assert isinstance(edit, ChangeStrip)
    assert edit.by > 0


def test_what_the_frames_do_not_know_is_done_where_the_translator_is_sure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = "zorp the flimflam with my bass strings"
    told(monkeypatch, ("bass louder", 0.95))
    assert [type(e) for e in read(said).edits] == [ChangeStrip]
    told(monkeypatch, ("bass louder", 0.05), ("bass quieter", 0.04))
    assert not read(said).edits


def test_where_both_would_act_otherwise_the_person_chooses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(monkeypatch, ("bass louder", 0.3), ("remove pad", 0.25))
    assert [type(e) for e in read("make the bass louder").edits] == [ChangeStrip]
    told(monkeypatch, ("remove pad", 0.97))
    assert [type(e) for e in read("make the bass louder").edits] == [RemoveTrack]
    told(monkeypatch, ("remove pad", 0.6), ("bass quieter", 0.3))
    reading = read("make the bass louder")
    assert not reading.edits
    assert reading.question is not None
    assert len(reading.question.choices) == 2
    answered = assistant.read("1", assistant_draft(), assistant_crate(), reading.memory)
    assert [type(e) for e in answered.edits] == [ChangeStrip]


def test_small_words_and_figures_are_never_overlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, ("bass louder", 0.99))
    assert not read("unless the bass is too loud leave it").edits
    told(monkeypatch, ("bridge quieter", 0.99))
    assert [type(e) for e in read("the bridge should run at 120").edits] == [SetTempo]


def test_a_frequency_may_be_said_in_thousands(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, ("cut 3 db at 2000 hz on chords", 0.99))
    (edit,) = read("zorp a 3 db dip around 2k out of the rhodes flimflam").edits
    assert isinstance(edit, ChangeEq) and edit.band.freq_hz == 2000.0


def test_what_the_frames_ask_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, ("remove hook 1", 0.99))
    reading = read("delete the hook")
    assert not reading.edits and reading.question is not None
    told(monkeypatch, ("exchange verse 1 and verse 2", 0.99))
    asked = "the first and the second verse ought to change places"
    assert [type(e) for e in read(asked).edits] == [MoveSection, MoveSection]


def test_which_one_is_not_asked_where_it_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "the mice get a scene after the second chorus, so i need another verse there"
    told(monkeypatch, ("add verse after hook 2", 0.97))
    (edit,) = read(said).edits
    assert isinstance(edit, AddSection) and edit.after == "hook 2"
    told(monkeypatch, ("add verse after hook 2", 0.8))
    assert read(said).question is not None


def test_a_figure_of_a_reason_is_passed_over_by_who_is_sure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = "shorter intro, ppl scroll away after like 3 secs"
    told(monkeypatch, ("intro shorter", 0.97))
    assert [type(e) for e in read(said).edits] == [ResizeSection]
    told(monkeypatch, ("intro shorter", 0.8))
    assert not read(said).edits


def test_who_does_not_play_in_the_first_half_yet_enters_with_the_second() -> None:
    cut, enters = read("first half of verse 1 without pad").edits
    assert isinstance(cut, SplitSection) and isinstance(enters, SetLayers)
    assert enters.add == ("pad",) and enters.section != "verse 1"
    cut, leaves = read("first half of verse 1 without bass").edits
    assert isinstance(leaves, SetLayers) and leaves.section == "verse 1"


def test_less_is_not_taken_for_more_of_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, ("less reverb on chords", 0.97))
    (edit,) = read("more reverb on the chords").edits
    assert isinstance(edit, ChangeStrip) and (edit.by or 0.0) < 0.0
    told(monkeypatch, ("much more reverb on chords", 0.97))
    (edit,) = read("more reverb on the chords").edits
    assert isinstance(edit, ChangeStrip) and edit.by == 4.0  # how much the frames tell


def test_a_figure_that_the_frames_passed_over_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, ("vocal louder by 1.5 db", 0.95))
    (edit,) = read("vocal up a dB and a half").edits
    assert isinstance(edit, ChangeStrip) and edit.by == 1.5
    told(monkeypatch, ("vocal louder", 0.95))
    (edit,) = read("vocal up 3 dB").edits
    assert isinstance(edit, ChangeStrip) and edit.by == 3.0


def test_a_band_is_not_turned_round(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, ("low cut on kick", 0.5), ("more lows on kick", 0.3))
    reading = read("want some rumble under the kick")
    assert not reading.edits and reading.question is not None


def test_words_that_change_a_figure_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, ("1/8 echo on percussion", 0.99))
    (edit,) = read("dotted 8th delay on the percussion").edits
    assert isinstance(edit, SetEffect) and edit.beats == 0.75
    told(monkeypatch, ("fade out over 10 bars", 0.99))
    assert all(getattr(e, "out_beats", 0.0) != 40.0 for e in read("a 10 seconds fade out").edits)


def test_a_remark_is_none_of_the_frames_business(monkeypatch: pytest.MonkeyPatch) -> None:
    remark = "brutal, the way they lost again last night"
    told(monkeypatch, ("nothing", 0.5))
    before = read(remark)
    told(monkeypatch, ("nothing", 0.97))
    passed_over = read(remark)
    assert before.edits and not passed_over.edits
    assert not passed_over.memory.edits and not passed_over.memory.past


def test_translations_that_differ_in_no_amount_named_are_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = "zorp the flimflam with my bass strings"
    told(monkeypatch, ("bass louder", 0.5), ("bass a bit louder", 0.4))
    assert [type(e) for e in read(said).edits] == [ChangeStrip]
    told(monkeypatch, ("bass louder by 2 db", 0.5), ("bass louder by 6 db", 0.4))
    assert not read(said).edits


def test_a_bare_figure_is_no_share_of_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, ("energy of verses to 80 %", 0.99))
    assert [type(e) for e in read("the verses at 80 please").edits] != [SetEnergy]
    assert [type(e) for e in read("the verses at 80 % of the drive").edits] == [SetEnergy]


def test_without_the_network_the_frames_are_heard_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "translator", lambda: None)
    assert read("bass louder").edits


def test_seeds_do_not_make_two_wishes_of_one() -> None:
    a, b = (carried_out(["swap pad"], world(), _of_command).reading for _ in range(2))
    assert same_wish(a, b)
    assert not same_wish(a, carried_out(["swap lead"], world(), _of_command).reading)
