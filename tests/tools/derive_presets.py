"""Write the presets of the modes that go on from generate.json: what each of them adds to it.

Run it again whenever generate.json changes: `python tests/tools/derive_presets.py`. A test holds
the presets to it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

PRESETS = Path(__file__).resolve().parents[2] / "presets"
BASE = "generate"
_AFTER = ("fresh", "choose", "arrange", "mix", "edit", "fit", "render", "document")

Document = dict[str, Any]


def _node(graph: Document, name: str, kind: str, x: int, y: int) -> None:
    graph["nodes"][name] = {
        "type": f"loopmind.{kind}",
        "version": 1,
        "view": {"x": x, "y": y},
    }


def _move(graph: Document, names: tuple[str, ...], dx: int) -> None:
    for name in names:
        if name in graph["nodes"]:
            graph["nodes"][name]["view"]["x"] += dx


def _reroute(graph: Document, source: str, to: str) -> None:
    """Let whatever hung on output `source` hang on output `to`."""
    for target, origin in graph["wires"].items():
        if origin == source:
            graph["wires"][target] = to


def _macro(graph: Document, name: str, target: str, **declared: Any) -> None:
    graph["macros"][name] = {"targets": [{"control": target}], **declared}


def _second_wish(graph: Document, name: str, kind: str, *, needs: dict[str, str]) -> None:
    """A node between the understood wish and all that follows it."""
    _move(graph, _AFTER, 260)
    _reroute(graph, "understand.brief", f"{name}.brief")
    _node(graph, name, kind, 260, 220)
    graph["wires"][f"{name}.brief"] = "understand.brief"
    for port, source in needs.items():
        graph["wires"][f"{name}.{port}"] = source


def hybrid(graph: Document) -> None:
    graph["title"] = "Hybrid"
    graph["description"] = "One loop decides tempo and key; all else is chosen round it."
    _second_wish(graph, "anchor", "set_anchor", needs={"crate": "scan.crate"})
    _macro(
        graph, "anchor", "anchor.anchor", type="path", default="",
        help="The loop that decides; also named among the folders.",
    )  # fmt: skip


def collab(graph: Document) -> None:
    graph["title"] = "Collab"
    graph["description"] = "Two folders make a song together, each about half of it."
    _second_wish(graph, "share", "share_folders", needs={"crate": "scan.crate"})
    graph["nodes"]["choose"]["type"] = "loopmind.choose_shared"
    graph["macros"]["folders"]["targets"].append({"control": "share.folders"})


def inspire(graph: Document) -> None:
    graph["title"] = "Inspire me"
    graph["description"] = "A surprising wish, invented from what the sounds are good at."
    _second_wish(graph, "invent", "invent_brief", needs={"crate": "scan.crate"})
    graph["macros"]["seed"]["targets"].append({"control": "invent.seed"})


def match(graph: Document) -> None:
    graph["title"] = "Mood match"
    graph["description"] = "Your own loops, with tempo, key, energy and tone of a reference track."
    _second_wish(
        graph, "match", "match_reference",
        needs={"crate": "scan.crate", "reference": "reference.reference"},
    )  # fmt: skip
    graph["macros"]["seed"]["targets"].append({"control": "match.seed"})
    _node(graph, "reference", "hear_reference", 0, 440)
    _macro(
        graph, "reference", "reference.track", type="path", default="",
        help="The finished track to match.",
    )  # fmt: skip
    # A first fitting and rendering, whose tone is measured before the song goes on.
    x = graph["nodes"]["mix"]["view"]["x"]
    _move(graph, ("edit", "fit", "render", "document"), 520)
    _node(graph, "draft", "fit_loops", x, 440)
    _node(graph, "tone", "match_tone", x + 260, 440)
    _reroute(graph, "arrange.song", "tone.song")
    _reroute(graph, "mix.mix", "tone.mix")
    graph["wires"] |= {
        "draft.crate": "scan.crate",
        "draft.song": "arrange.song",
        "mix.song": "arrange.song",
        "tone.song": "arrange.song",
        "tone.mix": "mix.mix",
        "tone.material": "draft.material",
        "tone.reference": "reference.reference",
        "compare.song": graph["wires"]["render.song"],
        "compare.master": "render.master",
        "compare.reference": "reference.reference",
    }
    _node(graph, "compare", "compare_reference", graph["nodes"]["document"]["view"]["x"], 440)
    loudness = graph["macros"]["loudness_lufs"]
    loudness |= {
        "default": None,
        "nullable": True,
        "help": "Of the master; empty: the reference's.",
        "targets": [{"control": "tone.loudness_lufs"}],
    }


MODES: dict[str, Callable[[Document], None]] = {
    "hybrid": hybrid,
    "collab": collab,
    "inspire": inspire,
    "match": match,
}


def derived() -> dict[str, str]:
    """Every mode's preset by name, as the text of its file."""
    base = json.loads((PRESETS / f"{BASE}.json").read_text("utf-8"))
    texts = {}
    for name, change in MODES.items():
        graph = copy.deepcopy(base)
        change(graph)
        texts[name] = json.dumps(graph, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return texts


if __name__ == "__main__":
    for preset, text in derived().items():
        (PRESETS / f"{preset}.json").write_text(text, encoding="utf-8")
