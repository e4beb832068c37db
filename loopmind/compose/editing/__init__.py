"""Edits applied to drafts: what each edit does to song, sounds and mix, and what it says of it."""

from loopmind.compose.editing.applying import apply, apply_all, apply_or_leave, start
from loopmind.compose.editing.asking import EditError

__all__ = ["EditError", "apply", "apply_all", "apply_or_leave", "start"]
