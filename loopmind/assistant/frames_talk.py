"""Frames of the talk itself: undo and redo, questions about the song, branches, rendering."""

from __future__ import annotations

import re
from typing import Any

from loopmind.assistant.clauses import Clause
from loopmind.assistant.lexicon_harmless import EVERYDAY, HARMLESS
from loopmind.assistant.outcome import Outcome, Targets, act
from loopmind.assistant.values import (
    Action,
    Branch,
    Explain,
    Help,
    ListParts,
    Merge,
    Redo,
    Render,
    ShowHistory,
    Switch,
    Undo,
)
from loopmind.assistant.world import World

ALL_CHANGES = 999


_NAME = r"[\"']?([\w][\w -]{0,40}?)[\"']?\s*(?:please)?[.!]?$"


def whole(text: str, world: World) -> Outcome | None:
    """Requests that are said in set phrases: branches, help, history."""
    low = text.strip().lower()
    for pattern, make in _SET_PHRASES:
        if match := re.search(pattern, low):
            found = make(*(g.strip() for g in match.groups() if g is not None))
            return act(found)
    return None


_COUNTED = {"one": 1, "a": 1, "two": 2, "three": 3, "four": 4, "five": 5}


def _steps(count: str) -> Undo:
    return Undo(int(count) if count.isdigit() else _COUNTED[count])


_SET_PHRASES: tuple[tuple[str, Any], ...] = (
    (
        r"^(?:please |now |go |take |jump )*(\d|one|a|two|three|four|five) "
        r"(?:steps?|changes?) back\b",
        _steps,
    ),
    (
        r"^(?:please |now |can you |could you )*(?:bounce|export|render|save|write)\b.*"
        r"\b(?:wav|mp3|flac|ogg|file|disk)\b",
        Render,
    ),
    (
        r"\b(?:back|return|revert|undo|restore)\b.*\b(?:when|before) (?:i|we|you) "
        r"(?:first |ever )*(?:started|began|begun|touched anything|changed anything)\b"
        r"|^(?:please |now |ok |just )*undo (?:everything|all|it all|the lot)\b",
        lambda: Undo(ALL_CHANGES),
    ),
    (
        r"^(?:can|could|may|let) (?:i|me|we|us)(?: please)? (?:listen|hear|play)(?: to)? "
        r"(?:it|this|that|the (?:song|track|beat|result))(?: now| again| please| back)*\??$",
        Render,
    ),
    (
        r"^(?:(?:please|now|ok|and|(?:can|could) (?:you|i)|i (?:want|need) to|"
        r"i would like to|let me|let us|then|finally|just) )*(?:download|export|bounce|"
        r"save|render|print|write|get|have|"
        r"send me|give me) "
        r"(?:me |it |this |that |the |out |a |my |final |finished |whole |song |track |beat |mix |"
        r"version |of |copy |audio |result |all )*(?:as |to |in |into )?(?:a |an |my )?"
        r"(?:wav|mp3|flac|ogg|audio file|sound file|file|disk|desktop|computer)\b",
        Render,
    ),
    (
        r"\b(?:what|which|everything|all)\b.*\b(?:changed?|changes|done|edit(?:s|ed)?|did|do)\b.*"
        r"\b(?:until now|so far|up to now|till now|until here|altogether|in total|this session|"
        r"up until now|to this point|today)\b",
        ShowHistory,
    ),
    (r"^(?:let me |can i |i want to |let us )?(?:have|take) a listen\b", Render),
    (r"\bwhat (?:(?:kinds? of|sorts? of|else|all) )?(?:things )?can i (?:say|ask|tell|do)", Help),
    (
        r"\b(?:everything|all|what|whatever) (?:that )?(?:i|we)(?: have)?(?: all)? "
        r"(?:changed|done|edited)"
        r"(?: so far| up to now| until now| today)",
        ShowHistory,
    ),
    (
        r"^(?:switch|go|change|jump|move|check ?out|return)(?: me)?(?: back)? (?:over )?"
        rf"to (?:the )?branch (?:called |named )?{_NAME}",
        Switch,
    ),
    (
        rf"^(?:switch|go|change|jump|return)(?: back)? to (?:the )?{_NAME[: -len('$')]}\s+branch\b",
        Switch,
    ),
    (r"^(?:back|go back|switch back|switch|return) to (main)\b", Switch),
    (
        rf"(?:new|make a|create a|start a|open a) (?:new )?branch (?:called |named |for )?{_NAME}",
        Branch,
    ),
    (rf"^branch (?:off )?(?:as |called |named |to )?{_NAME}", Branch),
    (
        rf"save (?:this|it)(?: version)? as (?!(?:an? )?(?:wav|mp3|flac|ogg|file)\b){_NAME}",
        Branch,
    ),
    (
        r"(?:merge|take|bring|use|get) (?:the )?"
        r"((?:intro|outro|verse|hook|chorus|bridge|breakdown|drop)(?: \d+)?) (?:over )?"
        r"from (?:the )?(?:branch )?[\"']?([\w-]+)",
        lambda s, b: Merge(b, s.replace("chorus", "hook")),
    ),
    (r"(?:merge) (?:the )?(?:branch )?[\"']?([\w-]+)[\"']?$", lambda b: Merge(b, "")),
    (
        r"^(?:show |list |what are )?(?:me )?(?:the |all |all the |my )?branches\b",
        lambda: ListParts("branches"),
    ),
    (r"^(?:and |so |ok |but )?how (?:do|can|would|should|could) (?:i|we|you) (?!make|get)", Help),
    (
        r"^(?:help|\?|what can (?:i|you) (?:say|do)|what do you understand|"
        r"how do(?:es)? (?:this|it) work)",
        Help,
    ),
    (
        r"^(?:show |list |print )?(?:me )?(?:the |my |all )?(?:edit |change )?"
        r"(?:history|log|changes)(?: so far)?$",
        ShowHistory,
    ),
)


