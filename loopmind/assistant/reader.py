"""Plain words become edits, offline and the same every time: clause by clause, frame by frame.

A frame knows one kind of wish (frames_*.py). The first that can make sense of a clause gives its
edits, or one question where the wish has several meanings. Whatever no frame understands is told,
never guessed at.
"""

from __future__ import annotations

from dataclasses import replace

from loopmind.assistant.added import of_added
from loopmind.assistant.agreed import Judge
from loopmind.assistant.answers import answered
from loopmind.assistant.asides import without_asides
from loopmind.assistant.clauses import Clause
from loopmind.assistant.contents import touched_by
from loopmind.assistant.contrast import with_contrast
from loopmind.assistant.doubt import confirm, doubted, either, is_doubt
from loopmind.assistant.finishing import finish
from loopmind.assistant.frames import first_of
from loopmind.assistant.frames_talk import asked, whole
from loopmind.assistant.halves import Read, in_part
from loopmind.assistant.lexer import Lexed, lex, spelled
from loopmind.assistant.limits import impossible
from loopmind.assistant.normalise import tidy
from loopmind.assistant.openings import (
    ALSO,
    BARE_NO,
    DOUBTS,
    GOES_FURTHER,
    GOES_ON,
    ONLY_ASKED,
    QUESTIONS,
    REQUESTS,
    WOULD_IT,
)
from loopmind.assistant.outcome import Outcome
from loopmind.assistant.passing import (
    gone_on,
    instead,
    mends,
    only_contrasts,
    only_told,
    remainder,
    spared,
    stood_in,
    telling,
)
from loopmind.assistant.pointing import pointed
from loopmind.assistant.recall import recall
from loopmind.assistant.regrets import regretted
from loopmind.assistant.repair import put_right
from loopmind.assistant.rewording import plainly
from loopmind.assistant.settling import settled
from loopmind.assistant.splitting import split
from loopmind.assistant.together import together
from loopmind.assistant.values import (
    Action,
    Memory,
    Question,
    Reading,
)
from loopmind.assistant.world import World
from loopmind.music.draft import Draft
from loopmind.music.edit import Edit
from loopmind.music.loop import Crate

LONGEST_TEXT = 2000
MOST_ALTERNATIVES = 4


def read(text: str, draft: Draft, crate: Crate, memory: Memory | None = None) -> Reading:
    """What `text` asks for, read against a song and the talk so far.

    Never fails. memory: of the reading before; the reading carries the one for the next.
    """
    before = memory or Memory()
    text = text[:LONGEST_TEXT]
    if before.question is not None:
        choice = answered(text, before.question)
        if choice is not None:
            edits = choice.edits
            after = recall(edits, before.turn, draft, crate)
            reading = finish(
                replace(before, question=None),
                list(edits),
                list(choice.actions),
                None,
                [],
                [],
                after.tracks,
                after.sections,
            )
            if not edits and not choice.actions:
                return replace(reading, notes=("nothing was changed",), edits=())
            return reading
    now = replace(before, question=None)
    world = World(draft, crate, now)
    said = spelled(tidy(text), world.names, world.sound_words())
    if now.edits:
        said = ALSO.sub("and ", said)
    shown = plainly(REQUESTS.sub("", put_right(said, world).strip()))
    at_once = _at_once(said, shown, world, lambda said, there: _Reader(said, there).reading())
    if at_once is not None:
        return at_once
    reader = _Reader(shown, world)
    first = reader.reading()
    sure = reader.judge.sure_of(first) if reader.judge else 1.0
    return settled(said, first, sure, World(draft, crate, now), _of_command)


def _of_command(text: str, world: World) -> Reading:
    """What the frames make of a plain command."""
    said = plainly(spelled(tidy(text), world.names, world.sound_words()))
    if world.memory.edits:
        said = ALSO.sub("and ", said)
    return _at_once(said, said, world, _by_frames) or _by_frames(said, world)


def _at_once(said: str, shown: str, world: World, read: Read) -> Reading | None:
    """What is read of a sentence before its clauses are: an action, a wish for half a section.

    shown: the same in plainer words.
    """
    fixed = regretted(said, world.memory) or whole(shown, world)
    if fixed is not None:
        return finish(world.memory, [], list(fixed.actions), None, [], [], (), ())
    return in_part(shown, world, read)


def _by_frames(said: str, world: World) -> Reading:
    return _Reader(said, world)._first(lex(said, world.names, world.sound_words()))


_JUST_MEND = frozenset({"fix", "tame", "soften", "adjust", "change", "tweak", "reduce", "lower"})


