"""The parameters of a request for a thinking budget, and what to change when a server refuses them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cot_magic.reasoners.claude.messages.capabilities import LEVELS, Capabilities

LEAST_BUDGET = 1_024  # the API accepts no smaller `budget_tokens`
LEAST_ANSWER = 1_024  # no useful answer fits into less
Mode = Literal["manual", "adaptive", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one server wants to be asked for one model; learnt from its refusals, each only once.

    Attributes
    ----------
    mode
        How to ask for thinking, if a refusal has decided it; None: as the capabilities say.
    effort, structured
        Whether `output_config.effort` and `.format` are sent if the capabilities allow them.
    automatic
        Whether the server marks what it caches itself, as the API does for a request with `cache_control`;
        otherwise the last block is marked.
    """

    mode: Mode | None = None
    effort: bool = True
    structured: bool = True
    automatic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a request says about thinking and length.

    Attributes
    ----------
    parameters
        `thinking` and `max_tokens`.
    effort
        Level for `output_config`, or "".
    target
        Intended tokens of thinking; `enforced` is whether the server treats them as a limit.
    note
        The same in words, claiming no limit that is not one.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    effort: str = ""
    target: int = 0
    enforced: bool = False
    note: str = ""


def plan(
    capabilities: Capabilities,
    dialect: Dialect,
    *,
    budget: int,
    reserve: int,
    effort: str = "",
    limited: bool = False,
) -> Plan:
    """The parameters for a thinking budget.

    Parameters
    ----------
    budget
        Tokens of thinking; 0 for none.
    reserve
        Tokens for the answer, in addition to the budget.
    effort
        The level that the person chose, instead of the one that goes with the budget. A model that does not
        have it gets the nearest lower one.
    limited
        The person set the budget: a model that takes a limit gets it as one, also if it can decide itself.
    """
    ceiling = max(LEAST_ANSWER, min(budget + reserve, capabilities.max_tokens))
    mode = dialect.mode or mode_of(capabilities, limited=limited and not effort)
    level = effort or level_of(budget)
    sent = _nearest(level, capabilities.efforts) if dialect.effort else ""
    if mode == "manual":
        made = _manual(budget, ceiling)
        return replace(made, note=f"{made.note}; the model has no effort levels") if effort else made
    parameters: dict[str, Any] = {"max_tokens": ceiling}
    if mode == "adaptive" and budget > 0:
        parameters["thinking"] = {"type": "adaptive", "display": "summarized"}
        note = (
            f"{budget:,} thinking tokens are a target, not a limit, as {_why(capabilities)}; "
            f"{_said(effort, sent)}, at most {ceiling:,} tokens an answer"
        )
        return Plan(parameters=parameters, effort=sent, target=budget, note=note)
    reason = "the budget is 0" if budget <= 0 else "this model is not known to take thinking parameters"
    return Plan(
        parameters=parameters,
        effort=sent if budget > 0 else "",
        note=f"no thinking requested: {reason}; at most {ceiling:,} tokens an answer",
    )


def mode_of(capabilities: Capabilities, *, limited: bool = False) -> Mode:
    """Adaptive thinking where the model has it, as the API's documentation recommends; else a token budget.

    With `limited`, a budget wherever the model takes one, because only that is a limit.
    """
    if capabilities.manual and (limited or not capabilities.adaptive):
        return "manual"
    return "adaptive" if capabilities.adaptive else "none"


def _why(capabilities: Capabilities) -> str:
    """Why the number is no limit."""
    return "only --budget makes it one" if capabilities.manual else "this model takes no token budget"


def _said(chosen: str, sent: str) -> str:
    """The effort in words, and whether it is another than the chosen one."""
    if not sent:
        return "no effort level"
    return f"effort={sent}" if chosen in ("", sent) else f"effort={sent}, as the model has no {chosen}"


def _nearest(level: str, known: Sequence[str]) -> str:
    """The level, or the highest of the known ones below it; "" if there is none."""
    upto = LEVELS[: LEVELS.index(level) + 1]
    return next((name for name in reversed(upto) if name in known), "")


def level_of(budget: int) -> str:
    """The effort that goes with a budget: low for `cot`, medium for `cot+`, high for `cot++`."""
    return "low" if budget < 8_000 else "medium" if budget < 20_000 else "high"


