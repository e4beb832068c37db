"""The base of every error that LoopMind raises on purpose: one line, with the remedy in it."""


class LoopMindError(Exception):
    """Something the user can act on. ``str()`` is one line that names the thing and the remedy.

    Command-line programs print it after ``loopmind: error:`` and end with ``exit_code``.
    """

    exit_code = 1


class UsageError(LoopMindError):
    """The request itself was wrong: an unknown name, an impossible value."""

    exit_code = 2


class CancelledError(LoopMindError):
    """The user asked for the work to stop; what had been finished is kept."""

    exit_code = 130
