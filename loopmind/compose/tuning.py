"""Genre brains bent to one brief: an anchor's role comes first, a wanted form replaces the usual.

All that makes a song asks wishes.genre_of for its genre, so what is bent here holds everywhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from loopmind.compose.genres import PEAK_KINDS, GenreProfile, RolePlan, SectionPlan
from loopmind.music.brief import Brief
from loopmind.music.loop import Role
from loopmind.music.song import SECTION_KINDS

# Above every role of a genre: the anchor is chosen first and is the last to leave a section.
ANCHOR_PRIORITY = 1.2
ANCHOR_LIFT_LU = 1.5
_RHYTHM = frozenset({"drums", "percussion", "bass"})


def tuned(genre: GenreProfile, brief: Brief) -> GenreProfile:
    """`genre` as the anchors and the form of `brief` want it; itself where there are none."""
    for anchor in brief.anchors:
        genre = _carried_by(genre, cast(Role, anchor.role))
    if brief.form:
        genre = replace(genre, structures=(_sections(genre, brief),))
    return genre


def _carried_by(genre: GenreProfile, role: Role) -> GenreProfile:
    """The role plays nearly always, nothing takes turns with it, and it is a little louder."""
    plan = genre.role(role)
    leading = RolePlan(
        role, ANCHOR_PRIORITY, 0, plan.level_lu + ANCHOR_LIFT_LU, plan.send_db, 1.0
    )  # fmt: skip
    others = tuple(other for other in genre.roles if other.role != role)

    def with_role(section: SectionPlan) -> SectionPlan:
        silent = section.kind == "breakdown" and role in _RHYTHM
        if silent or {"all", role} & set(section.plays):
            return section
        return replace(section, plays=(role, *section.plays))

    structures = tuple(tuple(with_role(s) for s in plan) for plan in genre.structures)
    return replace(genre, roles=(leading, *others), structures=structures)


def _sections(genre: GenreProfile, brief: Brief) -> tuple[SectionPlan, ...]:
    """The wanted form; each section plays what the genre's own sections of that energy play."""
    own = [section for plan in genre.structures for section in plan]
    made = []
    for part in brief.form:
        peak = part.kind in PEAK_KINDS
        near = [s for s in own if (s.kind in PEAK_KINDS) == peak] or own
        like = min(near, key=lambda s: (s.kind != part.kind, abs(s.energy - part.energy)))
        if abs(like.energy - part.energy) > 0.25:
            like = min(near, key=lambda s: abs(s.energy - part.energy))
        kind = next((k for k in SECTION_KINDS if k == part.kind), SECTION_KINDS[1])
        made.append(SectionPlan(kind, part.bars, part.energy, like.plays))
    return tuple(made)
