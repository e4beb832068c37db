"""Sounds that meet a wish: nearer to a mood, of an instrument, out of a folder."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from loopmind.compose import explain
from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.moods import MORE, Heard, check_moods, step
from loopmind.compose.editing.picking import Place, crate_traits, ranked
from loopmind.compose.genres import GenreProfile
from loopmind.compose.wishes import belief_in, folder_words
from loopmind.music.draft import Draft
from loopmind.music.loop import INSTRUMENTS, Crate, Loop
from loopmind.music.palette import Candidate

# How much a step towards the wished-for mood counts beside fitting in.
_MOOD_SHARE = 0.15
_LARGEST_STEP = 1.5
_LEAST_SCORE = 0.3
_LEAST_BELIEF = 0.3


@dataclass(frozen=True)
class Wish:
    """What a new sound shall be like; empty for whatever fits next best."""

    moods: tuple[str, ...] = ()
    instrument: str = ""
    folder: str = ""
    seed: int = 0

    def allows(self, loop: Loop) -> bool:
        """Whether the sound is of the wished-for instrument and folder."""
        if self.folder and not folder_words(loop, (self.folder,)):
            return False
        if not self.instrument:
            return True
        return loop.best_instrument == self.instrument or (
            belief_in(loop, self.instrument) >= _LEAST_BELIEF
        )


def best_for(
    draft: Draft, crate: Crate, genre: GenreProfile, place: Place, wish: Wish,
    old: Candidate | None = None, present: Loop | None = None,
) -> list[Candidate]:  # fmt: skip
    """Sounds for `place` that meet `wish`, the best first. Raises EditError where there is none.

    old, present: what plays there now; moods are wished for by comparison with it.
    """
    check_moods(wish.moods)
    if wish.instrument and wish.instrument not in INSTRUMENTS:
        raise EditError(
            f"there is no instrument {wish.instrument!r}; choose from {', '.join(INSTRUMENTS)}"
        )
    t = crate_traits(crate)
    used = {d for c in draft.song.clips for d in asking.sounds(c)} | {
        c.picked.digest for c in draft.palette.choices
    }
    rows = {
        i for i, loop in enumerate(t.loops)
        if loop.digest not in used and t.lufs[i] > -55.0 and wish.allows(loop)
    }  # fmt: skip
    options = _options(draft, crate, genre, place, rows, wish)
    total = len(options)
    if wish.moods:
        options = _towards(options, crate, wish, old, present)
    options = [c for c in options if c.score >= _LEAST_SCORE]
    if not options:
        raise EditError(_why_none(place, wish, present, len(rows), total))
    return options


def _options(
    draft: Draft, crate: Crate, genre: GenreProfile, place: Place, rows: Collection[int],
    wish: Wish,
) -> list[Candidate]:  # fmt: skip
    """Sounds of the kind that plays there; of the other kind where there is none."""
    found = ranked(draft, crate, genre, place, rows=rows, seed=wish.seed)
    if found:
        return found
    other = replace(place, oneshot=not place.oneshot, voice=place.voice or wish.instrument)
    return ranked(draft, crate, genre, other, rows=rows, seed=wish.seed)


def _towards(
    options: list[Candidate], crate: Crate, wish: Wish, old: Candidate | None,
    present: Loop | None,
) -> list[Candidate]:  # fmt: skip
    """Those that lie further towards the moods than what plays, the clearest and fittest first."""
    loops = crate.by_digest()
    found = []
    for candidate in options:
        moved = mood_step(loops[candidate.digest], candidate, wish.moods, present, old)
        if moved is not None:
            found.append((candidate.score + _MOOD_SHARE * min(moved, _LARGEST_STEP), candidate))
    found.sort(key=lambda item: (-item[0], item[1].digest))
    return [candidate for _, candidate in found]


def mood_step(
    loop: Loop, candidate: Candidate, moods: tuple[str, ...], present: Loop | None,
    old: Candidate | None,
) -> float | None:  # fmt: skip
    """How far a sound lies towards moods from the present one, or from the middle of all."""
    new = Heard.of(loop, candidate)
    if present is not None:
        return step(Heard.of(present, old), new, moods)
    return sum(new.tag(mood) for mood in moods) / len(moods)


def _why_none(place: Place, wish: Wish, present: Loop | None, rows: int, fitting: int) -> str:
    """Why no sound will do, and what would help."""
    what = place.voice or place.role
    wanted = [MORE[m] for m in wish.moods] if present is not None else list(wish.moods)
    if wish.folder and not rows:
        of = f" of {wish.instrument}" if wish.instrument else ""
        return f"no unused sound{of} has {wish.folder!r} in its folder or name; name another folder"
    if wish.instrument and not rows:
        return f"no unused {wish.instrument} was heard in the folder; add one, or ask for another"
    if not fitting:
        return (
            f"there is no other sound that could play {what} at this tempo and in this key; "
            "add some to the folder"
        )
    if wanted:
        name = explain.file_name(present) if present is not None else "the others"
        return (
            f"none of the {fitting} other sounds that could play {what} is "
            f"{' and '.join(wanted)} than {name} by what is measured of them; add some to the "
            "folder, or change the tone of the track instead"
        )
    return f"none of the {fitting} other sounds for {what} fits the song; add some to the folder"
