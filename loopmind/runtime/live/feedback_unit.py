"""Feedback's two ends in a plan: a return, and the send of the same name that feeds it."""

from __future__ import annotations

import numpy as np

from loopmind.dsp.effects import feedback
from loopmind.dsp.effects.feedback import SHORTEST
from loopmind.music.signal import Signal
from loopmind.runtime.live.signal_patch import Return, SignalError, SignalPlanner, Stream


class ReturnUnit:
    """What was sent under the setting name, time_s later."""

    def add(self, planner: SignalPlanner, signal: Signal, sources: list[Stream]) -> Stream:
        name = str(signal.settings["name"])
        if name in planner.returns:
            raise SignalError(
                f"there are two feedback_return called {name!r}; rename one, or lead one to both"
            )
        part = feedback.prepare_return(planner.rate_hz, dict(signal.settings))  # type: ignore[arg-type]
        sent = planner.plan.new_buffer()
        number = len(planner.plan.operations)
        out = planner.operation(feedback.RETURN, part, [sent], f"feedback_return {name}")
        planner.returns[name] = Return(sent, number, int(part.params[0]))
        return Stream(out, 0)


class SendUnit:
    """Lets its stream through and sends it back, gain_db softer, to the return of its name.

    The way back is shortened by what the stream is late, so that it comes round in time. Sent to
    no return, it goes nowhere.
    """

    def add(self, planner: SignalPlanner, signal: Signal, sources: list[Stream]) -> Stream:
        name = str(signal.settings["name"])
        (source,) = sources
        try:
            part = feedback.prepare_send(planner.rate_hz, dict(signal.settings))  # type: ignore[arg-type]
        except ValueError as error:
            raise SignalError(f"feedback_send {name!r}: {error}") from error
        planner.sends[name] = planner.sends.get(name, 0) + 1
        if planner.sends[name] > 1:
            raise SignalError(
                f"there are two feedback_send called {name!r}; lead both to a bus and send that"
            )
        out = planner.plan.new_buffer()
        found = planner.returns.get(name)
        back = planner.plan.new_buffer() if found is None else found.buffer
        if found is not None:
            found.sent = True
            frames = max(found.frames - source.latency, SHORTEST)
            words: np.ndarray = planner.plan.operations[found.operation].params
            words[0] = frames
        planner.moving[len(planner.plan.operations)] = part.moving
        planner.plan.add(
            feedback.SEND.kernel, [source.buffer], [out, back], np.array(part.params),
            part.state_words, f"feedback_send {name}",
        )  # fmt: skip
        return Stream(out, source.latency)


RETURN = ReturnUnit()
SEND = SendUnit()
