"""A talk about one open project, as `edit` and `chat` hold it: words in, a patch told out.

Every request that changes something is one step in the history, taken back by one undo. Where the
words leave something open one question is asked; its answer is the next thing said.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loopmind.assistant import Memory, Question, Reading, recall
from loopmind.assistant import values as say
from loopmind.assistant.endpoint import Endpoint, configured, read_with_model
from loopmind.assistant.macro_values import known_macros
from loopmind.assistant.macros import heard
from loopmind.assistant.values import Action, Explain
from loopmind.commands._places import place
from loopmind.commands._project import render_now, revision_words
from loopmind.errors import LoopMindError
from loopmind.music.edit import Edit, edit_to_plain
from loopmind.music.mix import Strip

if TYPE_CHECKING:
    from loopmind.music.history import Revision
    from loopmind.runtime.project_session import ProjectSession
    from loopmind.runtime.project_work import Rendering

EXAMPLES = (
    "swap the melody for something darker",
    "more bass, and less reverb on the vocals",
    "put a delay on the melody",
    "add a drum fill before the hook",
    "add a bridge after the second hook",
    "make the intro shorter",
    "start with just drums",
    "build more into the hook",
    "turn this beat into drill",
    "tape vibe",
    "keep the drums as they are",
    "10 bpm faster",
    "why this loop?",
    "undo the last two changes",
)


def add_talk(parser: argparse.ArgumentParser) -> None:
    """Declare what `edit` and `chat` share."""
    parser.add_argument(
        "--compare",
        type=place,
        metavar="DIR",
        help="also write before.wav and after.wav, equally loud, into this folder",
    )
    parser.add_argument(
        "--no-model",
        action="store_true",
        help="ask no language model, even if one is configured (LOOPMIND_LLM_URL)",
    )


@dataclass
class Answer:
    """What came of one thing said: lines for a person, data for programs."""

    lines: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    changed: bool = False
    asked: bool = False
    understood: bool = True


class Talk:
    """A conversation about an open project."""

    def __init__(self, session: ProjectSession, args: argparse.Namespace) -> None:
        self.session, self.args = session, args
        self.endpoint: Endpoint | None = None if args.no_model else configured()
        head = session.history().head
        self.memory: Memory = recall(head.edits, head.id, session.draft, session.crate)

    @property
    def question(self) -> Question | None:
        """What was asked last and is not answered yet."""
        return self.memory.question

    def hear(self, text: str, *, dry_run: bool = False) -> Answer:
        """Read `text`, do what it asks for (or tell of it), and answer. Raises LoopMindError."""
        reading = self._read(text)
        answer = Answer(data=_as_data(text, reading))
        if dry_run:
            self._told_only(reading, answer)
        else:
            self._done(text, reading, answer)
        _close(reading, answer)
        self.memory = (
            reading.memory if not dry_run else replace(self.memory, question=reading.question)
        )
        return answer

    def _read(self, text: str) -> Reading:
        return heard(
            text, self.memory, lambda: known_macros(self.session.document()), self._read_song
        )

    def _read_song(self, text: str, memory: Memory) -> Reading:
        session = self.session
        return read_with_model(
            text, session.draft, session.crate, memory, self.endpoint, self._check
        )

    # Doing

    def _check(self, edits: Sequence[Edit]) -> None:
        self.session.preview(edits)

    def _told_only(self, reading: Reading, answer: Answer) -> None:
        for action in reading.actions:
            if isinstance(action, (say.Explain, say.ListParts, say.ShowHistory, say.Help)):
                answer.lines += self._look(action)
        going = list(reading.understood[len(reading.edits) :])
        answer.lines += [f"would {word}" for word in going if not word.startswith(("expl", "list"))]
        if reading.edits:
            before = len(self.session.draft.told)
            told = self.session.preview(reading.edits).told[before:]
            answer.lines += _patch(reading, told, "would do")
            answer.data["told"] = list(told)
        answer.data["dry_run"] = True

    def _done(self, text: str, reading: Reading, answer: Answer) -> None:
        session = self.session
        first = session.history().head
        for action in reading.actions:
            if isinstance(action, (say.Undo, say.Redo, say.Branch, say.Switch, say.Merge)):
                answer.lines.append(self._go(action))
                answer.changed = True
        if reading.edits:
            revision = session.apply(reading.edits, text)
            answer.lines += _patch(reading, revision.told, "done")
            answer.data["told"] = list(revision.told)
            answer.changed = True
        head = session.history().head
        answer.data["revision"] = head.id
        wants_sound = any(isinstance(a, say.Render) for a in reading.actions)
        if (answer.changed and head.id != first.id) or wants_sound:
            self._render(answer, wants_sound)
        if answer.changed and self.args.compare is not None and head.id != first.id:
            files = compare(session, first, head, self.args.compare)
            answer.lines.append(f"  {files[0]} and {files[1]}: before and after, equally loud")
            answer.data["compare"] = [str(file) for file in files]
        for action in reading.actions:
            if isinstance(action, (say.Explain, say.ListParts, say.ShowHistory, say.Help)):
                answer.lines += self._look(action)

    def _render(self, answer: Answer, asked: bool) -> None:
        rendering: Rendering | None
        rendering = self.session.render() if asked else render_now(self.session, self.args)
        if rendering is None:
            return
        song = rendering.out / dict(rendering.measured.files)["song"]
        answer.lines.append(f"  {song}: {rendering.measured.loudness_lufs:.1f} LUFS")
        answer.data["file"] = str(song)

    def _go(self, action: Action) -> str:
        """Undo, redo, branches."""
        session = self.session
        match action:
            case say.Undo():
                possible = len(session.history().line()) - 1
                # "undo everything" goes back as far as there is something to undo.
                count = min(action.count, max(possible, 1)) if action.count > 100 else action.count
                revision = session.undo(count)
                return f"back to revision {revision.id}: {revision_words(revision)}"
            case say.Redo():
                revision = session.redo(action.count)
                return f"forward to revision {revision.id}: {revision_words(revision)}"
            case say.Branch():
                session.branch(action.name)
                return f"now on branch {action.name}; the other one stays as it is"
            case say.Switch():
                revision = session.switch(action.name)
                return (
                    f"on branch {action.name}, revision {revision.id}: {revision_words(revision)}"
                )
            case say.Merge():
                if not action.section:
                    raise LoopMindError(
                        f"say which section to take over, as in 'take hook 2 from {action.branch}'"
                    )
                before = session.history().head.id
                revision = session.merge(action.branch, action.section)
                if revision.id == before:
                    return f"{action.section} is the same already, so nothing changes"
                return f"{'; '.join(revision.told)}"
            case _:
                raise AssertionError(f"{action} changes nothing")

    # Telling

    def _look(self, action: Action) -> list[str]:
        session = self.session
        draft = session.draft
        match action:
            case say.Explain():
                return self._explained(action)
            case say.ShowHistory():
                from loopmind.commands._project import revision_line

                history = session.history()
                return [revision_line(step, history) for step in history.line()]
            case say.ListParts():
                return self._listed(action)
            case _:
                return [
                    "say what should be different, for example:",
                    *(f"  {x}" for x in EXAMPLES),
                    f"  (the song has {', '.join(s.name for s in draft.song.sections)}; "
                    f"it plays {', '.join(t.id for t in draft.song.tracks)})",
                ]

    def _names(self) -> dict[str, str]:
        return {r.digest: Path(r.path).stem for r in self.session.project.references}

    def _explained(self, action: Explain) -> list[str]:
        from loopmind.compose.tell import section_lines, tell_section, tell_song, track_lines

        draft = self.session.draft
        if action.about == "changes":
            head = self.session.history().head
            if head.kind == "generated":
                return ["nothing was changed yet; this is the song as it was made"]
            return [f"the last change was {revision_words(head)}"]
        if action.about == "section" and action.section:
            return section_lines(tell_section(draft, self._names(), action.section))
        song = tell_song(draft, self._names())
        tracks = [t for t in song.tracks if t.track == action.track]
        if tracks:
            heard = [_effects(s) for s in draft.mix.strips if s.track == action.track and s.effects]
            return track_lines(tracks[0]) + heard
        if action.about == "sound":
            return [line for track in song.tracks for line in track_lines(track)[:2]]
        if action.about == "mix":
            return [
                f"mix: {draft.mix.style}, {draft.mix.master.target_lufs:g} LUFS",
                *(
                    f"  {s.track}: {s.why}" + (f"; {_effects(s)}" if s.effects else "")
                    for s in draft.mix.strips
                ),
            ]
        target = draft.mix.master.target_lufs
        return [f"{song.title}: {song.facts}, mixed {draft.mix.style} to {target:g} LUFS"]

    def _listed(self, action: say.ListParts) -> list[str]:
        what = action.what
        draft, history = self.session.draft, self.session.history()
        if what == "sections":
            return [
                f"{s.name}: {s.bars} bars, energy {round(100 * s.energy)} %"
                + (f", {s.bpm:g} bpm" if s.bpm else "")
                for s in draft.song.sections
            ]
        if what == "locks":
            return [f"{x.kind} {x.name}" for x in draft.locks] or ["nothing is locked"]
        if what == "macros":
            return macro_lines(self.session, action.names)
        if what == "branches":
            return [f"{'*' if n == history.current else ' '} {n}" for n in history.branches]
        names = self._names()
        chosen = {c.slot: names.get(c.picked.digest, "") for c in draft.palette.choices}
        if what == "sounds":
            return [f"{slot}: {name}" for slot, name in chosen.items() if name]
        return [f"{t.id}: {t.instrument}" for t in draft.song.tracks]


def macro_lines(session: ProjectSession, names: Sequence[str] = ()) -> list[str]:
    """Macros of the project's graph (all without `names`): where each stands and what it does."""
    from loopmind.graph.schema import graph_from_plain
    from loopmind.runtime.project_macros import shown

    macros = graph_from_plain(session.document()).macros.values()
    return [
        f"{m.control.name}: {shown(m.position)} ({m.control.expected()})"
        + (f"; {m.control.help}" if m.control.help else "")
        for m in macros
        if not m.control.type.startswith("edit") and (not names or m.control.name in names)
    ] or ["the project's graph has no macros"]