def undo(clause: Clause) -> Outcome | None:
    """Taking changes back, and bringing them back."""
    does = clause.does
    if "redo" in clause.lemmas and not (
        clause.tracks or clause.sections or clause.has("song") or clause.has("rest")
    ):
        return act(Redo(_count(clause)))
    if clause.lemmas == {"redo"} and clause.has("pron"):
        return act(Redo(_count(clause)))
    if "undo" not in does or clause.has("ratio", "0.5"):  # "take half of it back" is less
        return None
    if clause.amount("bpm") or clause.has("key") or clause.has("level"):
        return None
    back_to_the_start = clause.has("song") or clause.word("all", "beginning", "original")
    if back_to_the_start and clause.lemmas & {"undo", "revert", "go", "rollback"}:
        return act(Undo(ALL_CHANGES))
    if (clause.tracks or clause.sections) and "undo" not in clause.lemmas:
        return None
    return act(Undo(_count(clause)))


def _count(clause: Clause) -> int:
    times = clause.amount("times", "steps")
    if times is not None:
        return max(int(times.number), 1)
    if clause.number is not None:
        return max(int(clause.number.number or float(clause.number.value)), 1)
    if clause.has("ord", "both"):
        return 2
    twice = clause.first("ratio")
    if twice is not None and float(twice.value) >= 2:
        return int(float(twice.value))
    found = re.search(r"x\s?(\d+)|(\d+)\s?x", " ".join(t.text for t in clause.tokens))
    return int(found[1] or found[2]) if found else 1


def asked(clause: Clause, text: str) -> Outcome | None:
    """Questions about the song; they never change it, and others are not answered."""
    found = _asked(clause, text)
    strange = [w for w in clause.unknown if w not in HARMLESS | EVERYDAY | _ASKING]
    known = clause.tracks or clause.sections or clause.has("song")
    if found is not None and strange and not known and len(clause.unknown) > 0:
        return None
    return found


