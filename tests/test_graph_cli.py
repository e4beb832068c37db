"""The command line: exit codes, one-line errors, running graphs, and a plugin that really works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from graph_nodes import registry

import loopmind
from loopmind import cli
from loopmind.commands import _graphs, run
from loopmind.commands._terminal import ProgressLine, clock
from loopmind.commands.new_node import scaffold
from loopmind.errors import UsageError
from loopmind.graph.document import Graph
from loopmind.graph.macros import Macro, Target
from loopmind.graph.ports import Control
from loopmind.graph.schema import load_graph, save_graph


@pytest.fixture
def graph_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    nodes = registry()
    monkeypatch.setattr(_graphs, "load_graph", lambda file, _: load_graph(file, nodes))
    graph = Graph(registry=nodes).with_node("n", "test.number", value=2)
    graph = graph.with_node("sum", "test.add").connect("n.out", "sum.a")
    amount = Macro(Control("amount", "number", 0.0, low=0.0, high=1.0), (Target("sum.b", 0, 10),))
    return save_graph(graph.expose_macro(amount), tmp_path / "graph.json")


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom loopmind.cli import main\ncode = main(['--help'])\n"
        "heavy = {'numpy', 'numba', 'networkx', 'torch'} & set(sys.modules)\n"
        "sys.exit(code or len(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "new-node" in done.stdout


def test_every_listed_command_is_there() -> None:
    for name in cli.COMMANDS:
        assert cli.main([name, "--help"]) == 0


def test_bad_use_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert cli.main(["dance"]) == 2
    assert cli.main(["run"]) == 2
    assert cli.main(["run", "no-such-preset"]) == 2
    assert "no preset 'no-such-preset'" in capsys.readouterr().err
    assert cli.main(["run", "missing.json"]) == 2
    assert cli.main(["new-node", "9 lives"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_errors_are_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(args: object) -> int:
        raise ZeroDivisionError("by\nzero")

    def stopped(args: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "run", broken)
    assert cli.main(["run", "x"]) == 1
    err = capsys.readouterr().err
    assert err == (
        "loopmind: error: ZeroDivisionError: by zero (run it again with --debug to see where)\n"
    )
    with pytest.raises(ZeroDivisionError):
        cli.main(["run", "x", "--debug"])
    monkeypatch.setattr(run, "run", stopped)
    assert cli.main(["run", "x"]) == 130
    assert capsys.readouterr().err == "loopmind: stopped\n"


def test_run_a_graph(graph_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", str(graph_file)]) == 0
    assert "sum.out: 2.0" in capsys.readouterr().out
    settings = ["--set", "n.value=5", "--set", "amount=0.5"]
    assert cli.main(["run", str(graph_file), "--json", *settings]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["values"] == {"sum.out": 10.0} and out["status"] == {"n": "ran", "sum": "ran"}
    assert cli.main(["run", str(graph_file), "--plan", "--target", "n"]) == 0
    assert capsys.readouterr().out == "* n  test.number\n"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("n.value=loud", "expected number in -1000..1000, received 'loud'"),
        ("n.value=5000", "expected number in -1000..1000, received 5000.0"),
        ("n.volume=1", "no such control; it has value"),
        ("m.value=1", "no such node"),
        ("sum.b=1", "driven by macro 'amount'"),
        ("mood=1", "no macro 'mood'; this graph has amount"),
        ("amount=2", "expected number in 0..1"),
        ("nonsense", "write node.control=value"),
    ],
)
def test_bad_settings_say_why(
    graph_file: Path, setting: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", str(graph_file), "--set", setting]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1


def test_a_failed_node_is_exit_code_1(
    tmp_path: Path, graph_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = Graph(registry=registry()).with_node("bad", "test.fail").with_node("n", "test.number")
    file = save_graph(graph, tmp_path / "bad.json")
    assert cli.main(["run", str(file)]) == 1
    out, err = capsys.readouterr()
    assert "n.out: 1.0" in out
    assert err == "loopmind: error: node 'bad': ValueError: it was told to fail and did\n"


def test_settings_reach_into_groups(graph_file: Path) -> None:
    graph = _graphs.find_graph(str(graph_file))
    outer = Graph(registry=registry()).with_group("g", graph).with_node("n", "test.number")
    everywhere = _graphs.set_everywhere(outer, "value", 9)
    assert everywhere.control_value("n", "value") == 9
    inner = everywhere.nodes["g"].graph
    assert inner is not None and inner.control_value("n", "value") == 9


def test_nodes_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["nodes", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"nodes", "types", "problems"} == set(listed)
    assert {"audio", "crate", "song"} <= {t["name"] for t in listed["types"]}
    assert cli.main(["nodes", "no_such_node"]) == 2


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressLine() as line:
        line.progress("scan")(1, 2, "a.wav")
    assert capsys.readouterr().err == ""
    assert clock(59.6) == "1:00" and clock(-1) == "0 s"


class Terminal:
    """A stream that is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


def test_progress_shows_rate_and_time_left() -> None:
    terminal = Terminal()
    with ProgressLine(terminal) as line:  # type: ignore[arg-type]
        line.show("scan", 20, 100, "bad\x1bname", 4.0, 20.0)
    assert "scan  20/100  4/s  20 s left  bad?name" in terminal.text
    assert terminal.text.endswith("\r\x1b[K")


def test_a_scaffold_is_not_written_over(tmp_path: Path) -> None:
    folder = scaffold("Soft-Clip", tmp_path)
    assert (folder / "loopmind_soft_clip" / "soft_clip.py").is_file()
    assert cli.main(["new-node", "soft_clip", "--out", str(tmp_path)]) == 1
    with pytest.raises(UsageError, match="soft_clip"):
        scaffold("class", tmp_path)


@pytest.mark.slow
def test_a_new_plugin_installs_passes_its_test_and_is_found(tmp_path: Path) -> None:
    """The scaffold, used as its README says, in an environment of its own, without a network."""
    folder = scaffold("soft_clip", tmp_path)
    site = tmp_path / "site"
    source = Path(loopmind.__file__).parent.parent
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(source)])}

    def call(*arguments: str, cwd: Path = folder) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=cwd, env=env, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    call("pytest", "-p", "no:cacheprovider")
    call(
        "pip", "install", "--no-deps", "--no-build-isolation", "--no-index", "--quiet",
        "--target", str(site), str(folder),
    )  # fmt: skip
    assert "loopmind_soft_clip.soft_clip" in call("loopmind.cli", "nodes", cwd=tmp_path)
    shown = call("loopmind.cli", "nodes", "soft_clip", cwd=tmp_path)
    assert "set  gain_db: number in -24..24 dB, default 0.0" in shown
