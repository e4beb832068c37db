"""What songs are made of with another tagger or with the learned fit: the same wishes, by measure.

    python benchmarks/show_choosing.py FOLDER ... [--dump CRATE.json] [--against CRATE.json]
                                                  [--labels LABELS.csv ...]

Chooses the sounds of WISHES x --seeds songs from the folders, as `loopmind generate` does, with
the fit model on and off; with --against also from what another version heard of the same files
(written by its --dump). Labels tell whether a sound is what its role asks for.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from loopmind.compose import genres, select
from loopmind.compose.compatibility import beat_chroma, family
from loopmind.compose.learned_fit import FitModel, fit_model, fits_of
from loopmind.compose.prompt import read_prompt
from loopmind.compose.traits import traits
from loopmind.learn.sounds.material import our_instrument
from loopmind.library.library import Library
from loopmind.music.codec import from_plain, to_plain
from loopmind.music.loop import ROLE_OF_INSTRUMENT, Crate, Loop
from loopmind.music.palette import Choice, Palette

WISHES = ("dark trap", "happy pop", "lo-fi hip hop", "house", "rock", "calm ambient")
NEAR_ROLES = {frozenset(pair) for pair in (("chords", "pad"), ("chords", "lead"), ("pad", "lead"),
                                           ("drums", "percussion"), ("lead", "vocal"))}  # fmt: skip


def truth_of(tables: Sequence[Path]) -> dict[str, str]:
    """Name of a file -> labelled instrument."""
    found = {}
    for table in tables:
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["instrument"]:
                    name = our_instrument(row["instrument"], row["path"], row["truth"])
                    found[Path(row["path"]).name] = name
    return found


def songs(crate: Crate, fit: FitModel | None, seeds: int) -> list[Palette]:
    """The palettes of all wishes and seeds."""
    return [
        select.choose(crate, read_prompt(wish), seed, fit=fit)
        for wish in WISHES
        for seed in range(1, seeds + 1)
    ]


def looped(palette: Palette, loops: dict[str, Loop]) -> list[Choice]:
    """The choices that are loops, not single hits."""
    picked = [choice for choice in palette.choices if choice.picked.digest in loops]
    return [choice for choice in picked if (choice.picked.source_bpm or 0.0) > 0]


def measure(
    palettes: Sequence[Palette], crate: Crate, truth: dict[str, str], fit: FitModel | None
) -> dict[str, float]:
    """Means over all palettes."""
    loops = crate.by_digest()
    rows: dict[str, list[float]] = {}

    def add(name: str, value: float) -> None:
        rows.setdefault(name, []).append(value)

    for palette in palettes:
        own = looped(palette, loops)
        for choice in palette.choices:
            label = truth.get(Path(loops[choice.picked.digest].path).name)
            if label:
                role = ROLE_OF_INSTRUMENT[label]
                right = role == choice.role or frozenset({role, choice.role}) in NEAR_ROLES
                add("sounds that are what their role asks for", float(right))
        for choice in own:
            parts = dict(choice.picked.parts)
            for name in ("rhythm", "harmony", "spectrum", "palette", "mood", "cost"):
                if name in parts:
                    add(f"{name} (hand-made, 0..1)", parts[name])
            add("semitones moved", abs(choice.picked.semitones))
            add("tempo changed, %", 100.0 * abs(choice.picked.ratio - 1.0))
        names = [family(loops[c.picked.digest].path) for c in own]
        for a, b in itertools.combinations([n for n in names if n], 2):
            add("pairs of one set of loops", float(a == b))
        if fit is not None and len(own) > 1:
            t = traits([loops[c.picked.digest] for c in own])
            chroma = np.stack([
                beat_chroma(loops[c.picked.digest], c.picked.beats, c.picked.semitones)
                for c in own
            ])  # fmt: skip
            tonal = np.array([c.role not in ("drums", "percussion", "fx") for c in own])
            fits = fits_of(
                fit, t, np.arange(len(own)), [c.role for c in own],
                [(c.picked.source_bpm, c.picked.beats) for c in own], chroma, tonal,
            )  # fmt: skip
            add("learned fit (0..1)", float(fits[~np.eye(len(own), dtype=bool)].mean()))
        add("loops in a song", len(own))
        add("roles that stay empty", len(palette.unfilled))
    return {name: float(np.mean(values)) for name, values in rows.items()}


def changed(one: Sequence[Palette], other: Sequence[Palette]) -> float:
    """Share of all slots that another sound fills."""
    total = same = 0
    for a, b in zip(one, other, strict=True):
        first = {c.slot: c.picked.digest for c in a.choices}
        second = {c.slot: c.picked.digest for c in b.choices}
        for slot in first.keys() | second.keys():
            total += 1
            same += first.get(slot) == second.get(slot)
    return 1.0 - same / max(total, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--library", type=Path)
    parser.add_argument("--dump", type=Path, help="write what was heard")
    parser.add_argument("--crate", type=Path, help="read what was heard instead of scanning")
    parser.add_argument("--against", type=Path, help="what another version heard")
    parser.add_argument("--labels", type=Path, action="append", default=[])
    parser.add_argument("--seeds", type=int, default=4)
    args = parser.parse_args()
    if args.crate:
        crate = read_crate(args.crate)
    else:
        with Library(args.library) as library:
            crate = library.scan(args.folders, workers=0)
    if args.dump:
        args.dump.write_text(json.dumps([to_plain(loop) for loop in crate.loops]), "utf-8")
    genres.names()
    fit, truth = fit_model(), truth_of(args.labels)
    made: dict[str, tuple[list[Palette], Crate]] = {}
    for label, own in (("before", read_crate(args.against) if args.against else None),
                       ("now", crate)):  # fmt: skip
        if own is None:
            continue
        for name, model in (("fit off", None), ("fit on", fit)):
            begun = time.process_time()
            made[f"{label}, {name}"] = (songs(own, model, args.seeds), own)
            each = (time.process_time() - begun) / (len(WISHES) * args.seeds)
            print(f"{label}, {name}: choosing takes {each:.2f} s a song", flush=True)
    columns = {name: measure(p, own, truth, fit) for name, (p, own) in made.items()}
    names = list(dict.fromkeys(n for column in columns.values() for n in column))
    print("| measure | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    for name in names:
        cells = " | ".join(f"{column.get(name, float('nan')):.3f}" for column in columns.values())
        print(f"| {name} | {cells} |")
    first = next(iter(made.values()))[0]
    told = [f"{changed(first, p):.2f}" for p, _ in made.values()]
    print("| slots filled by another sound than in the first column | " + " | ".join(told) + " |")


def read_crate(path: Path) -> Crate:
    """What `--dump` wrote."""
    plain = json.loads(path.read_text("utf-8"))
    return Crate(tuple(from_plain(Loop, item) for item in plain))


if __name__ == "__main__":
    main()
