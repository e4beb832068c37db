"""The song's form: a genre's structure template brought to the wanted length, in whole bars."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from loopmind.compose.genres import PEAK_KINDS, GenreProfile, SectionPlan
from loopmind.compose.seeds import stream
from loopmind.music.song import Section

MAX_BARS = 32
_NUMBERED = frozenset({"verse", "hook", "bridge", "breakdown", "drop"})
# How much a form suffers when a section is lost or cut to half; peaks and edges matter most.
_LOSS = {"bridge": 1.0, "breakdown": 1.5, "verse": 2.5, "intro": 4.0, "outro": 4.0, "hook": 4.0,
         "drop": 4.0}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A section with the roles that play in it ("all" for everything)."""

    section: Section
    plays: tuple[str, ...]


def plan_parts(
    genre: GenreProfile, *, bpm: float, beats_per_bar: int, length_s: float | None, seed: int
) -> tuple[Part, ...]:
    """Sections in whole bars whose length comes as close to `length_s` as the form allows.

    The last peak is the most intense section of all, and every peak more than all that is none.
    """
    rng = stream(seed, "structure")
    template = genre.structures[int(rng.integers(len(genre.structures)))]
    wanted = length_s if length_s is not None else genre.length_s * float(rng.uniform(0.92, 1.1))
    target = max(wanted * bpm / (60.0 * beats_per_bar), 1.0)
    fitted = _fit(list(template), target)
    return _named(_curve(fitted))


def _fit(plan: list[SectionPlan], target: float) -> list[SectionPlan]:
    """Sections dropped, halved, lengthened or repeated until the bars come near `target`."""
    step = 4 if target >= 16 else 2 if target >= 6 else 1
    for _ in range(200):
        total = sum(s.bars for s in plan)
        gap = abs(total - target)
        if gap < step / 2 + 0.01:
            break
        options = _shorter(plan, step) if total > target else _longer(plan)
        best: tuple[float, list[SectionPlan]] | None = None
        for penalty, option in options:
            after = abs(sum(s.bars for s in option) - target)
            if after < gap and (best is None or after + penalty < best[0]):
                best = (after + penalty, option)
        if best is None:
            break
        plan = best[1]
    return plan


def _shorter(plan: list[SectionPlan], step: int) -> list[tuple[float, list[SectionPlan]]]:
    kinds = Counter(s.kind for s in plan)
    peaks = sum(count for kind, count in kinds.items() if kind in PEAK_KINDS)
    options = []
    for i, section in enumerate(plan):
        peak = section.kind in PEAK_KINDS
        if not (peak and peaks == 1):
            # A repeated kind is spared more easily than the only one.
            loss = _LOSS[section.kind] * (0.6 if kinds[section.kind] > 1 else 1.0)
            # The last peak is where the song leads to.
            last_peak = peak and not any(s.kind in PEAK_KINDS for s in plan[i + 1 :])
            options.append((loss + (6.0 if last_peak else 0.0), plan[:i] + plan[i + 1 :]))
        half = section.bars // 2
        if half >= step and half % step == 0:
            loss = 0.4 * _LOSS[section.kind] - (1.0 if section.bars > 8 else 0.0)
            options.append((loss, [*plan[:i], replace(section, bars=half), *plan[i + 1 :]]))
        less = section.bars - step
        if step < 4 and less >= step:
            shorter = replace(section, bars=less)
            options.append((0.6 * _LOSS[section.kind], [*plan[:i], shorter, *plan[i + 1 :]]))
    return options


def _longer(plan: list[SectionPlan]) -> list[tuple[float, list[SectionPlan]]]:
    options = []
    for i, section in enumerate(plan):
        for more in (4, 8):
            bars = section.bars + more
            if bars <= MAX_BARS and bars <= 2 * section.bars:
                penalty = 0.5 + 0.25 * bars / 4
                penalty += {"intro": 2.0, "outro": 2.0, "bridge": 1.0}.get(section.kind, 0.0)
                longer = replace(section, bars=bars)
                options.append((penalty, [*plan[:i], longer, *plan[i + 1 :]]))
    # Repeat the first way up to a peak before the last one: verse and hook once more.
    peaks = [i for i, s in enumerate(plan) if s.kind in PEAK_KINDS]
    firsts = [i for i, s in enumerate(plan) if s.kind not in PEAK_KINDS and s.kind != "intro"]
    if peaks and firsts:
        start = firsts[0]
        end = next((p for p in peaks if p > start), None)
        if end is not None:
            cycle = plan[start : end + 1]
            place = peaks[-1] + 1
            after = plan[place:] if end == peaks[-1] else plan[end + 1 :]
            options.append((3.0, [*plan[: end + 1], *cycle, *after]))
    return options


def _curve(plan: list[SectionPlan]) -> list[SectionPlan]:
    """Energies put in order: peaks above all else, each at least the one before, the last at 1."""
    rest = max((s.energy for s in plan if s.kind not in PEAK_KINDS), default=0.0)
    peaks = [s for s in plan if s.kind in PEAK_KINDS]
    floor = min(rest + 0.1, 0.95)
    found, number = [], 0
    for section in plan:
        if section.kind not in PEAK_KINDS:
            found.append(replace(section, energy=min(section.energy, 0.85)))
            continue
        number += 1
        rise = number / len(peaks)
        energy = max(section.energy, floor) if number < len(peaks) else 1.0
        found.append(replace(section, energy=min(energy, 0.9 + 0.1 * rise)))
    return found


def _named(plan: list[SectionPlan]) -> tuple[Part, ...]:
    kinds = Counter(s.kind for s in plan)
    counts: Counter[str] = Counter()
    bar = 0
    parts = []
    for section in plan:
        counts[section.kind] += 1
        several = section.kind in _NUMBERED or kinds[section.kind] > 1
        name = f"{section.kind} {counts[section.kind]}" if several else section.kind
        made = Section(
            name, section.kind, bar, section.bars, round(section.energy, 3), section.plays
        )
        parts.append(Part(made, section.plays))
        bar += section.bars
    return tuple(parts)
