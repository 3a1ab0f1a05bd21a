"""One attempt: send a request, and read its stream into deltas and one whole answer."""

import json
import math
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from cot_magic.core.findings import Usage
from cot_magic.reasoners.claude.messages.chunks import expect_the_end
from cot_magic.reasoners.claude.messages.faults import (
    FailedAttempt,
    FaultKind,
    fault,
    fault_from,
    fault_in_stream,
    own_cause,
)
from cot_magic.reasoners.claude.messages.message import GrowingMessage
from cot_magic.reasoners.claude.messages.sse import server_sent
from cot_magic.reasoners.claude.messages.turn import Answer, Delta, Progress, Remark

_DECODER = json.JSONDecoder()
_END_S = 1.0  # how long to wait for the end of the body after the end of the message


def attempt(
    client: Any,
    body: Mapping[str, Any],
    *,
    price: Callable[[Mapping[str, Any], str], float | None],
    longest: float = math.inf,
) -> Generator[Progress, None, Answer]:
    """Send a request and read its stream.

    The SDK's `messages.create(stream=True)` sends what its `messages.stream` sends, but gives access to the
    stream itself. The message that `messages.stream` accumulates is of no use here: it raises for a tool
    input that is not JSON, loses the text of one that was cut off, parses it again at every piece, and
    returns blocks with their fields in another order.

    Parameters
    ----------
    body
        The body as the API takes it, without `stream`.
    price
        Gives the price in dollars for the usage and the model that answered.
    longest
        Seconds that the whole answer may take.

    Raises
    ------
    FailedAttempt
        With the fault, if the service failed. Other errors pass through. Closing the generator, or a
        KeyboardInterrupt inside it, closes the HTTP connection.
    """
    message = GrowingMessage()
    end = time.monotonic() + longest
    answered = ""
    try:
        stream, warned = _opened(client, body, longest)
        with stream:
            yield from warned
            answered = stream.response.headers.get("content-type", "no content type")
            yield from _joined(_deltas(stream, message, end, longest))
    except Exception as error:
        problem = error.fault if isinstance(error, FailedAttempt) else fault_from(error)
        if problem is None:
            raise own_cause(error) from error
        if not message.ended:  # a connection that breaks after the answer does no harm
            raise FailedAttempt(replace(problem, usage=dict(message.usage))) from error
    if not message.started and "html" in answered and stream.response.num_bytes_downloaded:
        raise FailedAttempt(fault(FaultKind.PAGE, f"status 200, {answered}"))
    if not message.started:
        raise FailedAttempt(fault(FaultKind.EMPTY, f"status 200, {answered}, no message"))
    if not message.stop_reason:
        raise FailedAttempt(fault(FaultKind.TRUNCATED, usage=dict(message.usage)))
    return _answer(message, price)


def answer_in(data: Any, usd: float | None) -> Answer:
    """The answer in a message that came whole, as the results of a batch have it.

    Raises
    ------
    FailedAttempt
        If it is an error, malformed or incomplete.
    """
    message = GrowingMessage()
    for event in _unstreamed(data, {}):
        _placed(message, event)
    if not message.stop_reason:
        raise FailedAttempt(fault(FaultKind.TRUNCATED))
    return _answer(message, lambda usage, model: usd)


def _opened(client: Any, body: Mapping[str, Any], longest: float) -> tuple[Any, list[Remark]]:
    """The open stream, and remarks from the SDK's warnings. No silence in it may last longer than the answer.

    The person is told that a model nears its end of life, but not that token budgets are deprecated, since
    they are sent on purpose.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stream = client.messages.create(**body, stream=True, timeout=_patience(client.timeout, longest))
    remarks = []
    for warning in caught:
        said = str(warning.message)
        if warning.category is DeprecationWarning and "end-of-life" in said:
            remarks.append(Remark(text=said.partition("\n")[0]))
        elif "thinking.type=enabled" not in said:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return stream, remarks


def _patience(usual: Any, longest: float) -> Any:
    """The client's time limits, with no longer wait for bytes than for the whole answer."""
    import httpx2

    if not isinstance(usual, httpx2.Timeout) or usual.read is None or usual.read <= longest:
        return usual
    return httpx2.Timeout(longest, connect=usual.connect, write=usual.write, pool=usual.pool)


def _deltas(stream: Any, message: GrowingMessage, end: float, longest: float) -> Iterator[Delta | None]:
    """Put what arrives into the message; yields its text in pieces, and None when no more is there yet."""
    for arrived in _arrivals(stream):
        for event in arrived:
            delta = _placed(message, event)
            if delta is not None:
                yield delta
        yield None
        if message.ended:
            # some proxies send pings for ever; the error below does no harm to a complete answer
            expect_the_end(stream.response, _END_S)
            end = min(end, time.monotonic() + _END_S)
        if time.monotonic() > end:
            said = f"the answer took longer than {longest:g} s"
            raise FailedAttempt(replace(fault(FaultKind.TIMEOUT, said), retryable=False))


