"""Genre brains as data: every file is sound, mistakes are named, a user's own file joins in."""

from __future__ import annotations

import doctest
import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from loopmind.compose import genres
from loopmind.compose.genres import GenreError, read_profile
from loopmind.compose.structure import plan_parts
from loopmind.files.places import preset_file

BASE: dict[str, Any] = json.loads(preset_file("genres/default").read_text(encoding="utf-8"))
REQUIRED = {"trap", "drill", "boom bap", "lo-fi", "house", "techno", "drum and bass", "r&b",
            "ambient", "synthwave"}  # fmt: skip


def test_the_required_brains_are_there() -> None:
    assert set(genres.names()) >= REQUIRED
    assert genres.find("D&B") == "drum and bass" == genres.find("dnb")
    with pytest.raises(GenreError, match="choose from"):
        genres.profile("polka")


@pytest.mark.parametrize("name", genres.names())
def test_a_brain_hears_to_its_own_limits(name: str) -> None:
    brain = genres.profile(name)
    assert brain.name == name and brain.title and len(brain.roles) == 8
    assert brain.length_s >= 60 and 0 <= brain.kit <= 1
    for structure in brain.structures:
        bars = sum(section.bars for section in structure)
        assert 40 <= bars <= 140 and all(section.bars % 2 == 0 for section in structure)
    assert {"kick", "snare", "hat"} <= set(brain.drums)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("bpm", [200, 100], "bpm"),
        ("swing", 0.9, "swing"),
        ("drums", {"kick": ["x..y"]}, "kick pattern"),
        ("bass", ["R--"], "bass pattern"),
        ("moods", {"purple": 1.0}, "purple"),
        ("structures", [["verse 8 0.5 drums"]], "is no section"),
        ("structures", [["verse 8 0.5: drums"]], "hook or a drop"),
        ("structures", [["hook 8 0.5: kazoo"]], "kazoo"),
        ("mix_style", "loud", "mix_style"),
        ("colour", "red", "unknown field"),
        ("energy", "high", "energy"),
    ],
)
def test_a_mistake_is_named_with_its_file(field: str, value: Any, said: str) -> None:
    with pytest.raises(GenreError, match=r"mine\.json.*" + said):
        read_profile({"name": "mine", field: value}, BASE, "mine.json")


def test_a_users_own_genre_joins_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "presets" / "genres"
    folder.mkdir(parents=True)
    mine = {"name": "polka", "title": "Polka", "aliases": ["oompah"], "bpm": [110, 130],
            "typical_bpm": 120}  # fmt: skip
    (folder / "polka.json").write_text(json.dumps(mine), encoding="utf-8")
    monkeypatch.setenv("LOOPMIND_HOME", str(tmp_path))
    genres._profiles.cache_clear()
    genres.aliases.cache_clear()
    try:
        assert genres.profile("oompah").typical_bpm == 120
        (folder / "polka.json").write_text("{", encoding="utf-8")
        genres._profiles.cache_clear()
        with pytest.raises(GenreError, match="mend the file"):
            genres.names()
    finally:
        monkeypatch.undo()
        genres._profiles.cache_clear()
        genres.aliases.cache_clear()


@pytest.mark.parametrize("name", genres.names())
@pytest.mark.parametrize("seconds", [12.0, 30.0, 75.0, 150.0, 240.0, 600.0])
def test_forms_come_near_any_length(name: str, seconds: float) -> None:
    brain = genres.profile(name)
    parts = plan_parts(brain, bpm=brain.typical_bpm, beats_per_bar=4, length_s=seconds, seed=2)
    bars = sum(part.section.bars for part in parts)
    wanted = seconds * brain.typical_bpm / 240.0
    assert abs(bars - wanted) <= max(4.0, 0.1 * wanted)
    peaks = [p.section for p in parts if p.section.kind in genres.PEAK_KINDS]
    assert peaks and peaks[-1].energy == max(p.section.energy for p in parts)


@pytest.mark.parametrize("module", ["genres", "harmony", "patterns", "seeds", "spelling"])
def test_examples_in_docstrings_hold(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"loopmind.compose.{module}")).failed == 0
