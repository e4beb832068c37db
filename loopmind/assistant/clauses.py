"""A request falls into clauses, each with one wish; a clause offers what frames ask of it.

Conjunctions join either wishes or nouns: a clause begins anew where a verb, a quantity or a
quality of its own stands; what leaves out its verb or its subject takes them from the one before
("vocals louder in the hooks, quieter in the verses").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from loopmind.assistant import lexicon
from loopmind.assistant.refs import SectionRef, TrackRef, section_refs, track_refs
from loopmind.assistant.senses import Token
from loopmind.assistant.world import World

_PARTICLES = frozenset({"up", "down", "out", "back", "away", "forward", "alone"})


_PREP_PARTICLES = frozenset({"in", "on", "off", "over", "through", "be"})


PREDICATES = frozenset(
    {
        "level",
        "size",
        "energy",
        "tempo",
        "width",
        "dist",
        "tonadj",
        "fat",
        "mood",
        "height",
        "timefeel",
        "style",
        "moodnoun",
        "side",
        "genre",
    }
)


@dataclass(frozen=True)
class Act:
    """One verb of a clause: its lemma, what it does with its particle, and where it stands."""

    lemma: str
    does: str
    particle: str
    at: int


@dataclass
class Clause:
    """One wish: its tokens, and those of the clause before that it takes over."""

    tokens: list[Token]
    world: World
    scope: tuple[str, ...] = ()
    inherited: Act | None = None
    subject: list[TrackRef] = field(default_factory=list)
    subject_sections: list[SectionRef] = field(default_factory=list)
    question: bool = False
    lead: Token | None = None
    place_only: bool = False
    follows: bool = False

    @cached_property
    def tracks(self) -> list[TrackRef]:
        return track_refs(self.tokens, self.world)

    @cached_property
    def sections(self) -> list[SectionRef]:
        return section_refs(self.tokens, self.world)

    @cached_property
    def acts(self) -> list[Act]:
        found = [_act(self.tokens, at) for at, t in enumerate(self.tokens) if t.kind == "verb"]
        return found or ([self.inherited] if self.inherited else [])

    @cached_property
    def does(self) -> set[str]:
        return {act.does for act in self.acts if act.does}

    @cached_property
    def lemmas(self) -> set[str]:
        return {act.lemma for act in self.acts}

    def all(self, kind: str, *values: str) -> list[Token]:
        found = [t.as_kind(kind) for t in self.tokens]
        return [t for t in found if t is not None and (not values or t.value in values)]

    def first(self, kind: str, *values: str) -> Token | None:
        """The first token whose main reading is of this kind."""
        return next(
            (t for t in self.tokens if t.kind == kind and (not values or t.value in values)), None
        )

    def has(self, kind: str, *values: str) -> bool:
        return self.first(kind, *values) is not None

    def where(self, token: Token) -> int:
        return next(i for i, t in enumerate(self.tokens) if t is token)

    def word(self, *texts: str) -> bool:
        return any(t.text in texts for t in self.tokens)

    @cached_property
    def unknown(self) -> list[str]:
        return [t.text for t in self.tokens if t.kind == "unknown"]

    def amount(self, *units: str) -> Token | None:
        return next((t for t in self.tokens if t.kind == "amount" and t.value in units), None)

    @property
    def number(self) -> Token | None:
        used = {i for ref in self.sections for i in self._numbers_of(ref)}
        return next(
            (t for i, t in enumerate(self.tokens) if t.kind == "num" and i not in used), None
        )

    def _numbers_of(self, ref: SectionRef) -> list[int]:
        """Where the numbers of a section stand: "verse 1 and 2"."""
        at = ref.at + 1
        found = []
        while at < len(self.tokens) and self.tokens[at].kind in ("num", "sep"):
            number = self.tokens[at]
            if number.kind == "num" and number.number != int(number.number):
                break
            found.append(at)
            at += 1
        return found

    @cached_property
    def degree(self) -> int:
        """-1 a bit, 0 plain, 1 much."""
        found = [t.value for t in self.tokens if t.kind == "degree"]
        if "small" in found and not any(
            t.kind == "too" and t.text.startswith("a ") for t in self.tokens
        ):
            return -1
        if any(
            t.kind == "too" and t.text in ("way too", "far too", "much too") for t in self.tokens
        ):
            return 1
        return 1 if "big" in found else 0

    @cached_property
    def wished(self) -> bool:
        """Whether it says how something should be, not how it is."""
        if self.acts and any(
            a.lemma
            in (
                "want",
                "need",
                "make",
                "give",
                "let",
                "set",
                "try",
                "use",
                "get",
                "turn",
                "keep",
                "bring",
                "put",
                "like",
                "prefer",
                "add",
                "apply",
                "go",
            )
            for a in self.acts
        ):
            return True
        return self.word(
            "should",
            "could",
            "can",
            "must",
            "needs",
            "need",
            "would",
            "wants",
            "please",
            "shall",
            "may",
            "got",
            "has",
            "make",
        )

    @cached_property
    def copular(self) -> bool:
        return bool(self.lemmas & {"be", "sound", "feel", "get", "sit"}) or self.word(
            "is", "are", "sounds", "sounding", "feels", "seems", "sound", "sits", "feel"
        )

    def sign(self, token: Token, positive: int = 1) -> int:
        """Which way a quality is wished: +1 more of it, -1 less; a complaint turns it round."""
        at = self.where(token) if any(t is token for t in self.tokens) else self.tokens.index(token)
        before = self.tokens[max(at - 4, 0) : at]
        for place, t in enumerate(reversed(before)):
            if t.kind in ("track", "section", "sep"):
                break
            if t.kind == "too" and place <= 2 and t.text not in ("so", "super"):
                return -positive
            if (
                t.kind == "quant"
                and t.value == "no"
                and self.lemmas == {"have"}
                and not self.word("should", "want", "could", "must", "would", "can")
            ):
                return positive  # "the kick has no punch"
            if t.kind == "quant" and t.value in ("less", "no"):
                return -positive
        negated = any(t.kind == "neg" for t in self.tokens[:at])
        if any(t.kind == "enough" for t in self.tokens):
            return positive
        if negated and not any(
            t.kind == "verb" and t.value in ("change", "touch") for t in self.tokens
        ):
            return -positive
        if token.comparative or any(t.kind == "quant" and t.value == "more" for t in before):
            return positive
        so = any(t.kind == "too" and t.text == "so" for t in before)
        if self.copular and not self.wished:
            return -positive
        if so and not self.lemmas & {"make"}:
            return -positive
        return positive

    @cached_property
    def complaint(self) -> bool:
        """ "the 808 is too loud": says how it is, and that it is wrong."""
        return self.copular and not self.wished


def _act(tokens: list[Token], at: int) -> Act:
    lemma = tokens[at].value
    base = lexicon.VERBS.get(lemma, "")
    for place in range(at + 1, len(tokens)):
        token = tokens[place]
        if token.kind == "verb" or (token.kind == "sep" and token.value == "hard"):
            break
        text = token.text
        if (lemma, text) not in lexicon.PARTICLE_VERBS:
            continue
        if text in _PARTICLES and token.kind == "part":
            return Act(lemma, lexicon.PARTICLE_VERBS[lemma, text], text, at)
        if text in _PREP_PARTICLES and token.kind in ("prep", "filler"):
            after = next((t for t in tokens[place + 1 :] if t.kind != "filler"), None)
            closes = after is None or after.kind in ("prep", "sep", "pron", "degree")
            opens = place == at + 1 and not _leads_to_place(tokens, place + 1)
            if closes or opens or lemma in ("fade", "roll"):
                return Act(lemma, lexicon.PARTICLE_VERBS[lemma, text], text, at)
    return Act(lemma, base, "", at)


def _leads_to_place(tokens: list[Token], at: int) -> bool:
    """Whether the noun phrase from `at` on is a section, a key or the song."""
    for token in tokens[at:]:
        if token.kind in ("section", "key", "song", "amount", "side", "num", "width", "effect"):
            return True
        if token.kind in ("track", "verb", "sep", "source"):
            return False
    return False