class _Reader:
    """One reading in the making."""

    def __init__(self, text: str, world: World) -> None:
        self.text, self.world = text, world
        self.edits: list[Edit] = []
        self.actions: list[Action] = []
        self.question: Question | None = None
        self.notes: list[str] = []
        self.ignored: list[str] = []
        self.tracks: tuple[str, ...] = ()
        self.sections: tuple[str, ...] = ()
        self.previous: Clause | None = None
        self.unsure = False
        self.lost: list[str] = []
        self.unread: list[tuple[str, frozenset[str]]] = []
        self.steps: list[tuple[Edit, ...]] = []
        self.judge: Judge | None = None
        self.wishes = self.parts = 0
        self.last: Clause | None = None
        self.absent = False
        self.hinted: Clause | None = None
        self.asides: list[tuple[str, frozenset[str]]] = []

    def reading(self) -> Reading:
        lexed = lex(self.text, self.world.names, self.world.sound_words())
        lexed = replace(lexed, tokens=with_contrast(without_asides(lexed.tokens), self.world))
        before = self.world.memory
        self.judge = Judge(lexed.tokens, replace(self.world, memory=before))
        first = self._first(lexed)
        said_again = self.judge.of_whole(first, self.wishes > 1)
        if said_again is None:
            return first
        self.edits, self.actions = list(said_again.edits), list(said_again.actions)
        self.question, self.notes = said_again.question, list(said_again.notes)
        if not said_again.edits or set(said_again.edits) - set(first.edits):
            self.ignored = []
        self.world.memory = before
        if said_again.tracks or said_again.sections:
            self.tracks, self.sections = said_again.tracks, said_again.sections
        return self._done()

    def _first(self, lexed: Lexed) -> Reading:
        """The sentence as the frames read it."""
        asks = bool(
            WOULD_IT.match(self.text) or QUESTIONS.match(self.text) or ONLY_ASKED.match(self.text)
        )
        if (doubt := DOUBTS.match(self.text)) and not GOES_FURTHER.search(self.text, doubt.end()):
            self.notes.append("say what should change, and it is done")
            return self._done()
        clauses = split(lexed.tokens, self.world)
        self.parts = len(clauses)
        self.last = clauses[-1] if clauses else None
        touched: set[tuple[str, ...]] = set()
        for number, clause in enumerate(clauses):
            if clause.place_only and number + 1 < len(clauses):
                continue
            clause.question = asks and number == 0
            clause.follows = number == 0 and bool(GOES_ON.match(self.text))
            if BARE_NO.fullmatch(" ".join(t.text for t in clause.tokens)):
                continue
            if len(touched) > 1 and clause.has("pron") and clause.word("it") and not clause.tracks:
                # After wishes for several tracks "it" is the song.
                self.world.memory = replace(self.world.memory, tracks=(), sections=())
            if self.previous is not None and self.previous.tracks:
                clause.tokens = [
                    replace(t, kind="pron", value="it") if t.text == "this one" else t
                    for t in clause.tokens
                ]
            last = self.previous
            same = last is not None and last.has("same") and bool(self.edits)
            if same and not (clause.tracks or clause.sections) and clause.has("quant"):
                # "the same with the bridge, but more": more of what was just wished for
                self.world.memory = replace(self.world.memory, edits=tuple(self.edits))
            settled = bool(self.edits) and not self.unsure
            settled = settled and not (self.previous is not None and self.previous.complaint)
            clause = pointed(clause, self.previous, settled)
            clause = of_added(clause, self.world, self.edits, self.previous)
            self._read(clause)
            if clause.tracks:
                touched.add(tuple(i for r in clause.tracks for i in r.ids))
            self.previous = clause
        if self.hinted is not None and self.edits:
            # What is only told, and only perhaps a wish, stands behind one that is plain.
            self.question = None
            hint = " ".join(t.text for t in self.hinted.tokens)
            self.ignored.append(hint)
            self.asides.append((hint, frozenset(i for r in self.hinted.tracks for i in r.ids)))
        self._set_aside()
        if self.edits and self.question is None and not self.actions:
            self._weigh(any(t.text in ("or", "either") for t in lexed.tokens))
        return self._done()

    def _set_aside(self) -> None:
        """What only says why, beside a wish for the same parts, is not held against the wish."""
        if not self.edits or self.question is not None:
            return
        touched = touched_by(self.edits)
        for said, names in self.asides:
            if not names or names & touched:
                self.ignored = [x for x in self.ignored if x != said]

    def _weigh(self, alternatives: bool) -> None:
        """Turn the edits into a question where they are alternatives, or a figure was lost."""
        steps = [step for step in self.steps if step]
        if alternatives and len(steps) > 1:
            self.question = either(steps)
        elif alternatives and 1 < len(self.edits) <= MOST_ALTERNATIVES and self._each_of_its_own():
            self.question = either([[edit] for edit in self.edits])
        elif left := [said for said, names in self.unread if not names & touched_by(self.edits)]:
            self.question = confirm(Outcome(tuple(self.edits)), left).question
        elif self.lost and len(self.steps) == 1 and not self.tracks:
            self.question = confirm(Outcome(tuple(self.edits)), self.lost).question
        if self.question is not None:
            self.edits = []

    def _each_of_its_own(self) -> bool:
        """Whether each edit is for another track: "change the drums or the bass"."""
        tracks = [getattr(edit, "track", "") for edit in self.edits]
        return all(tracks) and len(set(tracks)) == len(tracks)

    def _done(self) -> Reading:
        now = self.world.draft.song.bpm
        return finish(
            replace(self.world.memory, bpm=now if self.edits else self.world.memory.bpm),
            together(self.edits),
            self.actions,
            self.question,
            self.notes,
            self.ignored,
            self.tracks,
            self.sections,
        )

    def _read(self, clause: Clause) -> None:
        if only_told(clause):
            self._remember(clause, None)
            return
        if self.absent and clause.has("pron") and not clause.tracks and not clause.sections:
            return  # "the harp is too loud, lower it": there is no harp
        kept = spared(clause, self.edits)
        if kept is not None:
            self.edits = kept
            return
        outcome = asked(clause, self.text)
        if outcome is None:
            outcome = gone_on(clause, first_of) or first_of(clause)
        if outcome is not None and outcome.missing:
            outcome = stood_in(clause, outcome, first_of)
        if outcome is not None:
            outcome = impossible(clause, outcome) or doubted(clause, outcome, first_of)
        if self.parts > 1 and self.judge is not None:
            outcome = self.judge.of_clause(clause, outcome, clause is self.last)
        self.absent = not (outcome and outcome.edits) and any(
            not r.ids and r.prep not in ("instead", "than") for r in clause.tracks
        )
        if outcome is not None and outcome.edits:
            if only_contrasts(clause, outcome.edits, self.edits):
                return
            if only_contrasts(self.previous, self.edits, outcome.edits):
                self.edits, self.steps = [], []  # "keep the chords but lose the melody"
        if outcome is not None and (outcome.edits or outcome.actions):
            self.wishes += 1
        if outcome is not None and outcome.edits:
            outcome = outcome if self.edits else instead(clause, outcome, self.previous)
        if outcome is not None and outcome.edits and clause.has("pron") and self.unsure:
            self.question = None  # "the verse drags on, cut it": the wish tells what is to be done
        self.unsure = outcome is not None and outcome.question is not None and not self.question
        if outcome is not None and outcome.edits and mends(clause, self.previous, self.edits):
            if clause.lemmas & _JUST_MEND and self.edits:
                return
            self.edits = []
        if outcome is None:
            if not (clause.lemmas & _JUST_MEND and self.edits):
                self._not_understood(clause)
        else:
            self.edits += outcome.edits
            if outcome.edits:
                self.steps.append(outcome.edits)
            # "That was better before, put it back" says one thing twice.
            self.actions += [a for a in outcome.actions if a not in self.actions]
            self.notes += outcome.notes
            if outcome.question is not None and self.question is None:
                self.question = outcome.question
                told = is_doubt(outcome.question) and telling(clause)
                self.hinted = clause if told else None
        self._remember(clause, outcome)

    def _remember(self, clause: Clause, outcome: Outcome | None) -> None:
        tracks = outcome.tracks if outcome else ()
        sections = outcome.sections if outcome else ()
        if not tracks:
            tracks = tuple(dict.fromkeys(i for r in clause.tracks for i in r.ids))
        if not sections:
            named = [r for r in clause.sections if not r.positional]
            sections = tuple(dict.fromkeys(n for r in named for n in r.names))
        if clause.tracks:
            self.world.mention = clause.tracks[-1].word
        if tracks or sections:
            self.tracks, self.sections = tracks, sections
            self.world.memory = replace(self.world.memory, tracks=tracks, sections=sections)

    def _not_understood(self, clause: Clause) -> None:
        """Say which words remained, unless they ask for nothing."""
        rest = remainder(clause)
        if rest is None:
            return
        self.ignored.append(rest.said)
        if rest.told:
            self.asides.append((rest.said, rest.names))
        if rest.names and not (rest.personal or telling(clause)):
            self.unread.append((rest.said, rest.names))
        if rest.figures:
            self.lost.append(rest.said)
