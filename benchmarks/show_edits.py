"""A song is made and then talked about: sentences, undo, a branch, a merge, and the export.

Writes a transcript with the arrangement after each step, and the proof that regenerating one
section left all others as they were.

    python benchmarks/show_edits.py [--loops DIR...] [--pictures docs/edits] > docs/edits.md
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SENTENCES = (
    "swap the melody for something darker",
    "add a bridge after the second hook",
    "make the intro a bit shorter",
    "more bass, and a punchier kick",
    "layer some pads in the hooks",
    "start with just the drums",
    "less reverb on the chords",
    "build more into the last hook",
    "tape vibe",
    "10 bpm slower",
)
FURTHER = (
    "put a dotted eighth delay on the lead",
    "add a drum fill before the last hook",
    "no drums in the second half of verse 1",
    "slow the bridge down to 124",
    "the bridge 4 bpm faster",
    "more swing",
    "set the macro energy to 0.9",
)
PICTURE = """
import sys
from pathlib import Path
from loopmind.present.arrangement import arrangement_svg
from loopmind.runtime.project_session import ProjectSession
with ProjectSession.open(sys.argv[1], read_only=True) as session:
    Path(sys.argv[2]).write_text(arrangement_svg(session.draft.song), encoding="utf-8")
"""


class Transcript:
    """Runs commands on one project, prints what they said, and draws the song."""

    def __init__(self, folder: Path, pictures: Path) -> None:
        self.folder, self.pictures = folder, pictures
        self.environment = {**os.environ, "LOOPMIND_HOME": str(folder / "home")}
        self.step = 0

    def run(self, *words: str, picture: bool = True) -> str:
        """One command as a user types it."""
        shown = [f'"{word}"' if " " in word else word for word in words]
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "loopmind.cli", *words], cwd=self.folder, check=False,
            capture_output=True, text=True, env=self.environment,
        )  # fmt: skip
        took_s = time.perf_counter() - started
        said = (done.stdout + done.stderr).replace(f"{self.folder}{os.sep}", "")
        print(f"```\n$ loopmind {' '.join(shown)}\n{said.rstrip()}\n```\n")
        print(f"{took_s:.1f} s, exit code {done.returncode}.\n")
        if picture and done.returncode == 0:
            self.step += 1
            file = self.pictures / f"{self.step:02d}.svg"
            subprocess.run(
                [sys.executable, "-c", PICTURE, "song", str(file.resolve())],
                cwd=self.folder, check=True, env=self.environment,
            )  # fmt: skip
            linked = file.relative_to(self.pictures.parent)
            print(f"![the song after step {self.step}]({linked})\n", flush=True)
        return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=Path, nargs="+", default=[Path("../shared/data/loops")])
    parser.add_argument("--pictures", type=Path, default=Path("docs/edits"))
    parser.add_argument("--prompt", default="dark trap, 140 bpm, 2:30")
    args = parser.parse_args()
    args.pictures.mkdir(parents=True, exist_ok=True)
    print("# A song is made, and then talked about\n")
    print("Written by `python benchmarks/show_edits.py`; every answer is as it was printed.\n")
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        for number, loops in enumerate(args.loops):
            (folder / f"loops{number or ''}").symlink_to(loops.resolve())
        told = Transcript(folder, args.pictures)
        crates = [f"loops{number or ''}" for number in range(len(args.loops))]
        print("## Making it\n")
        told.run("generate", *crates, "--prompt", args.prompt, "--out", "song")
        print("## Ten sentences\n")
        for sentence in SENTENCES:
            told.run("edit", "song", sentence)
        print("## Three steps back\n")
        told.run("undo", "song", "3")
        print("## Another idea for the second hook, on a branch of its own\n")
        told.run("branch", "song", "other-hook", picture=False)
        told.run("edit", "song", "regenerate the second hook")
        print("## What that changed, and that it changed nothing else\n")
        difference = args.pictures / "difference.svg"
        told.run(
            "diff", "song@main", "song", "--stems", "--picture", "difference.svg", picture=False
        )
        if (folder / "difference.svg").is_file():
            shutil.copyfile(folder / "difference.svg", difference)
            print(f"![what differs]({difference.relative_to(args.pictures.parent)})\n")
        print("## The new hook joins the main line\n")
        told.run("branch", "song", "--switch", "main", picture=False)
        told.run("merge", "song", "other-hook", "hook 2")
        print("## Effects, fills, a part of a section, a tempo of its own, swing\n")
        for sentence in FURTHER:
            told.run("edit", "song", sentence)
        print("## The history, and the export\n")
        told.run("history", "song", picture=False)
        told.run("render", "song", picture=False)
        listed = sorted(p.name for p in (folder / "song").iterdir() if p.is_file())
        print(f"Files: {', '.join(name for name in listed if re.match(r'[^.]', name))}.")


if __name__ == "__main__":
    main()
