"""The client of the SDK: made when it is first needed, for whichever platform is set."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cot_magic.core.errors import UsageError
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

# what each platform's client needs beside the SDK: module, and the extra of the SDK that brings it
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
    """Seconds: to connect, between two pieces of an answer (a stalled stream ends after `read`), and for a
    whole answer, which pings could announce for ever."""

    connect: float = 5.0
    read: float = 90.0
    write: float = 30.0
    answer: float = 900.0


def warm() -> None:
    """Import what a first request needs (over a second of work); for a thread while facts are collected."""
    import anthropic
    import genai_prices  # noqa: F401 - loaded for later

    anthropic.Anthropic(api_key="warm", max_retries=0).close()


def address_of(platform: Platform, base_url: str | None = None) -> str:
    """The server that will be asked, as an address or a name for people."""
    if base_url:
        return base_url
    infix = "" if platform == "anthropic" else f"{platform.upper()}_"
    return os.environ.get(f"ANTHROPIC_{infix}BASE_URL") or _DEFAULT_URLS[platform]


def host_of(address: str) -> str:
    """The host of an address, without a password in it. Raises UsageError for one that is no address."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2] or address
    except ValueError:
        raise UsageError(f"{address}: is no address of a server. Nothing was sent.") from None


def make_client(
    *,
    platform: Platform = "anthropic",
    base_url: str | None = None,
    api_key: str | None = None,
    timeouts: Timeouts | None = None,
    transport: "httpx2.BaseTransport | None" = None,
) -> Any:
    """A client of the SDK that retries nothing itself and reports to no tracing.

    Parameters
    ----------
    platform
        Whose servers. All but `anthropic` use credentials of their own, and two of them another package.
    base_url, api_key
        Instead of what the SDK finds in the environment and in profiles.
    transport
        Instead of the network: a cassette.

    Raises
    ------
    ServiceFault
        If a package, a credential or a setting is missing.
    """
    import logging

    import anthropic
    import httpx2

    _require(platform)
    # what the SDK logs goes where the person directed its log, and is not printed into the cell by default
    if not (log := logging.getLogger("anthropic")).handlers:
        log.addHandler(logging.NullHandler())
    address = address_of(platform, base_url)
    limits = timeouts or Timeouts()
    timeout = httpx2.Timeout(limits.read, connect=limits.connect, write=limits.write)
    options: dict[str, Any] = {
        "max_retries": 0,  # our own loop waits no longer than it says, and shows that it waits
        "timeout": timeout,
        "open_telemetry": False,  # with content tracing switched on, cells would be exported
        "default_headers": {"User-Agent": _user_agent()},
    }
    if base_url:
        options["base_url"] = base_url
    if api_key:
        options["api_key"] = api_key
    elif platform == "anthropic" and _needs_none(base_url, taped=transport is not None):
        options["api_key"] = "local"  # such a server wants none, and the SDK sends nothing without one
    classes = {
        "anthropic": anthropic.Anthropic, "bedrock": anthropic.AnthropicBedrock,
        "vertex": anthropic.AnthropicVertex, "foundry": anthropic.AnthropicFoundry,
    }  # fmt: skip
    try:
        if transport is None and is_local(address):
            transport = httpx2.HTTPTransport()  # no proxy of the environment stands before this machine
        network: dict[str, Any] = {} if transport is None else {"transport": transport}
        options["http_client"] = anthropic.DefaultHttpxClient(
            timeout=timeout,
            event_hooks={"request": [join_chunks]},
            follow_redirects=False,  # a case goes to the server that the screen names, and to no other
            **network,
        )
    except OSError as error:
        said = f"the certificates (SSL_CERT_FILE, SSL_CERT_DIR) cannot be read: {error.strerror or error}"
        raise fault(FaultKind.CONFIGURATION, said).error(host_of(address)) from error
    except (ValueError, ImportError) as error:  # a proxy that is none, or needs another package
        raise fault(FaultKind.CONFIGURATION, str(error)).error(host_of(address)) from error
    try:
        return classes[platform](**options)
    except (anthropic.AnthropicError, ValueError, OSError) as error:
        # a broken profile, or one that cannot be read; a region that is not set
        raise fault(FaultKind.CONFIGURATION, str(error)).error(host_of(address)) from error


def _needs_none(base_url: str | None, *, taped: bool) -> bool:
    """Whether no credential is found, and a local server or a tape needs none."""
    found = credential_source(base_url=base_url)
    return taped if found is None else found.startswith("local server")


def _require(platform: Platform) -> None:
    module, extra = _NEEDS.get(platform, ("", ""))
    if not module or (platform == "vertex" and has_credential_header(os.environ)):
        return
    try:
        found = find_spec(module) is not None
    except ModuleNotFoundError:  # the package that the module is in
        found = False
    if not found:
        tail = f"pip install 'anthropic[{extra}]'"
        raise fault(FaultKind.MISSING_EXTRA, module).error(_DEFAULT_URLS[platform], tail=tail)


def _user_agent() -> str:
    try:
        return f"cot-magic/{version('cot-magic')}"
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "cot-magic"