def _effects(strip: Strip) -> str:
    """The effects of a strip in words: "with echo 35 %, chorus 50 %"."""
    return "with " + ", ".join(f"{e.kind} {round(100 * e.amount)} %" for e in strip.effects)


def _patch(reading: Reading, told: Sequence[str], word: str) -> list[str]:
    """The patch: each edit as it was understood, and what it did and why."""
    lines = []
    for number, (short, long) in enumerate(zip(reading.understood, told, strict=False), 1):
        mark = f"{number}. " if len(told) > 1 else ""
        lines.append(f"{mark}{short}" if word == "done" else f"{mark}{word}: {short}")
        lines.append(f"   {long}")
    return lines


def _close(reading: Reading, answer: Answer) -> None:
    """What was not understood, cannot be done, or is still to be answered."""
    answer.lines += [f"note: {text}" for text in reading.notes]
    answer.lines += [f"not understood: {words}" for words in reading.ignored]
    answer.understood = not reading.ignored
    if reading.question is not None:
        answer.asked = True
        answer.lines.append(reading.question.text)
        answer.lines += [f"  {n}) {c.label}" for n, c in enumerate(reading.question.choices, 1)]
    if not answer.lines:
        answer.lines.append("nothing to change in that; say what should be different, or 'help'")


def _as_data(text: str, reading: Reading) -> dict[str, Any]:
    question = reading.question
    return {
        "said": text,
        "edits": [edit_to_plain(edit) for edit in reading.edits],
        "actions": list(reading.understood[len(reading.edits) :]) if reading.actions else [],
        "understood": list(reading.understood),
        "ignored": list(reading.ignored),
        "notes": list(reading.notes),
        "question": None
        if question is None
        else {
            "text": question.text,
            "choices": [
                {"label": c.label, "edits": [edit_to_plain(e) for e in c.edits]}
                for c in question.choices
            ],
        },
    }


