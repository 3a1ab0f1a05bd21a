"""A turn as both sides of a connection see it: the request, the pieces that arrive, the whole answer."""

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from cot_magic.core.findings import Usage

Block: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRequest:
    """What is asked in one turn, without what the connection adds (model, thinking, `max_tokens`).

    Attributes
    ----------
    system, tools
        Blocks as the API takes them; together with `messages`, they are the prefix that is cached.
    messages
        The conversation so far; blocks of earlier answers are in it exactly as they came.
    schema
        JSON schema for the text of the answer, or None for free text. A server that does not support
        structured outputs is not sent the schema, so the prompt has to describe the form as well.
    room
        How many times the usual reserve for the answer (besides the thinking) is allowed: 2 after an answer
        that was cut off at `max_tokens`.
    cache
        Whether the server is asked to cache everything up to the end, for the request that goes on from here.
    longest
        Seconds that the answer may take, if the connection does not allow less.
    """

    system: Sequence[Block]
    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Block] = ()
    schema: Mapping[str, Any] | None = None
    room: int = 1
    cache: bool = False
    longest: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A piece of text as it arrives."""

    kind: Literal["text", "thinking"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Waiting before another attempt; sent about once a second, with the seconds that are left."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something the person has to know about how the request was sent, in one sentence.

    Attributes
    ----------
    restarts
        The answer starts over: every Delta of this turn so far is void and has to be taken off the screen.
    """

    text: str
    restarts: bool = False


Progress: TypeAlias = Delta | Pause | Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the model wants to use. `problem` says why its input cannot be used (cut off, not JSON)."""

    id: str
    name: str
    input: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer.

    Attributes
    ----------
    blocks
        The content to send back in the next turn, unchanged.
    stop_reason
        As the API gives it; never None, which is a fault that the connection retries or raises.
    usage
        `input_tokens` is all of the input, of which `cache_read_tokens` came from the cache; `output_tokens`
        is all of the output, of which `thinking_tokens` were thinking.
    target
        The thinking tokens that were asked for; `enforced` is whether the server treats them as a limit.
    """

    blocks: tuple[Block, ...]
    text: str
    calls: tuple[ToolCall, ...]
    stop_reason: str
    usage: Usage
    model: str = ""
    target: int = 0
    enforced: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


_ORDER = ("max_tokens", "messages", "model", "cache_control", "output_config", "stream", "system", "thinking")


def as_sent(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with its parts in the order in which the SDK sends them, and marked as a stream."""
    whole = {**body, "stream": True}
    return {name: whole[name] for name in (*_ORDER, *whole) if name in whole}


class Connection(Protocol):
    """One model on one server. A turn that fails for good raises ServiceFault; Ctrl-C closes the stream."""

    @property
    def label(self) -> str:
        """Model and server, for people."""
        ...

    def body(self, request: TurnRequest) -> Mapping[str, Any]:
        """The exact body that `turn` would send; sends nothing."""
        ...

    def turn(self, request: TurnRequest) -> Generator[Progress, None, Answer]: ...

    def close(self) -> None: ...
