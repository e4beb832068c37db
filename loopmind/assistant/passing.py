"""What is said in passing: about oneself, about what is wrong, about tracks that are not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loopmind.assistant.account import Read
from loopmind.assistant.clauses import Clause
from loopmind.assistant.contents import touched_by
from loopmind.assistant.lexicon import REMARKS, VERBS
from loopmind.assistant.lexicon_harmless import EVERYDAY, HARMLESS
from loopmind.assistant.outcome import Outcome
from loopmind.assistant.senses import Token
from loopmind.assistant.values import Choice, Question
from loopmind.assistant.what_shows import aspects
from loopmind.assistant.world import World
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.form import add_section
from loopmind.music.edit import (
    AddSection,
    AddTrack,
    Edit,
    SetEnergy,
    SetLayers,
    SetLock,
    SoloTracks,
    SwapSound,
)


def stood_in(clause: Clause, outcome: Outcome, read: Read) -> Outcome:
    """Each choice of another track for one that is missing, with what it leads to."""
    assert outcome.question is not None
    choices = []
    for choice in outcome.question.choices:
        tokens = [
            Token("track", f"@{choice.label}", choice.label)
            if (t.kind == "track" and t.text in outcome.missing.split())
            or t.text == outcome.missing
            else t
            for t in clause.tokens
        ]
        again = read(replace(clause, tokens=tokens))
        if again is not None and again.edits:
            choices.append(Choice(choice.label, again.edits))
    if not choices:
        return Outcome(notes=(f"nothing in the song is called {outcome.missing}",))
    return Outcome(question=Question(outcome.question.text, tuple(choices)))


_QUALITIES = frozenset(
    {"level", "size", "dist", "width", "mood", "tonadj", "fat", "energy", "tempo", "height", "part"}
)
_SLIGHT = frozenset({"filler", "sep", "degree", "too", "quant", "neg", "enough"})


def gone_on(clause: Clause, read: Read) -> Outcome | None:
    """ "too loud now", "no, quieter": of the track that was just made louder, not of the song."""
    last = clause.world.memory.edits
    tracks = clause.world.memory.tracks
    swapped = bool(last) and all(isinstance(e, SwapSound) for e in last)
    if swapped and clause.tokens[0].text == "something" and len(clause.tokens) > 1:
        head = [
            Token("verb", "swap", "swap"),
            Token("pron", "it", "it"),
            Token("prep", "for", "for"),
        ]
        return read(replace(clause, tokens=[*head, *clause.tokens]))
    kinds = {t.kind for t in clause.tokens} - {"verb"}
    if not (last and tracks and kinds & _QUALITIES) or not kinds <= _QUALITIES | _SLIGHT:
        return None
    if clause.acts and not clause.lemmas <= {"be", "make", "sound"}:
        return None
    head = [Token("pron", "it", "it"), Token("verb", "be", "is")]
    if not clause.has("too"):
        head = [Token("verb", "make", "make"), Token("pron", "it", "it")]
    kept = [t for t in clause.tokens if t.kind != "verb"]
    found = read(replace(clause, tokens=[*head, *kept]))
    if found is None or not found.edits:
        return None
    same = {a for e in found.edits for a in aspects(e)} == {a for e in last for a in aspects(e)}
    aimed = {getattr(e, "track", "") for e in found.edits}
    if all(isinstance(e, (SwapSound, AddTrack)) for e in last) and aimed <= set(tracks):
        return found  # a sound that is new: "too bright", "a bit louder"
    return found if same and aimed <= {getattr(e, "track", "") for e in last} - {""} else None


def only_told(clause: Clause) -> bool:
    """ "I play sax", "there is no snare": told in passing, nothing is asked for."""
    tokens = [t for t in clause.tokens if t.kind not in ("sep", "degree")]
    for at, token in enumerate(tokens[:-1]):
        if token.text in ("i", "we", "he", "she", "they") and tokens[at + 1].kind == "verb":
            lemma = tokens[at + 1].value
            asked = at > 0 and tokens[at - 1].text in ("could", "can", "should", "must", "may")
            return (
                not asked
                and lemma not in _WISHING
                and not VERBS.get(lemma)
                and not clause.has("too")
                and not clause.has("neg")
            )
    said = [t for t in tokens if t.kind not in ("filler", "only", "det", "ord")]
    if tokens and tokens[0].kind == "det" and len(said) > 1 and said[0].text in EVERYDAY:
        strange = said[1].kind == "unknown" and said[1].text not in HARMLESS
        return strange or (said[1].kind == "verb" and not VERBS.get(said[1].value))
    texts = [t.text for t in clause.tokens]
    return texts[:3] == ["there", "is", "no"] or texts[:2] == ["there", "no"]


_WISHING = frozenset(
    {
        "want",
        "need",
        "like",
        "love",
        "go",
        "have",
        "get",
        "hear",
        "feel",
        "try",
        "do",
        "be",
        "make",
        "use",
        "add",
        "take",
        "prefer",
        "keep",
        "let",
        "give",
        "put",
        "change",
        "start",
        "end",
        "begin",
        "open",
        "finish",
        "close",
        "think",
    }
)


_WANTING = frozenset({"want", "need", "like", "love", "keep", "leave", "hear", "prefer"})
_TAKEN = frozenset({"deltrack", "mute", "layers"})


def only_contrasts(clause: Clause | None, edits: Sequence[Edit], before: Sequence[Edit]) -> bool:
    """ "lose the melody but leave the harmony", "mute the drums, I only want the bass".

    What stays is only told beside what goes: nothing is locked or heard alone for it.
    """
    taken = {a for e in before for a in aspects(e)}
    if clause is None or not edits:
        return False
    if not before or not taken <= _TAKEN or any(getattr(e, "add", ()) for e in before):
        return False
    if any(getattr(e, "only", ()) for e in before) or clause.has("asis") or clause.has("neg"):
        return False
    if clause.has("part", "alone") or clause.word("untouched", "unchanged", "same"):
        return False
    locked = all(isinstance(e, SetLock) and e.locked for e in edits)
    alone = all(isinstance(e, SoloTracks) and e.tracks for e in edits)
    if not (locked and clause.lemmas <= {"keep", "leave"}) and not (
        alone and clause.lemmas <= _WANTING
    ):
        return False
    return not touched_by(edits) & touched_by(before)


@dataclass(frozen=True)
class Remainder:
    """What was not understood. names: tracks and sections in it; told: whether it only tells.

    personal: whether it begins with a person; figures: whether it holds an amount.
    """

    said: str
    names: frozenset[str]
    told: bool
    personal: bool
    figures: bool


def remainder(clause: Clause) -> Remainder | None:
    """The words of a clause that nothing came of; None where they ask for nothing."""
    content = [t for t in clause.tokens if t.kind not in ("filler", "sep", "det", "prep", "pron")]
    if not content:
        return None
    words = [t.text for t in clause.tokens if t.kind not in ("sep",)]
    if all(t.text in REMARKS or t.kind in ("too", "degree", "wh") for t in content):
        return None
    remark = clause.copular and not clause.wished and not clause.has("too")
    if remark or clause.lemmas & {"love", "like", "dig"} or clause.word("hate", "dislike"):
        return None
    names = {i for r in clause.tracks for i in r.ids}
    names |= {n for r in clause.sections for n in r.names}
    first = next((t for t in clause.tokens if t.kind != "filler"), content[0])
    personal = words[0] in _SOMEBODY
    exact = any(t.kind in _EXACT for t in content)
    told = first.kind in _ABOUT or personal or clause.copular
    told = told and not (clause.does or clause.wished or exact)
    exact &= not (personal and telling(clause))  # "my knees can not do 140"
    figures = exact and any(t.kind != "key" for t in content if t.kind in _EXACT)
    return Remainder(" ".join(words), frozenset(names), told or telling(clause), personal, figures)


_EXACT = frozenset({"amount", "num", "key", "ratio"})
# Who something is told of, before the wish itself.
_SOMEBODY = frozenset(
    {"my", "i", "we", "he", "she", "they", "people", "nobody", "everyone", "everybody", "someone"}
)
# What a clause begins with that says how things are, not what is to be done.
_ABOUT = frozenset(
    {"det", "track", "section", "pron", "song", "too", "source", "ord", "neg", "rest"}
)
_SUBJECTS = frozenset({"det", "track", "section", "pron", "song", "ord", "amount", "num"})
_SPEAKS = frozenset({"i", "we", "he", "she", "they", "people", "nobody", "everyone", "everybody"})
_ASKS = frozenset({"should", "must", "could", "can", "please", "shall", "may", "ought", "want",
                   "wants", "prefer", "would", "needs", "need"})  # fmt: skip


def telling(clause: Clause) -> bool:
    """Whether a clause says how something is, or is like, without asking for anything."""
    words = [t for t in clause.tokens if t.kind not in ("sep", "degree")]
    first = next((t for t in words if t.text in _SPEAKS or t.kind != "filler"), None)
    if first is None:
        return False
    if first.text in ("like", "as", "as if"):
        return True
    if not (first.kind in _SUBJECTS or first.text in _SPEAKS):
        return False
    states = any(t.kind in ("verb", "neg") for t in words)
    denied = any(t.kind == "neg" for t in words) and words[0].text in _SPEAKS | {"my"}
    asks = _ASKS - {"can", "could"} if denied else _ASKS
    return states and not any(t.text in asks for t in words)


def spared(clause: Clause, edits: Sequence[Edit]) -> list[Edit] | None:
    """The edits without those for what is not meant: "mute the drums, but not the kick".

    None where the clause is no such contrast.
    """
    kinds = [t.kind for t in clause.tokens if t.kind not in ("filler", "sep")]
    if clause.has("quant", "no") and kinds[:1] == ["quant"]:
        return _spared_layers(clause, edits) or _spared_anew(clause, edits)
    if kinds[:1] != ["neg"] or not set(kinds) <= {"neg", "track", "det", "section", "num", "ord"}:
        return None
    names = {i for r in clause.tracks for i in r.ids}
    if not names or clause.sections or not edits:
        return None
    kept = [e for e in edits if getattr(e, "track", "") not in names]
    return kept if kept and not names & touched_by(kept) else None


def _spared_layers(clause: Clause, edits: Sequence[Edit]) -> list[Edit] | None:
    """ "add the drums to the bridge, but no kick"."""
    names = {i for r in clause.tracks for i in r.ids}
    plain = {t.kind for t in clause.tokens} <= {"quant", "track", "det", "filler", "sep"}
    layers = [e for e in edits if isinstance(e, SetLayers)]
    there = {t for e in layers for t in (*e.add, *e.only)}
    if not names or not plain or len(layers) != len(edits) or not names < there:
        return None
    return [
        replace(
            e, add=tuple(t for t in e.add if t not in names),
            only=tuple(t for t in e.only if t not in names),
        )
        for e in layers
    ]  # fmt: skip


def mends(clause: Clause, before: Clause | None, edits: Sequence[Edit]) -> bool:
    """ "the kick is weak, can it knock more?": the wish says what to do about it.

    before: the clause before it; edits: what came of that.
    """
    if before is None or not before.complaint or clause.complaint:
        return False
    energy = all(isinstance(e, SetEnergy) for e in edits)
    places = {n for r in clause.sections for n in r.names}
    there = {n for r in before.sections for n in r.names}
    pointed_at = clause.has("pron") and not clause.tracks and places <= there
    if edits and ((energy and places and places <= there) or pointed_at):
        return True  # "too much going on in hook 3, take the pad out there"
    named = clause.tracks or clause.sections or clause.has("song")
    return not named and len(edits) > 0


def _spared_anew(clause: Clause, edits: Sequence[Edit]) -> list[Edit] | None:
    """ "a bridge after hook 2, but no drums": none in the new part, elsewhere as they are."""
    ids = tuple(dict.fromkeys(i for r in clause.tracks for i in r.ids))
    plain = {t.kind for t in clause.tokens} <= {"quant", "track", "det", "filler", "sep"}
    if not ids or not plain or len(edits) != 1 or not isinstance(edits[0], AddSection):
        return None
    world, name = clause.world, clause.world.fresh_name(edits[0].kind)
    try:
        after = World(add_section(edits[0], world.draft, world.crate), world.crate, world.memory)
    except EditError:  # whoever does the edit says what stands in its way
        return None
    heard = tuple(t for t in ids if name in after.plays_in(t))
    return [*edits, SetLayers(name, remove=heard)] if heard else list(edits)


def instead(clause: Clause, outcome: Outcome, before: Clause | None) -> Outcome:
    """ "the guitar does not fit, try a flute": the flute is to play what the guitar does."""
    if before is None or "add" in clause.does or before.does:
        return outcome
    ids = tuple(dict.fromkeys(r.pointed.single for r in before.tracks if r.ids))
    wrong = before.has("neg") or before.word("hate", "wrong", "sucks", "annoying", "meh")
    new = [e for e in outcome.edits if isinstance(e, AddTrack)]
    if len(ids) != 1 or not wrong or len(new) != 1 or len(outcome.edits) != 1:
        return outcome
    edit = SwapSound(
        ids[0], moods=new[0].moods, instrument=new[0].instrument or "", folder=new[0].folder,
        seed=new[0].seed,
    )  # fmt: skip
    return replace(outcome, edits=(edit,), tracks=ids)
