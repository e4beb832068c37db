"""A word that can be read in several ways is read as its neighbours allow."""

from __future__ import annotations

from dataclasses import dataclass, replace

from loopmind.assistant import lexicon


@dataclass(frozen=True)
class Token:
    """One word or phrase. also: further readings, as (kind, value). comparative: "darker"."""

    kind: str
    value: str
    text: str
    also: tuple[tuple[str, str], ...] = ()
    comparative: bool = False
    number: float = 0.0

    def as_kind(self, kind: str) -> Token | None:
        """This token read as `kind`, if it can be."""
        if self.kind == kind:
            return self
        value = dict(self.also).get(kind)
        return None if value is None else replace(self, kind=kind, value=value)


_NP_START = {
    "det",
    "ord",
    "pron",
    "track",
    "section",
    "mood",
    "other",
    "quant",
    "song",
    "degree",
    "num",
    "amount",
    "part",
    "rest",
    "effect",
    "tone",
    "fat",
    "source",
    "same",
    "noun",
    "folderish",
    "energy",
    "genre",
    "only",
    "level",
    "unknown",
    "style",
    "moodnoun",
    "size",
    "dist",
    "tonadj",
}


def _but_then(tokens: list[Token]) -> list[Token]:
    """ "regenerate everything but keep the drums": another wish, no exception."""
    found: list[Token] = []
    for place, token in enumerate(tokens):
        after = next((t for t in tokens[place + 1 :] if t.kind != "filler"), None)
        but = token.kind == "prep" and token.value == "except" and token.text.endswith(" but")
        if but and after is not None and after.kind == "verb":
            found += [Token("song", "song", "everything"), Token("sep", "hard", "but")]
        else:
            found.append(token)
    return found


def _ones(tokens: list[Token]) -> list[Token]:
    """ "the last hook after the second one": "one" is a section of the kind just named."""
    found: list[Token] = []
    for place, token in enumerate(tokens):
        nouns = [t for t in found if t.kind in ("section", "track")]
        last = nouns[-1] if nouns else None
        if nouns and nouns[0].kind == "section":
            last = next(t for t in reversed(nouns) if t.kind == "section")
        counted = place > 0 and tokens[place - 1].kind == "ord" and last is not None
        if counted and token.text in ("one", "ones") and last is not None:
            same = last.kind == "section" and tokens[place - 1].value not in ("oneof", "both")
            token = last if same else token
        found.append(token)
    return found


_INSIDE = {"in", "from", "of", "out of", "for", "into", "during", "after", "before", "on"}


def _left_out(tokens: list[Token]) -> list[Token]:
    """ "in all hooks except the last": a section of the kind just named."""
    found: list[Token] = []
    for place, token in enumerate(tokens):
        found.append(token)
        kinds = [t for t in found if t.kind == "section"]
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        lead = [t for t in found[-3:-1] if t.kind == "prep" and t.value == "except"]
        behind = [t for t in found[:-1] if t.kind != "det"][-1:]
        ends = after is None or after.kind == "sep"
        one = token.kind == "ord" and token.value not in ("all", "both", "oneof")
        if one and ends and kinds and not lead and behind and behind[0].text in _INSIDE:
            found.append(Token("section", kinds[-1].value, kinds[-1].value))
            continue  # "no drums in the first verse, no bass in the second"
        if token.kind == "ord" and lead and kinds and token.value not in ("all", "both"):
            if after is not None and after.text in ("one", "ones"):
                continue
            if after is None or after.kind not in ("section", "num", "amount", "track", "ord"):
                found.append(Token("section", kinds[-1].value, kinds[-1].value))
    return found


def _chorus(tokens: list[Token]) -> list[Token]:
    """ "some chorus on the pad" is the effect, "the pad in the chorus" is the section."""
    return [
        Token("effect", "chorus", t.text) if _is_effect(tokens, at) else t
        for at, t in enumerate(tokens)
    ]


def _is_effect(tokens: list[Token], at: int) -> bool:
    if tokens[at].kind != "section" or tokens[at].text != "chorus":
        return False
    before = [t for t in tokens[:at] if t.kind != "filler"]
    after = [t for t in tokens[at + 1 :] if t.kind != "filler"]
    det = before[-1] if before and before[-1].kind in ("det", "quant", "degree") else None
    if before and before[-1].kind in ("ord", "num"):
        return False
    lead = next((t for t in reversed(before) if t is not det), None)
    if lead is not None and lead.kind == "prep":
        return lead.text == "through" and any(t.kind == "track" for t in before)
    some = det is not None and det.text != "the" and det.text not in ("this", "that", "every")
    given = lead is not None and lead.kind == "track" and any(t.text == "give" for t in before)
    if given and some:
        return not after or after[0].kind in ("prep", "sep")
    if det is not None and det.text in ("some", "a bit of", "a little", "a touch of"):
        wants = lead is not None and lead.kind == "verb" and any(t.kind == "track" for t in before)
        if wants and (not after or after[0].kind in ("prep", "sep")):
            return True  # "the pad could use some chorus"
    joins = after[0].text.removesuffix(" the") if after else ""
    if joins not in ("on", "to", "off", "from"):
        return False
    noun = next((t for t in after[1:] if t.kind not in ("det", "mood")), None)
    pronoun = noun is not None and noun.kind == "pron" and det is not None and (
        det.kind != "det" or det.text == "some"
    )  # fmt: skip
    if noun is None or not (noun.kind == "track" or pronoun):
        return False
    if joins == "from":
        return any(t.kind == "verb" and t.value in ("remove", "take", "strip") for t in before)
    if joins == "to":
        return (some or det is None) and any(
            t.kind == "verb" and t.value in ("add", "apply") for t in before
        )
    named = after[0].text != joins or (len(after) > 1 and after[1].kind == "det")
    only = any(t.kind == "only" for t in tokens)
    return not only and (named or some or det is None)


