"""An account of every word: what a wish made of a clause, and which words it left over.

A frame looks for the words that it knows and passes over the rest, so a word that it does not know
may well have turned the wish round. Each word of weight must therefore show in the edits: a noun
by what they change, a quality by a change of its kind, a figure by its value, and a word of
denial by reading otherwise without it. What is left over is doubt (doubt.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from loopmind.assistant import lexicon
from loopmind.assistant.clauses import Clause
from loopmind.assistant.contents import figures_in, near, stems, words_in
from loopmind.assistant.outcome import Outcome
from loopmind.assistant.refs import SectionRef, TrackRef
from loopmind.assistant.senses import Token
from loopmind.assistant.weighty import done_by, weighty
from loopmind.assistant.what_shows import (
    ACTS_SHOWN,
    KINDS_SHOWN,
    UNITS_SHOWN,
    WORDS_SHOWN,
    aspects,
)
from loopmind.assistant.world import World, words_of
from loopmind.music.edit import AddTrack, Edit, SetFade, SetTempo
from loopmind.music.loop import ROLE_OF_INSTRUMENT

Read = Callable[[Clause], Outcome | None]

# Names of instruments that any sound of their kind goes by.
STANDING_NAMES = frozenset(
    {"piano", "keys", "key", "keyboard", "rhodes", "guitar", "synth", "shaker", "perc", "percs",
     "percussion", "strings", "string", "organ", "808", "sub", "snare", "hat", "hats", "epiano",
     "electric", "lead", "melody", "riff", "choir", "brass", "horns", "horn", "drum", "voice",
     "vocal", "singer", "top", "drummer", "bassist", "guitarist", "pianist", "vocalist",
     "rapper"}
)  # fmt: skip

_ADDING = frozenset(
    {"put", "bring", "get", "want", "need", "like", "love", "use", "have", "give", "hear", "play",
     "come", "start", "enter", "throw", "let", "keep", "join", "try", "layer", "feel", "open",
     "begin", "end", "be", "drop", "arrive", "close", "finish", "fill", "kick", "sing", "find",
     "pick", "choose", "set", "go", "take"}
)  # fmt: skip

# What happens in a section, and so neither before nor after it.
_NOT_BESIDE = frozenset({"layers", "addtrack", "mute", "deltrack", "gain", "reverb", "solo"})

_COMPARED = frozenset({"than", "instead", "except", "like"})


def left_over(clause: Clause, outcome: Outcome, read: Read) -> list[Token]:
    """The words that nothing in the edits of `outcome` accounts for.

    read: makes an outcome of a clause; it tells whether a word made any difference.
    """
    if not outcome.edits:
        return []
    account = _Account(clause, outcome, read)
    vague = account.added_by_nothing()
    if vague is not None:
        return [vague]
    return [token for token in weighty(clause) if not account.shows(token)]


class _Account:
    """What the edits of one outcome touch."""

    def __init__(self, clause: Clause, outcome: Outcome, read: Read) -> None:
        self.clause, self.outcome, self.read = clause, outcome, read
        self.edits: Sequence[Edit] = outcome.edits
        self.aspects = {a for edit in outcome.edits for a in aspects(edit)}
        self.words = {w for edit in outcome.edits for w in words_in(edit)}
        self.words |= set(outcome.tracks) | set(outcome.sections)
        self.figures = [n for edit in outcome.edits for n in figures_in(edit)]
        loops = clause.world.loops
        for digest in self.words & set(loops):
            self.words = self.words | words_of(loops[digest])

    def added_by_nothing(self) -> Token | None:
        """The verb of a clause that adds a track although no word of it says so."""
        clause = self.clause
        adds = any(isinstance(e, AddTrack) or getattr(e, "add", ()) for e in self.edits)
        if not adds or not clause.acts or clause.does & {"add", "unmute"} or clause.has("same"):
            return None
        gets = next((t for t in clause.tokens if t.text == "gets"), None)
        if gets is not None and clause.tracks and clause.tracks[0].at < clause.where(gets):
            return gets  # "the singer gets on my nerves"
        if clause.lemmas <= {"be", "sound", "feel"} and self._said_of_it():
            return next(t for t in clause.tokens if t.kind == "verb")
        if clause.lemmas & _ADDING or clause.has("part", "back", "ontop"):
            return None
        return next((t for t in clause.tokens if t.kind == "verb"), None)

    def _said_of_it(self) -> bool:
        """ "kick and snare should be tighter": how it should be, not that it should be there."""
        at = max((r.at for r in self.clause.tracks), default=len(self.clause.tokens))
        behind = {t.kind for t in self.clause.tokens[at + 1 :]}
        return bool(behind & {"level", "size", "mood", "fat", "tonadj", "width", "dist", "height"})

    def shows(self, token: Token) -> bool:
        kind = token.kind
        if WORDS_SHOWN.get(token.text, frozenset()) & self.aspects:
            return True
        if kind == "track":
            return self._track(token)
        if kind == "section":
            return self._section(token)
        if kind == "ord":
            return self._ordinal(token)
        if kind in ("num", "amount"):
            return self._figure(token)
        if kind == "verb":
            if token.value == "chop" and "deltrack" in self.aspects:
                return False  # into pieces, or away?
            does = done_by(self.clause, token)
            lowers = lexicon.VERBS.get(token.value) == "lower" and not self.clause.has("ratio")
            if lowers and not self._differs(token):
                return False
            shown = ACTS_SHOWN.get(does)
            return shown is None or bool(shown & self.aspects)
        if kind == "neg" or (kind == "quant" and token.value in ("less", "no", "soaked")):
            if token.text == "no more" and "deltrack" in self.aspects:
                return False  # none at all, or not more than now?
            leads = token is self._leading() and token.text == "no"
            if kind == "neg" and self._twice_turned(token):
                return False
            return leads or self._so_after(token) or self._differs(token)
        if kind == "unknown":
            return bool(stems(token.text) & self.words)
        if kind == "only":
            scoped = any(getattr(e, "sections", ()) for e in self.edits)
            if "solo" in self.aspects and self.clause.has("song"):
                return False  # "open the song with just the chords"
            merely = token.text in ("just", "simply", "purely") or "resize" in self.aspects
            return merely or scoped or bool(KINDS_SHOWN["only"] & self.aspects)
        if kind == "level" and self._compared(token):
            return False
        if token.text.endswith("background") and self.aspects & {"deltrack", "mute"}:
            return True  # where it is heard
        if kind == "side" and token.text == "right" and self._adverb(token):
            return True
        shown = KINDS_SHOWN.get(f"{kind} {token.value}", KINDS_SHOWN.get(kind))
        if shown is None or shown & self.aspects:
            return True
        return bool({w for t in token.text.split() for w in (t, t.rstrip("s"))} & self.words)

    def _twice_turned(self, token: Token) -> bool:
        """ "do not make it louder", "I do not want less": quieter, or as it is?"""
        at = self.clause.where(token)
        after = self.clause.tokens[at + 1 :]
        if self.aspects & {"lock", "deltrack", "swap"} or self.clause.has("enough"):
            return False
        return any(
            (t.kind == "quant" and t.text in ("less", "more", "fewer"))
            or (t.comparative and t.kind in ("level", "size", "tempo", "energy", "mood", "height"))
            for t in after
        )

    def _compared(self, token: Token) -> bool:
        """ "as loud as the lead": how loud that is, nobody has measured."""
        at = self.clause.where(token)
        near = self.clause.tokens[max(at - 1, 0) : at] + self.clause.tokens[at + 1 : at + 2]
        return len(near) == 2 and all(t.text == "as" for t in near)

    def _adverb(self, token: Token) -> bool:
        """ "right down", "right before the hook"."""
        at = self.clause.where(token)
        after = self.clause.tokens[at + 1 : at + 2]
        return bool(after) and after[0].kind in ("part", "prep")

    def _so_after(self, token: Token) -> bool:
        """ "not so sad": the quality is turned round without "not" too, as a complaint."""
        at = self.clause.where(token)
        after = self.clause.tokens[at + 1 : at + 2]
        return bool(after) and after[0].kind == "too"

    def _leading(self) -> Token | None:
        """The first word, where a denial answers what was said before ("no, not that one")."""
        after = self.clause.tokens[1] if len(self.clause.tokens) > 1 else None
        denied = after is not None and after.kind in (
            "neg",
            "sep",
            "verb",
            "other",
            "det",
            "pron",
            "filler",
            "only",
        )
        return self.clause.tokens[0] if denied else None

    def _track(self, token: Token) -> bool:
        at = self.clause.where(token)
        ref = next((r for r in self.clause.tracks if _first(r) <= at <= r.at), None)
        if ref is None or ref.prep in _COMPARED:
            return True
        if self.clause.has("level", "over") and ref is not self.clause.tracks[0]:
            return True  # "the chords are masking the vocals"
        if ref.pointed.loosely and self._stands_in_for(ref):
            return False
        if self._any(*ref.ids):
            return True
        names = {ref.pointed.role, ref.pointed.instrument, ref.word, ref.text}
        names |= {ROLE_OF_INSTRUMENT.get(ref.word, "")}
        if names & self.words or {w.rstrip("s") for w in ref.text.split()} & self.words:
            return True
        whole = ref.text in ("beat", "beats", "instrumental")
        if whole and self.aspects & KINDS_SHOWN["whole"]:
            return True
        if "fill" in self.aspects and set(ref.ids) <= set(self.clause.world.kit()):
            return True
        if "duck" in self.aspects and (ref.prep or not self.edits):
            return not (ref.pointed.loosely and not set(ref.text.split()) & STANDING_NAMES)
        return not ref.ids and self._noun_for_quality(token)

    def _stands_in_for(self, ref: TrackRef) -> bool:
        """Whether a track is taken for an instrument of its kind that nobody plays: "the banjo"."""
        world = self.clause.world
        words = set(ref.text.split()) | {w.rstrip("s") for w in ref.text.split()}
        if words & STANDING_NAMES or ref.prep in ("for", "with", "to", "by", "into"):
            return False
        if not (self._any(*ref.ids) and self.aspects - {"addtrack"}):
            return False
        played = {w for i in ref.ids for w in _playing(world, i)}
        return not words & played and not (words & self.words)

    def _noun_for_quality(self, token: Token) -> bool:
        return token.text in ("effect", "effects", "noise") and bool(self.aspects & {"style"})

    def _section(self, token: Token) -> bool:
        at = self.clause.where(token)
        ref = next((r for r in self.clause.sections if r.at == at), None)
        joined = ref is not None and self.clause.tokens[max(ref.start - 1, 0)].text == "behind"
        beside = ref is not None and ref.positional and not joined
        if ref is not None and "fill" in self.aspects and ref.prep:
            return True  # a fill before the hook ends what comes before it
        rises = any(isinstance(e, AddTrack) and e.role == "fx" for e in self.edits)
        if rises and ref is not None and ref.prep in ("before", "into", "to"):
            return True  # a riser leads into the hook
        if "resize" in self.aspects and self.clause.word("as"):
            return True  # "as long as the bridge"
        if beside and self.aspects & _NOT_BESIDE:
            names = [s.name for s in self.clause.world.sections]
            if ref is not None and ref.names and ref.prep in ("after", "before"):
                edge = names.index(ref.names[0])
                touched = [names.index(n) for n in names if n in self.words]
                one = len(ref.names) == 1 or ref.prep == "before"
                if touched and edge not in touched and one:
                    after = ref.prep == "after"
                    return all((n > edge) == after for n in touched)
            return False  # "without drums before the hook": not in the hook
        if ref is None or ref.prep in (*_COMPARED, "until", "from") or self._any(*ref.names):
            return True
        return self._place_only(ref)

    def _place_only(self, ref: SectionRef) -> bool:
        """A place that needs no name: the start of a song to which something is put in front."""
        if ref.kind in self.words:
            return True
        placed = {"addsec", "movesec", "dupsec", "fade", "auto"}
        if ref.kind in ("start", "end", "intro", "outro") and self.aspects & placed:
            return True
        if ref.prep in ("before", "between") and self.aspects & placed:
            return True
        every = {s.name for s in self.clause.world.sections}
        return bool(ref.names) and set(ref.names) == every

    def _ordinal(self, token: Token) -> bool:
        if token.value in ("all", "both", "oneof"):
            return True
        at = self.clause.where(token)
        following = next((t for t in self.clause.tokens[at + 1 :] if t.kind != "filler"), None)
        if "fade" in self.aspects and token.value in ("first", "1", "last"):
            return following is not None and following.kind in ("amount", "section")
        if following is not None and following.kind in ("verb", "quant", "sep"):
            return True  # "first turn up the 808, then ..."
        new = "addtrack" in self.aspects or "addsec" in self.aspects
        if new and at and self.clause.tokens[at - 1].kind == "det":
            return True  # "a second pad"
        tokens = self.clause.tokens
        for ref in self.clause.sections:
            edge = ref.prep in ("before", "until", "after") and bool(ref.names)
            here = ref.start <= at <= ref.at + 3
            if here and (self._any(*ref.names) or (edge and self._section(tokens[ref.at]))):
                return True
        after = self.clause.tokens[at + 1 : at + 3]
        if any(t.kind == "sep" for t in after[:1]) and len(after) > 1:
            return after[1].kind == "ord" or self._differs(token)
        return self._differs(token)

    def _figure(self, token: Token) -> bool:
        if token.kind == "amount":
            shown = UNITS_SHOWN.get(token.value, frozenset())
            if not shown & self.aspects:
                return False
        else:
            at = self.clause.where(token)
            for ref in self.clause.sections:
                if ref.start <= at <= ref.at + 6 and (
                    ref.number == token.value or any(n.endswith(token.value) for n in ref.names)
                ):
                    return True
            for track in self.clause.tracks:
                if at == track.at + 1 and any(i.endswith(f" {token.value}") for i in track.ids):
                    return True
        at = self.clause.where(token)
        before = self.clause.tokens[at - 1] if at else None
        if before is not None and before.kind == "prep" and before.value == "from":
            return token.number == self.clause.world.draft.song.bpm or self._differs(token)
        number = token.number or (float(token.value) if token.kind == "num" else 0.0)
        return any(near(number, n) for n in self.figures) or self._relative(token, number)

    def _relative(self, token: Token, number: float) -> bool:
        """A figure that is counted from what is now, or in another unit."""
        song = self.clause.world.draft.song
        if any(isinstance(e, SetTempo) and e.bpm is not None for e in self.edits):
            tempi = {song.bpm, *(s.bpm for s in song.sections if s.bpm is not None)}
            return any(near(abs(number), n - now) for n in self.figures for now in tempi)
        if any(isinstance(e, SetFade) for e in self.edits):
            return token.value in ("bars", "beats", "seconds", "minutes")
        shares = (number / 100.0, 1 + number / 100.0, 1 - number / 100.0, number / 10.0)
        as_share = token.value == "percent" or token.kind == "num"
        if as_share and any(near(share, n) for share in shares for n in self.figures):
            return True
        if token.value == "ms" and any(near(number / 1000.0, n) for n in self.figures):
            return True
        if token.value == "bars" and "resize" in self.aspects:
            return True
        return token.value == "times" or self._differs(token)

    def _differs(self, token: Token) -> bool:
        """Whether the clause would be read otherwise without this word."""
        others = [t for t in self.clause.tokens if t is not token]
        if not others:
            return True
        again = self.read(replace(self.clause, tokens=others))
        return again is None or again.edits != self.outcome.edits

    def _any(self, *names: str) -> bool:
        return any(name in self.words for name in names)


def _playing(world: World, track: str) -> set[str]:
    loop = world.loops.get(world.current(track))
    return words_of(loop) if loop is not None else set()


def _first(ref: TrackRef) -> int:
    return ref.at - len(ref.more_words)
