"""A sound device without hardware: JACK's dummy driver, which keeps true time and counts xruns."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


def is_installed() -> bool:
    return shutil.which("jackd") is not None


@dataclass
class JackServer:
    """The running server; `xruns` counts what its log tells."""

    process: subprocess.Popen[bytes]
    log: Path

    def xruns(self) -> int:
        return len(re.findall(r"xrun", self.log.read_text(errors="replace"), re.IGNORECASE))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@contextmanager
def jack_server(folder: Path, *, rate_hz: int = 44100, block: int = 128) -> Iterator[JackServer]:
    """Start a dummy JACK server and let PortAudio see it; stops it in the end."""
    log = folder / f"jack-{block}.log"
    # A name of its own: other servers on this machine are none of its business.
    name = f"loopmind-{os.getpid()}"
    os.environ["JACK_DEFAULT_SERVER"] = name
    command = [
        "jackd",
        "-n",
        name,
        "--no-realtime",
        "-d",
        "dummy",
        "-r",
        str(rate_hz),
        "-p",
        str(block),
    ]
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env={**os.environ, "JACK_NO_AUDIO_RESERVATION": "1"}
        )
    server = JackServer(process, log)
    try:
        deadline = time.monotonic() + 15.0
        while not _answers() and time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"jackd ended: {log.read_text(errors='replace')}")
            time.sleep(0.2)
        yield server
    finally:
        if process.poll() is None:
            server.stop()


def _answers() -> bool:
    """Can a client see the server's ports?"""
    done = subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and "system:" in done.stdout