def _is_drum(before: Token | None, after: Token | None) -> bool:
    """ "kick sounds boxy", but not "kick it off", "kick the guitar out"."""
    if before is not None and before.kind == "verb":
        return before.value != "make"
    return after is None or after.kind not in ("part", "pron", "det", "prep", "ord", "track")


def _how_much(token: Token | None) -> bool:
    return token is not None and token.kind == "degree"


def _tells_which(before: Token | None, after: Token | None) -> bool:
    """Whether what stands between says which one is meant, not what is to be done."""
    pointed = before is not None and before.kind == "det"
    return pointed and after is not None and after.kind in ("track", "source")


def disambiguated(tokens: list[Token]) -> list[Token]:
    """Every token in the one reading that its neighbours allow."""
    tokens = _chorus(_ones(_left_out(_but_then(tokens))))
    out: list[Token] = []
    for place, token in enumerate(tokens):
        before = next((t for t in reversed(out) if t.kind != "filler"), None)
        after = next((t for t in tokens[place + 1 :] if t.kind != "filler"), None)
        kinds = {token.kind, *dict(token.also)}
        verb = token.as_kind("verb")
        if verb is None and token.kind != "filler" and token.text in lexicon.VERBS:
            verb = replace(token, kind="verb", value=token.text, also=())
            kinds.add("verb")
        if token.kind == "only" and token.text in ("just", "only") and _how_much(after):
            token = Token("filler", token.text, token.text)  # "up just a bit"
        elif token.kind == "verb" and token.text.endswith("ed") and _tells_which(before, after):
            token = Token("unknown", token.text, token.text)  # "the chopped vocal"
        elif (
            token.text.endswith(" go")
            and token.kind == "verb"
            and after is not None
            and (
                after.kind
                in ("mood", "energy", "level", "degree", "part", "tempo", "tonadj", "quant")
            )
        ):
            token = Token("verb", "go", token.text)
        elif "section" in kinds and verb is not None:
            noun = before is not None and before.kind in (
                "det",
                "ord",
                "prep",
                "num",
                "quant",
                "mood",
                "energy",
                "amount",
                "size",
                "other",
            )
            noun = noun or (after is not None and after.kind == "num")
            if (
                before is not None
                and before.kind == "prep"
                and before.value == "to"
                and not (len(out) > 1 and out[-1].kind == "det")
            ):
                noun = False  # "the beat to drop harder"
            noun = noun or (
                token.text == "drop"
                and after is not None
                and after.kind == "prep"
                and after.value in ("after", "before")
            )
            noun = noun or (before is not None and before.kind == "track" and after is None)
            token = token.as_kind("section") if noun else verb  # type: ignore[assignment]
        elif (
            token.text in ("take", "takes")
            and after is not None
            and after.kind in ("pron", "det", "track", "ord", "section", "part", "other")
            and (before is None or before.kind in ("only", "sep", "neg", "too"))
        ):
            token = Token("verb", "take", token.text)
        elif token.text == "like" and out and out[-1].text in ("would", "might"):
            token = Token("verb", "like", token.text)
        elif (
            token.text == "right"
            and token.kind == "side"
            and after is not None
            and after.kind in ("level", "part")
            and not any(t.kind == "verb" and t.value == "pan" for t in out)
        ):
            token = Token("filler", "right", "right")
        elif token.text == "release" and after is not None and after.kind in ("amount", "tempo"):
            token = Token("unknown", "release", "release")  # of a compressor
        elif token.text == "kick" and _is_drum(before, after):
            token = Token("track", "kick", token.text)
        elif token.kind == "part" and any(t.kind == "verb" for t in out):
            pass
        elif verb is not None and token.kind != "verb":
            first = (
                before is None
                or before.kind in ("sep", "neg", "verb")
                or (before.kind in ("prep",) and before.value == "to")
            )
            object_follows = after is not None and after.kind in _NP_START
            if first and before is not None and before.kind == "verb":
                first = lexicon.VERBS.get(before.value, "") == "" and before.value not in (
                    "make",
                    "be",
                    "sound",
                    "feel",
                    "go",
                    "keep",
                    "set",
                    "get",
                    "turn",
                    "leave",
                    "need",
                    "use",
                    "play",
                    "want",
                    "give",
                    "have",
                    "run",
                )
            part_follows = after is not None and after.kind == "part" and token.kind != "track"
            object_follows = object_follows or (after is not None and after.text == "off")
            object_follows = object_follows and not (
                token.kind == "track" and after is not None and after.kind == "part"
            )
            if (
                first
                and object_follows
                and (part_follows or token.text not in lexicon.RARELY_VERBS)
            ):
                token = verb
        elif (
            token.kind == "verb"
            and token.value == "solo"
            and before is not None
            and (before.kind == "track")
        ):
            token = Token("source", "solo", token.text)  # "a sax solo"
        out.append(token)
    return out
