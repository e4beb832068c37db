"""A language model on the user's own machine, for what the offline reader did not understand.

Any server that speaks the OpenAI chat protocol will do (llama.cpp, Ollama ...). It is used only
where one is configured, its answer is held to the schema of edits and to the song's own tracks
and sections, and whatever goes wrong leaves the offline reading as it was, with a note.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

from loopmind.assistant.edit_schema import LEFT_OUT, MOST_EDITS, edits_schema
from loopmind.assistant.reader import read
from loopmind.assistant.telling import tell
from loopmind.assistant.values import Memory, Reading
from loopmind.errors import UsageError
from loopmind.files.places import settings_file
from loopmind.music.codec import CodecError
from loopmind.music.draft import Draft
from loopmind.music.edit import Edit, edit_from_plain
from loopmind.music.loop import Crate

URL, MODEL, KEY = "LOOPMIND_LLM_URL", "LOOPMIND_LLM_MODEL", "LOOPMIND_LLM_KEY"
LARGEST_ANSWER = 1 << 20
PATIENCE_S = 30.0


class ModelError(Exception):
    """The model could not be asked, or gave no usable answer; the message says which."""


@dataclass(frozen=True)
class Endpoint:
    """Where the model is reached: base URL (".../v1"), name of the model, key ("" for none)."""

    url: str
    model: str = "local"
    key: str = ""
    patience_s: float = PATIENCE_S

    @property
    def address(self) -> str:
        base = self.url.rstrip("/")
        if base.endswith("/chat/completions"):
            return base
        return f"{base}/chat/completions" if base.endswith("/v1") else f"{base}/v1/chat/completions"


def configured() -> Endpoint | None:
    """The endpoint of the environment, else of the file assistant.json; None where there is none.

    The file holds {"url": ..., "model": ..., "key": ...}. Raises UsageError naming what is wrong.
    """
    url = os.environ.get(URL, "").strip()
    if url:
        found = Endpoint(url, os.environ.get(MODEL, "").strip() or "local", os.environ.get(KEY, ""))
        return _checked(found, URL)
    file = settings_file("assistant")
    if not file.is_file():
        return None
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        known = {name: str(data[name]) for name in ("url", "model", "key") if data.get(name)}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"{file}: {error}; mend the file or remove it") from error
    if "url" not in known:
        return None
    return _checked(
        Endpoint(known["url"], known.get("model", "local"), known.get("key", "")), str(file)
    )


def _checked(endpoint: Endpoint, where: str) -> Endpoint:
    try:
        parts = urlsplit(endpoint.url)
    except ValueError as error:
        raise UsageError(f"{where}: {endpoint.url!r} is no address ({error})") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"{where}: {endpoint.url!r} is no address of a server; "
            "write for example http://localhost:11434/v1"
        )
    return endpoint


def read_with_model(
    text: str,
    draft: Draft,
    crate: Crate,
    memory: Memory | None,
    endpoint: Endpoint | None,
    check: Callable[[Sequence[Edit]], None] | None = None,
) -> Reading:
    """The offline reading; what it did not understand is put to the model, if there is one.

    check: raises where edits cannot be applied; such edits are refused like wrong ones.
    """
    reading = read(text, draft, crate, memory)
    if endpoint is None or not reading.ignored or reading.question is not None:
        return reading
    wish = text if not reading.edits else "; ".join(reading.ignored)
    try:
        edits = ask_model(endpoint, wish, draft)
        if check is not None and edits:
            check((*reading.edits, *edits))
    except ModelError as error:
        said = f"the language model could not help ({error}); this was read offline"
        return replace(reading, notes=(*reading.notes, said))
    except Exception as error:
        said = f"the language model's answer cannot be done ({error}); this was read offline"
        return replace(reading, notes=(*reading.notes, said))
    if not edits:
        return replace(
            reading, notes=(*reading.notes, "the language model did not understand it either")
        )
    every = (*reading.edits, *edits)
    return replace(
        reading,
        edits=every,
        understood=(*reading.understood, *(f"{tell(e)} (read by {endpoint.model})" for e in edits)),
        ignored=(),
        memory=replace(reading.memory, edits=every),
    )


def ask_model(endpoint: Endpoint, wish: str, draft: Draft) -> tuple[Edit, ...]:
    """The edits that the model makes of `wish`. Raises ModelError for anything but valid edits."""
    return checked_edits(_answer(endpoint, wish, draft), draft)


def _answer(endpoint: Endpoint, wish: str, draft: Draft) -> str:
    schema = edits_schema()
    body = {
        "model": endpoint.model,
        "temperature": 0,
        "seed": 1,
        "messages": [
            {"role": "system", "content": _instructions(draft, schema)},
            {"role": "user", "content": wish},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "edits", "strict": True, "schema": schema},
        },
    }
    headers = {"Content-Type": "application/json"}
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    request = urllib.request.Request(
        endpoint.address, json.dumps(body).encode(), headers, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=endpoint.patience_s) as response:
            raw = response.read(LARGEST_ANSWER + 1)
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise ModelError(f"{endpoint.url} does not answer: {error}") from error
    if len(raw) > LARGEST_ANSWER:
        raise ModelError("its answer is far too long")
    try:
        content = json.loads(raw)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ModelError("its answer is no chat completion") from error
    if not isinstance(content, str):
        raise ModelError("its answer holds no text")
    return content


def _instructions(draft: Draft, schema: dict[str, Any]) -> str:
    song = draft.song
    sections = ", ".join(f"{s.name} ({s.bars} bars)" for s in song.sections)
    tracks = ", ".join(f"{t.id} ({t.instrument})" for t in song.tracks)
    return (
        "You turn a wish about a song into edits. Answer with one JSON object that fits the "
        "schema and nothing else. Put into not_understood what no edit can do; never guess. "
        f"The song: {song.bpm:g} bpm, {song.key or 'no key'}. Sections: {sections}. "
        f"Tracks: {tracks}. Schema: {json.dumps(schema, separators=(',', ':'))}"
    )


def checked_edits(content: str, draft: Draft) -> tuple[Edit, ...]:
    """The edits in a model's answer, each of a known kind and about parts that there are.

    Raises ModelError naming what is wrong; a wrong edit spoils the whole answer.
    """
    text = content.strip()
    if text.startswith("```"):  # some servers wrap what they were asked for
        text = text.split("\n", 1)[-1].rsplit("```", 1)[0]
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ModelError("its answer is no JSON") from error
    items = data.get("edits") if isinstance(data, dict) else None
    if not isinstance(items, list) or set(data) - {"edits", "not_understood"}:
        raise ModelError("its answer does not fit the schema")
    if len(items) > MOST_EDITS:
        raise ModelError(f"it gave {len(items)} edits")
    found: list[Edit] = []
    for item in items:
        try:
            edit = edit_from_plain(item)
        except (CodecError, TypeError, ValueError, RecursionError) as error:
            raise ModelError(f"it gave no valid edit: {error}") from error
        if type(edit) in LEFT_OUT or bool(getattr(edit, "digest", None)):
            raise ModelError(f"it gave an edit that is not its to give: {item.get('edit')}")
        _check_parts(edit, draft)
        found.append(edit)
    return tuple(found)


def _check_parts(edit: Edit, draft: Draft) -> None:
    tracks = {t.id for t in draft.song.tracks} | {"master", ""}
    sections = {s.name for s in draft.song.sections} | {""}
    held = {f.name: getattr(edit, f.name) for f in fields(edit)}
    for names, known, what in (
        (("track", "tracks", "only", "add", "remove"), tracks, "track"),
        (("section", "sections", "after"), sections, "section"),
    ):
        for name in names:
            value = held.get(name, ())
            for one in (value,) if isinstance(value, str) else value:
                if one not in known:
                    raise ModelError(f"it named the {what} {one!r}, which the song has not")
