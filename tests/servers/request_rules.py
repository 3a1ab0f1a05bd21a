"""What the Messages API refuses in a request, and how much of a request its cache has seen before."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripted_replies import signed

LEVELS = ("low", "medium", "high", "xhigh", "max")
# thinking types, effort levels, max_tokens, whether a thinking block is bound to the turns before it
MODELS: dict[str, tuple[tuple[str, ...], tuple[str, ...], int, bool]] = {
    "claude-opus-5-5": (("adaptive",), LEVELS, 128_000, True),
    "claude-sonnet-5-5": (("adaptive", "between_tools"), LEVELS, 128_000, True),
    "claude-haiku-5-5": (("adaptive", "disabled"), LEVELS, 128_000, True),
    "claude-opus-4-7": (("adaptive", "disabled"), LEVELS, 128_000, False),
    "claude-opus-4-6": (("adaptive", "enabled", "disabled"), LEVELS, 128_000, False),
    "claude-sonnet-4-6": (("adaptive", "enabled", "disabled"), LEVELS, 64_000, False),
    "claude-opus-4-5": (("enabled", "disabled"), LEVELS[:3], 64_000, False),
    "claude-haiku-4-5": (("enabled", "disabled"), (), 64_000, False),
}


class Refused(Exception):
    """The API does not accept the request: status, type of error, message."""

    def __init__(self, message: str, status: int = 400, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.message, self.status, self.kind = message, status, kind


def check_headers(headers: Mapping[str, str]) -> None:
    """Raises Refused if the request lacks a credential or the version of the API."""
    given = {name.lower(): value for name, value in headers.items()}
    if not given.get("authorization", "").startswith("Bearer ") and not given.get("x-api-key"):
        raise Refused("authentication is required: no credential in the request", 401, "authentication_error")
    if not given.get("anthropic-version"):
        raise Refused("anthropic-version: header is required")


def check(body: Mapping[str, Any], *, issued: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Raises Refused for what the API refuses. `issued` has, for each tool call, the blocks of its answer."""
    model = body.get("model", "")
    if model not in MODELS:
        raise Refused(f"model: {model}", 404, "not_found_error")
    for name in ("temperature", "top_p", "top_k"):
        if name in body:
            raise Refused(f"{name}: Extra inputs are not permitted")
    thinking, efforts, most, bound = MODELS[model]
    if not isinstance(body.get("max_tokens"), int):
        raise Refused("max_tokens: Field required")
    if body["max_tokens"] > most:
        raise Refused(
            f"max_tokens: {body['max_tokens']} > {most}, which is the maximum allowed number of output tokens for {model}"
        )
    _check_thinking(body.get("thinking"), thinking, body["max_tokens"])
    _check_output(body.get("output_config"), efforts)
    if body.get("tool_choice", {}).get("type") in ("any", "tool") and body.get("thinking"):
        raise Refused("Thinking may not be enabled when tool_choice forces tool use.")
    _check_turns(body.get("messages"), issued.get(PAUSED))
    marks = sum("cache_control" in block for _, block in segments(body))
    if marks > 4:
        raise Refused(f"A maximum of 4 blocks with cache_control may be provided. Found {marks}.")
    _check_tools(body)
    _check_returned(body, bound=bound, issued=issued)


