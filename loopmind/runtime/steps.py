"""Running one step of a plan: handing values over, mapping over items, checking what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any, TypeVar

from loopmind.graph.context import Context, PlainContext
from loopmind.graph.errors import NodeRunError
from loopmind.graph.outputs import as_outputs
from loopmind.graph.plan import Step
from loopmind.graph.types import LIST_SUFFIX
from loopmind.graph.values import digest
from loopmind.music.codec import CodecError
from loopmind.runtime.cache import Outputs, Store
from loopmind.runtime.keys import content_key, fingerprint_of, join_key, static_part

R = TypeVar("R")


@dataclass(frozen=True)
class Call:
    """A node function with nothing of the runtime about it, to be sent to another process."""

    function: Callable[..., Any]
    context: str

    def __call__(self, arguments: Mapping[str, Any]) -> Any:
        more = {self.context: PlainContext()} if self.context else {}
        return self.function(**arguments, **more)


def run_step(
    step: Step,
    values: Mapping[str, Any],
    input_keys: Mapping[str, str],
    context: Context,
    stores: Sequence[Store],
) -> Outputs:
    """The outputs of `step` for the raw wire `values` by port.

    Mapped steps look up and remember each item in `stores` by itself.
    """
    assert step.spec is not None
    arguments = control_values(step)
    for port, feed in step.feeds.items():
        if port not in step.mapped:
            convert = feed.connection.convert
            arguments[port] = values[port] if convert is None else convert(values[port])
    if step.mapped:
        return _run_mapped(step, arguments, values, input_keys, context, stores)
    if step.spec.context:
        arguments[step.spec.context] = context
    return as_outputs(step.spec, step.spec.function(**arguments))


def control_values(step: Step) -> dict[str, Any]:
    """What the node function receives for the controls that no wire feeds."""
    assert step.spec is not None
    return {
        control.name: control.value(step.controls[control.name])
        for control in step.spec.schema.controls
        if control.name not in step.feeds
    }


def output_types(step: Step) -> dict[str, str]:
    """The wire type of each output, as it leaves the step."""
    assert step.spec is not None
    suffix = LIST_SUFFIX if step.mapped else ""
    return {port.name: port.type + suffix for port in step.spec.schema.outputs}


def _run_mapped(
    step: Step,
    arguments: dict[str, Any],
    values: Mapping[str, Any],
    input_keys: Mapping[str, str],
    context: Context,
    stores: Sequence[Store],
) -> Outputs:
    assert step.spec is not None
    spec = step.spec
    columns = {port: _items(step, port, values[port]) for port in step.mapped}
    counts = {port: len(column) for port, column in columns.items()}
    if len(set(counts.values())) > 1:
        shown = ", ".join(f"{port} has {count}" for port, count in sorted(counts.items()))
        raise NodeRunError(f"{spec.id} runs once per item, but its inputs differ: {shown}")
    count = next(iter(counts.values()))
    jobs = [{**arguments, **{port: columns[port][i] for port in columns}} for i in range(count)]
    keys = _item_keys(step, columns, jobs, input_keys) if stores else [None] * count
    results: list[Outputs | None] = [_look_up(stores, key) for key in keys]
    missing = [i for i, found in enumerate(results) if found is None]
    types = {port.name: port.type for port in spec.schema.outputs}

    if spec.per_item == "processes" and len(missing) > 1:
        made = context.map(
            Call(spec.function, spec.context), [jobs[i] for i in missing], name=_job_name(step)
        )
        for i, result in zip(missing, made, strict=True):
            results[i] = as_outputs(spec, result)
            _remember(stores, keys[i], results[i], types)
    else:

        def run_one(i: int) -> Outputs:
            more = {spec.context: _ItemContext(context)} if spec.context else {}
            outputs = as_outputs(spec, spec.function(**jobs[i], **more))
            _remember(stores, keys[i], outputs, types)
            return outputs

        name = _job_name(step)
        made = context.map(run_one, missing, processes=False, name=lambda i: name(jobs[i]))
        for i, outputs in zip(missing, made, strict=True):
            results[i] = outputs
    done = [outputs for outputs in results if outputs is not None]
    return {port: tuple(outputs[port] for outputs in done) for port in types}


def _items(step: Step, port: str, value: Any) -> tuple[Any, ...]:
    link = step.feeds[port].connection
    assert link.split is not None
    items = link.split(value)
    return items if link.convert is None else tuple(link.convert(item) for item in items)


def _item_keys(
    step: Step,
    columns: Mapping[str, tuple[Any, ...]],
    jobs: Sequence[Mapping[str, Any]],
    input_keys: Mapping[str, str],
) -> list[str | None]:
    """The key of each item, or None where it has no plain form and so cannot be remembered."""
    assert step.spec is not None
    spec = step.spec
    if spec.schema.touches_files and spec.fingerprint is None:
        return [None] * len(jobs)
    static = static_part(step) + b"\x1ditem"
    whole = {port: key for port, key in input_keys.items() if port not in columns}
    names = {control.name for control in spec.schema.controls}
    keys: list[str | None] = []
    for i, job in enumerate(jobs):
        try:
            own = {port: content_key(digest(column[i])) for port, column in columns.items()}
        except CodecError:
            keys.append(None)
            continue
        controls = {name: value for name, value in job.items() if name in names}
        keys.append(join_key(static, {**whole, **own}, fingerprint_of(spec, controls)))
    return keys


def _look_up(stores: Sequence[Store], key: str | None) -> Outputs | None:
    if key is None:
        return None
    for store in stores:
        found = store.get(key)
        if found is not None:
            return found
    return None


def _remember(
    stores: Sequence[Store], key: str | None, outputs: Outputs | None, types: Mapping[str, str]
) -> None:
    if key is not None and outputs is not None:
        for store in stores:
            store.put(key, outputs, types)


def _job_name(step: Step) -> Callable[[Any], str]:
    port = step.mapped[0]

    def name(job: Mapping[str, Any]) -> str:
        item = job[port]
        shown = getattr(item, "path", None) if is_dataclass(item) else item
        return str(shown) if isinstance(shown, (str, int, float)) or shown else ""

    return name


class _ItemContext(PlainContext):
    """What one item of a mapped step is given: its own progress is not shown, cancelling is."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def note(self, message: str) -> None:
        self._context.note(message)

    def cancelled(self) -> bool:
        return self._context.cancelled()

    def remember(self, what: object, wire_type: str, make: Callable[[], R]) -> R:
        return self._context.remember(what, wire_type, make)

    def recall(self, what: object, wire_type: str) -> object | None:
        return self._context.recall(what, wire_type)

    def keep(self, what: object, wire_type: str, part: object) -> None:
        self._context.keep(what, wire_type, part)
