"""What a model supports: from the Models API, asked once per model and server, or from a small table."""

import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cot_magic.reasoners.claude.messages.credentials import Platform
from cot_magic.reasoners.claude.messages.faults import FailedAttempt, FaultKind, fault_from, own_cause
from cot_magic.reasoners.claude.messages.platform_ids import plain_name

LEVELS = ("low", "medium", "high", "xhigh", "max")
Source = Literal["server", "table", "assumed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a request to a model may ask for.

    Attributes
    ----------
    manual, adaptive
        Whether the model takes a token budget for thinking, and whether it can decide itself how much to
        think.
    efforts
        Levels of `output_config.effort` that it accepts; empty if none.
    max_tokens
        The most tokens it writes in one answer, including thinking.
    structured
        Whether it supports `output_config.format`.
    source
        `server`: from the Models API; `table`: from the built-in table; `assumed`: the model is in neither.
    """

    manual: bool
    adaptive: bool
    efforts: tuple[str, ...] = ()
    max_tokens: int = 128_000
    structured: bool = True
    source: Source = "table"


def _row(manual: bool, adaptive: bool, efforts: tuple[str, ...], max_tokens: int) -> Capabilities:
    return Capabilities(manual=manual, adaptive=adaptive, efforts=efforts, max_tokens=max_tokens)


# As documented in November 2026; what the server says takes precedence.
_TABLE = {
    "claude-sonnet-4-5": _row(True, False, (), 64_000),
    "claude-haiku-4-5": _row(True, False, (), 64_000),
    "claude-opus-4-5": _row(True, False, LEVELS[:3], 64_000),
    "claude-sonnet-4-6": _row(True, True, LEVELS[:3], 64_000),
    "claude-opus-4-6": _row(True, True, LEVELS[:3], 128_000),
}
_ADAPTIVE = _row(False, True, LEVELS, 128_000)  # all later models of Anthropic


def from_table(model: str) -> Capabilities:
    """What is known about a model without asking the server.

    A Claude model that is not in the table is assumed to be newer, and to decide itself how much to think.
    Thinking and effort are not requested from models of other makers.
    """
    name = plain_name(model)
    if name in _TABLE:
        return _TABLE[name]
    if name.startswith("claude-"):
        known = re.match(r"claude-(fable|mythos|opus|sonnet|haiku)-(4-[78]|5)", name)
        return _ADAPTIVE if known else replace(_ADAPTIVE, source="assumed")
    return Capabilities(manual=False, adaptive=False, max_tokens=1_000_000, source="assumed")


@dataclass(slots=True)
class CapabilityStore:
    """Remembers what servers said, so that each is asked only once about a model."""

    known: dict[tuple[str, str], Capabilities] = field(default_factory=dict)

    def remembered(self, client_url: str, model: str) -> Capabilities | None:
        """What the server said earlier, or None if it was not asked."""
        return self.known.get((client_url, model))

    def ask(self, client: Any, model: str, *, platform: Platform, base_url: str) -> Capabilities:
        """What the server says about the model, or the table if the server cannot say.

        A server without a Models API is not asked again; one with a temporary failure is.
        """
        found = self.remembered(base_url, model)
        if found is not None:
            return found
        lasting = True
        found = from_table(model)
        if platform == "anthropic":  # the other platforms have no Models API
            import httpx2

            try:
                info = client.models.retrieve(model, timeout=httpx2.Timeout(10, connect=5))
            except Exception as error:
                problem = fault_from(error)
                if problem is None and not isinstance(error, (ValueError, AssertionError)):
                    raise own_cause(error) from error
                # the turn is sent all the same, and reports a failure that persists
                lasting = problem is None or problem.status in (400, 404, 405, 501)
                if problem is not None and problem.kind is FaultKind.NO_CREDENTIALS:
                    raise FailedAttempt(problem) from error
            else:
                found = _from_info(info, found)
        if lasting:
            self.known[(base_url, model)] = found
        return found


STORE = CapabilityStore()


def _from_info(info: Any, fallback: Capabilities) -> Capabilities:
    """What a ModelInfo says; parts that a proxy leaves out are taken from the table."""
    described = info.to_dict(warnings=False) if hasattr(info, "to_dict") else {}
    stated = described.get("capabilities")
    most = described.get("max_tokens")
    max_tokens = most if isinstance(most, int) and most > 0 else fallback.max_tokens
    if not isinstance(stated, dict):
        return replace(fallback, max_tokens=max_tokens)
    types = _part(_part(stated, "thinking"), "types")
    effort = _part(stated, "effort")
    return Capabilities(
        manual=_supported(types, "enabled") if "enabled" in types else fallback.manual,
        adaptive=_supported(types, "adaptive") if "adaptive" in types else fallback.adaptive,
        efforts=tuple(level for level in LEVELS if _supported(effort, level)) if effort else fallback.efforts,
        max_tokens=max_tokens,
        structured=_supported(stated, "structured_outputs")
        if "structured_outputs" in stated
        else fallback.structured,
        source="server",
    )


def _part(stated: dict[str, Any], name: str) -> dict[str, Any]:
    part = stated.get(name)
    return part if isinstance(part, dict) else {}


def _supported(stated: dict[str, Any], name: str) -> bool:
    return _part(stated, name).get("supported") is True
