"""A scripted server on 127.0.0.1 that checks requests as the Messages API does; there is no model.

In a test, in a thread:

    with MessagesServer(Reply(text="Scripted: hello"), Reply(status=529)) as server:
        client = anthropic.Anthropic(base_url=server.url, api_key="scripted")
        ...
        server.requests[0].body["thinking"]; server.disconnects

As a process of its own, with a script of JSON (a list of mappings with the fields of Reply):

    python messages_server.py --port 8123 --script answers.json

Replies are taken in order; one with `match` is preferred for requests whose last user turn contains that
text; `sticky` ones stay in the script. When the script is used up, DEFAULT answers. `GET /_scripted` gives the requests seen and the
number of connections that the client closed in mid-answer; `POST /_scripted` adds replies to the script.
The same replies answer the requests of message batches (`batches`).
`loose=True` is a local server like Ollama: any model, no Models API, no count_tokens, no checks of thinking.
"""

import argparse
import contextlib
import json
import select
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from message_batches import MessageBatches
from platform_paths import framed, unwrapped
from request_rules import MODELS, PAUSED, PrefixCache, Refused, blocks_of, check, check_headers, prefix_of
from scripted_replies import DEFAULT, Reply, content, events, message

BATCHES = "/v1/messages/batches"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as it came. `refused` is why the rules refuse it."""

    method: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    body: Any
    refused: str = ""


class MessagesServer:
    """A Messages API without a model.

    Parameters
    ----------
    replies
        The script: each Reply answers one request to `/v1/messages`.
    loose
        Behave like a local server that supports little of the API.
    models_api
        Whether `/v1/models/ID` answers with capabilities; otherwise 404, as a proxy does.
    refuse
        A rule of the test: called with the body, returns the message of a 400, or "" to accept the request.
    tls
        A context with the server's certificate: the server then speaks HTTPS.
    """

    def __init__(
        self,
        *replies: Reply,
        port: int = 0,
        loose: bool = False,
        models_api: bool = True,
        refuse: Callable[[Mapping[str, Any]], str] = lambda body: "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.script, self.loose, self.models_api, self.refuse = list(replies), loose, models_api, refuse
        self.requests: list[Seen] = []
        self.disconnects = 0
        self.answers = 0
        self.cache = PrefixCache()
        self.batches = MessageBatches(self.batched, lambda: self.url)
        self.issued: dict[str, Sequence[Mapping[str, Any]]] = {}
        self.lost_batches = 0  # how many of the next ones are made without the client hearing of it
        self.changed = threading.Condition()
        self.closing = threading.Event()
        handler = type("BoundHandler", (_Handler,), {"scripted": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.http.daemon_threads = True
        if tls is not None:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.url = f"http{'s' * (tls is not None)}://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> "MessagesServer":
        self.thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def add(self, *replies: Reply) -> None:
        """Add replies at the end of the script."""
        self.script.extend(replies)

    @property
    def turns(self) -> list[Seen]:
        """Only the requests to `/v1/messages`."""
        return [seen for seen in self.requests if seen.path == "/v1/messages"]

    def wait(self, condition: Callable[["MessagesServer"], bool], timeout: float = 30) -> None:
        """Block until something that the server has seen makes the condition true; TimeoutError if it never does."""
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self), timeout):
                raise TimeoutError(
                    f"the scripted server never saw it: {len(self.requests)} requests, {self.disconnects} disconnects"
                )

    def note(self, seen: Seen) -> None:
        with self.changed:
            self.requests.append(seen)
            self.changed.notify_all()

    def note_disconnect(self) -> None:
        with self.changed:
            self.disconnects += 1
            self.changed.notify_all()

    def take(self, body: Mapping[str, Any]) -> tuple[int, Reply]:
        """The number of this answer, and the script's reply to the request."""
        last = json.dumps(blocks_of(body["messages"][-1]), ensure_ascii=False) if body.get("messages") else ""
        with self.changed:
            self.answers += 1
            fitting = [reply for reply in self.script if reply.match and reply.match in last]
            rest = [reply for reply in self.script if not reply.match]
            reply = (fitting or rest or [DEFAULT])[0]
            if not reply.sticky and reply is not DEFAULT:
                self.script.remove(reply)
            return self.answers, reply

    def blocks(self, body: Mapping[str, Any], reply: Reply, number: int) -> list[dict[str, Any]]:
        """The content blocks of an answer to the body; they are remembered, as they must come back unchanged."""
        bound = not self.loose and MODELS[body["model"]][3]
        blocks = content(reply, number, prefix_of(body, len(body["messages"])) if bound else "")
        if reply.stop_reason == "pause_turn":
            self.issued[PAUSED] = blocks
        for block in blocks:
            if block["type"] == "tool_use":
                self.issued[block["id"]] = blocks
        return blocks

    def whole(self, body: Mapping[str, Any], reply: Reply, number: int) -> dict[str, Any]:
        """The answer to a body as one message."""
        blocks, usage = self.blocks(body, reply, number), self.cache.usage(body)
        return message(reply, blocks, number=number, model=body["model"], usage=usage)

    def batched(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The result of one request in a batch."""
        try:
            self.judge(body)
        except Refused as problem:
            refused = Reply(status=problem.status, error_type=problem.kind, message=problem.message)
            return {"type": "errored", "error": refused.error}
        number, reply = self.take(body)
        if reply.in_batch:
            self.script.insert(0, replace(reply, in_batch=""))
            return {"type": reply.in_batch}
        if reply.status != 200:
            return {"type": "errored", "error": reply.error}
        return {"type": "succeeded", "message": self.whole(body, reply, number)}

    def judge(self, body: Mapping[str, Any]) -> None:
        """Raises Refused for a request that the API would not accept."""
        own = self.refuse(body)
        if own:
            raise Refused(own)
        if not self.loose:
            check(body, issued=self.issued)


class _Handler(BaseHTTPRequestHandler):
    scripted: MessagesServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    framed = False

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: stderr belongs to the test."""

    def do_GET(self) -> None:
        server = self.scripted
        if self.path == "/_scripted":
            seen = [
                {**asdict(one), "raw": len(one.raw), "headers": dict(one.headers)} for one in server.requests
            ]
            return self.send(200, {"requests": seen, "disconnects": server.disconnects})
        server.note(Seen(method="GET", path=self.path, headers=dict(self.headers), raw=b"", body=None))
        if self.path.startswith(BATCHES):
            return self.batch(*self.path.partition("?")[0].removeprefix(BATCHES).strip("/").split("/"))
        model = self.path.partition("/v1/models/")[2]
        if not server.models_api or server.loose or model not in MODELS:
            return self.send(404, Reply(status=404, message=f"scripted: no {self.path}").error)
        return self.send(200, described(model))

    def do_POST(self) -> None:
        server = self.scripted
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        given = json.loads(raw)
        if self.path == "/_scripted":
            server.add(*(Reply(**reply) for reply in given))
            return self.send(200, {"script": len(server.script)})
        path, body, self.framed = unwrapped(self.path, given)
        refused: Refused | None = None
        try:
            check_headers({"anthropic-version": given.get("anthropic_version"), **self.headers})
            if path == "/v1/messages":
                server.judge(body)
        except Refused as problem:
            refused = problem
        server.note(Seen(method="POST", path=path, headers=dict(self.headers), raw=raw, body=body,
                         refused=refused.message if refused else ""))  # fmt: skip
        if refused:
            kind, status = refused.kind, refused.status
            return self.send(status, Reply(status=status, error_type=kind, message=refused.message).error)
        if path == BATCHES:
            if server.lost_batches:  # it is made, and the answer does not arrive
                server.lost_batches -= 1
                server.batches.create(given)
                self.close_connection = True
                return None
            try:
                return self.send(200, server.batches.create(given))
            except Refused as problem:
                return self.send(400, Reply(status=400, message=problem.message).error)
        if path.startswith(BATCHES) and path.endswith("/cancel"):
            return self.send(200, server.batches.cancel(path.split("/")[-2]))
        if path == "/v1/messages/count_tokens" and not server.loose:
            return self.send(200, {"input_tokens": max(1, len(json.dumps(body)) // 4)})
        if path != "/v1/messages":
            return self.send(404, Reply(status=404, message=f"scripted: no {self.path}").error)
        return self.answer(body)

    def batch(self, identity: str, what: str = "") -> None:
        """Answer a GET below `/v1/messages/batches`."""
        made = self.scripted.batches
        if not identity:
            return self.send(200, made.list())
        if identity not in made.made:
            return self.send(404, Reply(status=404, message=f"scripted: no batch {identity}").error)
        if what == "results":
            return self.send(200, made.lines(identity), {"content-type": "application/x-jsonl"})
        return self.send(200, made.look(identity))

    def send(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "content-type": "application/json",
            "request-id": "req_scripted",
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def answer(self, body: Mapping[str, Any]) -> None:
        server = self.scripted
        if body["max_tokens"] == 0:  # fills the cache
            return self.send(200, server.whole(body, Reply(stop_reason="max_tokens"), 0))
        number, reply = server.take(body)
        if reply.fault == "refuse":
            self.close_connection = True
            return None
        if reply.fault == "hang":
            return self.hold()
        if reply.status != 200:
            return self.send(reply.status, reply.error, reply.headers)
        if reply.fault in ("empty", "html"):
            page = b"" if reply.fault == "empty" else b"<html><body>scripted page of a proxy</body></html>"
            return self.send(200, page, {"content-type": "text/html", **reply.headers})
        if not body.get("stream") and not self.framed:  # Bedrock says it in the path
            return self.send(200, server.whole(body, reply, number))
        blocks = server.blocks(body, reply, number)
        try:
            self.stream(reply, blocks, number, body)
        except (BrokenPipeError, ConnectionResetError):
            server.note_disconnect()
            self.close_connection = True

    def stream(
        self, reply: Reply, blocks: Sequence[Mapping[str, Any]], number: int, body: Mapping[str, Any]
    ) -> None:
        self.send_response(200)
        kind = "application/vnd.amazon.eventstream" if self.framed else "text/event-stream"
        for name, value in {"content-type": kind, "request-id": f"req_scripted_{number}",
                            "transfer-encoding": "chunked", **reply.headers}.items():  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        usage = self.scripted.cache.usage(body)
        for place, (name, data) in enumerate(
            events(reply, blocks, number=number, model=body["model"], usage=usage)
        ):
            if reply.fault and place == reply.after:
                return self.break_off(reply, name, data)
            if reply.delay:
                time.sleep(reply.delay)
            if self.gone():
                raise BrokenPipeError
            self.event(name, data)
        self.chunk(b"")
        return None

    def event(self, name: str, data: Mapping[str, Any]) -> None:
        if self.framed:
            return self.chunk(framed({"type": name, **data}))
        return self.chunk(f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode())

    def chunk(self, raw: bytes) -> None:
        self.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")

    def break_off(self, reply: Reply, name: str, data: Mapping[str, Any]) -> None:
        """Break off the stream as the reply says, instead of sending the next event."""
        self.close_connection = True
        if reply.fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif reply.fault == "stall":
            self.hold()
        elif reply.fault == "error":
            error = {
                "type": reply.error_type or "overloaded_error",
                "message": reply.message or "scripted: overloaded",
            }
            self.event("error", {"error": error})
            self.chunk(b"")
        elif reply.fault == "truncate":
            self.chunk(b"")
        elif reply.fault == "garble":
            self.chunk(f'event: {name}\ndata: {{"type": "{name}", "sc\n\n'.encode())
            self.chunk(b"")
        elif reply.fault == "cut":
            whole = f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()
            self.chunk(whole[: len(whole) // 2])
            self.chunk(b"")

    def gone(self) -> bool:
        """Whether the client has closed its side."""
        ready, _, _ = select.select([self.connection], [], [], 0)
        return bool(ready) and not self.connection.recv(1, socket.MSG_PEEK)

    def hold(self) -> None:
        """Send nothing until the client or the server closes."""
        self.close_connection = True
        while not self.scripted.closing.wait(0.02):
            try:
                if not self.gone():
                    continue
            except ConnectionResetError:
                pass  # closed with a reset
            return self.scripted.note_disconnect()
        return None


def described(model: str) -> dict[str, Any]:
    """A model as the Models API describes it."""
    thinking, efforts, most, _ = MODELS[model]

    def leaf(supported: bool) -> dict[str, bool]:
        return {"supported": supported}

    capabilities = {
        "thinking": {"supported": True, "types": {kind: leaf(kind in thinking) for kind in ("adaptive", "enabled", "disabled", "between_tools")}},
        "effort": {"supported": bool(efforts), **{level: leaf(level in efforts) for level in ("low", "medium", "high", "xhigh", "max")}},
        "structured_outputs": leaf(True),
    }  # fmt: skip
    return {
        "id": model, "type": "model", "display_name": f"{model} (scripted)", "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active", "max_input_tokens": 200_000, "max_tokens": most, "capabilities": capabilities,
    }  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Serve a script of JSON until interrupted; prints the base URL first."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path, help="JSON list of replies")
    parser.add_argument("--loose", action="store_true")
    parser.add_argument("--no-models-api", action="store_true")
    parser.add_argument("--tls", type=Path, help="PEM file with the server's key and certificate")
    given = parser.parse_args(arguments)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if given.tls else None
    if tls is not None:
        tls.load_cert_chain(given.tls)
    replies = json.loads(given.script.read_text("utf-8")) if given.script else []
    server = MessagesServer(*(Reply(**reply) for reply in replies), port=given.port, loose=given.loose,
                            models_api=not given.no_models_api, tls=tls)  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt), server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])
