"""A model's answer as it grows: events are put in their places, blocks are kept as they came."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cot_magic.reasoners.claude.messages.turn import Block, Delta, ToolCall

_CUT = ("max_tokens", "model_context_window_exceeded")  # the last block may be incomplete


@dataclass(slots=True)
class GrowingMessage:
    """The answer according to the events so far.

    Blocks, also those of unknown types, are kept as mappings with their fields in order, because they have to
    be sent back unchanged.

    Attributes
    ----------
    started
        Whether the server has begun to answer, and therefore to charge.
    ended
        Whether the server has said that the answer is complete.
    usage
        Tokens as last reported; each report is a total and replaces the one before.
    """

    started: bool = False
    ended: bool = False
    model: str = ""
    stop_reason: str = ""
    usage: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    _blocks: list[dict[str, Any]] = field(default_factory=list)
    # positions of the blocks by the server's own numbers, which do not always begin at 0
    _places: dict[Any, int] = field(default_factory=dict)
    # what was added to fields of blocks, in pieces: joined once, not at every token
    _added: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    _closed: set[int] = field(default_factory=set)

    def take(self, event: Mapping[str, Any]) -> Delta | None:
        """Put an event in its place; events and deltas of unknown types change nothing.

        Raises KeyError, IndexError, TypeError, ValueError or AttributeError for a malformed event.
        """
        match event.get("type"):
            case "message_start":
                message = event["message"]
                self.started, self.model = True, _text(message.get("model") or "")
                self.usage.update(_stated(message.get("usage")))
                for number, block in enumerate(message.get("content") or ()):
                    self._open(number, block)
                    self._closed.add(self._places[number])
            case "content_block_start":
                self._open(event.get("index", len(self._blocks)), event["content_block"])
            case "content_block_delta":
                return self._grow(self._places[event["index"]], event["delta"])
            case "content_block_stop":
                self._closed.add(self._places[event["index"]])
            case "message_delta":
                delta = event["delta"]
                self.stop_reason = _text(delta.get("stop_reason") or "") or self.stop_reason
                self.details.update(_stated(delta.get("stop_details")))
                self.usage.update(_stated(event.get("usage")))
            case "message_stop":
                self.ended = True
        return None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks that can be sent back: without those that the API never accepts."""
        return tuple(block for block in (self._whole(place) for place in range(len(self._blocks))) if block)

    @property
    def text(self) -> str:
        """The text of all text blocks."""
        return "".join(
            str(self._joined(place, "text"))
            for place, block in enumerate(self._blocks)
            if block.get("type") == "text"
        )

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls, each with why its input cannot be used, if so."""
        return tuple(
            self._call(place) for place, block in enumerate(self._blocks) if block.get("type") == "tool_use"
        )

    def _open(self, number: Any, block: Mapping[str, Any]) -> None:
        self._places[number] = len(self._blocks)
        self._blocks.append(dict(block))
        if block.get("type") == "tool_use":
            self._blocks[-1].setdefault("input", {})

    def _grow(self, place: int, delta: Mapping[str, Any]) -> Delta | None:
        match delta.get("type"):
            case "text_delta":
                return self._delta(place, "text", delta["text"])
            case "thinking_delta":
                return self._delta(place, "thinking", delta["thinking"])
            case "signature_delta":
                self._blocks[place]["signature"] = _text(delta["signature"])
            case "input_json_delta":
                self._blocks[place].setdefault("input", {})
                self._added.setdefault((place, "input"), []).append(_text(delta["partial_json"]))
            case "citations_delta":
                known = self._blocks[place].get("citations") or ()
                self._blocks[place]["citations"] = [*known, delta["citation"]]
        return None

    def _delta(self, place: int, kind: Any, text: Any) -> Delta | None:
        _text(self._blocks[place].setdefault(kind, ""))
        self._added.setdefault((place, kind), []).append(_text(text))
        return Delta(kind=kind, text=text) if text else None

    def _joined(self, place: int, name: str) -> Any:
        begun = self._blocks[place].get(name, "")
        pieces = self._added.get((place, name), ())
        return begun + "".join(pieces) if pieces else begun

    def _input(self, place: int) -> tuple[Any, str]:
        """The input of a tool call, and why it cannot be used ("" if it can)."""
        raw = "".join(self._added.get((place, "input"), ()))
        given: Any = raw or self._blocks[place].get("input", {})
        last, problem = place == len(self._blocks) - 1, ""
        for _ in range(2):  # some servers send the JSON as a string, or as a string within JSON
            if isinstance(given, str) and given.strip():
                try:
                    given = json.loads(given, strict=False, parse_constant=_refused)
                except (ValueError, RecursionError):
                    given, problem = {}, f"not valid JSON: {given[:200]}"
        if given == "":
            given = {}
        if last and self.stop_reason in _CUT:
            # the server closes an incomplete block properly and sends what there was of its input
            problem = "the answer was cut off at its token limit inside this call, so the input is incomplete"
        if not isinstance(given, dict):
            given, problem = {}, problem or f"not a JSON object: {json.dumps(given)[:200]}"
        return given, problem

    def _call(self, place: int) -> ToolCall:
        block = self._blocks[place]
        given, problem = self._input(place)
        identity, name = str(block.get("id") or ""), str(block.get("name") or "")
        return ToolCall(id=identity, name=name, input=given, problem=problem)

    def _whole(self, place: int) -> Block | None:
        """A block with all that was added to it; None for empty text and for thinking cut off before its
        signature."""
        block = self._blocks[place]
        whole = dict(self._parts(place))
        if block.get("type") == "text" and not whole.get("text"):
            return None
        cut = self.stop_reason in _CUT and place not in self._closed
        if block.get("type") == "thinking" and cut and not whole.get("signature"):
            return None
        return whole

    def _parts(self, place: int) -> Iterator[tuple[str, Any]]:
        for name, part in self._blocks[place].items():
            added = (place, name) in self._added
            if name == "input" and (added or self._blocks[place].get("type") == "tool_use"):
                yield name, self._input(place)[0]
            else:
                yield name, self._joined(place, name) if added else part


def _text(value: Any) -> str:
    """The value if it is a string. Raises TypeError if it is not."""
    if not isinstance(value, str):
        raise TypeError(f"expected a string, got {type(value).__name__}")
    return value


def _refused(name: str) -> float:
    """Raises ValueError: NaN and Infinity are not JSON and could not be sent back."""
    raise ValueError(f"{name} is not JSON")


def _stated(values: Any) -> dict[str, Any]:
    """The fields of a mapping that are not None; servers omit fields or send null."""
    if not isinstance(values, Mapping):
        return {}
    return {name: value for name, value in values.items() if value is not None}
