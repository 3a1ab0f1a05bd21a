"""What can go wrong with a request, as values: the kind, whether to retry, one line for people."""

import html
import json
import math
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from cot_magic.core.errors import CotError, ServiceFault


class FaultKind(StrEnum):
    """The kinds of faults; programs see the value as `ServiceFault.kind`."""

    NO_CREDENTIALS = "no_credentials"
    CREDENTIALS_REJECTED = "credentials_rejected"
    FORBIDDEN = "forbidden"
    BILLING = "billing"
    SPEND_LIMIT = "spend_limit"
    UNKNOWN_MODEL = "unknown_model"
    TOO_LARGE = "too_large"
    CONTEXT_WINDOW = "context_window"
    INVALID_REQUEST = "invalid_request"
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONFLICT = "conflict"
    CONNECT = "connect"
    CERTIFICATE = "certificate"
    MOVED = "moved"
    DROPPED = "dropped"
    STALLED = "stalled"
    TRUNCATED = "truncated"
    GARBLED = "garbled"
    EMPTY = "empty"
    PAGE = "page"
    COST_LIMIT = "cost_limit"
    PRICE_UNKNOWN = "price_unknown"
    MISSING_EXTRA = "missing_extra"
    CONFIGURATION = "configuration"
    WAITING = "waiting"
    UNANSWERED = "unanswered"


