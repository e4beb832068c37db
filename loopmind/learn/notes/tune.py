"""Chooses what counts as a note on the validation set, and writes sets to be judged on.

    python -m loopmind.learn.notes.tune tune --sheets DIR --work DIR
    python -m loopmind.learn.notes.tune files --pieces DIR/test --out DIR

`tune` goes through each of `Limits` in turn and keeps what scores best; the result lies beside the
checkpoint. `files` writes single lines, keys and mixes of pieces as audio and MIDI with a table
for `loopmind evaluate transcribe`.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.pitched import Looks, Texture, looks_of, notes_of
from loopmind.analysis.listening.pitched_decode import Limits, pitch_of, polyphonic
from loopmind.analysis.listening.pitched_model import FAMILIES, FPS, Heard, listen
from loopmind.analysis.listening.pitched_players import assigned, opinions
from loopmind.analysis.listening.pitched_second import Judged
from loopmind.analysis.models import Model, open_file
from loopmind.files.midi_notes import write_notes
from loopmind.learn.notes.data import Sheet, sheets
from loopmind.learn.notes.judge import Line, Score, score
from loopmind.learn.sounds.pieces import Piece, pieces
from loopmind.learn.sounds.render import RENDER_RATE_HZ
from loopmind.music.notes import Note, Notes

F32 = NDArray[np.float32]
Kind = Literal["line", "keys", "mix"]

LIMITS_FILE = "limits.json"
_TEXTURES: dict[Kind, Texture] = {"line": "line", "keys": "chords", "mix": "mix"}
_LINES = ("bass", "lead", "woodwind", "brass")
_FEWEST = 8
_GRID: dict[str, tuple[float, ...]] = {
    "onset": (0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4),
    "frame": (0.2, 0.3, 0.4, 0.5),
    "gap_s": (0.0, 0.035, 0.07),
    "shortest_s": (0.03, 0.05, 0.07),
    "unstruck": (2.0, 0.8, 0.7, 0.6),
    "line_onset": (0.04, 0.07, 0.1, 0.2),
    "line_change": (-1.0, 0.0, 0.5, 1.0, 2.0),
    "line_rest": (0.0, 0.2, 0.5, 1.0),
    "line_hold": (-0.7, 0.0, 0.7),
    "lines": (0.0, 0.3, 0.6, 1.0),
    "shares": (0.0, 0.3, 0.6),
    "lone": (0.0, 0.02, 0.04, 0.07),
    "second": (0.3, 0.4, 0.6, 0.8, 2.0),
    "sure": (0.3, 0.4, 0.5, 0.6),
    "again": (0.25, 0.3, 0.35, 0.4, 0.45, 0.5),
    "many": (0.2, 0.25, 0.3, 0.35, 0.4),
    "held": (0.25, 0.3, 0.35, 0.4, 0.45, 0.5),
}

_ROUTING = ("lines", "shares", "lone", "second", "sure")
# A case, what the network said of it, and what a second look says.
Known = tuple["Case", Heard, Judged | None]


@dataclass(frozen=True, eq=False)
class Case:
    """A sound, its truth, and what it is judged as."""

    name: str
    kind: Kind
    mono: F32
    truth: tuple[Line, ...]


def kind_of_track(instrument: str, notes: Sequence[Sequence[float]]) -> Kind | None:
    """What a track may be judged as: a single line, keys, or None."""
    if len(notes) < _FEWEST:
        return None
    rows = sorted(list(note) for note in notes)
    overlaps = sum(a[1] - b[0] > 0.05 for a, b in itertools.pairwise(rows))
    if instrument in _LINES and overlaps <= 0.02 * len(rows):
        return "line"
    return "keys" if instrument == "keys" and overlaps > 0.1 * len(rows) else None


def cases(own: Sequence[Sheet], most: int = 1000) -> list[Case]:
    """Single lines, keys and, of pieces with four instruments or more, the mix."""
    found: dict[Kind, list[Case]] = {"line": [], "keys": [], "mix": []}
    for index, sheet in enumerate(own):
        pitched = [i for i, t in enumerate(sheet.tracks) if t["instrument"] in FAMILIES]
        for number in pitched:
            track = sheet.tracks[number]
            kind = kind_of_track(track["instrument"], track["notes"])
            if kind is not None:
                mono = sheet.sounds[number].astype(np.float32) / 32768.0
                truth = tuple(_truth(track, ""))
                found[kind].append(Case(f"{index}/{number}", kind, mono, truth))
        if not sheet.solo and len(sheet.tracks) >= 4 and pitched:
            mixed = sheet.sounds.astype(np.float32).sum(axis=0) / 32768.0
            lines = [n for i in pitched for n in _truth(sheet.tracks[i])]
            truth = tuple(sorted(lines, key=lambda n: n.start_s))
            found["mix"].append(Case(f"{index}", "mix", mixed, truth))
    return [case for own_kind in found.values() for case in own_kind[:most]]


def _truth(track: Mapping[str, Any], family: str | None = None) -> list[Line]:
    name = track["instrument"] if family is None else family
    return [Line(float(a), float(b), int(p), name) for a, b, p, _ in track["notes"]]


def judged(
    known: Sequence[Known], limits: Limits, kinds: Sequence[Kind]
) -> dict[Kind, list[Score]]:
    """Scores of every case of `kinds`."""
    scores: dict[Kind, list[Score]] = {kind: [] for kind in kinds}
    for case, said, again in known:
        if case.kind in kinds:
            texture = _TEXTURES[case.kind]
            notes = notes_of(said, limits, texture=texture, again=again)
            mixed = case.kind == "mix"
            found = [
                Line(n.start_s, n.end_s, n.pitch, n.instrument if mixed else "") for n in notes
            ]
            scores[case.kind].append(score(case.truth, found))
    return scores


def means(scores: Mapping[Kind, Sequence[Score]]) -> dict[str, float]:
    """Means over files, by "kind figure"; deviations over all matched notes, in ms."""
    table: dict[str, float] = {}
    for kind, own in scores.items():
        if not own:
            continue
        table[f"{kind} onset"] = float(np.mean([s.onset for s in own]))
        table[f"{kind} offset"] = float(np.mean([s.offset for s in own]))
        if kind == "mix":
            table["mix instrument"] = float(np.mean([s.instrument for s in own]))
        matched = max(1, sum(s.matched for s in own))
        table[f"{kind} ms"] = 1000.0 * sum(s.deviation_s * s.matched for s in own) / matched
        table[f"{kind} found"] = sum(s.found for s in own) / max(1, sum(s.truth for s in own))
    return table


def tune(known: Sequence[Known], first: Limits, tell: Callable[[str], None] = print) -> Limits:
    """The best of each limit in turn; lines, keys and mixes have limits of their own."""
    limits = first
    for name, values in _GRID.items():
        if name in _ROUTING:
            continue
        kinds: list[Kind] = ["line"] if name.startswith("line") else ["keys", "mix"]
        if name == "shortest_s":
            kinds = ["line", "keys", "mix"]
        elif name in ("onset", "again", "many"):
            # Where there is a second opinion, the first one's limit is not asked for.
            asked: set[Kind] = {case.kind for case, _, again in known if again is not None}
            own: dict[str, Kind] = {"again": "keys", "many": "mix"}
            kinds = [own[name]] if name in own else [kind for kind in kinds if kind not in asked]
        if not any(case.kind in kinds for case, _, _ in known):
            continue
        best = (-1.0, getattr(limits, name))
        for value in values:
            table = means(judged(known, replace(limits, **{name: value}), kinds))
            parts = [table[f"{k} onset"] + 0.5 * table[f"{k} offset"] for k in kinds
                     if f"{k} onset" in table]  # fmt: skip
            total = float(np.mean(parts)) + table.get("mix instrument", 0.0) if parts else 0.0
            best = max(best, (total, value), key=lambda pair: pair[0])
        limits = replace(limits, **{name: best[1]})
        tell(f"{name} {best[1]:g}  score {best[0]:.4f}")
    return _tuned_routing(known, limits, tell)


def _tuned_routing(known: Sequence[Known], limits: Limits, tell: Callable[[str], None]) -> Limits:
    """The limits that only say who plays: notes are decoded and judged by the networks once."""
    mixes = [
        (case, found, opinions(found))
        for case, said, again in known
        if case.kind == "mix" and (found := polyphonic(said, limits, again))
    ]
    for name in _ROUTING if mixes else ():
        best = (-1.0, getattr(limits, name))
        for value in _GRID[name]:
            trial = replace(limits, **{name: value})
            total = 0.0
            for case, found, own in mixes:
                lines = [
                    Line(n.start / FPS, n.end / FPS, pitch_of(n.key), who)
                    for n, who in assigned(found, own, trial)
                ]
                total += score(case.truth, lines).instrument
            best = max(best, (total / len(mixes), value), key=lambda pair: pair[0])
        limits = replace(limits, **{name: best[1]})
        tell(f"{name} {best[1]:g}  right instrument {best[0]:.4f}")
    return limits


def hear_all(own: Sequence[Case], model: Model, looks: Looks | None = None) -> list[Known]:
    """What the model says of every case, and what it says at a second look."""
    known: list[Known] = []
    for case in own:
        heard = listen(case.mono, model=model)
        known.append((case, heard, looks.at(heard, _TEXTURES[case.kind]) if looks else None))
    return known


def write_files(source: Sequence[Piece], out: Path) -> int:
    """Audio, MIDI and labels.csv of what `cases` would judge; returns how many files."""
    import soundfile

    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for piece in source:
        pitched = [(i, t) for i, t in enumerate(piece.tracks) if t["instrument"] in FAMILIES]
        for number, track in pitched:
            kind = kind_of_track(track["instrument"], track["notes"])
            if kind is not None:
                name = f"{piece.folder.name}-{number:02d}"
                write_notes(out / f"{name}.mid", [as_notes(track)])
                soundfile.write(out / f"{name}.flac", piece.track(number).T, RENDER_RATE_HZ)
                rows.append((f"{name}.flac", f"{name}.mid", kind))
        if len(piece.tracks) >= 4 and pitched:
            name = f"{piece.folder.name}-mix"
            parts: dict[str, list[Note]] = {}
            for track in piece.tracks:
                parts.setdefault(track["instrument"], []).extend(as_notes(track).notes)
            write_notes(out / f"{name}.mid", [Notes(k, tuple(v)) for k, v in parts.items()])
            mixed = np.sum([piece.track(i) for i in range(len(piece.tracks))], axis=0)
            soundfile.write(out / f"{name}.flac", np.clip(mixed, -1, 1).T, RENDER_RATE_HZ)
            rows.append((f"{name}.flac", f"{name}.mid", "mix"))
    with (out / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("path", "midi", "kind"), *rows])
    return len(rows)


def as_notes(track: Mapping[str, Any]) -> Notes:
    """The notes of a piece's track, as they are written to MIDI."""
    notes = [Note(float(a), float(b), float(p), v / 127.0) for a, b, p, v in track["notes"]]
    return Notes(track["instrument"], tuple(notes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("tune", "files"))
    parser.add_argument("--sheets", type=Path, action="append")
    parser.add_argument("--split", default="valid")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--model", type=Path, help="an exported model; else that of --work")
    parser.add_argument("--pieces", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--most", type=int, default=40, help="files of each kind")
    parser.add_argument(
        "--keep", action="store_true", help="only judge by the limits that are there"
    )
    args = parser.parse_args()
    if args.action == "files":
        print(write_files(pieces(args.pieces), args.out), "files")
        return
    file = args.work / LIMITS_FILE
    limits = Limits.of(json.loads(file.read_text())) if file.is_file() else Limits()
    own = [case for folder in args.sheets for case in cases(sheets(folder / args.split), args.most)]
    model = open_file(args.model or args.work / "notes.onnx", threads=1)
    known = hear_all(own, model, looks_of(model))
    if not args.keep:
        limits = tune(known, limits, lambda line: print(line, flush=True))
        file.write_text(json.dumps(asdict(limits), indent=1), encoding="utf-8")
    for name, value in means(judged(known, limits, ("line", "keys", "mix"))).items():
        print(f"{name:18s} {value:.4f}")


if __name__ == "__main__":
    main()
