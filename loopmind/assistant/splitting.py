"""A request is split into clauses; what a clause leaves out it takes from the one before."""

from __future__ import annotations

import itertools

from loopmind.assistant.clauses import PREDICATES, Clause
from loopmind.assistant.lending import lend_noun, same_unit
from loopmind.assistant.lexicon import PARTICLE_VERBS
from loopmind.assistant.pieces import GLUE, pieces_of
from loopmind.assistant.senses import Token
from loopmind.assistant.world import World


def _has_head(tokens: list[Token]) -> bool:
    return any(
        t.kind == "verb" or (t.as_kind("noun") is not None and t.value.startswith("fade"))
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
    nouns = [
        i for i, t in enumerate(tokens) if t.kind in ("track", "section", "song", "pron", "effect")
    ]
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
    pieces = pieces_of(tokens)
    clauses: list[Clause] = []
    scope: tuple[str, ...] = ()
    pending: list[Token] = []
    for number, (opener, piece) in enumerate(pieces):
        piece = [*pending, *piece]
        pending = []
        if not any(t.kind not in ("filler", "sep", "degree", "too") for t in piece):
            # "a bit more": degree alone carries meaning only with a quantity
            continue
        clause = Clause(piece, world, scope)
        if clauses and opener in ("and", ",", "but") and same_unit(clauses[-1], clause):
            clauses.append(clause)
            continue
        if clauses and clause.has("only") and _only_place(clause):
            _extend(clauses[-1], _narrowing(clauses[-1], clause))
            continue
        if _place_behind(clauses, clause, opener) and number + 1 == len(pieces):
            _extend(clauses[-1], [Token("prep", "in", "in"), *piece])
            continue
        if _only_place(clause):
            names = tuple(n for ref in clause.sections for n in ref.names)
            if clauses and opener in ("and", ",", "") and _wants_more_places(clauses[-1], clause):
                _extend(clauses[-1], piece)
                continue
            if opener == "and" and _bare_place(clauses, clause):
                _extend(clauses[-1], piece)
                continue
            if not any(r.open and not r.names for r in clause.sections):
                scope = names
                clause.place_only = True
                clauses.append(clause)
                continue
        if opener == "and" and _bare_place(clauses, clause):
            clauses[-1].place_only = False
            _extend(clauses[-1], piece)
            clauses[-1].scope = ()
            scope = ()
            continue
        if clauses and opener in ("and", ",", "but"):
            _relate(clauses, clause, opener)
        else:
            clauses.append(clause)
    for clause, following in itertools.pairwise(clauses):
        lend_noun(clause, following)
    return clauses


def _extend(clause: Clause, piece: list[Token]) -> None:
    clause.tokens += [Token("sep", "and", "and"), *piece]
    for name in (
        "tracks",
        "sections",
        "acts",
        "does",
        "lemmas",
        "unknown",
        "degree",
        "wished",
        "copular",
        "complaint",
    ):
        clause.__dict__.pop(name, None)


def _only_place(clause: Clause) -> bool:
    """ "in verse 2": a place and nothing else."""
    kinds = {t.kind for t in clause.tokens}
    if any(r.positional for r in clause.sections) and any(not r.prep for r in clause.sections):
        return False
    return bool(clause.sections) and kinds <= {
        "prep",
        "det",
        "ord",
        "section",
        "num",
        "filler",
        "sep",
        "degree",
        "only",
    }


def _place_behind(clauses: list[Clause], clause: Clause, opener: str) -> bool:
    """ "mute perc, hook 1": where the wish before is to be done."""
    if not clauses or opener != "," or not _only_place(clause):
        return False
    last = clauses[-1]
    bare = all(r.prep == "" for r in clause.sections)
    return bare and bool(last.tracks and last.acts) and not (last.sections or last.scope)


def _narrowing(last: Clause, place: Clause) -> list[Token]:
    """ ", but in the bridge only": the place of the wish before, and no wish to hear it alone."""
    asks = bool(last.acts) or not all(r.ids for r in last.tracks)
    kept = [t for t in place.tokens if not (asks and t.kind == "only")]
    return kept if place.sections[0].prep else [Token("prep", "in", "in"), *kept]


def _particle_to_come(last: Clause, tokens: list[Token]) -> bool:
    """Whether the particle of the verb before stands behind the second noun."""
    if len(last.acts) != 1 or last.acts[0].particle or not last.tracks or last.sections:
        return False
    if any(t.kind == "verb" for t in tokens) or not any(t.kind == "track" for t in tokens):
        return False
    parts = [t.text for t in tokens if t.kind == "part"]
    return any((last.acts[0].lemma, part) in PARTICLE_VERBS for part in parts)


def _bare_place(clauses: list[Clause], clause: Clause) -> bool:
    """ "hook 2 and hook 3 should be bigger": the first place is half of a subject."""
    if not clauses or not clauses[-1].place_only or not clause.sections:
        return False
    first, second = clauses[-1].sections[-1], clause.sections[0]
    return first.prep == "" and second.prep == "" and second.start == 0


def _wants_more_places(last: Clause, clause: Clause) -> bool:
    """Whether "and verse 2" goes on with the places of the clause before."""
    if not last.sections:
        return bool(last.tracks or last.acts) and clause.sections[0].prep != ""
    return True


_BARE = frozenset({"track", "det", "filler"})


def _alone(clause: Clause) -> bool:
    return not clause.acts and (clause.has("only") or clause.has("part", "alone"))


def _tells_part(last: Clause) -> bool:
    """ "longer intro, drums only": what came before was about a section, and about no track."""
    placed = [r for r in last.sections if not r.positional and r.prep not in ("at", "to")]
    with_whom = all(r.prep == "with" for r in last.tracks)
    return bool(placed) and with_whom and not last.place_only


def _both_swapped(last: Clause, clause: Clause) -> bool:
    """ "swap the kick and the hats for something darker": one verb, two things, one "for"."""
    if last.does != {"swap"} or clause.acts or len(last.tracks) != 1 or not clause.tracks:
        return False
    kinds = [t.kind for t in clause.tokens if t.kind not in ("det", "filler")]
    what = [t.text for t in clause.tokens if t.kind == "prep"][:1]
    given = any(t.kind == "prep" for t in last.tokens)
    return not given and kinds[:2] == ["track", "prep"] and what in (["for"], ["with"])


def _relate(clauses: list[Clause], clause: Clause, opener: str) -> None:
    """Join `clause` to the last one, or let it stand alone with what it takes over."""
    last, tokens = clauses[-1], clause.tokens
    first = next((t for t in tokens if t.kind != "filler"), None)
    own = {"effect", "tone", "tonadj", "fat", "mood", "moodnoun", "energy", "width", "level"}
    if (
        first is not None
        and first.kind == "quant"
        and any(r.prep == "on" for r in clause.tracks)
        and not any(t.kind in own for t in tokens)
    ):
        effect = next(
            (t for t in last.tokens if t.kind in ("effect", "tone", "fat") or t.text == "drive"),
            None,
        )
        if effect is not None:  # "more reverb on the guitar but less on the vocals"
            tokens.insert(tokens.index(first) + 1, effect)
    if (
        opener == "and"
        and first is not None
        and first.kind == "quant"
        and clause.sections
        and not last.sections
        and last.tracks
        and last.tokens[0].kind == "quant"
        and last.tokens[0].value == first.value
    ):
        last.scope = tuple(n for r in clause.sections for n in r.names)  # "no X and no Y in S"
    nouns = {"det", "ord", "track", "num", "filler", "sep", "only"}
    bare = last.tracks and {t.kind for t in last.tokens} <= nouns
    states = any(
        (t.kind == "verb" and t.value in ("be", "sound", "feel"))
        or t.text in ("clash", "fight", "compete", "collide", "need", "should")
        for t in tokens
    )
    if opener == "and" and bare and clause.tracks and states and not clause.does:
        _extend(last, tokens)  # "kick and bass are fighting"
        return
    lengths = {t.kind for t in tokens} <= {"prep", "filler", "notelen", "det"}
    if lengths and clause.has("notelen") and last.has("effect"):
        _extend(last, tokens)  # "tremolo on the keys, eighth notes"
        return
    length = clause.amount("bars") is not None and not (clause.tracks or clause.sections)
    if length and last.scope and last.tracks and not last.amount("bars"):
        clauses.append(clause)  # "intro: pad only, 4 bars"
        return
    figure = {t.kind for t in tokens} <= {"prep", "filler", "amount", "degree", "part"}
    apart = clause.amount("bpm") is not None and not (
        last.has("tempo") or last.has("noun", "tempo") or last.does & {"speed", "slow"}
    )
    if figure and clause.has("amount") and not last.has("amount") and opener == "," and not apart:
        _extend(last, tokens)  # "faster, like 10 percent"
        return
    if opener == "and" and _particle_to_come(last, tokens):
        _extend(last, tokens)  # "take kick and bass out of hook 1"
        return
    if opener == "and" and _both_swapped(last, clause):
        _extend(last, tokens)
        return
    anew = _tells_part(last) and any(
        r.det in ("indef", "other") or not r.names for r in last.sections
    )
    if anew and opener == "," and clause.tracks and {t.kind for t in tokens} <= _BARE:
        _extend(last, [Token("prep", "with", "with"), *tokens])  # "a new bridge, pads and vocals"
        return
    if clause.tracks and not clause.sections and _alone(clause) and (_tells_part(last) or anew):
        if anew:
            alone = [t for t in tokens if t.kind not in ("only", "part")]
            _extend(last, [Token("prep", "with", "with"), *alone])
        else:
            clause.scope = tuple(n for r in last.sections for n in r.names)
            clauses.append(clause)
        return
    if _has_head(tokens) or _starts_wish(tokens):
        if first is not None and first.kind == "amount" and not clause.tracks and last.amount("db"):
            clause.subject = last.tracks or last.subject  # "vocals +1 dB here, -1 dB there"
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
        heads = [t.kind for t in tokens if t.kind != "filler"][:2]
        if heads[0] in PREDICATES and heads[1:] == ["pron"]:
            clauses.append(clause)  # "the hats are all over the place, calm them down"
            return
        clause.inherited = next(
            (a for a in last.acts if a.lemma in ("make", "be", "turn", "get", "set", "sound")), None
        )
        clauses.append(clause)
        return
    if (
        predicate is not None
        and last.tracks
        and clause.tracks
        and not clause.sections
        and not last.does
        and not any(
            t.kind in PREDICATES or t.kind in ("quant", "part", "effect", "tone", "other", "same")
            for t in last.tokens
        )
        and last.lemmas <= GLUE | {"turn", "set", "bring", "push", "keep", "put"}
        and opener == "and"
    ):
        _extend(last, tokens)  # "make the kick and the snare punchier"
        return
    if predicate is not None:
        clause.inherited = next((a for a in last.acts if a.lemma in ("make", "be")), None)
        clauses.append(clause)
        return
    own_place = any(r.prep for r in clause.sections)
    if (
        last.tracks
        and clause.tracks
        and opener == "and"
        and not clause.sections
        and not last.does
        and not any(
            t.kind in PREDICATES or t.kind in ("quant", "part", "effect", "tone", "other", "same")
            for t in last.tokens
        )
        and last.lemmas <= GLUE | {"turn", "set", "bring"}
    ):
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