def _joined(deltas: Iterator[Delta | None]) -> Iterator[Delta]:
    """The same text in fewer pieces: those of one kind that arrived together are joined.

    A dozen layers handle each piece before it is seen, and no screen is drawn more often than this.
    """
    kept: list[str] = []
    kind: Literal["text", "thinking"] = "text"
    try:
        for delta in deltas:
            if kept and (delta is None or delta.kind != kind):
                yield Delta(kind=kind, text="".join(kept))
                kept = []
            if delta is not None:
                kind = delta.kind
                kept.append(delta.text)
    except (Exception, KeyboardInterrupt):
        if kept:  # text that came before a fault or Ctrl-C stays on the screen
            yield Delta(kind=kind, text="".join(kept))
        raise
    if kept:
        yield Delta(kind=kind, text="".join(kept))


def _arrivals(stream: Any) -> Iterator[Iterable[Any]]:
    """The events as they were sent; those that arrived together come together."""
    headers = stream.response.headers
    if "amazon.eventstream" in headers.get("content-type", ""):
        for event in stream:  # only the SDK's client for Bedrock reads its binary framing
            yield (event.to_dict(warnings=False),)
        return
    if headers.get("content-type", "").partition(";")[0].strip() == "application/json":
        stream.response.read()
        yield _unstreamed(_parsed(stream.response.text), headers)
        return
    for arrived in server_sent(stream.response.iter_bytes()):
        yield _events(arrived, headers)


def _events(arrived: Iterable[tuple[str, str]], headers: Mapping[str, str]) -> Iterator[Any]:
    """The data of events. Raises FailedAttempt for an `event: error`."""
    for name, sent in arrived:
        if not sent or sent == "[DONE]":  # some servers mark the end as another API does
            continue
        data = _said(sent) if name == "error" else _parsed(sent)
        if name == "error" or _is_error(data):
            raise FailedAttempt(fault_in_stream(data, headers))
        yield data


def _unstreamed(data: Any, headers: Mapping[str, str]) -> Iterator[Any]:
    """The events for an answer in one body, from a server that does not stream. Raises FailedAttempt for an
    error."""
    if _is_error(data):
        raise FailedAttempt(fault_in_stream(data, headers))
    if isinstance(data, dict) and data.get("type") == "message":
        yield {"type": "message_start", "message": data}
        yield {"type": "message_delta", "delta": data}
        yield {"type": "message_stop"}


def _is_error(data: Any) -> bool:
    """Whether an event or body is an error; a proxy may omit its type."""
    return isinstance(data, dict) and (
        data.get("type") == "error" or ("error" in data and "type" not in data)
    )


def _said(sent: str) -> Any:
    """What a server says about its error: JSON, or words."""
    try:
        return _parsed(sent)
    except ValueError:
        return sent


def _parsed(sent: str) -> Any:
    """The data of an event. Raises ValueError if it is not JSON.

    `json.loads` first looks for white space around it, which takes longer than parsing a token.
    """
    if sent.startswith("{"):
        data, end = _DECODER.raw_decode(sent)
        if end == len(sent):
            return data
    return json.loads(sent)


def _placed(message: GrowingMessage, event: Any) -> Delta | None:
    """Put an event into the message. Raises FailedAttempt if it is malformed."""
    try:
        return message.take(event)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        said = f"malformed event: {type(error).__name__}: {error}"
        raise FailedAttempt(fault(FaultKind.GARBLED, said)) from error


def _answer(message: GrowingMessage, price: Callable[[Mapping[str, Any], str], float | None]) -> Answer:
    return Answer(
        blocks=message.blocks,
        text=message.text,
        calls=message.calls,
        stop_reason=message.stop_reason,
        usage=usage_of(message.usage, price(message.usage, message.model)),
        model=message.model,
        details=message.details,
    )


def sendable(body: dict[str, Any]) -> dict[str, Any]:
    """The body with lone surrogates replaced: a Python string may contain them, UTF-8 may not."""
    try:
        json.dumps(body, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        whole = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        repaired: dict[str, Any] = json.loads(whole)
        return repaired
    return body


def usage_of(reported: Mapping[str, Any], usd: float | None) -> Usage:
    """The tokens of an answer, from the server's report.

    `input_tokens` is the whole input, of which `cache_read_tokens` came from the cache; `output_tokens` is
    the whole output, of which `thinking_tokens` were thinking.
    """
    cache_read = count(reported, "cache_read_input_tokens")
    details = reported.get("output_tokens_details")
    return Usage(
        input_tokens=count(reported, "input_tokens")
        + cache_read
        + count(reported, "cache_creation_input_tokens"),
        output_tokens=count(reported, "output_tokens"),
        thinking_tokens=count(details, "thinking_tokens") if isinstance(details, Mapping) else 0,
        cache_read_tokens=cache_read,
        usd=usd,
    )


def count(reported: Mapping[str, Any], name: str) -> int:
    """A number of tokens from a report; 0 if it is missing."""
    value = reported.get(name)
    return max(0, value) if isinstance(value, int) else 0
