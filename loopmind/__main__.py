"""`python -m loopmind` is the command `loopmind`."""

from __future__ import annotations

from loopmind.cli import enter

if __name__ == "__main__":
    enter()