def reserve_for(budget: int) -> int:
    """Tokens for the answer that goes with so much thinking: more thinking has more to say."""
    return {"low": 8_000, "medium": 10_000, "high": 16_000}[level_of(budget)]


def _manual(budget: int, ceiling: int) -> Plan:
    parameters: dict[str, Any] = {"max_tokens": ceiling}
    kept = min(budget, ceiling - LEAST_ANSWER)
    if kept < LEAST_BUDGET:
        return Plan(
            parameters=parameters,
            note=f"no thinking requested: {budget:,} tokens are below the minimum of {LEAST_BUDGET:,}"
            if budget < LEAST_BUDGET
            else f"no thinking requested: the model writes at most {ceiling:,} tokens",
        )
    parameters["thinking"] = {"type": "enabled", "budget_tokens": kept, "display": "summarized"}
    return Plan(
        parameters=parameters,
        target=kept,
        enforced=True,
        note=f"thinking limited to {kept:,} tokens a request, at most {ceiling:,} tokens an answer",
    )


_MANUAL_REFUSED = re.compile(
    r"thinking\.(type\.)?enabled\b.*(not supported|not permitted)|tag 'enabled'", re.I
)
_ADAPTIVE_REFUSED = re.compile(
    r"adaptive (thinking )?is not supported|thinking\.(type\.)?adaptive\b.*not supported|tag 'adaptive'", re.I
)
_THINKING_REFUSED = re.compile(
    r"\bthinking\b.*(not permitted|not supported|unknown|unexpected|unrecogni[sz]ed)", re.I
)
_CACHE_REFUSED = re.compile(r"\bcache_control\b", re.I)
_STRICT_REFUSED = re.compile(r"\bstrict\b", re.I)
_EFFORT_REFUSED = re.compile(r"\beffort\b", re.I)
_OUTPUT_REFUSED = re.compile(
    r"output_config|output_format|json_schema|structured output|response_format", re.I
)


def after_refusal(dialect: Dialect, sent: Mapping[str, Any], said: str) -> tuple[Dialect, str] | None:
    """How to ask again after a 400, and one sentence that says so; None if the 400 is about something else.

    Each part is switched only once: if the server refuses the second form too, the refusal is final.

    Parameters
    ----------
    sent
        The body that was refused.
    said
        The server's message. Its wording is not an interface, so it decides nothing but this switch.
    """
    thinking = sent.get("thinking", {}).get("type")
    # first, because these refusals recommend `output_config.effort`
    if thinking == "enabled" and _MANUAL_REFUSED.search(said):
        words = (
            "The model takes no thinking budget: asking again with adaptive thinking, "
            "for which the budget is a target, not a limit."
        )
        return (replace(dialect, mode="adaptive"), words) if dialect.mode is None else None
    if thinking == "adaptive" and _ADAPTIVE_REFUSED.search(said):
        words = "The model does not support adaptive thinking: asking again with a token budget."
        return (replace(dialect, mode="manual"), words) if dialect.mode is None else None
    output = sent.get("output_config", {})
    if "cache_control" in sent and _CACHE_REFUSED.search(said):
        words = "The server does not cache automatically: asking again with the last block marked."
        return replace(dialect, automatic=False), words
    strict = any("strict" in tool for tool in sent.get("tools", ()))
    if strict and _STRICT_REFUSED.search(said):
        words = "The server does not accept strict tools: asking again with the forms in words only."
        return replace(dialect, structured=False), words
    if "effort" in output and _EFFORT_REFUSED.search(said):
        words = "The server does not accept an effort level: asking again without one."
        return replace(dialect, effort=False), words
    if output and _OUTPUT_REFUSED.search(said):
        if "format" in output:
            words = "The server does not accept an output schema: asking again with the schema in words only."
            return replace(dialect, structured=False), words
        words = "The server does not accept output settings: asking again without them."
        return replace(dialect, effort=False), words
    if thinking is not None and dialect.mode is None and _THINKING_REFUSED.search(said):
        words = "The server does not accept thinking settings: asking again without thinking."
        return replace(dialect, mode="none"), words
    return None
