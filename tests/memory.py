"""The most memory that one command ever held, told by its own process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# Not `ru_maxrss` alone: Linux hands a child the peak of the process that started it, here pytest's.
_TELLING = """
import resource, sys
from loopmind.cli import main
code = main()
try:
    own = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) << 10
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    own = peak if sys.platform == "darwin" else peak << 10
print("peak", own, file=sys.stderr)
sys.exit(code)
"""


def run_measured(*arguments: str | Path) -> tuple[subprocess.CompletedProcess[str], int]:
    """Run a `loopmind` command in a process of its own; what became of it, and its peak in bytes.

    Workers that it starts are not counted: each is a process with a peak of its own.
    """
    done = subprocess.run(
        [sys.executable, "-c", _TELLING, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    return done, int(done.stderr.split()[-1])