_ASKING = frozenset(
    """
    changed happened happen different difference bpm tempo key length loud genre version branch
    branches structure form arrangement layers locked locks edited edit edits minutes seconds long
    available options option alternatives alternative mean means called name names title far
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)


def _asked(clause: Clause, text: str) -> Outcome | None:
    wh = clause.first("wh")
    if wh is not None and any(
        t.kind in ("verb", "track", "section", "level") for t in clause.tokens[: clause.where(wh)]
    ):
        wh = None  # "duck the bass when the kick hits"
    if wh is not None and any(
        t.kind == "neg" or t.text in ("like", "love", "hate", "dislike", "know", "see")
        for t in clause.tokens[: clause.where(wh)]
    ):
        wh = None  # "I do not like how it turned out"
    targets = Targets(clause)
    track = (
        targets.singles()[0] if targets.singles() else (targets.tracks[0] if targets.tracks else "")
    )
    section = targets.sections[0] if targets.sections else ""
    low = text.lower()
    if wh is None and not clause.does & {"explain", "list"} and not clause.question:
        return None
    if clause.does & {"list"} and wh is None:
        return _listed(clause) or act(Explain("section" if section else "song", track, section))
    if (wh is not None and wh.value == "why") or "explain" in clause.does:
        if not track and not section and clause.world.memory.tracks:
            track = clause.world.memory.tracks[0]
        about = "sound" if track or not section else "section"
        return act(Explain("sound" if about == "sound" else "section", track, section))
    if re.search(
        r"what.*\b(?:change|changed|do|did|done|happened|different|happen|edited|edit|new)\b", low
    ) and (not re.search(r"what (?:can|should|would|could)", low)):
        return act(Explain("changes", track, section))
    if re.search(r"\b(?:other|alternatives?|options?|else)\b", low) and track:
        return act(Explain("sound", track, section))
    if section and wh is not None:
        return act(Explain("section", track, section))
    if track and wh is not None:
        return act(Explain("sound", track))
    listed = _listed(clause)
    if listed is not None and wh is not None:
        return listed
    if re.search(r"\b(?:bpm|tempo|key|long|length|genre|loud)\b", low) and not re.search(
        r"\bmean\b", low
    ):
        return act(Explain("song"))
    if re.search(r"\bmix\b", low):
        return act(Explain("mix"))
    if wh is not None and re.search(r"\bmean|difference|what (?:is|are) an?\b", low):
        return act(Help())
    if clause.question:
        return act(Explain("sound" if track else "section" if section else "song", track, section))
    return None


def _listed(clause: Clause) -> Outcome | None:
    for words, what in (
        (("sections", "section", "structure", "form", "arrangement"), "sections"),
        (("tracks", "instruments", "track", "layers"), "tracks"),
        (("sounds", "loops", "samples", "sound"), "sounds"),
        (("locks", "locked"), "locks"),
    ):
        if clause.word(*words):
            return act(ListParts(what))  # type: ignore[arg-type]
    return None


def render(clause: Clause) -> Outcome | None:
    """Writing or hearing the sound."""
    if clause.tracks or clause.sections or clause.has("only"):
        return None
    if "render" in clause.does or clause.lemmas & {"bounce"}:
        return act(Render())
    if clause.lemmas & {"play", "hear", "listen"} and (clause.has("pron") or clause.has("song")):
        plain = {"play", "hear", "listen", "let", "give"}
        if clause.lemmas <= plain and not any(
            t.kind
            in (
                "mood",
                "level",
                "energy",
                "tempo",
                "key",
                "genre",
                "amount",
                "other",
                "again",
                "part",
            )
            for t in clause.tokens
        ):
            return act(Render())
    return None


def actions_of(outcome: Outcome) -> tuple[Action, ...]:
    return outcome.actions
