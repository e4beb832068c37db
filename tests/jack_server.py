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
    """A server that `start`s and `stop`s; `xruns` and `late` count what its log tells."""

    log: Path
    command: list[str]
    process: subprocess.Popen[bytes] | None = None

    def xruns(self) -> int:
        return len(re.findall(r"xrun", self.log.read_text(errors="replace"), re.IGNORECASE))

    def late(self) -> dict[str, int]:
        """The xruns by who was late.

        timer: the driver itself woke up late, whoever plays or nobody. not_woken: a client's
        thread had not been given a processor by the end of its block. at_work: it had, and was
        not done.
        """
        text = self.log.read_text(errors="replace")
        return {
            "timer": len(re.findall(r"JackTimedDriver::\w+ XRun", text)),
            "not_woken": len(re.findall(r"was not finished, state = Triggered", text)),
            "at_work": len(re.findall(r"was not finished, state = Running", text)),
        }

    def start(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError with its log where it ends."""
        with self.log.open("ab") as out:
            environment = {**os.environ, "JACK_NO_AUDIO_RESERVATION": "1"}
            self.process = subprocess.Popen(self.command, stdout=out, stderr=out, env=environment)
        deadline = time.monotonic() + 15.0
        while not _answers() and time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"jackd ended: {self.log.read_text(errors='replace')}")
            time.sleep(0.2)

    def stop(self) -> None:
        """End it, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)


@contextmanager
def jack_server(
    folder: Path, *, rate_hz: int = 44100, block: int = 128, realtime: bool = False
) -> Iterator[JackServer]:
    """Start a dummy JACK server and let PortAudio see it; stops it in the end.

    realtime: its threads and its clients' go before all others, where the system allows it.
    """
    # A name of its own: other servers on this machine are none of its business.
    name = f"loopmind-{os.getpid()}"
    os.environ["JACK_DEFAULT_SERVER"] = name
    driver = ["-d", "dummy", "-r", str(rate_hz), "-p", str(block)]
    how = ["--realtime", "--realtime-priority", "20"] if realtime else ["--no-realtime"]
    server = JackServer(folder / f"jack-{block}.log", ["jackd", "-n", name, *how, *driver])
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _answers() -> bool:
    """Can a client see the server's ports?"""
    done = subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and "system:" in done.stdout
