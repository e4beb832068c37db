"""What is said beside a wish: why, what for, how somebody feels about it. It changes nothing.

Where a sentence holds a wish, a clause that only gives its reason ("because it clashes"), its
purpose ("so people can dance") or tells of somebody ("they give me a headache") is left out
before anything is read; alone it stays, and is read as what it hints at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loopmind.assistant.lexicon import VERBS
from loopmind.assistant.lexicon_harmless import EVERYDAY
from loopmind.assistant.senses import Token

_SELF = frozenset({"i", "we", "he", "she", "they", "you"})
_PEOPLE = frozenset({"people", "everybody", "everyone", "nobody", "folks", "friends", "kids"})
_MODALS = frozenset(
    {"can", "could", "will", "would", "may", "might", "should", "do", "does", "did", "am", "have",
     "has", "had", "get", "gets", "got", "is", "are", "gonna", "going"}
)  # fmt: skip
_BECAUSE = frozenset({"because", "since", "cause", "cuz", "cos", "although", "though"})
_SAID = frozenset({"says", "said", "say", "thinks", "think", "thought", "told", "tells", "tell",
                   "reckon", "reckons", "feel", "feels", "believe", "asked", "asks", "wants",
                   "want", "wish", "wishes", "hope", "need", "needs", "suggests", "suggested",
                   "prefer", "prefers", "complained", "insists", "swears"})  # fmt: skip
# Kinds of words that can stand in a clause without a wish.
_ORDINARY = frozenset(
    {"filler", "sep", "det", "pron", "unknown", "too", "degree", "prep", "neg", "wh", "again",
     "num", "enough", "song", "part", "ord", "source", "asis", "rest"}
)  # fmt: skip
_TIMES = frozenset({"seconds", "times", "steps"})


@dataclass
class _Run:
    """Tokens between signs; sign: what stands before them."""

    sign: Token | None
    tokens: list[Token]
    why: bool = False

    @property
    def words(self) -> list[Token]:
        """Without the words that only fill, save who something is told of."""
        return [
            t for t in self.tokens
            if t.text in _SELF | _MODALS or t.kind not in ("filler", "sep", "degree")
        ]  # fmt: skip


def without_asides(tokens: Sequence[Token]) -> list[Token]:
    """The tokens of a sentence without the clauses that only go along with a wish."""
    runs = _runs(tokens)
    if len(runs) < 2:
        return list(tokens)
    weights = [_weight(run.tokens) for run in runs]
    kept: list[_Run] = []
    for place, run in enumerate(runs):
        others = [weights[n] for n in range(len(runs)) if n != place]
        wished_before = any(weights[n] for n in range(place))
        before = kept[-1] if kept else None
        grounds = before is not None and _grounds(run, before)
        if (run.why and wished_before) or grounds or (any(others) and _told(run)):
            continue
        kept.append(run)
    if not kept or len(kept) == len(runs):
        return list(tokens)
    found: list[Token] = []
    for run in kept:
        if run.sign is not None and (found or run.sign.kind != "sep"):
            found.append(run.sign)
        found += run.tokens
    return found


def _runs(tokens: Sequence[Token]) -> list[_Run]:
    runs = [_Run(None, [])]
    for at, token in enumerate(tokens):
        after = tokens[at + 1 :]
        last = runs[-1]
        if token.kind == "sep":
            why = token.text in _BECAUSE or (token.text == "so that" and _purpose(after))
            runs.append(_Run(token, [], why))
        elif token.text == "so" and _purpose(after) and any(_weight(r.tokens) for r in runs):
            runs.append(_Run(Token("sep", "hard", "so"), [], True))
        elif token.text == "so" and _leads_on(last.tokens, after):
            runs.append(_Run(Token("sep", "hard", "so"), []))
        elif last.tokens and not last.why and _opens(last.tokens, token, after):
            runs.append(_Run(Token("sep", "hard", "."), [token]))
        else:
            last.tokens.append(token)
    return [r for r in runs if r.tokens]


def _purpose(after: Sequence[Token]) -> bool:
    """Whether "so" is followed by what shall come of it: "so people can dance", not a wish."""
    words = [
        t for t in after[:6] if t.kind not in ("det", "ord", "sep", "mood") and t.text != "that"
    ]
    if len(words) < 2:
        return False
    subject = words[0]
    if subject.text in _SELF | _PEOPLE or subject.kind in ("unknown", "track", "pron"):
        modal = words[1].text in _MODALS - {"should", "would"} or words[1].kind == "neg"
        return modal and not (subject.kind == "pron" and words[1].text in ("is", "gets", "has"))
    return False


def _leads_on(run: Sequence[Token], after: Sequence[Token]) -> bool:
    """ "my hands hurt so louder kick": the wish begins behind "so"."""
    told = len(run) > 1 and not _weight(run)
    kinds = ("det", "verb", "track", "section", "quant", "filler", "pron")
    return told and bool(after) and (after[0].kind in kinds or after[0].comparative)


def _opens(run: Sequence[Token], token: Token, after: Sequence[Token]) -> bool:
    """Whether a clause about somebody begins here without a sign: "please i can not sleep"."""
    following = next((t for t in after if t.kind != "degree"), None)
    before = run[-1]
    if following is None or before.kind in ("verb", "prep", "neg", "wh", "only", "det", "degree"):
        return False
    if before.text in _MODALS or before.text in ("if", "than", "as", "that", "and", "what", "like"):
        return False
    if token.value == "like" and token.kind == "prep":
        coloured = any(t.kind in _COLOURS for t in run)
        ends = next((n for n, t in enumerate(after) if t.kind == "sep"), len(after))
        return coloured and _likens([token, *after[:ends]])
    if token.text in ("i", "we"):
        denied = following.kind == "neg" or following.text in ("am", "hate", "love")
        can = following.text in ("can", "could") and len(after) > 1 and after[1].kind == "neg"
        return denied or can
    if token.text in ("they", "it", "that", "people", "nobody"):
        state = following.kind == "verb" and following.value in ("be", "get", "make", "give")
        return state and before.kind in ("part", "track", "section", "filler", "level")
    return False


def _weight(tokens: Sequence[Token]) -> bool:
    """Whether a run of tokens says anything of the song."""
    return any(not _ordinary(t) for t in tokens)


def _ordinary(token: Token) -> bool:
    if token.kind == "verb":
        return not VERBS.get(token.value)
    if token.kind == "amount":
        return token.value in _TIMES
    return token.kind in _ORDINARY


def _told(run: _Run) -> bool:
    """Whether a run only tells of somebody, of how things are, or of what was felt."""
    words = run.words
    if len(words) < 2:
        return False
    first = words[0]
    meant = first.text in _SELF and any(t.text in _PEOPLE for t in words[2:3])
    if meant and words[1].text in ("want", "need"):
        return True  # "I want people to cry"
    if _wants_space(words) or _to_find_out(words) or _likens(run.tokens):
        return True
    if any(t.text in _SAID for t in words) and _weight(run.tokens):
        return False
    if first.text in _PEOPLE and (run.sign is not None or not _weight(run.tokens)):
        return True
    if _weight(run.tokens):
        return False
    bare = first.kind == "verb" and first.text.endswith("s") and first.text != first.value
    if first.text in _SELF or bare:
        return True  # "gives me goosebumps every time"
    if first.kind == "pron" and first.text in ("it", "this", "that", "they", "these", "those"):
        lacks = words[1].value == "need" and words[2:3] and words[2].kind != "prep"
        return not lacks and any(t.kind in ("verb", "neg", "unknown") for t in words[1:])
    person = next((t for t in words if t.kind not in ("det", "ord", "mood")), None)
    mine = first.text in ("my", "our") and person is not None and person.kind == "unknown"
    return mine or (first.kind == "det" and person is not None and person.text in EVERYDAY)


def _grounds(run: _Run, before: _Run) -> bool:
    """ "lower the pad, it gets in the way": what was just to be done is right, and why."""
    words = run.words
    if len(words) < 2 or words[0].text not in ("it", "they", "that", "this"):
        return False
    state = words[1].kind == "verb" and words[1].value in ("be", "get", "make", "sound", "feel")
    wished = any(t.text in _WISHED or t.kind in ("amount", "num", "only") for t in words)
    done = [t for t in before.tokens if t.kind == "verb" and VERBS.get(t.value)]
    named = any(t.kind in ("track", "section") for t in before.tokens)
    particle = any(t.kind == "part" for t in before.tokens)
    first = next((t for t in before.tokens if t.kind != "filler"), None)
    ordered = first is not None and first.kind in ("verb", "quant")
    return state and not wished and named and ordered and bool(done or particle)


_WISHED = frozenset({"should", "must", "needs", "need", "could", "can", "wants", "please", "ought"})


def _wants_space(words: Sequence[Token]) -> bool:
    """ "my singer needs the space": why something else is to give way."""
    needs = [n for n, t in enumerate(words) if t.text in ("need", "needs", "has", "have", "gets")]
    return bool(needs) and any(
        t.text in ("space", "room") and all(x.kind == "det" for x in words[needs[0] + 1 : n])
        for n, t in enumerate(words) if n > needs[0]
    )  # fmt: skip


def _to_find_out(words: Sequence[Token]) -> bool:
    """ "I want to check the low end", "I need to hear what he plays": why, and no wish."""
    verbs = [n for n, t in enumerate(words[:3]) if t.kind == "verb" and t.value in _WANTS]
    if not verbs or not all(t.text in _SELF for t in words[: verbs[0]]):
        return False
    rest = [t for t in words[verbs[0] + 1 :] if t.kind not in ("prep", "only")]
    if len(rest) < 2:
        return False
    asked = rest[1].kind == "wh" or rest[1].text in ("if", "whether")
    return rest[0].text in _FIND_OUT or (rest[0].text in ("hear", "see", "know") and asked)


_WANTS = frozenset({"want", "need", "like", "have", "let"})
_FIND_OUT = frozenset({"check", "compare", "test", "study", "learn", "examine", "inspect"})


_COLOURS = frozenset({"mood", "energy", "fat", "tonadj", "effect", "level", "dist", "width"})
_TELLS_MORE = frozenset(
    {"fat", "tonadj", "effect", "level", "dist", "width", "genre", "style", "track", "section",
     "key", "num", "amount", "swing", "quant", "tone", "only"}
)  # fmt: skip


def _likens(tokens: Sequence[Token]) -> bool:
    """ "like the sky opening up", "as if it were 1974": a picture of what was said already."""
    words = [t for t in tokens if t.kind not in ("filler", "sep")]
    if len(words) < 2:
        return False
    opens = (words[0].kind == "prep" and words[0].value == "like") or (
        words[0].text == "as" and words[1].text in ("if", "though")
    )
    return opens and not any(t.kind in _TELLS_MORE for t in words[1:])
