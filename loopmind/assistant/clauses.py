"""A request falls into clauses, each with one wish; a clause offers what frames ask of it.

Conjunctions join either wishes or nouns: a clause begins anew where a verb, a quantity or a
quality of its own stands; what leaves out its verb or its subject takes them from the one before
("vocals louder in the hooks, quieter in the verses").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from loopmind.assistant import lexicon
from loopmind.assistant.lexer import Token
from loopmind.assistant.refs import SectionRef, TrackRef, section_refs, track_refs
from loopmind.assistant.world import World

_GLUE = frozenset({"be", "want", "need", "have", "get", "go", "let", "like", "love", "feel",
                   "sound", "make", "give", "do", "hear", "come", "tell", "try", "think"})  # fmt: skip
_PARTICLES = frozenset({"up", "down", "out", "back", "away", "forward", "alone"})
_PREP_PARTICLES = frozenset({"in", "on", "off", "over", "through", "be"})
PREDICATES = frozenset({"level", "size", "energy", "tempo", "width", "dist", "tonadj", "fat",
                        "mood", "height", "timefeel", "style", "moodnoun", "side", "genre"})  # fmt: skip


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
        return next((t for t in self.tokens if t.kind == kind
                     and (not values or t.value in values)), None)  # fmt: skip

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
        used = {i for ref in self.sections for i in range(ref.at, ref.at + 4)}
        return next((t for i, t in enumerate(self.tokens)
                     if t.kind == "num" and i not in used), None)  # fmt: skip

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
        return self.word("should", "could", "can", "must", "needs", "need", "would", "wants",
                         "please", "shall", "may", "got", "has", "make")  # fmt: skip

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
        if negated and not any(t.kind == "verb" and t.value in ("change", "touch")
                               for t in self.tokens):  # fmt: skip
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


def _has_head(tokens: list[Token]) -> bool:
    return any(
        t.kind == "verb" or t.as_kind("noun") is not None and t.value.startswith("fade")
        for t in tokens
    )


def _starts_wish(tokens: list[Token]) -> bool:
    first = next(
        (
            t
            for t in tokens
            if t.kind not in ("filler", "sep", "only")
            and not (t.kind == "prep" and t.value == "with")
        ),
        None,
    )
    if first is None:
        return False
    if first.kind == "quant":
        return True
    if first.kind in ("amount", "key", "timefeel", "same", "wh", "asis"):
        return True
    return first.kind == "neg"


def _predicate(tokens: list[Token]) -> Token | None:
    """A quality that stands behind its noun, or alone: "hats down", "quieter in the verses"."""
    nouns = [i for i, t in enumerate(tokens)
             if t.kind in ("track", "section", "song", "pron", "effect")]  # fmt: skip
    for at, token in enumerate(tokens):
        if token.kind in PREDICATES or token.kind == "part" or token.kind == "quant":
            following = [i for i in nouns if i > at]
            clear = (
                all(
                    t.kind in ("prep", "det", "ord", "filler", "degree")
                    for t in tokens[at + 1 : following[0]]
                    if t.kind not in PREDICATES
                )
                if following
                else True
            )
            prep_between = (
                any(t.kind == "prep" for t in tokens[at + 1 : following[0]]) if following else True
            )
            if not following or (clear and prep_between):
                return token
    return None


def split(tokens: list[Token], world: World) -> list[Clause]:
    """The clauses of a request."""
    pieces = _pieces(tokens)
    clauses: list[Clause] = []
    scope: tuple[str, ...] = ()
    pending: list[Token] = []
    for opener, piece in pieces:
        piece = [*pending, *piece]
        pending = []
        if not any(t.kind not in ("filler", "sep", "degree", "too") for t in piece):
            # "a bit more": degree alone carries meaning only with a quantity
            continue
        clause = Clause(piece, world, scope)
        if _only_place(clause):
            names = tuple(n for ref in clause.sections for n in ref.names)
            if clauses and opener in ("and", ",", "") and _wants_more_places(clauses[-1], clause):
                _extend(clauses[-1], piece)
                continue
            if not any(r.open and not r.names for r in clause.sections):
                scope = names
                clause.place_only = True
                clauses.append(clause)
                continue
        if clauses and opener in ("and", ",", "but"):
            _relate(clauses, clause, opener)
        else:
            clauses.append(clause)
    return clauses


def _extend(clause: Clause, piece: list[Token]) -> None:
    clause.tokens += [Token("sep", "and", "and"), *piece]
    for name in ("tracks", "sections", "acts", "does", "lemmas", "unknown", "degree", "wished",
                 "copular", "complaint"):  # fmt: skip
        clause.__dict__.pop(name, None)


def _only_place(clause: Clause) -> bool:
    """ "in verse 2": a place and nothing else."""
    kinds = {t.kind for t in clause.tokens}
    if any(r.positional for r in clause.sections) and any(not r.prep for r in clause.sections):
        return False
    return bool(clause.sections) and kinds <= {"prep", "det", "ord", "section", "num", "filler",
                                                "sep", "degree"}  # fmt: skip


def _wants_more_places(last: Clause, clause: Clause) -> bool:
    """Whether "and verse 2" goes on with the places of the clause before."""
    if not last.sections:
        return bool(last.tracks or last.acts) and clause.sections[0].prep != ""
    return True


def _relate(clauses: list[Clause], clause: Clause, opener: str) -> None:
    """Join `clause` to the last one, or let it stand alone with what it takes over."""
    last, tokens = clauses[-1], clause.tokens
    if _has_head(tokens) or _starts_wish(tokens):
        if clause.tracks or clause.sections or clause.has("song") or clause.has("pron"):
            clauses.append(clause)
            return
        clause.subject, clause.subject_sections = last.tracks or last.subject, last.sections
        clauses.append(clause)
        return
    predicate = _predicate(tokens)
    if predicate is not None and not clause.tracks:
        clause.subject = last.tracks or last.subject
        if clause.sections:
            clause.subject_sections = []
        else:
            clause.subject_sections = last.sections or last.subject_sections
        clause.inherited = next(
            (a for a in last.acts if a.lemma in ("make", "be", "turn", "get", "set", "sound")), None
        )
        clauses.append(clause)
        return
    if (predicate is not None and last.tracks and clause.tracks and not clause.sections
            and not last.does and not any(
                t.kind in PREDICATES or t.kind in ("quant", "part", "effect", "tone", "other", "same")
                for t in last.tokens)
            and last.lemmas <= _GLUE | {"turn", "set", "bring", "push", "keep", "put"}
            and opener == "and"):  # fmt: skip
        _extend(last, tokens)  # "make the kick and the snare punchier"
        return
    if predicate is not None:
        clause.inherited = next((a for a in last.acts if a.lemma in ("make", "be")), None)
        clauses.append(clause)
        return
    own_place = any(r.prep for r in clause.sections)
    if (last.tracks and clause.tracks and opener == "and" and not clause.sections and not last.does
            and not any(t.kind in PREDICATES or t.kind in ("quant", "part", "effect", "tone", "other",
                                                           "same") for t in last.tokens)
            and last.lemmas <= _GLUE | {"turn", "set", "bring"}):  # fmt: skip
        _extend(last, tokens)
        return
    colour = any(t.kind in PREDICATES for t in tokens) and not clause.has("genre")
    if colour and (clause.sections or clause.tracks):
        doing = next(
            (a for a in last.acts if a.does in ("add", "swap", "remove", "mute", "solo")), None
        )
        clause.inherited = doing
        if not (doing and doing.does == "swap"):
            clauses.append(clause)
            return
    if clause.sections and not own_place and (clause.has("quant") or clause.has("only")):
        clauses.append(clause)
        return
    quality = bool(clause.tracks and clause.tracks[0].qualities) and not last.acts
    if clause.tracks and own_place and last.sections and last.tracks:
        clause.inherited = next(
            (a for a in last.acts if a.does), last.acts[0] if last.acts else None
        )
        clause.lead = next((t for t in last.tokens if t.kind in ("quant", "only")), None)
        clauses.append(clause)
    elif (clause.sections and clause.sections[0].prep == "" and own_place and last.sections) or (
        any(r.positional for r in clause.sections) and any(r.positional for r in last.sections)
    ):
        clause.inherited = next(
            (a for a in last.acts if a.does), last.acts[0] if last.acts else None
        )
        clauses.append(clause)
    elif quality or (clause.tracks and last.acts and clause.tracks[0].qualities and opener == ","):
        clauses.append(clause)
    elif clause.amount("bars", "db") and clause.sections:
        clause.inherited = last.acts[0] if last.acts else None
        clauses.append(clause)
    elif clause.tracks or clause.sections or clause.has("key") or clause.has("effect"):
        if clause.has("key"):
            clauses.append(clause)
        else:
            _extend(last, tokens)
    else:
        clauses.append(clause)


def _pieces(tokens: list[Token]) -> list[tuple[str, list[Token]]]:
    """Runs of tokens between separators, each with the separator in front of it."""
    pieces: list[tuple[str, list[Token]]] = []
    run: list[Token] = []
    opener = "hard"
    for place, token in enumerate(tokens):
        if token.text == "so" and run and _so_that(tokens[place + 1 :]):
            pieces.append((opener, run))
            run, opener = [], "hard"
            continue
        if (
            token.text == "but"
            and any(t.kind == "song" for t in run)
            and place + 1 < len(tokens)
            and (tokens[place + 1].kind in ("det", "track"))
            and "verb" not in [t.kind for t in tokens[place + 1 :]]
        ):
            run.append(Token("prep", "except", "but"))
            continue
        if token.kind == "sep":
            if run:
                pieces.append((opener, run))
                run = []
                opener = "but" if token.text == "but" else token.value
            elif token.value == "hard" or opener != "hard":
                opener = "but" if token.text == "but" else token.value
            continue
        if _breaks_here(run, token, tokens[place + 1 :]):
            pieces.append((opener, run))
            run, opener = [], ","
        run.append(token)
    if run:
        pieces.append((opener, run))
    return pieces


def _so_that(after: list[Token]) -> bool:
    """ "strip the bridge so the last hook hits harder": what follows is a clause of its own."""
    kinds = [t.kind for t in after if t.kind != "filler"]
    starts = bool(kinds) and kinds[0] in ("det", "ord", "track", "section", "pron", "verb")
    return starts and "verb" in kinds


def _breaks_here(run: list[Token], token: Token, after: list[Token]) -> bool:
    """Wishes that follow each other without a sign: "more bass less hats", "no pads no perc"."""
    if token.kind != "quant" or not run:
        return False
    quants = [i for i, t in enumerate(run) if t.kind == "quant"]
    nouns = [i for i, t in enumerate(run) if t.kind in ("track", "effect", "tone", "section")]
    verb = any(t.kind == "verb" and t.value not in _GLUE for t in run)
    return bool(quants and nouns and nouns[-1] > quants[0] and not verb
                and run[-1].kind not in ("prep", "degree", "verb"))  # fmt: skip