def compare(
    session: ProjectSession, before: Revision, after: Revision, folder: Path
) -> tuple[Path, Path]:
    """Write both songs as before.wav and after.wav, the louder one turned down to the other.

    So that what is judged is the change, not the level. Gives the two files.
    """
    import tempfile

    from loopmind.files.decode import read_audio
    from loopmind.files.encode import write_audio
    from loopmind.music.audio import Audio
    from loopmind.runtime.kernels import warm_up

    warm_up(lambda *_: None)
    sounds = []
    with tempfile.TemporaryDirectory(prefix="loopmind-compare-") as place_of:
        for revision in (before, after):
            made = session.render(
                Path(place_of) / str(revision.id), revision=revision.id, format="wav"
            )
            file = made.out / dict(made.measured.files)["song"]
            sounds.append((read_audio(file), made.measured.loudness_lufs))
    level = min(lufs for _, lufs in sounds)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, (audio, lufs) in zip(("before", "after"), sounds, strict=True):
        gain = 10.0 ** ((level - lufs) / 20.0) if lufs > -70.0 and level > -70.0 else 1.0
        quiet = Audio((audio.samples * gain).astype("float32"), audio.rate_hz)
        files.append(write_audio(folder / f"{name}.wav", quiet))
    return files[0], files[1]
