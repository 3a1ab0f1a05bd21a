"""The SDK's client for a platform, made when it is first needed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cot_magic.core.errors import ServiceFault, UsageError
from cot_magic.reasoners.claude.messages.chunks import join_chunks
from cot_magic.reasoners.claude.messages.credentials import (
    Platform,
    credential_source,
    has_credential_header,
    is_local,
)
from cot_magic.reasoners.claude.messages.faults import FaultKind, fault

if TYPE_CHECKING:
    import httpx2

# what a platform's client needs besides the SDK: a module, and the extra of the SDK that installs it
_NEEDS: Mapping[Platform, tuple[str, str]] = {
    "bedrock": ("boto3", "bedrock"),
    "vertex": ("google.auth", "vertex"),
}
_DEFAULT_URLS: Mapping[Platform, str] = {
    "anthropic": "https://api.anthropic.com",
    "bedrock": "Amazon Bedrock",
    "vertex": "Google Vertex AI",
    "foundry": "Microsoft Foundry",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Limits in seconds.

    Attributes
    ----------
    connect, write
        To connect, and to send a part of a request.
    read
        Between two pieces of an answer.
    answer
        For a whole answer: pings could keep a stream open for ever.
    """

    connect: float = 5.0
    read: float = 90.0
    write: float = 30.0
    answer: float = 900.0


def warm() -> None:
    """Import what the first request needs, which takes over a second; meant for a thread."""
    import anthropic
    import genai_prices  # noqa: F401 - loaded for later

    anthropic.Anthropic(api_key="warm", max_retries=0).close()


def address_of(platform: Platform, base_url: str | None = None) -> str:
    """The server that will be asked: its address, or the name of the platform."""
    if base_url:
        return base_url
    infix = "" if platform == "anthropic" else f"{platform.upper()}_"
    return os.environ.get(f"ANTHROPIC_{infix}BASE_URL") or _DEFAULT_URLS[platform]


def host_of(address: str) -> str:
    """The host of an address, without a password. Raises UsageError if the address is not valid."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2] or address
    except ValueError:
        raise UsageError(f"{address} is not a valid server address. Nothing was sent.") from None


def make_client(
    *,
    platform: Platform = "anthropic",
    base_url: str | None = None,
    api_key: str | None = None,
    timeouts: Timeouts | None = None,
    transport: "httpx2.BaseTransport | None" = None,
) -> Any:
    """A client of the SDK that does not retry and does not report to tracing.

    Parameters
    ----------
    platform
        All but `anthropic` have credentials of their own, and two of them need another package.
    base_url, api_key
        Used instead of what the SDK finds in the environment and in profiles.
    transport
        Used instead of the network, for a cassette.

    Raises
    ------
    ServiceFault
        If a package, a credential or a setting is missing.
    """
    import logging

    import anthropic
    import httpx2

    _require(platform)
    # the SDK's log goes where the person directs it; by default it would be printed into the cell
    if not (log := logging.getLogger("anthropic")).handlers:
        log.addHandler(logging.NullHandler())
    address = address_of(platform, base_url)
    limits = timeouts or Timeouts()
    timeout = httpx2.Timeout(limits.read, connect=limits.connect, write=limits.write)
    options: dict[str, Any] = {
        "max_retries": 0,  # our own loop shows that it waits, and never waits longer than it says
        "timeout": timeout,
        "open_telemetry": False,  # with content tracing enabled, cells would be exported
        "default_headers": {"User-Agent": _user_agent()},
        "http_client": _http_client(address, timeout, transport),
    }
    if base_url:
        options["base_url"] = base_url
    if api_key:
        options["api_key"] = api_key
    elif platform == "anthropic" and _needs_none(base_url, taped=transport is not None):
        options["api_key"] = "local"  # the server ignores it, and the SDK sends nothing without one
    classes = {
        "anthropic": anthropic.Anthropic, "bedrock": anthropic.AnthropicBedrock,
        "vertex": anthropic.AnthropicVertex, "foundry": anthropic.AnthropicFoundry,
    }  # fmt: skip
    try:
        return classes[platform](**options)
    except (anthropic.AnthropicError, ValueError, OSError) as error:
        # a profile that is malformed or cannot be read; a region that is not set
        raise _misconfigured(address, str(error)) from error


def _http_client(
    address: str, timeout: "httpx2.Timeout", transport: "httpx2.BaseTransport | None"
) -> "httpx2.Client":
    """The HTTP client below the SDK. Raises ServiceFault if the certificates or the proxy cannot be used."""
    import anthropic
    import httpx2

    try:
        if transport is None and is_local(address):
            transport = httpx2.HTTPTransport()  # this machine is not reached through a proxy
        network: dict[str, Any] = {} if transport is None else {"transport": transport}
        return anthropic.DefaultHttpxClient(
            timeout=timeout,
            event_hooks={"request": [join_chunks]},
            follow_redirects=False,  # a case goes only to the server that the screen names
            **network,
        )
    except OSError as error:
        said = f"the certificates (SSL_CERT_FILE, SSL_CERT_DIR) cannot be read: {error.strerror or error}"
        raise _misconfigured(address, said) from error
    except (ValueError, ImportError) as error:  # a proxy that is not valid, or that needs another package
        raise _misconfigured(address, str(error)) from error


def _misconfigured(address: str, said: str) -> ServiceFault:
    return fault(FaultKind.CONFIGURATION, said).error(host_of(address))


def _needs_none(base_url: str | None, *, taped: bool) -> bool:
    """Whether no credential is found and none is needed, for a local server or a tape."""
    found = credential_source(base_url=base_url)
    return taped if found is None else found.startswith("local server")


def _require(platform: Platform) -> None:
    module, extra = _NEEDS.get(platform, ("", ""))
    if not module or (platform == "vertex" and has_credential_header(os.environ)):
        return
    try:
        found = find_spec(module) is not None
    except ModuleNotFoundError:  # the package that contains the module
        found = False
    if not found:
        tail = f"Run pip install 'anthropic[{extra}]'"
        raise fault(FaultKind.MISSING_EXTRA, module).error(_DEFAULT_URLS[platform], tail=tail)


def _user_agent() -> str:
    try:
        return f"cot-magic/{version('cot-magic')}"
    except PackageNotFoundError:  # a source tree that is not installed
        return "cot-magic"
