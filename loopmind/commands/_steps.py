"""`generate --step`: sections proposed one by one in the terminal, or answered through a pipe."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from loopmind.commands._graphs import ShowEvents
from loopmind.commands._song import make
from loopmind.commands._terminal import ProgressLine
from loopmind.errors import LoopMindError

if TYPE_CHECKING:
    from loopmind.assistant import Memory, Reading
    from loopmind.music.draft import Draft
    from loopmind.runtime.stepping import Stepper

HELP = (
    "  Enter accepts; 'n' proposes another ('n drums bass': only these tracks); 'l' locks or "
    "unlocks; 'b' goes back; 'u' undoes; 'p' renders it to hear; 'a' accepts all the rest; "
    "'q' stops; anything else is read as a wish ('less drums', 'darker')"
)


def stepped(
    args: argparse.Namespace, folders: list[Path], out: Path, *, preset: str, **macros: Any
) -> int:
    """Make a song as `generate` does, go through its sections, and tell what came of it."""
    made = make(args, folders, out, preset=preset, **macros)
    say = sys.stderr if args.json else sys.stdout
    key = made.song.key.written if made.song.key else "no key"
    print(f"{made.song.title}: {made.song.bpm:g} bpm, {key}", file=say)
    for reason in made.song.brief.why:
        print(f"  {reason}", file=say)
    result = step_through(args, made.out)
    page = made.out / "song.html"
    if args.json:
        data = {"out": str(made.out), "bpm": made.song.bpm, "title": made.song.title, **result}
        print(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        counted = Counter(result["sections"].values())
        said = ", ".join(f"{count} {what}" for what, count in sorted(counted.items()))
        print(f"{said or 'nothing decided'}: open {page}")
    return 0


def step_through(args: argparse.Namespace, out: Path) -> dict[str, Any]:
    """Go through the song in `out` with the user; what was decided, by section.

    Questions go to stderr with --json, so that the answer stays data. The end of the input
    accepts what is left.
    """
    from loopmind.runtime.project_session import ProjectSession
    from loopmind.runtime.stepping import Stepper

    say = sys.stderr if args.json else sys.stdout
    decided: dict[str, str] = {}
    with ProgressLine() as line:
        show = ShowEvents(line)
        with ProjectSession.open(out, listener=show) as session:
            first = session.history().head.id
            stepper = Stepper(session)
            print(HELP, file=say)
            while stepper.section is not None:
                name = stepper.section.name
                line.clear()
                print("\n".join(proposal(session.draft, stepper)), file=say)
                answer = _asked(say)
                if answer is None or answer.lower() in ("a", "all"):
                    while stepper.section is not None:
                        decided.setdefault(stepper.section.name, "accepted")
                        stepper.accept()
                    break
                if answer.lower() in ("q", "quit"):
                    break
                try:
                    done = _do(answer, stepper, say)
                except LoopMindError as error:
                    line.clear()
                    print(f"  {error}", file=say)
                    continue
                if done == "anew":
                    decided.clear()
                elif done:
                    decided[name] = done
            changed = session.history().head.id != first
            if changed:
                session.render(documents=True)
        line.clear()
    return {"changed": changed, "sections": decided}


def _asked(say: TextIO) -> str | None:
    """The next answer, None at the end of the input."""
    print("  > ", end="", file=say, flush=True)
    text = sys.stdin.readline()
    if not text:
        print(file=say)
        return None
    if not sys.stdin.isatty():
        print(text.strip(), file=say)
    return text.strip()


def _do(answer: str, stepper: Stepper, say: TextIO) -> str:
    """Do what was answered; what was decided of the section, "" where it stays open.

    Where that makes another song, so that all sections are open again, it is "anew".
    """
    word, _, rest = answer.lower().partition(" ")
    if word in ("", "y", "yes", "ok", "accept"):
        stepper.accept()
        return "accepted"
    if word in ("l", "lock"):
        if stepper.locked:
            stepper.unlock()
            print("  unlocked", file=say)
            return ""
        stepper.lock()
        return "locked"
    if word in ("b", "back"):
        if not stepper.back():
            print("  this is the first section", file=say)
        return ""
    if word in ("u", "undo"):
        stepper.session.undo()
        print("  undone", file=say)
        return ""
    if word in ("n", "another", "next"):
        made = stepper.another(tuple(rest.replace(",", " ").split()))
        if made is None:
            print("  nothing comes out here that was not proposed before", file=say)
        else:
            print("\n".join(f"  {said}" for said in made.told), file=say)
        return ""
    if word in ("p", "play"):
        stepper.session.render()
        print(f"  rendered in {stepper.session.path.parent}", file=say)
        return ""
    if word in ("?", "h", "help"):
        print(HELP, file=say)
        return ""
    return _wish(answer, stepper, say)


def _wish(answer: str, stepper: Stepper, say: TextIO) -> str:
    """Plain words, read as `edit` and `chat` read them; "anew" where they make another song."""
    from loopmind.assistant import Memory, read
    from loopmind.assistant.macro_values import known_macros
    from loopmind.assistant.macros import heard
    from loopmind.assistant.values import ListParts
    from loopmind.commands._talk import macro_lines
    from loopmind.music.edit import SetMacro

    session = stepper.session

    def read_song(text: str, memory: Memory) -> Reading:
        return read(text, session.draft, session.crate, memory)

    reading = heard(answer, Memory(), lambda: known_macros(session.document()), read_song)
    before = session.draft.song
    said: list[str] = []
    if reading.edits and reading.question is None:
        said += session.apply(reading.edits, answer).told
    elif reading.question is not None:
        said.append(reading.question.text)
    said += reading.notes
    for action in reading.actions:
        if isinstance(action, ListParts) and action.what == "macros":
            said += macro_lines(session, action.names)
    song, anew = session.draft.song, any(isinstance(edit, SetMacro) for edit in reading.edits)
    anew = anew and (song.sections, song.clips) != (before.sections, before.clips)
    if anew:
        said.append("every section is another one now, so here they are from the first")
        while stepper.back():
            pass
    lines = said or ["not understood; ? tells what can be answered"]
    print("\n".join(f"  {line}" for line in lines), file=say)
    return "anew" if anew else ""


def proposal(draft: Draft, stepper: Stepper) -> list[str]:
    """The section at hand in words: where it lies, who plays, what is done in it."""
    section = stepper.section
    assert section is not None
    number, count = stepper.number
    song, bar = draft.song, draft.song.beats_per_bar
    start, end = section.start_bar * bar, (section.start_bar + section.bars) * bar
    minutes, seconds = divmod(round(start * 60.0 / song.bpm), 60)
    locked = ", locked" if draft.is_locked("section", section.name) else ""
    lines = [
        f"{number}/{count} {section.name}: bars {section.start_bar + 1} to "
        f"{section.start_bar + section.bars}, from {minutes}:{seconds:02d}, "
        f"energy {section.energy:.2f}{locked}"
    ]
    for track in song.tracks:
        clips = [c for c in song.clips if c.track == track.id and start <= c.start_beat < end]
        if not clips:
            continue
        first = min(clip.start_beat for clip in clips)
        rests = sum(length for clip in clips for _, length in clip.silences)
        treated = sorted({c.treatment for c in clips if c.treatment != "plain"})
        said = []
        if first > start:
            said.append(f"enters in bar {int((first - start) // bar) + 1}")
        if rests:
            said.append(f"rests for {rests:g} beat{'s' if rests != 1.0 else ''}")
        said += [treatment.replace("_", " ") for treatment in treated]
        lines.append(f"    {track.name}" + (f": {', '.join(said)}" if said else ""))
    return lines
