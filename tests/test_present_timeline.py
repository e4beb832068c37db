"""timeline.json: it follows its published schema, is stable, and agrees with the song."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import jsonschema
import pytest
from present_samples import (
    sample_crate,
    sample_loop,
    sample_measured,
    sample_mix,
    sample_palette,
    sample_song,
)

from loopmind.music.loop import Crate
from loopmind.music.measured import Measured
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.present.timeline import timeline, timeline_json

SCHEMA = json.loads(
    (Path(__file__).parent.parent / "docs/schema/timeline.schema.json").read_text("utf-8")
)


def made() -> dict[str, object]:
    return timeline(
        sample_song(), sample_palette(), sample_mix(), sample_crate(), sample_measured()
    )


def test_a_timeline_follows_its_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(timeline_json(made())), SCHEMA)


def test_a_song_of_nothing_follows_the_schema_too() -> None:
    song = dataclasses.replace(sample_song(), sections=(), tracks=(), clips=(), key=None)
    palette = Palette(140.0, None, 4, 0.5, ())
    silent = Measured(-math.inf, -math.inf, 3.0)
    data = timeline(song, palette, Mix("raw", ()), Crate(()), silent)
    jsonschema.validate(json.loads(timeline_json(data)), SCHEMA)
    assert data["measured"]["loudness_lufs"] is None


@pytest.mark.parametrize("field", ["bpm", "tracks", "choices", "measured"])
def test_the_schema_misses_no_field(field: str) -> None:
    data = json.loads(timeline_json(made()))
    del data[field]
    with pytest.raises(jsonschema.ValidationError, match=field):
        jsonschema.validate(data, SCHEMA)


def test_the_text_reads_back_as_the_data_and_never_changes() -> None:
    data = made()
    text = timeline_json(data)
    assert json.loads(text) == data
    assert text == timeline_json(made())
    assert max(len(line) for line in text.splitlines()) < 2000


def test_times_are_beats_at_the_tempo() -> None:
    song = sample_song()
    clips = [clip for track in made()["tracks"] for clip in track["clips"]]  # type: ignore[attr-defined]
    assert len(clips) == len(song.clips)
    for clip in clips:
        assert clip["start_s"] == pytest.approx(clip["start_beat"] * 60 / song.bpm, abs=1e-6)
        assert clip["end_s"] - clip["start_s"] == pytest.approx(clip["beats"] * 60 / 140, abs=2e-6)


def test_every_sound_that_is_named_is_listed() -> None:
    data = json.loads(timeline_json(made()))
    listed = {loop["digest"] for loop in data["loops"]}
    named = {d for track in data["tracks"] for d in track["loops"]}
    for choice in data["choices"]:
        named |= {c["digest"] for c in [choice["picked"], *choice["runners_up"]]}
    assert named == listed
    used = [bool(loop["tracks"]) for loop in data["loops"]]
    assert used == sorted(used, reverse=True)


def test_a_file_name_of_broken_bytes_can_be_written_and_read_back() -> None:
    odd = sample_loop("bad\udcff\udcfe.wav", "d0", "drums")
    data = timeline(sample_song(), sample_palette(), sample_mix(), Crate((odd,)), sample_measured())
    text = timeline_json(data).encode("utf-8")
    assert json.loads(text)["choices"][0]["picked"]["path"] == "bad\udcff\udcfe.wav"