_AGAIN = "try %cot_resume later."
_NOT_THE_API = f"check that this server speaks the Messages API; {_AGAIN}"
# what happened, and what the person can do about it
_WORDS: Mapping[FaultKind, tuple[str, str]] = {
    FaultKind.NO_CREDENTIALS: (
        "no credential was found",
        "set ANTHROPIC_API_KEY (or the variables of the platform), or use --reasoner offline.",
    ),
    FaultKind.CREDENTIALS_REJECTED: (
        "the credential was rejected (wrong, expired or revoked)",
        "renew it, then run %cot_resume.",
    ),
    FaultKind.FORBIDDEN: (
        "the credential does not permit this",
        "ask for access, or choose another --model.",
    ),
    FaultKind.BILLING: ("the account cannot be billed", "check its billing page, then run %cot_resume."),
    FaultKind.SPEND_LIMIT: (
        "the account has reached a spend limit",
        "raise the limit or wait until it is reset, then run %cot_resume.",
    ),
    FaultKind.UNKNOWN_MODEL: ("the server does not know this model", "choose another with --model."),
    FaultKind.TOO_LARGE: (
        "the request is too large for the server",
        "make the case smaller, with fewer or smaller values.",
    ),
    FaultKind.CONTEXT_WINDOW: (
        "the request does not fit into the model's context window",
        "choose a model with a larger one, or make the case smaller.",
    ),
    FaultKind.INVALID_REQUEST: (
        "the server refused the request",
        "try another --model, or --reasoner offline.",
    ),
    FaultKind.RATE_LIMIT: ("the rate limit was reached", _AGAIN),
    FaultKind.OVERLOADED: ("the server is overloaded", _AGAIN),
    FaultKind.SERVER_ERROR: ("the server failed", _AGAIN),
    FaultKind.TIMEOUT: ("the request timed out", _AGAIN),
    FaultKind.CONFLICT: ("the server reported a conflict", _AGAIN),
    FaultKind.CONNECT: (
        "could not connect",
        f"check the network, the proxy and the server's address; {_AGAIN}",
    ),
    FaultKind.CERTIFICATE: (
        "the server's certificate is not trusted",
        "set SSL_CERT_FILE to the certificate of your proxy or server, then run %cot_resume.",
    ),
    FaultKind.MOVED: (
        "the redirect to another address was not followed",
        "if you trust that address, set ANTHROPIC_BASE_URL to it, then run %cot_resume.",
    ),
    FaultKind.DROPPED: ("the connection broke in the middle of the answer", _AGAIN),
    FaultKind.STALLED: ("the server stopped responding", _AGAIN),
    FaultKind.TRUNCATED: ("the answer is incomplete", _AGAIN),
    FaultKind.GARBLED: ("the answer could not be read", _NOT_THE_API),
    FaultKind.EMPTY: ("the answer was empty", _NOT_THE_API),
    FaultKind.PAGE: (
        "a page came instead of an answer",
        "check ANTHROPIC_BASE_URL and whether a proxy or a login comes first, then run %cot_resume.",
    ),
    FaultKind.COST_LIMIT: (
        "the next request could exceed --max-cost",
        "raise --max-cost, or use --reasoner offline.",
    ),
    FaultKind.PRICE_UNKNOWN: (
        "no list price is known for this model, so --max-cost cannot be enforced",
        "leave out --max-cost, or choose a model with a known price.",
    ),
    FaultKind.MISSING_EXTRA: ("a package is missing", ""),
    FaultKind.CONFIGURATION: ("the connection is not set up correctly", ""),
    FaultKind.WAITING: ("the request waits for a batch", "the sweep goes on with its answer."),
    FaultKind.UNANSWERED: ("the batch brought no answer", "sweep again without --batch."),
}
_RETRYABLE = frozenset({
    FaultKind.RATE_LIMIT, FaultKind.OVERLOADED, FaultKind.SERVER_ERROR, FaultKind.TIMEOUT, FaultKind.CONFLICT,
    FaultKind.CONNECT, FaultKind.DROPPED, FaultKind.STALLED, FaultKind.TRUNCATED, FaultKind.GARBLED,
    FaultKind.EMPTY,
})  # fmt: skip
_BY_STATUS = {
    401: FaultKind.CREDENTIALS_REJECTED, 402: FaultKind.BILLING, 403: FaultKind.FORBIDDEN,
    404: FaultKind.UNKNOWN_MODEL, 408: FaultKind.TIMEOUT, 409: FaultKind.CONFLICT, 413: FaultKind.TOO_LARGE,
    429: FaultKind.RATE_LIMIT, 504: FaultKind.TIMEOUT, 529: FaultKind.OVERLOADED,
    301: FaultKind.MOVED, 302: FaultKind.MOVED, 303: FaultKind.MOVED, 307: FaultKind.MOVED,
    308: FaultKind.MOVED,
    407: FaultKind.CONNECT, 511: FaultKind.CONNECT,  # a proxy wants something first
}  # fmt: skip
# by `error.type`: inside a stream the status is always 200
_BY_TYPE = {
    "authentication_error": FaultKind.CREDENTIALS_REJECTED, "billing_error": FaultKind.BILLING,
    "permission_error": FaultKind.FORBIDDEN, "not_found_error": FaultKind.UNKNOWN_MODEL,
    "request_too_large": FaultKind.TOO_LARGE, "rate_limit_error": FaultKind.RATE_LIMIT,
    "timeout_error": FaultKind.TIMEOUT, "overloaded_error": FaultKind.OVERLOADED,
    "api_error": FaultKind.SERVER_ERROR,
    "invalid_request_error": FaultKind.INVALID_REQUEST,
}  # fmt: skip
_CREDENTIAL_LIBRARIES = ("botocore.", "boto3.", "google.auth.")  # they sign requests for the other platforms
_TOO_LONG = re.compile(
    r"prompt is too long|context (window|length)|maximum context|exceeds? the context", re.I
)
_NO_MONEY = re.compile(r"spend(ing)? limit|usage limits?|credit balance|insufficient credits", re.I)
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
_NEVER_PASSES = (407, 511)  # proxies that want something: never retried
_PAGE = re.compile(r"\s*<(!doctype|html|head|body|\?xml)\b", re.I)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.I | re.S)
_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.I | re.S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One failed attempt.

    Attributes
    ----------
    said
        The server's own words on one line, or the name of what failed below HTTP.
    retry_after
        How many seconds the server asks to wait, or None.
    usage
        The usage that the server had reported before it failed.
    """

    kind: FaultKind
    retryable: bool
    said: str = ""
    status: int | None = None
    retry_after: float | None = None
    request_id: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """What happened, in a few words."""
        return _WORDS[self.kind][0]

    @property
    def remedy(self) -> str:
        """What the person can do about it, beginning in lower case."""
        return _WORDS[self.kind][1]

    def line(self, where: str, *, tail: str = "") -> str:
        """One line for people: where, what, the server's words, and what to do (`tail` or the remedy)."""
        said = f" ({self.said})" if self.said else ""
        known = f" [request {self.request_id}]" if self.request_id else ""
        remedy = tail or self.remedy
        todo = f" {remedy[0].upper()}{remedy[1:]}" if remedy else ""
        return f"{where}: {self.what}{said}{known}.{todo}"

    def error(self, where: str, *, tail: str = "") -> ServiceFault:
        """The fault as an error, for when no other attempt is made."""
        return ServiceFault(self.line(where, tail=tail), kind=self.kind.value, retry_after=self.retry_after)


