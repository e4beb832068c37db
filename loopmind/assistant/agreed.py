"""Whether the two readers agree, and what is done where they do not.

The frames (reader.py) read word by word, the second reader (second.py) weighs the whole sentence.
What both find is done. What the frames doubt or do not understand is done as the second reader has
it, where that is sure. What the frames would do although the second reader finds quite another
wish becomes a question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from loopmind.assistant.clauses import Clause
from loopmind.assistant.contents import touched_by
from loopmind.assistant.doubt import confirm, is_doubt
from loopmind.assistant.kinds import EXACT, kinds_of_edits
from loopmind.assistant.likely import likely
from loopmind.assistant.limits import impossible
from loopmind.assistant.outcome import Outcome
from loopmind.assistant.second import Proposal, kinds_in, proposed
from loopmind.assistant.second_talk import talked
from loopmind.assistant.senses import Token
from loopmind.assistant.values import Question, Reading
from loopmind.assistant.world import World
from loopmind.music.edit import Edit
from loopmind.music.mix import EFFECT_KINDS

Chances = Mapping[str, float]
# Kinds that are easily told for one another and lead to much the same.
_NEAR: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "resize longer shorter",
        "tempo_set tempo_up tempo_down",
        "gain_set gain_up gain_down",
        "master_set master_up master_down gain_up gain_down ceiling",
        "layer_add layer_only solo add_track",
        "mute remove_track layer_remove",
        "solo mute layer_only",
        "swap mood",
        "energy_up mood drive_up longer",
        "energy_down mood layer_remove",
        "eq_high_up mood swap",
        "eq_low_up drive_up mood gain_up",
        "eq_mud_down eq_low_down lowcut mood",
        "eq_harsh_down eq_high_down mood highcut",
        "section_move section_repeat",
        "unmute layer_add unsolo undo",
        "reseed regenerate lock",
        "explain list history help",
        "wide_up gain_up pan_left pan_right",
        "reverb_up room_longer",
        "reverb_down room_shorter",
        "transpose_up transpose_down key",
        "compress sidechain",
        "style_tape mood style_raw style_polished",
        "automation fade_in fade_out highcut lowcut",
        "again_other swap regenerate",
    )
)
_SILENCED = frozenset({"mute", "remove_track", "layer_remove"})
_OPPOSITE = (("gain_up", "gain_down"), ("master_up", "master_down"), ("reverb_up", "reverb_down"),
             ("energy_up", "energy_down"), ("tempo_up", "tempo_down"), ("longer", "shorter"),
             ("transpose_up", "transpose_down"), ("drive_up", "drive_down"),
             ("eq_low_up", "eq_low_down"), ("wide_up", "wide_down"), ("lock", "unlock"),
             ("mood_dark", "mood_bright"), ("mood_calm", "mood_aggressive"),
             ("mood_happy", "mood_sad"))  # fmt: skip
# Words that narrow a wish down in ways that no edit can follow.
_TURNS_ROUND = frozenset(
    {"half", "halfway", "unless", "or", "either", "quarter", "if", "beat", "while", "when"}
)
UNLIKELY, POSSIBLE, HEARD_OF, LIKELY, SURE, CERTAIN = 0.1, 0.15, 0.3, 0.5, 0.75, 0.9
_ENTERS = frozenset({"enter", "start", "begin", "join", "come", "arrive"})
_NOTHING = frozenset({"nothing", "unclear", "impossible"})
# "A bit less hats", "the bridge a little slower": what is made of these alone cannot be mistaken.
_PLAINLY = frozenset(
    {"degree", "quant", "track", "prep", "section", "num", "ord", "det", "sep", "amount", "song",
     "part", "level", "tempo", "tone", "effect", "size", "pron", "filler"}
)  # fmt: skip
_PLAIN_VERBS = frozenset({"make", "mute", "unmute", "solo", "delete", "remove", "move", "turn"})
_GOES_ON = frozenset({"again_more", "again_less", "again_other", "again_same"})


def near(kind: str, chances: Chances) -> float:
    """How likely a kind of wish is, or one that is easily told for it."""
    others = {k for family in _NEAR if kind in family for k in family} | {kind}
    away = {b for pair in _OPPOSITE for a, b in (pair, pair[::-1]) if a == kind}
    return max((chances.get(k, 0.0) for k in others - away), default=0.0)


class Judge:
    """The second reader's view of one sentence: of the whole, and of its clauses."""

    def __init__(self, tokens: Sequence[Token], world: World) -> None:
        self.tokens, self.world = tokens, world
        self.chances = likely(tokens)
        self.told: dict[str, float] = {}

    def of_clause(self, clause: Clause, outcome: Outcome | None, last: bool) -> Outcome | None:
        """What becomes of one of several clauses; last: whether none follows."""
        if self.chances is None:
            return outcome
        open_yet = outcome is None or is_doubt(outcome.question)
        chances = likely(clause.tokens)
        assert chances is not None
        for kind, chance in chances.items():
            self.told[kind] = max(self.told.get(kind, 0.0), chance)
        if not open_yet and not (outcome and outcome.edits):
            return outcome
        if outcome is not None and outcome.edits:
            kinds = _plain(kinds_of_edits(outcome.edits))
            if kinds & EXACT:
                return outcome
            if any(near(k, chances) >= UNLIKELY or near(k, self.chances) >= LIKELY for k in kinds):
                return outcome
        found = proposed(clause, chances)
        if found is None or found.sure < SURE or _plain(found.kinds) <= _NOTHING:
            return outcome
        if "swap" in found.kinds and not (last or clause.does):
            return outcome  # "the guitar does not fit, try a flute": what to do comes yet
        if all(near(k, self.chances) >= POSSIBLE for k in _plain(found.kinds)):
            return impossible(clause, found.outcome) or found.outcome
        return outcome

    def of_whole(self, first: Reading, several: bool) -> Outcome | None:
        """What is to be done instead of the first reading; None where that stands.

        several: whether more than one wish was read.
        """
        chances = self.chances
        if chances is None or first.actions:
            return None
        wished = _plain(kinds_in(chances))
        if first.edits:
            return self._of_edits(first, wished, several) or self._unheard_of(first, wished)
        if is_doubt(first.question):
            assert first.question is not None
            return self._of_doubt(first.question, wished)
        if wished and wished <= _NOTHING:
            return None
        if first.question is not None:
            kinds = {k for c in first.question.choices for k in kinds_of_edits(c.edits)}
            if (
                not kinds
                or kinds & EXACT
                or any(chances.get(k, 0.0) >= POSSIBLE for k in _plain(kinds))
            ):
                return None
            return self._instead(CERTAIN)
        if first.notes:
            return None if self._known_absent() else self._instead(CERTAIN)
        talk = talked(self.tokens, self.world, chances)
        return talk if talk is not None else self._instead(SURE)

    def _of_edits(self, first: Reading, wished: frozenset[str], several: bool) -> Outcome | None:
        chances = self.chances
        assert chances is not None
        kinds = kinds_of_edits(first.edits)
        slower = kinds <= {"tempo_up", "tempo_down"} and any(
            t.kind == "timefeel" for t in self.tokens
        )  # "the bridge in half time" is not half as long
        enters = kinds <= {"layer_remove", "layer_add"} and any(
            t.kind == "verb" and t.value in _ENTERS for t in self.tokens
        )  # "the bass enters at hook 1": it is silent before
        if kinds & EXACT or slower or enters or wished & _GOES_ON:
            return None
        if _plain(kinds) <= _SILENCED and len(wished) == 1 and wished <= _SILENCED - kinds:
            return self._instead(CERTAIN)
        stray = self._stray(first.edits, wished)
        if stray:
            kept = tuple(e for e in first.edits if e not in stray)
            return Outcome(kept)
        if kinds <= kinds_of_edits(self.world.memory.edits):
            return None  # going on with what was wished for before
        exact = any(t.kind in ("num", "amount", "key") for t in self.tokens)
        least = UNLIKELY / 10.0 if exact else UNLIKELY
        weak = [k for k in _plain(kinds) if max(near(k, chances), near(k, self.told)) < least]
        half = bool(first.ignored) and not self.world.memory.edits
        if half and all(max(near(k, chances), near(k, self.told)) < LIKELY for k in _plain(kinds)):
            return self._instead(CERTAIN) or confirm(Outcome(first.edits), first.ignored)
        if not weak and not self._turned(kinds):
            asked = (
                {k for c in first.question.choices for k in kinds_of_edits(c.edits)}
                if (first.question is not None)
                else set()
            )
            if first.question is not None and asked <= kinds and wished and wished <= kinds:
                return Outcome(first.edits)
            return None
        other = None if several else self._instead(CERTAIN)
        if other is not None and other.edits:
            return other
        rivals = {k for k in wished if near(k, dict.fromkeys(kinds, 1.0)) < 1.0}
        if not rivals and max(chances.get(k, 0.0) for k in _NOTHING) < 0.3:
            return None
        return confirm(Outcome(first.edits), [])

    def _unheard_of(self, first: Reading, wished: frozenset[str]) -> Outcome | None:
        """A question where an edit is of a kind that the second reader does not find in the words.

        Sentences of people nobody had learned from: of the edits below `HEARD_OF` two thirds were
        wrong, of the others one in nine.
        """
        assert self.chances is not None
        kinds = kinds_of_edits(first.edits)
        going_on = wished & _GOES_ON or kinds <= kinds_of_edits(self.world.memory.edits)
        plain = all(t.kind in _PLAINLY or t.text in _PLAIN_VERBS for t in self.tokens)
        if kinds & EXACT or going_on or plain or first.question is not None:
            return None
        least = min((self._heard(k) for k in _plain(kinds)), default=1.0)
        return confirm(Outcome(first.edits), []) if least < HEARD_OF else None

    def sure_of(self, reading: Reading) -> float:
        """How likely the words hold every wish that was read, by the second reader; 0 to 1."""
        kinds = kinds_of_edits(reading.edits)
        if self.chances is None or kinds & EXACT:
            return 1.0
        return min((self._heard(k) for k in _plain(kinds)), default=0.0)

    def _heard(self, kind: str) -> float:
        assert self.chances is not None
        return max(near(kind, self.chances), near(kind, self.told))

    def _stray(self, edits: Sequence[Edit], wished: frozenset[str]) -> list[Edit]:
        """Edits of a kind that the whole sentence does not hold, beside those that it holds."""
        assert self.chances is not None
        by_edit = [(e, _plain(kinds_of_edits([e]))) for e in edits]
        held = {k for _, kinds in by_edit for k in kinds if self.chances.get(k, 0.0) >= LIKELY}
        exact = any(t.kind in ("num", "amount") for t in self.tokens)
        if not held or not wished or not wished <= held or exact:
            return []
        sure = {n for e, kinds in by_edit if kinds & held for n in touched_by([e])}
        there = _names(self.world)
        known = {*there, "", "master"}
        return [
            e for e, kinds in by_edit
            if getattr(e, "track", "") in known and touched_by([e]) & there <= sure and all(
                max(self.chances.get(k, 0.0), near(k, self.told)) < UNLIKELY and k != "resize"
                for k in kinds
            )
        ]  # fmt: skip

    def _of_doubt(self, question: Question, wished: frozenset[str]) -> Outcome | None:
        """A doubt about words is settled where the whole sentence tells the same wish."""
        assert self.chances is not None
        words = {w for t in self.tokens for w in t.text.split()}
        if words & _TURNS_ROUND or _heavy(question.unclear, self.tokens):
            return None
        edits = question.choices[0].edits
        kinds = kinds_of_edits(edits)
        plain = _plain(kinds)
        turned = self._turned(kinds)
        rivals = wished - plain - _NOTHING
        if (
            not rivals
            and not turned
            and _strange(question.unclear, self.tokens)
            and all(near(k, self.chances) >= POSSIBLE for k in plain)
        ):
            return Outcome(edits)
        both = all(near(k, self.chances) >= LIKELY for k in plain) and not turned
        if both and wished and all(near(k, dict.fromkeys(plain, 1.0)) >= 1.0 for k in wished):
            return Outcome(edits)
        other = self._instead(SURE)
        return other if other is not None and other.edits else None

    def _instead(self, least: float) -> Outcome | None:
        """What the second reader does with the whole sentence, if it is as sure as that."""
        assert self.chances is not None
        clause = Clause(list(self.tokens), self.world)
        found: Proposal | None = proposed(clause, self.chances)
        if found is None or found.sure < least:
            return None
        return impossible(clause, found.outcome) or found.outcome

    def _turned(self, kinds: Iterable[str]) -> bool:
        """Whether the second reader finds the very opposite."""
        chances = self.chances or {}
        return any(
            a in kinds and chances.get(a, 0.0) < 0.2 and chances.get(b, 0.0) > 0.7
            for pair in _OPPOSITE
            for a, b in (pair, pair[::-1])
        )

    def _known_absent(self) -> bool:
        named = ("none", *EFFECT_KINDS)
        return any(t.kind == "fill" or (t.kind == "effect" and t.value in named)
                   for t in self.tokens)  # fmt: skip