def _check_thinking(thinking: Any, accepted: Sequence[str], most: int) -> None:
    if thinking is None:
        return
    kind = thinking.get("type")
    if kind == "enabled" and isinstance(thinking.get("budget_tokens"), int):
        if thinking["budget_tokens"] < 1024:
            raise Refused("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
        if thinking["budget_tokens"] >= most:
            raise Refused("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if kind in accepted:
        return
    if kind == "adaptive":
        raise Refused("adaptive thinking is not supported on this model")
    if kind == "enabled":
        raise Refused(
            '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
            '"output_config.effort" to control thinking behavior.'
        )
    raise Refused(f'"thinking.type.{kind}" is not supported for this model.')


def _check_output(output: Any, efforts: Sequence[str]) -> None:
    if output is None:
        return
    unknown = set(output) - {"effort", "format"}
    if unknown:
        raise Refused(f"output_config.{sorted(unknown)[0]}: Extra inputs are not permitted")
    if "effort" in output and output["effort"] not in efforts:
        raise Refused(f"output_config.effort: '{output['effort']}' is not supported on this model")
    shape = output.get("format")
    if shape is None:
        return
    if shape.get("type") != "json_schema" or not isinstance(shape.get("schema"), dict):
        raise Refused("output_config.format: expected type 'json_schema' and a schema")
    for part in _objects(shape["schema"]):
        if part.get("additionalProperties") is not False:
            raise Refused(
                "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false"
            )


def _objects(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Every object schema inside a schema."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from _objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _objects(value)


PAUSED = "the last answer that ended in pause_turn"  # it may be sent back without a user message


def _check_turns(messages: Any, paused: Sequence[Mapping[str, Any]] | None = None) -> None:
    if not isinstance(messages, list) or not messages:
        raise Refused("messages: at least one message is required")
    for place, message in enumerate(messages):
        expected = "assistant" if place % 2 else "user"
        if message.get("role") != expected:
            raise Refused(f"messages.{place}: roles must alternate: expected {expected!r}")
        if not message.get("content"):
            raise Refused(f"messages.{place}: content must be non-empty")
        for block in blocks_of(message):
            if block.get("type") == "text" and not block.get("text"):
                raise Refused("messages: text content blocks must be non-empty")
    before = list(paused or ())
    goes_on = bool(before) and blocks_of(messages[-1])[-len(before) :] == before
    if messages[-1]["role"] != "user" and not goes_on:
        raise Refused(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )


UNSUPPORTED = ("minimum", "maximum", "multipleOf", "minLength", "maxLength", "maxItems", "uniqueItems")


def _check_strict(schema: Mapping[str, Any], where: str) -> None:
    """The documented rules for the schema of a strict tool: closed objects, and no limits."""
    for name in UNSUPPORTED:
        if name in schema:
            raise Refused(f"{where}: For '{schema.get('type')}' type, property '{name}' is not supported")
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            raise Refused(
                f"{where}: For 'object' type, 'additionalProperties' must be explicitly set to false"
            )
        if unknown := set(schema.get("required", ())) - set(schema["properties"]):
            raise Refused(f"{where}: required properties are not defined: {sorted(unknown)}")
        for name, inner in schema["properties"].items():
            _check_strict(inner, f"{where}.{name}")
    for inner in (schema.get("items"), *schema.get("anyOf", ())):
        if inner is not None:
            _check_strict(inner, where)


def _check_tools(body: Mapping[str, Any]) -> None:
    """Tool results must answer exactly the calls of the turn before."""
    names = [tool.get("name") for tool in body.get("tools", ())]
    if len(set(names)) < len(names):
        raise Refused("tools: Tool names must be unique.")
    for place, tool in enumerate(body.get("tools", ())):
        if tool.get("strict"):
            _check_strict(tool["input_schema"], f"tools.{place}.custom.input_schema")
    open_calls: list[str] = []
    for place, message in enumerate(body["messages"]):
        blocks = blocks_of(message)
        if message["role"] == "user":
            results = [block.get("tool_use_id") for block in blocks if block.get("type") == "tool_result"]
            missing = [call for call in open_calls if call not in results]
            if missing:
                raise Refused(
                    f"messages.{place}: `tool_use` ids were found without `tool_result` blocks immediately after: {missing[0]}."
                )
            stray = [result for result in results if result not in open_calls]
            if stray:
                raise Refused(
                    f"messages.{place}: unexpected `tool_use_id` found in `tool_result` blocks: {stray[0]}."
                )
            order = [block.get("type") == "tool_result" for block in blocks]
            if order != sorted(order, reverse=True):
                raise Refused(f"messages.{place}: `tool_result` blocks must come first in the message.")
            open_calls = []
        else:
            open_calls = [block["id"] for block in blocks if block.get("type") == "tool_use"]


def _check_returned(
    body: Mapping[str, Any], *, bound: bool, issued: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Thinking must come back as it was sent, and must not be missing before a tool call."""
    messages = body["messages"]
    for place, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        blocks = blocks_of(message)
        for number, block in enumerate(blocks):
            if block.get("type") != "thinking":
                continue
            where = f"messages.{place}.content.{number}"
            if "signature" not in block:
                raise Refused(f"{where}.thinking.signature: Field required")
            prefix = prefix_of(body, place) if bound else ""
            if block["signature"] != signed(block["thinking"], prefix):
                raise Refused(f"{where}: Invalid `signature` in `thinking` block")
        if blocks[-1].get("type") in ("thinking", "redacted_thinking") and place < len(messages) - 1:
            raise Refused(f"messages.{place}: The final block in an assistant message cannot be `thinking`.")
        for block in blocks:
            sent = issued.get(block.get("id", ""), ())
            for lost in (one for one in sent if one["type"] in ("thinking", "redacted_thinking")):
                if lost not in blocks:
                    raise Refused(
                        f"messages.{place}: `thinking` blocks in the answer cannot be removed or modified before `tool_use`."
                    )


def blocks_of(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The content of a message as blocks."""
    content = message.get("content", ())
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def unmarked(value: Any) -> Any:
    """A copy without the cache marks, which are not part of what is cached."""
    if isinstance(value, Mapping):
        return {name: unmarked(part) for name, part in value.items() if name != "cache_control"}
    if isinstance(value, (list, tuple)):
        return [unmarked(part) for part in value]
    return value


def segments(body: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Tools, system and messages as one list of blocks, in the order in which the API caches them."""
    row: list[tuple[str, Mapping[str, Any]]] = [("tool", tool) for tool in body.get("tools", ())]
    system = body.get("system", ())
    row += [
        ("system", block)
        for block in ([{"type": "text", "text": system}] if isinstance(system, str) else system)
    ]
    for message in body["messages"]:
        row += [(message["role"], block) for block in blocks_of(message)]
    if body.get("cache_control") and row:  # the automatic mark: on the last block
        row[-1] = (row[-1][0], {**row[-1][1], "cache_control": body["cache_control"]})
    return row


def prefix_of(body: Mapping[str, Any], place: int) -> str:
    """A hash of everything before the message at that place."""
    before = segments({**body, "messages": body["messages"][:place], "cache_control": None})
    return hashlib.sha256(json.dumps(unmarked(before)).encode()).hexdigest()


class PrefixCache:
    """The prompt cache: prefixes that end at a mark, compared byte for byte."""

    def __init__(self, least: int = 512) -> None:
        self.least, self.known = least, set[str]()

    def usage(self, body: Mapping[str, Any]) -> dict[str, int]:
        """Input tokens of a request (four bytes count as a token): read from the cache, written to it, and the rest."""
        settings = json.dumps([body["model"], body.get("thinking")])
        digest, size, marks = hashlib.sha256(settings.encode()), 0, list[int]()
        sizes, digests = list[int](), list[str]()
        for place, (role, block) in enumerate(segments(body)):
            raw = json.dumps([role, unmarked(block)]).encode()
            digest.update(raw)
            size += len(raw)
            sizes.append(size // 4)
            digests.append(digest.hexdigest())
            if "cache_control" in block:
                marks.append(place)
        read = max(
            (
                sizes[at]
                for mark in marks
                for at in range(max(0, mark - 19), mark + 1)
                if digests[at] in self.known
            ),
            default=0,
        )
        written = [mark for mark in marks if sizes[mark] >= self.least]
        self.known |= {digests[mark] for mark in written}
        upto = max(read, sizes[written[-1]] if written else 0)
        return {
            "input_tokens": max(1, size // 4 - upto),
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": upto - read,
        }
