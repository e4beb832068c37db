"""Five wishes, five songs of one folder: what came out, cold and warm, with their arrangements.

Writes a markdown table and one SVG picture a song. Cold: nothing heard before; the first song
hears the whole folder, so each wish gets a home of its own. Warm: the same wish with another seed.

    python benchmarks/show_songs.py [--loops DIR] [--pictures docs/songs] > docs/songs.md
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WISHES = (
    "dark trap, 140 bpm",
    "happy pop, 110 bpm, in C major",
    "lo-fi, 80 to 90 bpm, calm, tape mix",
    "house, 124 bpm, no vocals",
    "rock, high energy, 2 minutes",
)
PICTURE = """
import sys
from pathlib import Path
from loopmind.files.project import read_project
from loopmind.present.arrangement import arrangement_svg
project = read_project(Path(sys.argv[1]))
Path(sys.argv[2]).write_text(arrangement_svg(project.draft().song), encoding="utf-8")
"""


def generate(home: Path, loops: Path, wish: str, seed: int, out: Path) -> tuple[dict, float]:
    """What `loopmind generate --json` told, and the seconds it took."""
    command = [sys.executable, "-m", "loopmind.cli", "generate", str(loops), "--prompt", wish]
    command += ["--seed", str(seed), "--out", str(out), "--json"]
    started = time.perf_counter()
    done = subprocess.run(
        command, check=True, capture_output=True, text=True,
        env={**os.environ, "LOOPMIND_HOME": str(home)},
    )  # fmt: skip
    return json.loads(done.stdout), time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=Path, default=Path("../shared/data/loops"))
    parser.add_argument("--pictures", type=Path, default=Path("docs/songs"))
    args = parser.parse_args()
    args.pictures.mkdir(parents=True, exist_ok=True)
    print("# Five wishes, five songs of one folder\n")
    print("Made by `python benchmarks/show_songs.py`, all from the same folder of real loops.\n")
    print("| wish | bpm | key | length | sections | tracks | LUFS | dBTP | cold s | warm s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    stories = []
    for number, wish in enumerate(WISHES, 1):
        with tempfile.TemporaryDirectory() as temp:
            home, out = Path(temp) / "home", Path(temp) / "song"
            told, cold_s = generate(home, args.loops, wish, 1, out)
            picture = args.pictures / f"{number}-{wish.split(',')[0].replace(' ', '-')}.svg"
            subprocess.run(
                [sys.executable, "-c", PICTURE, str(out / "song.loopmind"), str(picture)],
                check=True,
            )
            _, warm_s = generate(home, args.loops, wish, 2, Path(temp) / "other")
        minutes, seconds = divmod(round(told["duration_s"]), 60)
        sections = ", ".join(f"{s['name']} ({s['bars']})" for s in told["sections"])
        tracks = ", ".join(t["name"].lower() for t in told["tracks"])
        cells = [wish, f"{told['bpm']:g}", told["key"], f"{minutes}:{seconds:02d}", sections]
        cells += [f"{len(told['tracks'])}: {tracks}", told["loudness_lufs"]]
        cells += [told["true_peak_dbtp"], f"{cold_s:.1f}", f"{warm_s:.1f}"]
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)
        chosen = "\n".join(
            f"- **{c['slot']}**: {Path(c['path']).name}. {c['reason']}" for c in told["choices"]
        )
        stories.append(f"## {wish}\n\n![arrangement]({picture.relative_to('docs')})\n\n{chosen}\n")
    if hasattr(os, "getloadavg"):
        print(f"\nThe seconds were taken at a load of {os.getloadavg()[1]:.0f} on", end=" ")
        print(f"{os.cpu_count()} processors; [figures.md](figures.md) has calmer ones.")
    print("\n" + "\n".join(stories))


if __name__ == "__main__":
    main()