def _names(world: World) -> set[str]:
    return {t.id for t in world.tracks} | {s.name for s in world.sections}


def _heavy(words: Sequence[str], tokens: Sequence[Token]) -> bool:
    """Whether a part, a figure or a denial is in doubt: then only the person can tell."""
    doubted = {w for text in words for w in text.split()} if len(words) < 4 else set()
    return any(t.kind in _HEAVY and set(t.text.split()) <= doubted for t in tokens)


_HEAVY = frozenset({"track", "section", "num", "amount", "neg", "ord", "nopart", "verb"})


_NOUNS = frozenset({"track", "section", "source", "unknown", "mood", "effect", "song", "noun"})


def _strange(words: Sequence[str], tokens: Sequence[Token]) -> bool:
    """Whether the words in doubt are few and only unknown ones, which mostly tell why or how."""
    doubted = {w for text in words for w in text.split()}
    unknown = {t.text for t in tokens if t.kind == "unknown"}
    for at, token in enumerate(tokens):
        named = at > 0 and tokens[at - 1].kind == "det" and tokens[at - 1].value in ("def", "this")
        after = tokens[at + 1].kind if at + 1 < len(tokens) else ""
        if token.text in doubted and named and after not in _NOUNS:
            return False  # "make the accordion louder": whom it is about
    return 0 < len(doubted) <= 2 and doubted <= unknown


def _plain(kinds: Iterable[str]) -> frozenset[str]:
    return frozenset(k for k in kinds if not k.startswith("mood_"))
