"""Frames of genre, key and tempo."""

from __future__ import annotations

import itertools
from dataclasses import replace

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_swap import seed_of
from loopmind.assistant.outcome import Outcome, Targets, ask, done, note
from loopmind.compose import genres
from loopmind.music.edit import (
    Edit,
    SetGenre,
    SetKey,
    SetTempo,
    Transpose,
)
from loopmind.music.key import Key

TEMPO_LIMITS = (40.0, 240.0)


_FASTER = (1.03, 1.05, 1.12)


def genre(clause: Clause) -> Outcome | None:
    """ "turn this trap beat into drill"."""
    found = [t.as_kind("genre") for t in clause.tokens]
    tokens = [t for t in found if t is not None and t.kind == "genre"]
    if not tokens:
        if clause.has("noun", "genre") and (clause.has("other") or "swap" in clause.does):
            return _which_genre(clause)
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
    as_version = clause.word(
        "version",
        "remix",
        "edit",
        "beat",
        "song",
        "track",
        "joint",
        "style",
        "type",
        "genre",
        "tune",
        "banger",
        "instrumental",
        "this beat",
    )
    like = clause.has("prep", "like")
    wants = bool(
        lemmas
        & {
            "make",
            "give",
            "want",
            "try",
            "go",
            "do",
            "switch",
            "change",
            "hear",
            "be",
            "sound",
            "swap",
            "need",
            "feel",
            "get",
            "let",
            "like",
            "put",
            "set",
        }
    )
    if clause.tracks and not turned and not _whole(clause):
        return None
    of_sounds = clause.has("source") and clause.word("loop", "loops", "sample", "samples")
    if (clause.sections or of_sounds) and not turned:
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


def _which_genre(clause: Clause) -> Outcome | None:
    if clause.unknown or clause.tracks:
        return None
    now = clause.world.draft.song.brief.genre
    offered = [g for g in ("trap", "drill", "lofi", "house", "techno", "boom bap") if g != now]
    known = [g for g in offered if g in genres.names()]
    return ask("Which genre?", [(g, [SetGenre(g, seed_of(clause))]) for g in known])


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
    every = clause.all("key")
    if len(every) > 1 and clause.has("prep", "from"):
        named = every[-1]  # "from F# minor to A minor"
    mode = clause.first("mode")
    semitones = clause.amount("semitones", "steps")
    interval = clause.first("interval")
    pitching = "pitch" in clause.does or clause.has("noun", "pitch") or clause.has("noun", "key")
    targets = Targets(clause)
    now = clause.world.draft.song.key
    if clause.lemmas & {"keep", "leave"} and clause.has("noun", "pitch", "key", "tempo"):
        held = clause.first("noun")
        assert held is not None
        return note(f"the {held.text} stays as it is")
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
        step = (3 if goal == "major" else -3) if clause.word("relative") else 0
        tonic = (now.tonic + step) % 12
        return done([SetKey(str(Key(tonic, "major" if goal == "major" else "minor")))])
    way = 0
    for kind in ("part", "height"):  # "it is a bit high, two steps down"
        if way == 0 and clause.has(kind, "up", "down"):
            way = 1 if clause.has(kind, "up") else -1
    if way == 0 and clause.does & {"raise"}:
        way = 1
    elif way == 0 and (clause.does & {"lower"} or "drop" in clause.lemmas):
        way = -1
    if clause.has("too") and interval is not None:
        way = -way  # "plays an octave too high"
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
                return ask(
                    "Up or down?",
                    [
                        ("up", _transposed(clause, targets, round(abs(steps))).edits),
                        ("down", _transposed(clause, targets, -round(abs(steps))).edits),
                    ],
                )
        return _transposed(clause, targets, round(abs(steps)) * way)
    if ("pitch" in clause.does or clause.has("noun", "key", "pitch")) and not clause.has("wh"):
        if len([t for t in clause.tokens if t.kind not in ("filler", "det")]) < 2:
            return None  # "key: G minor"
        if clause.unknown and not way:
            return note("say the key as 'A minor' or 'F# major'")
        choices: list[tuple[str, tuple[Edit, ...]]] = []
        for label, steps_by in (
            ("up 1", 1),
            ("up 2", 2),
            ("down 1", -1),
            ("down 2", -2),
            ("up 12", 12),
            ("down 12", -12),
        ):
            if way == 0 or (steps_by > 0) == (way > 0):
                choices.append((f"{label} semitones", _transposed(clause, targets, steps_by).edits))
        return ask("By how much, or to which key?", choices)
    return None


def _transposed(clause: Clause, targets: Targets, steps: int) -> Outcome:
    if targets.trouble is not None:
        return targets.trouble
    tracks = targets.tracks if not (clause.has("song") and not clause.tracks) else ()
    if clause.has("pron") and clause.tracks and all(r.prep == "for" for r in clause.tracks):
        tracks = ()  # "drop it a step for my singer"
    if not tracks:
        return done([Transpose(steps)])
    return done((Transpose(steps, t) for t in tracks), tracks=tracks)


