"""Frames of the whole: genre, key, tempo, mood, energy and locks."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_sound import seed_of
from loopmind.assistant.lexer import Token
from loopmind.assistant.outcome import Outcome, Targets, ask, done, note
from loopmind.compose.vocabulary import OPPOSITE_MOOD
from loopmind.music.edit import (
    Edit,
    Reseed,
    SetEnergy,
    SetGenre,
    SetKey,
    SetLock,
    SetTempo,
    ShiftMood,
    Transpose,
)
from loopmind.music.key import Key

TEMPO_LIMITS = (40.0, 240.0)
_FASTER = (1.03, 1.05, 1.12)
_AMOUNTS = (0.25, 0.5, 0.8)
_CROWDED = frozenset({"busy", "full", "dense", "crowded", "cluttered", "crammed", "overloaded",
                      "messy", "chaotic", "going on"})  # fmt: skip
_ENERGY = (0.08, 0.15, 0.3)


def genre(clause: Clause) -> Outcome | None:
    """ "turn this trap beat into drill"."""
    found = [t.as_kind("genre") for t in clause.tokens]
    tokens = [t for t in found if t is not None and t.kind == "genre"]
    if not tokens:
        return None
    now = clause.world.draft.song.brief.genre
    primary = [t for t in clause.tokens if t.kind == "genre"]
    mixed = [t for t in tokens if t not in primary]
    lemmas = clause.lemmas
    turned = (
        bool(clause.does & {"convert"})
        or bool(lemmas & {"turn", "flip", "convert"})
        or (clause.has("prep", "into"))
    )
    as_version = clause.word("version", "remix", "edit", "beat", "song", "track", "joint", "style",
                             "type", "genre", "tune", "banger", "instrumental", "this beat")  # fmt: skip
    like = clause.has("prep", "like")
    wants = bool(lemmas & {"make", "give", "want", "try", "go", "do", "switch", "change", "hear", "be",
                           "sound", "swap", "need", "feel", "get", "let", "like", "put", "set"})  # fmt: skip
    if clause.tracks and not turned and not _whole(clause):
        return None
    if (
        clause.sections
        or clause.has("source")
        and clause.word("loop", "loops", "sample", "samples")
    ):
        if not turned:
            return None
    targets = [t for t in (primary or []) if t.value != now] or primary
    if mixed and (turned or (as_version and not clause.has("quant"))):
        targets = [t for t in targets if t.value != now] or mixed
    if not targets:
        return None
    if not (turned or as_version or like or (wants and primary) or (not clause.acts and primary)):
        return None
    if clause.has("quant", "more") and mixed and not primary and not turned:
        return None
    if not turned and not clause.acts and len(clause.tokens) > 6 and not as_version:
        return None
    chosen = targets[-1]
    if chosen.value == now:
        return note(f"the song is {now} already")
    return done([SetGenre(chosen.value, seed_of(clause)), *_also(clause)])


def _also(clause: Clause, *, key_too: bool = True) -> list[Edit]:
    """A tempo or key that is named beside something else: "turn it into drill at 142"."""
    found: list[Edit] = []
    bpm = clause.amount("bpm")
    figure = clause.number
    if bpm is not None:
        found += _to_tempo(bpm.number).edits
    elif figure is not None and 60 <= figure.number <= 220:
        at = clause.where(figure)
        if (
            at
            and clause.tokens[at - 1].kind == "prep"
            and clause.tokens[at - 1].value in ("at", "to", "in")
        ):
            found += _to_tempo(figure.number).edits
    named = clause.first("key")
    if named is not None and key_too:
        now = clause.world.draft.song.key
        found.append(SetKey(str(Key.parse(named.value, default_mode=now.mode if now else "minor"))))
    return found


def _whole(clause: Clause) -> bool:
    """ "beat" beside a genre is the song."""
    return all(r.text in ("beat", "beats", "drum") for r in clause.tracks) or clause.has("song")


def key(clause: Clause) -> Outcome | None:
    """Keys and transposing."""
    named = clause.first("key")
    mode = clause.first("mode")
    semitones = clause.amount("semitones", "steps")
    interval = clause.first("interval")
    pitching = "pitch" in clause.does or clause.has("noun", "pitch") or clause.has("noun", "key")
    targets = Targets(clause)
    now = clause.world.draft.song.key
    if named is not None and not clause.tracks:
        found = Key.parse(named.value, default_mode=now.mode if now else "minor")
        if mode is not None:
            found = Key(found.tonic, "major" if mode.value == "major" else "minor")
        if found == now and not clause.has("neg"):
            return note(f"the song is in {found} already")
        return done([*_also(clause, key_too=False), SetKey(str(found))])
    if mode is not None and now is not None:
        wanted = [t for t in clause.tokens if t.kind == "mode"]
        first = wanted[0].value
        goal = "major" if first == "major" else "minor"
        if goal == now.mode:
            other = "minor" if goal == "major" else "major"
            if any(t.value == other for t in wanted) or clause.has("neg"):
                goal = other if clause.has("neg") else goal
        if goal == now.mode:
            return note(f"the song is in {now} already")
        return done([SetKey(str(Key(now.tonic, "major" if goal == "major" else "minor")))])
    way = 0
    if clause.has("part", "up") or clause.has("height", "up"):
        way = 1
    elif clause.has("part", "down") or clause.has("height", "down"):
        way = -1
    elif clause.does & {"raise"}:
        way = 1
    elif clause.does & {"lower"} or "drop" in clause.lemmas:
        way = -1
    if semitones is None and interval is None and pitching and clause.number is not None and way:
        steps = clause.number.number or float(clause.number.value)
        return _transposed(clause, targets, round(abs(steps)) * way)
    if semitones is not None or interval is not None:
        if semitones is not None:
            steps = semitones.number
            if semitones.value == "steps" and not (way or pitching):
                return None
            if steps < 0 or semitones.text.startswith("+"):
                way = 1 if steps > 0 else -1
        else:
            assert interval is not None
            steps = float(interval.value)
            at = clause.where(interval)
            if at and clause.tokens[at - 1].kind == "num":
                steps *= clause.tokens[at - 1].number or float(clause.tokens[at - 1].value)
        if way == 0:
            way = 1
            if "pitch" in clause.does or targets.tracks:
                return ask("Up or down?", [
                    ("up", _transposed(clause, targets, round(abs(steps))).edits),
                    ("down", _transposed(clause, targets, -round(abs(steps))).edits),
                ])  # fmt: skip
        return _transposed(clause, targets, round(abs(steps)) * way)
    if ("pitch" in clause.does or clause.has("noun", "key", "pitch")) and not clause.has("wh"):
        if len([t for t in clause.tokens if t.kind not in ("filler", "det")]) < 2:
            return None  # "key: G minor"
        if clause.unknown and not way:
            return note("say the key as 'A minor' or 'F# major'")
        choices: list[tuple[str, tuple[Edit, ...]]] = []
        for label, steps_by in (("up 1", 1), ("up 2", 2), ("down 1", -1), ("down 2", -2), ("up 12", 12),
                                ("down 12", -12)):  # fmt: skip
            if way == 0 or (steps_by > 0) == (way > 0):
                choices.append((f"{label} semitones", _transposed(clause, targets, steps_by).edits))
        return ask("By how much, or to which key?", choices)
    return None


def _transposed(clause: Clause, targets: Targets, steps: int) -> Outcome:
    if targets.trouble is not None:
        return targets.trouble
    tracks = targets.tracks if not (clause.has("song") and not clause.tracks) else ()
    if not tracks:
        return done([Transpose(steps)])
    return done((Transpose(steps, t) for t in tracks), tracks=tracks)


def tempo(clause: Clause) -> Outcome | None:
    """Faster, slower, and exact tempi."""
    bpm = clause.amount("bpm")
    feel = clause.first("timefeel")
    quality = clause.first("tempo")
    noun = clause.first("noun", "tempo")
    song = clause.world.draft.song
    does = clause.does
    percent = clause.amount("percent")
    figure = clause.number if not (clause.sections or clause.tracks) else None
    if does & {"fade_in", "fade_out"} or clause.has("noun", "fadein", "fadeout"):
        return None
    if clause.tracks and not bpm and not noun and "speed" not in does:
        return None
    if clause.has("part", "back") and bpm is None:
        return None
    if feel is not None:
        return done([SetTempo(None, float(feel.value))])
    way = 0
    if quality is not None:
        way = clause.sign(quality) * (1 if quality.value == "fast" else -1)
        if quality.text in ("dragging", "draggy", "sluggish", "rushed") and not clause.lemmas & {
            "make"
        }:
            way = -1 if quality.value == "fast" else 1
    elif "speed" in does or (noun is not None and (does & {"raise"} or clause.has("part", "up") or
                                                   clause.word("pick", "increase"))):  # fmt: skip
        way = 1
    elif "slow" in does or (noun is not None and (does & {"lower"} or clause.has("part", "down"))):
        way = -1
    elif clause.word("picked", "pick") and clause.word("pace"):
        way = 1
    elif bpm is not None and (does & {"raise", "lower"} or clause.has("part", "up", "down")):
        way = 1 if ("raise" in does or clause.has("part", "up")) else -1
    elif bpm is not None and clause.has("quant", "more", "less"):
        way = 1 if clause.has("quant", "more") else -1
    if (
        bpm is None
        and noun is None
        and way == 0
        and figure is not None
        and not clause.has("effect")
    ):
        at = clause.where(figure)
        before = clause.tokens[at - 1] if at else None
        alone = all(
            t.kind in ("filler", "num", "prep", "pron", "song", "verb", "same")
            for t in clause.tokens
        )
        if (
            60 <= figure.number <= 220
            and alone
            and (before is None or before.kind in ("prep", "pron", "filler"))
        ):
            return _to_tempo(figure.number)
        return None
    if way and clause.has("ratio"):
        ratio = clause.first("ratio")
        assert ratio is not None
        share = float(ratio.value)
        return done([SetTempo(None, share if (share < 1) == (way < 0) else 1.0 / share)])
    if percent is not None and way:
        return done([SetTempo(None, round(1.0 + way * percent.number / 100.0, 4))])
    steps = bpm or (figure if noun is not None or way else None)
    if steps is not None:
        number = steps.number or float(steps.value if steps.kind == "num" else 0)
        at = clause.where(steps)
        before_kind = [t for t in clause.tokens[max(at - 2, 0) : at] if t.kind == "prep"]
        absolute = bool(before_kind) and before_kind[-1].value in ("to", "at", "in", "around")
        signed = steps.text.startswith(("+", "-"))
        if signed or (way and not absolute and abs(number) <= 60):
            step = number if signed else way * number
            return _to_tempo(song.bpm + step)
        return _to_tempo(number)
    if way:
        factor = _FASTER[clause.degree + 1]
        return done([SetTempo(None, factor if way > 0 else round(2.0 - factor, 4))])
    if noun is not None and not clause.has("wh") and not clause.has("song", "x"):
        return ask("To which tempo?", [
            ("a bit faster", [SetTempo(None, 1.05)]), ("a bit slower", [SetTempo(None, 0.95)]),
            ("double time", [SetTempo(None, 2.0)]), ("half time", [SetTempo(None, 0.5)]),
        ])  # fmt: skip
    return None


def _to_tempo(bpm: float) -> Outcome:
    low, high = TEMPO_LIMITS
    if not low <= bpm <= high:
        return note(f"{bpm:g} bpm is no tempo to make music at; say {low:g} to {high:g}")
    return done([SetTempo(round(bpm, 3))])


def wished_moods(clause: Clause) -> tuple[tuple[str, ...], Token | None]:
    """Moods that are wished for, the opposites of those that are not, and the first word."""
    found: list[str] = []
    first: Token | None = None
    for token in clause.tokens:
        mood = token if token.kind in ("mood", "moodnoun") else None
        if mood is None and token.kind == "genre":
            mood = token.as_kind("mood")
            if mood is not None and not clause.has("quant", "more") and clause.tracks:
                mood = None
        if mood is None:
            continue
        first = first or token
        moods = mood.value.split("|")
        away = any(t.kind == "prep" and t.value == "instead"
                   for t in clause.tokens[: clause.where(token)])  # fmt: skip
        if away:
            continue
        if clause.sign(token) < 0:
            moods = [OPPOSITE_MOOD[m] for m in moods[:1]]
        found += [m for m in moods if m not in found]
    return tuple(found), first


def mood(clause: Clause) -> Outcome | None:
    """The colour of the song, of sections or of tracks."""
    if "darken" in clause.does or "brighten" in clause.does:
        moods: tuple[str, ...] = ("dark",) if "darken" in clause.does else ("bright",)
        first: Token | None = clause.tokens[0]
    else:
        moods, first = wished_moods(clause)
        if not moods and "calm" in clause.does and not clause.has("energy"):
            moods, first = ("calm",), clause.tokens[0]
        if not moods and clause.does & {"hit"} and (clause.tracks or not clause.sections):
            if clause.tracks and any(t.kind == "mood" for t in clause.tokens):
                moods = ("punchy",)
        hits = clause.lemmas & {"hit", "slam", "knock", "bang", "thump", "smack"}
        if hits and clause.tracks:
            moods = ("punchy", *(m for m in moods if m != "punchy"))
            first = first or clause.tokens[0]
    if not moods or first is None:
        return None
    if clause.lemmas & {"hit", "slam", "go", "bang"} and clause.sections and not clause.tracks:
        return None
    targets = Targets(clause)
    if clause.tracks and all(r.text in ("beat", "beats") for r in clause.tracks):
        return done([ShiftMood(moods, _AMOUNTS[clause.degree + 1], targets.sections)],
                    sections=targets.sections)  # fmt: skip
    if targets.trouble is not None:
        return targets.trouble
    if clause.complaint and not _wrong(clause, first):
        return None
    amount = _AMOUNTS[clause.degree + 1]
    singles = targets.singles()
    if singles and not (clause.has("song") and not clause.tracks):
        return done((ShiftMood(moods, amount, targets.sections, t) for t in singles),
                    tracks=targets.tracks, sections=targets.sections)  # fmt: skip
    if (
        clause.has("pron")
        and not targets.sections
        and clause.world.memory.sections
        and not clause.has("song")
        and not clause.world.memory.tracks
    ):
        return done([ShiftMood(moods, amount, clause.world.memory.sections)],
                    sections=clause.world.memory.sections)  # fmt: skip
    sections = () if clause.has("song") else targets.sections
    return done([ShiftMood(moods, amount, sections)], sections=sections)


def _wrong(clause: Clause, first: Token) -> bool:
    """Whether a remark says that something is too much or too little of a quality."""
    return clause.has("too") or clause.has("enough") or clause.has("neg") or first.comparative


def energy(clause: Clause) -> Outcome | None:
    """More or less going on."""
    found = clause.first("energy")
    targets = Targets(clause)
    quant = clause.first("quant")
    does = clause.does
    way = 0
    if found is not None:
        way = clause.sign(found) * (1 if found.value == "up" else -1)
        if quant is not None and quant.value in ("less", "no"):
            way = -1 if found.value == "up" else 1
        if does & {"lower", "remove", "calm"} or clause.has("part", "down"):
            way = -1 if found.value == "up" else way
        elif does & {"raise", "build"} and found.value == "up":
            way = 1
        crowded = found.text in _CROWDED and (clause.has("too") or clause.complaint)
        if crowded:
            way = -1
        if clause.complaint and found.value == "up" and not (clause.has("too") or clause.has("enough") or clause.has("neg") or crowded or quant is not None
            ):  # fmt: skip
            return None
        if found.text == "low energy" and clause.complaint:
            way = 1
    elif "build" in does and not clause.word("builds"):
        way = 1
    elif "calm" in does and (targets.sections or not clause.tracks):
        return None
    elif (
        clause.lemmas & {"hit", "slam", "bang", "explode", "go"}
        and targets.sections
        and (clause.has("mood") or clause.has("degree") or "hit" in does or "build" in does)
    ):
        way = 1
    elif clause.word("flat", "weak", "underwhelming", "lifeless", "dead", "empty") and (
        targets.sections and not clause.tracks and clause.copular
    ):
        way = 1
    elif (
        does & {"raise", "lower"}
        and targets.sections
        and not clause.tracks
        and not clause.first("effect")
        and not clause.amount("db", "bars")
    ):
        way = 1 if "raise" in does else -1
    elif (
        clause.has("part", "up", "down")
        and clause.sections
        and not clause.tracks
        and (clause.lemmas & {"bring", "take", "strip", "pump"})
    ):
        way = 1 if clause.has("part", "up") else -1
    elif clause.word("crowded", "cluttered", "crammed") and (clause.sections or clause.has("song")):
        way = -1
    if way == 0 or (clause.tracks and not clause.has("energy", "x") and not targets.sections):
        return None
    if clause.tracks and found is None:
        return None
    if clause.tracks and found is not None and found.text not in ("energy",):
        return None
    if targets.trouble is not None:
        return targets.trouble
    if found is not None and found.text in ("drive", "power") and targets.tracks:
        return None
    percent = clause.amount("percent")
    to = clause.has("prep", "to") or clause.has("prep", "at")
    sections = () if clause.has("song") else targets.sections
    if not sections and clause.has("pron") and not clause.has("song"):
        sections = clause.world.memory.sections
    if percent is not None and to:
        return done(
            [SetEnergy(sections, min(max(percent.number / 100.0, 0.0), 1.0))], sections=sections
        )
    if clause.word("max", "maximum", "full", "peak", "maxed") and way > 0:
        return done([SetEnergy(sections, 1.0)], sections=sections)
    by = _ENERGY[clause.degree + 1] * way
    if percent is not None:
        by = way * min(percent.number / 100.0, 1.0)
    if _already_full(clause, sections, by):
        return done([SetEnergy(sections, 1.0)], sections=sections)
    return done([SetEnergy(sections, None, round(by, 3))], sections=sections)


def _already_full(clause: Clause, sections: tuple[str, ...], by: float) -> bool:
    return False


def lock(clause: Clause) -> Outcome | None:
    """Parts that no edit may change."""
    does = clause.does
    asis = clause.has("asis")
    forbidden = clause.has("neg") and bool(
        clause.lemmas & {"touch", "change", "alter", "modify", "mess", "swap", "replace", "edit",
                         "switch", "lose", "remove", "adjust"}
    )  # fmt: skip
    forbidden |= clause.word("hands") and clause.word("off")
    may_again = (
        clause.word("can", "may")
        and bool(clause.lemmas & {"change", "edit"})
        and clause.has("again")
    )
    stays = bool(clause.lemmas & {"stay", "leave"}) and (
        asis or clause.has("part", "alone") or clause.has("same")
    )
    keep = "lock" in does and (clause.tracks or clause.sections or clause.has("pron") or clause.has("rest")
                               or clause.has("source"))  # fmt: skip
    if clause.has("noun", "tempo", "key") and not (clause.tracks or clause.sections):
        return None
    if "unlock" in does or may_again:
        targets = Targets(clause)
        if targets.trouble is not None:
            return targets.trouble
        if clause.has("song"):
            locks = clause.world.draft.locks
            if not locks:
                return note("nothing is locked")
            return done(SetLock(x.kind, x.name, False) for x in locks)
        return _locks(clause, targets, locked=False)
    if not (keep or forbidden or stays or (asis and (clause.tracks or clause.sections) and not clause.acts)
            or (asis and clause.lemmas <= {"keep", "leave", "want", "like", "love", "let"} and (
                clause.tracks or clause.sections))):  # fmt: skip
        return None
    if "lock" in does and (clause.lemmas & {"hold"}):
        return None
    if clause.first("effect") or clause.amount("bars", "db") or clause.has("level"):
        return None
    if clause.has("only") and clause.lemmas & {"keep", "leave"} and clause.tracks:
        return None
    targets = Targets(clause)
    if targets.trouble is not None:
        return targets.trouble
    excepted = [r for r in clause.tracks if r.prep == "except"]
    if excepted and forbidden:
        return None
    return _locks(clause, targets, locked=True)


def everything_but(clause: Clause) -> Outcome | None:
    """ "change everything but the drums": lock these, arrange the rest anew."""
    excepted = [r for r in clause.tracks if r.prep == "except"]
    rest = clause.has("rest")
    if not clause.does & {"swap", "regenerate", "reseed"}:
        return None
    if rest and not clause.tracks:
        return done([Reseed(seed_of(clause))])
    if not excepted:
        return None
    ids = [i for r in excepted for i in r.ids]
    return done([*(SetLock("track", t) for t in ids), Reseed(seed_of(clause))], tracks=ids)


def _locks(clause: Clause, targets: Targets, *, locked: bool) -> Outcome | None:
    tracks, sections = targets.tracks, targets.sections
    if clause.has("rest"):
        named = {i for r in clause.tracks for i in r.ids}
        tracks = tuple(t.id for t in clause.world.tracks if t.id not in named)
    if tracks and sections and clause.tracks and clause.sections:
        joined = all(r.prep in ("", "and") for r in clause.sections)
        if not joined:
            sections = ()
    if not tracks and not sections:
        sections = clause.world.memory.sections
        if not sections:
            tracks = clause.world.memory.tracks
        if clause.has("song") and locked:
            return done(SetLock("section", s.name) for s in clause.world.sections)
    edits: list[Edit] = [SetLock("track", t, locked) for t in tracks]
    edits += [SetLock("section", s, locked) for s in sections]
    if not edits:
        if not clause.has("pron"):
            return None
        return ask("What should be kept?", [
            (t.name.lower(), [SetLock("track", t.id, locked)]) for t in clause.world.tracks[:9]
        ])  # fmt: skip
    return done(edits, tracks=tracks, sections=sections)