class FailedAttempt(Exception):
    """Carries a Fault from an attempt to the loop that decides whether another follows."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind.value)
        self.fault = fault


def fault(kind: FaultKind, said: str = "", **more: Any) -> Fault:
    """A fault of that kind, which decides whether it is retryable."""
    return Fault(kind=kind, retryable=kind in _RETRYABLE, said=one_line(said), **more)


def fault_from(error: BaseException) -> Fault | None:
    """The fault for an error of the SDK or of the libraries below it; None for any other error.

    Inside a stream the SDK does not wrap the errors of httpx2 and of the JSON decoder, and an `event: error`
    has status 200, so `error.type` decides and not the class.
    """
    import anthropic
    import httpx2

    if isinstance(error, anthropic.APIStatusError):
        return _from_status(error)
    cause = error.__cause__ if isinstance(error, anthropic.APIConnectionError) else error
    if isinstance(cause, CotError):
        return None  # one of ours, raised below the SDK
    if isinstance(cause, (httpx2.LocalProtocolError, UnicodeEncodeError)):
        # their messages quote the header and with it the credential
        return fault(FaultKind.CONFIGURATION, "a header cannot be sent; does the key contain a line break?")
    if isinstance(cause, (httpx2.UnsupportedProtocol, httpx2.InvalidURL)):
        return fault(FaultKind.CONFIGURATION, str(cause))
    if (untrusted := _untrusted(error)) is not None:
        return fault(FaultKind.CERTIFICATE, untrusted.verify_message)
    if isinstance(error, anthropic.APIConnectionError):
        connecting = isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError))
        late = isinstance(error, anthropic.APITimeoutError) and not connecting
        return fault(FaultKind.STALLED if late else FaultKind.CONNECT, _said(cause or error))
    if isinstance(error, anthropic.APIResponseValidationError):
        return fault(FaultKind.GARBLED, str(error))
    if isinstance(error, httpx2.TimeoutException):
        return fault(FaultKind.STALLED, _said(error))
    if isinstance(error, httpx2.HTTPError):
        return fault(FaultKind.DROPPED, _said(error))
    if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError, RecursionError)):
        return fault(FaultKind.GARBLED, f"an event is not valid JSON: {error}")
    if isinstance(error, anthropic.AnthropicError) or type(error).__module__.startswith(
        _CREDENTIAL_LIBRARIES
    ):
        return fault(FaultKind.NO_CREDENTIALS, f"{type(error).__name__}: {error}")
    if isinstance(error, (TypeError, ValueError, RuntimeError)) and "could not resolve" in str(error).lower():
        said = "" if isinstance(error, TypeError) else str(error)  # a TypeError is about Python arguments
        return fault(FaultKind.NO_CREDENTIALS, said)
    return None


def own_cause(error: Exception) -> Exception:
    """Our own error if the SDK has wrapped one (a cassette raises below it); otherwise the error itself."""
    return error.__cause__ if isinstance(error.__cause__, CotError) else error


def fault_in_stream(data: Any, headers: Mapping[str, str]) -> Fault:
    """The fault in an `event: error` of a stream, or in a body that came instead of a stream."""
    stated = data.get("error") if isinstance(data, dict) else None
    error = stated if isinstance(stated, dict) else {}
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, dict) else None
    return _classified(200, str(error.get("type") or ""), str(code or ""), words_of(data), headers)


def _from_status(error: Any) -> Fault:
    headers = error.response.headers
    said = words_of(error.body)
    if 300 <= error.status_code < 400:
        said = headers.get("location", "").partition("?")[0]
    return _classified(error.status_code, error.type or "", error.error_code or "", said, headers)


def _classified(status: int, stated: str, code: str, said: str, headers: Mapping[str, str]) -> Fault:
    kind = _BY_TYPE.get(stated) if status == 200 else _BY_STATUS.get(status)
    if kind is None:
        kind = FaultKind.SERVER_ERROR if status >= 500 or status == 200 else FaultKind.INVALID_REQUEST
    retryable = kind in _RETRYABLE and status not in _NEVER_PASSES
    advice = headers.get("x-should-retry", "")
    if advice in ("true", "false"):
        retryable = advice == "true"
    if "spend_limit" in code or (status in (200, 400, 403, 429) and _NO_MONEY.search(said)):
        kind, retryable = FaultKind.SPEND_LIMIT, False
    elif kind is FaultKind.INVALID_REQUEST and _TOO_LONG.search(said):
        kind = FaultKind.CONTEXT_WINDOW
    elif kind is FaultKind.UNKNOWN_MODEL and "model" not in said.lower():
        kind, retryable = FaultKind.GARBLED, False  # probably the address is wrong, not the model
    return Fault(
        kind=kind,
        retryable=retryable,
        said=one_line(": ".join(part for part in (stated if status == 200 else str(status), said) if part)),
        status=status,
        retry_after=retry_after(headers),
        request_id=headers.get("request-id", ""),
    )


def words_of(body: Any) -> str:
    """What a server, or a proxy in its place, says in the body of an error.

    Parameters
    ----------
    body
        The decoded JSON, the text if it is not JSON, or None. The Messages API has its message at
        `error.message`; local servers and proxies use `error`, `message` or `detail`; a web server answers
        with a page.
    """
    match body:
        case {"error": {"message": str(said)}}:
            return said
        case {"error": str(said)} | {"message": str(said)} | {"detail": str(said)}:
            return said
        case str() if _PAGE.match(body):
            title = _TITLE.search(body)
            return f"a page: {html.unescape(title[1] if title else _MARKUP.sub(' ', body))}"
        case str():
            return body
        case None:
            return ""
        case _:
            return json.dumps(body, ensure_ascii=False, default=str)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from milliseconds, seconds or a date (RFC 9110, 10.2.3); None if not stated."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:  # absent, a date, or unreadable
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:  # "-0000" is UTC too
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def one_line(text: str, longest: int = 300) -> str:
    """The text on one line, cut off if it is long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def _untrusted(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """The failed verification of a certificate that caused an error, or None."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _said(error: BaseException) -> str:
    """The message of an error below HTTP, without the system's error number; its class if there is none."""
    return _ERRNO.sub("", str(error)).rstrip(".") or type(error).__name__