_LEAST_FIGURE = 40.0
LEAST_BPM_OF_SECTIONS = 70.0


def tempo(clause: Clause) -> Outcome | None:
    """Faster, slower, and exact tempi, of the song or of the sections that are named."""
    now = clause.world.draft.song.bpm
    found = _tempo(clause, now)
    places = [r for r in clause.sections if not r.positional]
    if found is None or not found.edits or not places:
        return found
    if clause.has("song") and not any(r.prep == "except" for r in places):
        return found
    targets = Targets(clause)
    if targets.trouble is not None:
        return targets.trouble
    together: dict[SetTempo, list[str]] = {}
    for name in targets.sections:
        held = clause.world.section(name)
        own = _tempo(clause, held.bpm or now if held is not None else now)
        for edit in own.edits if own is not None else ():
            if isinstance(edit, SetTempo):
                together.setdefault(edit, []).append(name)
    edits = [replace(edit, sections=tuple(names)) for edit, names in together.items()]
    return done(edits, sections=targets.sections)


def _tempo(clause: Clause, now: float) -> Outcome | None:
    """now: the tempo that faster and slower are counted from."""
    bpm = clause.amount("bpm")
    feel = clause.first("timefeel")
    quality = clause.first("tempo")
    noun = clause.first("noun", "tempo")
    does = clause.does
    percent = clause.amount("percent")
    figure = clause.number if not clause.tracks else None
    if figure is not None and clause.sections and not (figure.number >= _LEAST_FIGURE):
        figure = None  # "the second of the 2 hooks"
    if does & {"fade_in", "fade_out"} or clause.has("noun", "fadein", "fadeout"):
        return None
    beat = bool(clause.tracks) and all(r.text in ("beat", "beats") for r in clause.tracks)
    if clause.tracks and not (bpm or noun or (feel and beat)) and "speed" not in does:
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
    elif "speed" in does or (
        noun is not None
        and (does & {"raise"} or clause.has("part", "up") or clause.word("pick", "increase"))
    ):
        way = 1
    elif "slow" in does or (
        noun is not None
        and (does & {"lower"} or clause.lemmas & {"drop", "cut"} or clause.has("part", "down"))
    ):
        way = -1
    elif (
        noun is not None and noun.text in ("speed", "pace") and clause.has("quant", "more", "less")
    ):
        way = 1 if clause.has("quant", "more") else -1
    elif clause.word("picked", "pick") and clause.word("pace"):
        way = 1
    elif bpm is not None and (does & {"raise", "lower"} or clause.has("part", "up", "down")):
        way = 1 if ("raise" in does or clause.has("part", "up")) else -1
    elif bpm is not None and clause.lemmas & {"drop", "lose", "cut", "shave", "knock", "remove"}:
        way = -1
    elif bpm is not None and "add" in does:
        way = 1
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
        # "the verses at 130": no section has so many bars
        named = ("section", "det", "ord") if figure.number >= LEAST_BPM_OF_SECTIONS else ()
        alone = all(
            t.kind in ("filler", "num", "prep", "pron", "song", "verb", "same", *named)
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
    goals = [
        after
        for before, after in itertools.pairwise(clause.tokens)
        if before.kind == "prep"
        and before.value == "to"
        and (after.kind == "num" or (after.kind == "amount" and after.value == "bpm"))
    ]
    if goals and clause.has("prep", "from") and noun is not None:
        return _to_tempo(goals[-1].number)
    steps = bpm or (figure if noun is not None or way else None)
    if steps is not None:
        number = steps.number or float(steps.value if steps.kind == "num" else 0)
        at = clause.where(steps)
        before_kind = [t for t in clause.tokens[max(at - 2, 0) : at] if t.kind == "prep"]
        absolute = bool(before_kind) and before_kind[-1].value in ("to", "at", "in", "around")
        after = clause.tokens[at + 1 : at + 2]
        if after and after[0].kind == "tempo" and after[0].comparative:
            absolute = False  # "about 5 bpm slower"
        signed = steps.text.startswith(("+", "-"))
        if signed or (way and not absolute and abs(number) <= 60):
            step = number if signed else way * number
            return _to_tempo(now + step)
        return _to_tempo(number)
    if way:
        factor = _FASTER[clause.degree + 1]
        return done([SetTempo(None, factor if way > 0 else round(2.0 - factor, 4))])
    if noun is not None and not clause.has("wh") and not clause.has("song", "x"):
        return ask(
            "To which tempo?",
            [
                ("a bit faster", [SetTempo(None, 1.05)]),
                ("a bit slower", [SetTempo(None, 0.95)]),
                ("double time", [SetTempo(None, 2.0)]),
                ("half time", [SetTempo(None, 0.5)]),
            ],
        )
    return None


def _to_tempo(bpm: float) -> Outcome:
    low, high = TEMPO_LIMITS
    if not low <= bpm <= high:
        return note(f"{bpm:g} bpm is no tempo to make music at; say {low:g} to {high:g}")
    return done([SetTempo(round(bpm, 3))])
