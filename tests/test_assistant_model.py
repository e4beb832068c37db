"""The optional language model: asked only where the reader gives up, and never trusted blindly."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from assistant_draft import assistant_crate, assistant_draft

from loopmind.assistant.edit_schema import edits_schema
from loopmind.assistant.endpoint import Endpoint, configured, read_with_model
from loopmind.errors import LoopMindError, UsageError
from loopmind.music.edit import ChangeStrip, Edit, MuteTrack

DRAFT, CRATE = assistant_draft(), assistant_crate()
STRANGE = "frobnicate the gizmo"


class _StandIn(HTTPServer):
    """A server that answers every chat with the same text, and keeps what it was asked."""

    reply: Any = ""
    status = 200
    asked: list[dict[str, Any]]
    headers_seen: list[dict[str, str]]


class _Handler(BaseHTTPRequestHandler):
    server: _StandIn

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append({"path": self.path, **body})
        self.server.headers_seen.append(dict(self.headers))
        reply = self.server.reply
        text = reply if isinstance(reply, str) else json.dumps(reply)
        answer = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_StandIn]:
    found = _StandIn(("127.0.0.1", 0), _Handler)
    found.asked, found.headers_seen = [], []
    thread = threading.Thread(target=found.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def endpoint(server: _StandIn) -> Endpoint:
    return Endpoint(f"http://127.0.0.1:{server.server_port}/v1", "tiny", "secret", 5.0)


def test_what_is_understood_offline_is_never_sent(server: _StandIn) -> None:
    reading = read_with_model("more bass", DRAFT, CRATE, None, endpoint(server))
    assert reading.sure and not server.asked


def test_what_is_not_understood_is_put_to_the_model(server: _StandIn) -> None:
    server.reply = {"edits": [{"edit": "mute_track", "track": "hat"}], "not_understood": ""}
    reading = read_with_model(STRANGE, DRAFT, CRATE, None, endpoint(server))
    assert reading.edits == (MuteTrack("hat"),) and not reading.ignored
    assert "tiny" in reading.understood[0] and reading.memory.edits == reading.edits
    (asked,) = server.asked
    assert asked["path"] == "/v1/chat/completions" and asked["temperature"] == 0
    assert asked["response_format"]["json_schema"]["schema"] == edits_schema()
    assert asked["messages"][-1]["content"] == STRANGE
    assert "hook 2" in asked["messages"][0]["content"]
    assert server.headers_seen[0]["Authorization"] == "Bearer secret"


def test_the_offline_part_stays_and_only_the_rest_is_sent(server: _StandIn) -> None:
    server.reply = {"edits": [{"edit": "mute_track", "track": "hat"}], "not_understood": ""}
    reading = read_with_model(f"more bass, and {STRANGE}", DRAFT, CRATE, None, endpoint(server))
    assert reading.edits == (ChangeStrip("bass", "gain_db", None, 2.0), MuteTrack("hat"))
    assert "bass" not in server.asked[0]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        ("I would mute the hats for you!", "no JSON"),
        ({"edits": [{"edit": "sparkle", "track": "hat"}], "not_understood": ""}, "sparkle"),
        ({"edits": [{"edit": "mute_track", "track": "kazoo"}], "not_understood": ""}, "kazoo"),
        ({"edits": [{"edit": "remove_section", "section": "hook 9"}]}, "hook 9"),
        ({"edits": [{"edit": "mute_track", "track": 3}], "not_understood": ""}, "no valid edit"),
        ({"edits": [{"edit": "remove_clip", "clip_id": "hook 1/drums/0"}]}, "not its to give"),
        ({"edits": [{"edit": "swap_sound", "track": "bass", "digest": "ab"}]}, "not its to give"),
        ({"edits": [{"edit": "mute_track", "track": "hat"}] * 99}, "99"),
        ({"edits": [], "not_understood": "all of it"}, "did not understand it either"),
        ([1, 2], "schema"),
        ("", "no JSON"),
    ],
)
def test_a_bad_answer_changes_nothing_and_is_told(server: _StandIn, reply: Any, word: str) -> None:
    server.reply = reply
    reading = read_with_model(STRANGE, DRAFT, CRATE, None, endpoint(server))
    assert not reading.edits and reading.ignored
    assert any(word in text for text in reading.notes), reading.notes


def test_an_answer_wrapped_as_code_is_taken(server: _StandIn) -> None:
    server.reply = '```json\n{"edits": [{"edit": "mute_track", "track": "hat"}]}\n```'
    assert read_with_model(STRANGE, DRAFT, CRATE, None, endpoint(server)).edits


def test_edits_that_cannot_be_applied_are_refused(server: _StandIn) -> None:
    server.reply = {"edits": [{"edit": "mute_track", "track": "hat"}], "not_understood": ""}

    def check(edits: Any) -> None:
        assert edits and all(isinstance(x, Edit) for x in edits)
        raise LoopMindError("hat is locked")

    reading = read_with_model(STRANGE, DRAFT, CRATE, None, endpoint(server), check)
    assert not reading.edits and any("hat is locked" in text for text in reading.notes)


def test_a_server_that_fails_or_is_not_there_is_told(server: _StandIn) -> None:
    server.status = 500
    reading = read_with_model(STRANGE, DRAFT, CRATE, None, endpoint(server))
    assert not reading.edits and "does not answer" in reading.notes[-1]
    nobody = Endpoint("http://127.0.0.1:9/v1", patience_s=1.0)
    reading = read_with_model(STRANGE, DRAFT, CRATE, None, nobody)
    assert not reading.edits and "read offline" in reading.notes[-1]


def test_nothing_is_asked_unless_configured(own_home: Path, monkeypatch: Any) -> None:
    monkeypatch.delenv("LOOPMIND_LLM_URL", raising=False)
    assert configured() is None
    monkeypatch.setenv("LOOPMIND_LLM_URL", "http://localhost:11434")
    found = configured()
    assert found is not None and found.address == "http://localhost:11434/v1/chat/completions"
    monkeypatch.setenv("LOOPMIND_LLM_URL", "file:///etc/passwd")
    with pytest.raises(UsageError, match="no address of a server"):
        configured()
    monkeypatch.delenv("LOOPMIND_LLM_URL")
    (own_home / "assistant.json").write_text('{"url": "http://127.0.0.1:1/v1", "model": "m"}')
    found = configured()
    assert found is not None and found.model == "m"
    (own_home / "assistant.json").write_text("{")
    with pytest.raises(UsageError, match="mend the file"):
        configured()
