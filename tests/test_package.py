"""What is installed: the wheel carries presets, models and page assets, and starts from there."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent

SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
import loopmind
from loopmind.compose.genres import names
from loopmind.files.places import model_file, presets
from loopmind.runtime.generate import song_graph
graph = song_graph({"wish": "house", "folders": ["x"]})
print(json.dumps({
    "from": loopmind.__file__, "genres": len(names()), "presets": presets(),
    "model": str(model_file("tagger.onnx")), "problems": [str(p) for p in graph.validate()],
}))
"""


@pytest.mark.slow
def test_a_built_wheel_carries_all_that_a_song_needs(tmp_path: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "-w",
            str(tmp_path),
            str(CHECKOUT),
        ],
        check=True,
    )
    wheel = next(tmp_path.glob("loopmind-*.whl"))
    with zipfile.ZipFile(wheel) as package:
        package.extractall(tmp_path / "installed")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "installed")],
        check=True, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    told = json.loads(done.stdout)
    for place in (told["from"], told["model"]):
        assert str(tmp_path / "installed") in place
    assert told["genres"] >= 12
    assert "generate" in told["presets"]
    assert told["problems"] == []
