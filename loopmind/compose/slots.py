"""Which slots a palette has: the genre's roles, their alternates, and what the user wants."""

from __future__ import annotations

from loopmind.compose.genres import GenreProfile
from loopmind.compose.joint import Slot
from loopmind.compose.wishes import wanted_energy
from loopmind.music.brief import Brief
from loopmind.music.loop import DRUM_INSTRUMENTS, ROLE_OF_INSTRUMENT, ROLES, Role

_IN_SECTION = " @ "
ALTERNATE_WEIGHT = 0.3
FOREIGN_LEAST = 0.3
# Taking turns with a misfit is worse than staying with what fits.
ALTERNATE_LEAST = 0.6
# Words that name a register rather than a source; any loop that fills the role will do.
_ROLE_WORDS: dict[str, Role] = {role: role for role in ROLES}


def plan_slots(genre: GenreProfile, brief: Brief, *, with_drums: bool) -> tuple[Slot, ...]:
    """Slots in the order they are filled: wanted and important ones first, alternates last."""
    calm = wanted_energy(brief, genre) < 0.3
    mains: list[Slot] = []
    alternates: list[Slot] = []
    for plan in sorted(genre.roles, key=lambda p: -p.priority):
        if plan.role in brief.forbidden or (plan.role == "drums" and not with_drums):
            continue
        # What the genre hardly needs must fit the better to be let in.
        least = 0.34 + 0.16 * (1.0 - plan.priority) + (0.04 if calm else 0.0)
        mains.append(Slot(plan.role, plan.role, max(plan.priority, 0.1), None, (), least))
        for number in range(2, plan.alternates + 2):
            weight = ALTERNATE_WEIGHT * plan.priority / (number - 1)
            name = f"{plan.role} {number}"
            alternates.append(Slot(name, plan.role, weight, plan.role, (), ALTERNATE_LEAST))
    for word in dict.fromkeys((*brief.wanted, *brief.only)):
        mains = _with_wanted(mains, word)
    mains.sort(key=lambda slot: -slot.weight)
    names = {slot.name for slot in mains}
    return (*mains, *(slot for slot in alternates if slot.alternate_of in names))


def _with_wanted(mains: list[Slot], word: str) -> list[Slot]:
    """The slots with `word`, an instrument or role, made sure of."""
    role = _ROLE_WORDS.get(word) or ROLE_OF_INSTRUMENT.get(word)
    if role is None:
        return mains
    kind_of_drum = word in DRUM_INSTRUMENTS
    if word == role or kind_of_drum:
        return [
            Slot(s.name, s.role, max(s.weight, 1.0), None, s.instruments, FOREIGN_LEAST)
            if s.role == role and s.name == role else s
            for s in mains
        ]  # fmt: skip
    if any(slot.name == word for slot in mains):
        return mains
    return [*mains, Slot(word, role, 1.2, None, (word,), FOREIGN_LEAST)]


def slot_in(slot: str, section: str) -> str:
    """The slot of a sound that plays instead of those of `slot`, in one section only."""
    return f"{base_slot(slot)}{_IN_SECTION}{section}"


def section_of(slot: str) -> str | None:
    """The section to which a sound in `slot` is confined; None where it may play everywhere.

    >>> section_of(slot_in("drums 2", "verse 1")), section_of("drums 2")
    ('verse 1', None)
    """
    _, mark, section = slot.partition(_IN_SECTION)
    return section if mark else None


def base_slot(slot: str) -> str:
    """The slot that `slot` takes turns with: "drums 2" -> "drums"; else itself."""
    slot = slot.partition(_IN_SECTION)[0]
    head, _, number = slot.rpartition(" ")
    return head if head and number.isdigit() else slot
