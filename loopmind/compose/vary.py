"""Another version of a song: its harmony and melody stay, all round them is new.

What stays: tempo, key, the chord progression, the sounds of chords, lead and voice, and a melody
played by a pattern. What is new: form and energy curve, drums, percussion, effects, pads and the
sounds that take turns, every decision inside the sections, and the character of the mix.
"""

from __future__ import annotations

from dataclasses import replace

from loopmind.compose import arrange as arranging
from loopmind.compose.genres import PEAK_KINDS, find
from loopmind.compose.seeds import stream
from loopmind.compose.slots import base_slot
from loopmind.compose.structure import plan_parts
from loopmind.compose.wishes import genre_of
from loopmind.errors import LoopMindError
from loopmind.music.brief import MIX_STYLES, Brief
from loopmind.music.draft import Draft
from loopmind.music.loop import Crate
from loopmind.music.palette import Candidate, Choice, Palette
from loopmind.music.song import Song

KEPT_ROLES = frozenset({"chords", "lead", "vocal", "bass"})
_TRIES = 40
_WIDEST = 1.35
_MOST_SEMITONES = 7


def vary_brief(draft: Draft, wish: Brief, seed: int) -> Brief:
    """What the new version is to be: the song's own terms, and over them what is wished now."""
    old = draft.song.brief
    style = wish.mix_style
    if style is None:
        others = [s for s in MIX_STYLES if s not in (draft.mix.style, "raw")]
        style = others[int(stream(seed, "mix style").integers(len(others)))]
    return replace(
        old,
        prompt=wish.prompt,
        genre=wish.genre if wish.genre and find(wish.genre) else old.genre,
        bpm=wish.bpm or (draft.song.bpm, draft.song.bpm),
        key=wish.key or draft.song.key,
        mode=wish.mode or old.mode,
        moods=wish.moods or old.moods,
        energy=wish.energy if wish.energy is not None else old.energy,
        length_s=wish.length_s,
        mix_style=style,
        understood=wish.understood,
        ignored=wish.ignored,
    )


def vary_palette(draft: Draft, crate: Crate, brief: Brief, seed: int) -> Palette:
    """The song's sounds with those that are not its identity changed for runners-up.

    Notes say what stayed and what changed. Raises LoopMindError where none of the song's sounds
    is left, or the wished tempo or key is too far away.
    """
    old = draft.palette
    names = {loop.digest: _name(loop.path) for loop in crate.loops}
    bpm, shift = _tempo(old.bpm, brief), _shift(draft, brief)
    choices: list[Choice] = []
    stayed: list[str] = []
    changed: list[str] = []
    used = {c.picked.digest for c in old.choices if _keeps(c)}
    for choice in old.choices:
        if choice.picked.digest not in names and not any(
            other.digest in names for other in choice.runners_up
        ):
            continue
        picked, others = choice.picked, choice.runners_up
        if not _keeps(choice) or picked.digest not in names:
            options = [c for c in others if c.digest in names and c.digest not in used]
            if options:
                number = int(stream(seed, "vary", choice.slot).integers(min(len(options), 3)))
                chosen = options[number]
                others = (picked, *(c for c in others if c.digest != chosen.digest))
                changed.append(f"{choice.slot}: {names.get(picked.digest, 'a lost sound')} -> "
                               f"{names[chosen.digest]}")  # fmt: skip
                picked = chosen
        if picked.digest not in names:
            continue
        used.add(picked.digest)
        if picked.digest == choice.picked.digest:
            stayed.append(f"{choice.slot} ({names[picked.digest]})")
        moved = replace(
            choice,
            picked=_moved(picked, bpm, old.bpm, shift),
            runners_up=tuple(_moved(c, bpm, old.bpm, shift) for c in others),
            reason=choice.reason if picked.digest == choice.picked.digest
            else f"{names[picked.digest]} takes the place of another sound in this version.",
        )  # fmt: skip
        choices.append(moved)
    if not choices:
        raise LoopMindError(
            "none of the song's sounds can be found any more; name the folder they are in now"
        )
    key = old.key.transpose(shift) if old.key is not None else None
    notes = (
        "stayed: " + ", ".join(stayed or ["tempo and key alone"]),
        "changed: " + (", ".join(changed) or "no sound, there were no others to choose from"),
    )
    return replace(old, bpm=bpm, key=key, choices=tuple(choices), notes=notes)


def vary_song(draft: Draft, palette: Palette, crate: Crate, brief: Brief, seed: int) -> Song:
    """The palette arranged in another form; melody and chords by the song's own seed."""
    old = draft.song
    genre = genre_of(brief, crate)
    before = tuple((s.kind, s.bars) for s in old.sections)
    peaks = [s.start_bar / max(old.bars, 1) for s in old.sections if s.kind in PEAK_KINDS]
    best: tuple[float, int] | None = None
    for number in range(_TRIES):
        form_seed = int(stream(seed, "form", number).integers(2**31))
        parts = plan_parts(
            genre, bpm=palette.bpm, beats_per_bar=palette.beats_per_bar,
            length_s=brief.length_s, seed=form_seed,
        )  # fmt: skip
        sections = [part.section for part in parts]
        form = tuple((s.kind, s.bars) for s in sections)
        bars = max(s.start_bar + s.bars for s in sections)
        now = [s.start_bar / bars for s in sections if s.kind in PEAK_KINDS]
        # Another order of kinds is another form; the same with other lengths only nearly so.
        new = 2.0 * (tuple(k for k, _ in form) != tuple(k for k, _ in before))
        new += float(form != before) + abs(now[0] - peaks[0] if now and peaks else 0.0)
        if best is None or new > best[0] + 1e-9:
            best = (new, form_seed)
        if new >= 3.0 and number >= 3:
            break
    assert best is not None
    parts = plan_parts(
        genre, bpm=palette.bpm, beats_per_bar=palette.beats_per_bar, length_s=brief.length_s,
        seed=best[1],
    )  # fmt: skip
    seeds = {
        part.section.name: int(stream(seed, "section", part.section.name).integers(2**31))
        for part in parts
    }
    song = arranging.arrange(
        palette, crate, brief, old.seed, section_seeds=seeds, form_seed=best[1]
    )
    return replace(song, title=f"{old.title} (remix)")


def _keeps(choice: Choice) -> bool:
    """The first sound of a role that carries harmony or melody is the song's identity."""
    return choice.role in KEPT_ROLES and base_slot(choice.slot) == choice.slot


def _moved(candidate: Candidate, bpm: float, old_bpm: float, shift: int) -> Candidate:
    if bpm == old_bpm and shift == 0:
        return candidate
    ratio = candidate.ratio * bpm / old_bpm
    semitones = candidate.semitones + shift
    return replace(candidate, ratio=round(ratio, 6), semitones=semitones)


def _tempo(old_bpm: float, brief: Brief) -> float:
    low, high = brief.bpm or (old_bpm, old_bpm)
    bpm = min(max(old_bpm, low), high)
    if not 1.0 / _WIDEST <= bpm / old_bpm <= _WIDEST:
        raise LoopMindError(
            f"the song has {old_bpm:g} bpm and {bpm:g} is too far for its sounds; wish for "
            f"{old_bpm / _WIDEST:.0f} to {old_bpm * _WIDEST:.0f} bpm"
        )
    return bpm


def _shift(draft: Draft, brief: Brief) -> int:
    if draft.song.key is None or brief.key is None:
        return 0
    shift = draft.song.key.semitones_to(brief.key)
    return shift if abs(shift) <= _MOST_SEMITONES else 0


def _name(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]
