"""What the scripted Messages API server answers: replies, the faults that break them, their events."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SECRET = b"the signatures of the scripted server"
FAULTS = (
    "drop",  # the connection ends in mid-stream, without the end of the chunked body
    "reset",  # the same with a TCP reset
    "stall",  # nothing more is sent; the connection stays open
    "error",  # an `event: error` inside the 200 stream (`error_type`, `message`)
    "truncate",  # the body ends cleanly before `message_delta`
    "garble",  # an event whose data is not JSON
    "cut",  # the JSON of an event breaks off, and so does the body
    "empty",  # status 200 and no body
    "html",  # status 200 and a page of a proxy
    "refuse",  # the connection is closed before any answer
    "hang",  # the headers are never sent
)


def signed(text: str, prefix: str) -> str:
    """The signature of a thinking block, over its text and the conversation before it."""
    return base64.b64encode(hmac.digest(SECRET, (prefix + "\0" + text).encode(), hashlib.sha256)).decode()


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One scripted answer, or one scripted fault.

    The text or the thinking has to say that it is scripted; otherwise the Reply is refused.

    Attributes
    ----------
    thinking, text, tools
        Blocks, in this order; `tools` are mappings with `name` and `input` (a mapping, or the raw text of the
        JSON to send, also broken).
    blocks
        Instead of those three: content blocks as they are, also of unknown types.
    stop_reason
        None: `tool_use` if there are tools, else `end_turn`.
    stop_details, usage
        Merged into the last `message_delta`.
    match
        The reply is for requests whose last user turn contains this text, and is preferred to others.
    sticky
        It stays in the script and answers every later request that it fits.
    chunk, delay
        Characters in one delta; seconds before each event.
    status, headers, error_type, message
        An error instead of a stream, if status is not 200; `error_code` is a machine-readable cause.
    fault, after
        One of FAULTS, after so many events.
    in_batch
        In a batch the request is `expired` or `canceled`; an answer to it comes only outside of one.
    signature
        Used instead of the real signature of the thinking block ("", as some local servers send).
    """

    text: str = ""
    thinking: str = ""
    tools: Sequence[Mapping[str, Any]] = ()
    blocks: Sequence[Mapping[str, Any]] = ()
    stop_reason: str | None = None
    stop_details: Mapping[str, Any] | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    match: str = ""
    sticky: bool = False
    chunk: int = 16
    delay: float = 0.0
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    error_type: str = ""
    error_code: str = ""
    message: str = ""
    fault: str = ""
    after: int = 0
    in_batch: str = ""
    signature: str | None = None

    def __post_init__(self) -> None:
        said = self.text + self.thinking
        if said and "scripted" not in said.lower():
            raise ValueError(f"a scripted reply has to say that it is scripted: {said[:60]!r} does not.")
        if self.fault and self.fault not in FAULTS:
            raise ValueError(f"no fault is called {self.fault!r}: choose one of {', '.join(FAULTS)}.")

    @property
    def error(self) -> dict[str, Any]:
        """The body of an error answer, as the API words it."""
        kinds = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error",
                 403: "permission_error", 404: "not_found_error", 413: "request_too_large",
                 429: "rate_limit_error", 504: "timeout_error", 529: "overloaded_error"}  # fmt: skip
        error: dict[str, Any] = {
            "type": self.error_type or kinds.get(self.status, "api_error"),
            "message": self.message or f"scripted error {self.status}",
        }
        if self.error_code:
            error["details"] = {"error_code": self.error_code}
        return {"type": "error", "error": error, "request_id": "req_scripted"}


DEFAULT = Reply(text="This answer is scripted by the test server; no model wrote it.")


def content(reply: Reply, number: int, prefix: str) -> list[dict[str, Any]]:
    """The content blocks of a reply; the input of a tool is as the script gives it."""
    if reply.blocks:
        return [dict(block) for block in reply.blocks]
    blocks: list[dict[str, Any]] = []
    if reply.thinking:
        signature = signed(reply.thinking, prefix) if reply.signature is None else reply.signature
        blocks.append({"type": "thinking", "thinking": reply.thinking, "signature": signature})
    if reply.text:
        blocks.append({"type": "text", "text": reply.text})
    for index, tool in enumerate(reply.tools):
        identity = tool.get("id", f"toolu_scripted_{number}_{index}")
        blocks.append({"type": "tool_use", "id": identity, "name": tool["name"], "input": tool["input"]})
    return blocks


def events(
    reply: Reply, blocks: Sequence[Mapping[str, Any]], *, number: int, model: str, usage: Mapping[str, int]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The server-sent events of a reply: name and data."""
    whole = message(reply, blocks, number=number, model=model, usage=usage)
    begun = {"content": [], "stop_reason": None, "stop_details": None, "usage": {**usage, "output_tokens": 1}}
    yield "message_start", {"message": {**whole, **begun}}
    yield "ping", {}
    for index, block in enumerate(blocks):
        yield from _block_events(index, block, reply.chunk)
    used = {name: value for name, value in whole["usage"].items() if name not in usage or name in reply.usage}
    delta = {name: whole[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    yield "message_delta", {"delta": delta, "usage": used}
    yield "message_stop", {}


def message(
    reply: Reply, blocks: Sequence[Mapping[str, Any]], *, number: int, model: str, usage: Mapping[str, int]
) -> dict[str, Any]:
    """The whole message of a reply, as a request without `stream` or in a batch is answered."""
    spoken = sum(len(str(block.get("text", "")) + json.dumps(block.get("input", ""))) for block in blocks)
    thought = sum(len(str(block.get("thinking", ""))) for block in blocks)
    used = {
        **usage,
        "output_tokens": max(1, (spoken + thought) // 4),
        "output_tokens_details": {"thinking_tokens": thought // 4},
        **reply.usage,
    }
    calls = any(block["type"] == "tool_use" for block in blocks)
    reason = reply.stop_reason or ("tool_use" if calls else "end_turn")
    return {
        "id": f"msg_scripted_{number}", "type": "message", "role": "assistant", "content": list(blocks),
        "model": model, "stop_reason": reason, "stop_sequence": None, "stop_details": reply.stop_details,
        "usage": used,
    }  # fmt: skip


def _block_events(index: int, block: Mapping[str, Any], chunk: int) -> Iterator[tuple[str, dict[str, Any]]]:
    start = dict(block)
    deltas: list[dict[str, Any]] = []
    if block["type"] == "text":
        start["text"] = ""
        deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(block["text"], chunk)]
    elif block["type"] == "thinking":
        start |= {"thinking": "", "signature": ""}
        deltas = [
            {"type": "thinking_delta", "thinking": piece} for piece in _pieces(block["thinking"], chunk)
        ]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    elif block["type"] == "tool_use":
        start["input"] = {}
        given = block["input"]
        raw = given if isinstance(given, str) else json.dumps(given)
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *_pieces(raw, chunk)]]
    yield "content_block_start", {"index": index, "content_block": start}
    for delta in deltas:
        yield "content_block_delta", {"index": index, "delta": delta}
    yield "content_block_stop", {"index": index}


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]
