"""Where a request breaks into pieces: at signs, conjunctions, and where the same is said again."""

from __future__ import annotations

from loopmind.assistant.lending import open_noun
from loopmind.assistant.senses import Token

GLUE = frozenset(
    {
        "be",
        "want",
        "need",
        "have",
        "get",
        "go",
        "let",
        "like",
        "love",
        "feel",
        "sound",
        "make",
        "give",
        "do",
        "hear",
        "come",
        "tell",
        "try",
        "think",
    }
)


def pieces_of(tokens: list[Token]) -> list[tuple[str, list[Token]]]:
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
        nouns = {"det", "ord", "track", "section", "num", "filler", "sep"}
        if (
            token.text == ":"
            and run
            and {t.kind for t in run} <= nouns
            and (any(t.kind == "track" for t in run))
        ):
            continue  # "drums: louder"
        if token.value in (",", "and") and _counts_on(run, tokens[place + 1 :]):
            run.append(token)  # "hook 2 and 3"
            continue
        if token.value in (",", "and") and open_noun(run, tokens[place + 1 :]):
            continue  # "a nastier, more distorted 808"
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


def _counts_on(run: list[Token], after: list[Token]) -> bool:
    """Whether the numbers of a section go on behind the sign."""
    if not run or run[-1].kind != "num" or not after or after[0].kind != "num":
        return False
    behind = after[1].kind if len(after) > 1 else ""
    return any(t.kind == "section" for t in run[-4:]) and behind not in ("section", "amount")


def _so_that(after: list[Token]) -> bool:
    """ "strip the bridge so the last hook hits harder": what follows is a clause of its own."""
    kinds = [t.kind for t in after if t.kind != "filler"]
    starts = bool(kinds) and kinds[0] in ("det", "ord", "track", "section", "pron", "verb")
    return starts and "verb" in kinds


def _parallel(run: list[Token], token: Token, after: list[Token]) -> bool:
    """ "hats left perc right", "darker bass brighter vocals": the same said twice over."""
    kinds = [t.kind for t in run]
    noun = token if token.kind != "det" or not after else after[0]
    signed = run[-1].kind in ("num", "amount") and run[-1].text[:1] in ("+", "-")
    if noun.kind == "track" and "track" in kinds and (run[-1].kind == "side" or signed):
        return True
    follows = bool(after) and after[0].kind == "track"
    if token.comparative and follows and run[-1].kind == "track" and run[0].comparative:
        return True
    sections = kinds[:1] == ["section"] and "quant" in kinds and run[-1].kind == "track"
    return sections and token.kind == "section"


def _breaks_here(run: list[Token], token: Token, after: list[Token]) -> bool:
    """Wishes that follow each other without a sign: "more bass less hats", "no pads no perc"."""
    if run and _parallel(run, token, after):
        return True
    if token.kind != "quant" or not run:
        return False
    quants = [i for i, t in enumerate(run) if t.kind == "quant"]
    nouns = [i for i, t in enumerate(run) if t.kind in ("track", "effect", "tone", "section")]
    verb = any(t.kind == "verb" and t.value not in GLUE for t in run)
    return bool(
        quants
        and nouns
        and nouns[-1] > quants[0]
        and not verb
        and run[-1].kind not in ("prep", "degree", "verb")
    )
