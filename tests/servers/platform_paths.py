"""How the platforms wrap the Messages API: the model in the path, and the framing of Bedrock's streams."""

import base64
import json
import re
import struct
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

_BEDROCK = re.compile(r"/model/(?P<model>[^/]+)/invoke-with-response-stream$")
_VERTEX = re.compile(r"/publishers/anthropic/models/(?P<model>[^/:]+):streamRawPredict$")
_OLD, _NEW = r"claude-[a-z]+-4-5", r"claude-[a-z]+-(?:4-[678]|5(?:-\d)?)"
_IDS = (
    re.compile(rf"(?:(?:global|us|eu)\.)?anthropic\.(?:({_OLD})-\d{{8}}-v1:0|(claude-opus-4-6)-v1|({_NEW}))"),
    re.compile(rf"({_OLD})@\d{{8}}|({_NEW})"),
)


def unwrapped(path: str, body: Mapping[str, Any]) -> tuple[str, dict[str, Any], bool]:
    """Path and body as in the Messages API itself, and whether the answer is framed like Bedrock's."""
    for pattern in (_BEDROCK, _VERTEX):
        if found := pattern.search(path):
            plain = {name: value for name, value in body.items() if name != "anthropic_version"}
            return "/v1/messages", {"model": plain_id(unquote(found["model"])), **plain}, pattern is _BEDROCK
    return path, dict(body), False


def plain_id(model: str) -> str:
    """The id of the Claude API for one in the documented form of a platform; another is unknown there."""
    found = next(filter(None, (form.fullmatch(model) for form in _IDS)), None)
    return next(filter(None, found.groups())) if found else f"unknown on this platform: {model}"


def framed(data: Mapping[str, Any]) -> bytes:
    """An event in the framing `application/vnd.amazon.eventstream`: prelude, headers, payload, checksums."""
    payload = json.dumps({"bytes": base64.b64encode(json.dumps(data).encode()).decode()}).encode()
    headers = b"".join(
        struct.pack("!B", len(name)) + name + b"\x07" + struct.pack("!H", len(value)) + value
        for name, value in (
            (b":event-type", b"chunk"),
            (b":content-type", b"application/json"),
            (b":message-type", b"event"),
        )
    )
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack("!I", zlib.crc32(message))
