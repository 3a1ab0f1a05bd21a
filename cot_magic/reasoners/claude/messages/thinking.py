"""From a thinking budget to the parameters of a request, and what to change when a server refuses them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cot_magic.reasoners.claude.messages.capabilities import Capabilities

LEAST_BUDGET = 1_024  # the API takes no smaller `budget_tokens`
LEAST_ANSWER = 1_024  # below this an answer of any use is cut
Mode = Literal["manual", "adaptive", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one server wants one model to be asked; learnt from its refusals, each of them once.

    Attributes
    ----------
    mode
        How thinking is asked for, if a refusal has decided it; None: as the capabilities say.
    effort, structured
        Whether `output_config.effort` and `.format` are sent where the capabilities allow them.
    """

    mode: Mode | None = None
    effort: bool = True
    structured: bool = True


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
        Tokens of thinking that are meant; `enforced` tells whether the server takes them as a limit.
    note
        The same in words, without a claim that was not kept.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    effort: str = ""
    target: int = 0
    enforced: bool = False
    note: str = ""

    @property
    def max_tokens(self) -> int:
        """The ceiling of the whole answer, thinking included."""
        return int(self.parameters["max_tokens"])


def plan(
    capabilities: Capabilities, dialect: Dialect, *, budget: int, reserve: int, effort: str = ""
) -> Plan:
    """The parameters for a thinking budget.

    Parameters
    ----------
    budget
        Tokens of thinking; 0 for none.
    reserve
        Tokens for the answer on top of it.
    effort
        A level that the person chose, instead of the one that goes with the budget.
    """
    ceiling = max(LEAST_ANSWER, min(budget + reserve, capabilities.max_tokens))
    mode = dialect.mode or mode_of(capabilities)
    level = effort or level_of(budget)
    sent = level if dialect.effort and level in capabilities.efforts else ""
    if mode == "manual":
        return _manual(budget, ceiling)
    parameters: dict[str, Any] = {"max_tokens": ceiling}
    if mode == "adaptive" and budget > 0:
        parameters["thinking"] = {"type": "adaptive", "display": "summarized"}
        note = (
            f"{budget:,} is a target, not a limit: this model takes no token budget; "
            f"sent {f'effort={sent}' if sent else 'no effort level'}, ceiling {ceiling:,} tokens"
        )
        return Plan(parameters=parameters, effort=sent, target=budget, note=note)
    reason = (
        "a budget of 0 was asked for"
        if budget <= 0
        else "this model is not known to take thinking parameters"
    )
    return Plan(
        parameters=parameters,
        effort=sent if budget > 0 else "",
        note=f"no thinking was asked for: {reason}; ceiling {ceiling:,} tokens",
    )


def mode_of(capabilities: Capabilities) -> Mode:
    """A budget in tokens where the model takes one, as it alone is a limit."""
    return "manual" if capabilities.manual else "adaptive" if capabilities.adaptive else "none"


def level_of(budget: int) -> str:
    """The effort that goes with a budget: low for `cot`, medium for `cot+`, high for `cot++`."""
    return "low" if budget < 8_000 else "medium" if budget < 20_000 else "high"


def reserve_for(budget: int) -> int:
    """Tokens for the answer beside so much thinking: longer thought has more to say."""
    return {"low": 8_000, "medium": 10_000, "high": 16_000}[level_of(budget)]


def _manual(budget: int, ceiling: int) -> Plan:
    parameters: dict[str, Any] = {"max_tokens": ceiling}
    kept = min(budget, ceiling - LEAST_ANSWER)
    if kept < LEAST_BUDGET:
        return Plan(
            parameters=parameters,
            note=f"no thinking was asked for: {budget:,} tokens are below the least, {LEAST_BUDGET:,}"
            if budget < LEAST_BUDGET
            else f"no thinking was asked for: the model writes at most {ceiling:,} tokens",
        )
    parameters["thinking"] = {"type": "enabled", "budget_tokens": kept, "display": "summarized"}
    return Plan(
        parameters=parameters,
        target=kept,
        enforced=True,
        note=f"thinking limited to {kept:,} tokens a request, ceiling {ceiling:,} tokens",
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
_EFFORT_REFUSED = re.compile(r"\beffort\b", re.I)
_OUTPUT_REFUSED = re.compile(
    r"output_config|output_format|json_schema|structured output|response_format", re.I
)


def after_refusal(dialect: Dialect, sent: Mapping[str, Any], said: str) -> tuple[Dialect, str] | None:
    """How to ask again after a 400, and one sentence that says so; None if it is about something else.

    Each part is switched once: a server that refuses the second form too has the last word.

    Parameters
    ----------
    sent
        The body that was refused.
    said
        The server's message. Its wording is no interface, so it decides about nothing but this one switch.
    """
    thinking = sent.get("thinking", {}).get("type")
    # first, as these refusals name `output_config.effort` as the way out
    if thinking == "enabled" and _MANUAL_REFUSED.search(said):
        words = (
            "The model takes no thinking budget: asking again with adaptive thinking, a target and no limit."
        )
        return (replace(dialect, mode="adaptive"), words) if dialect.mode is None else None
    if thinking == "adaptive" and _ADAPTIVE_REFUSED.search(said):
        words = "The model takes no adaptive thinking: asking again with a token budget."
        return (replace(dialect, mode="manual"), words) if dialect.mode is None else None
    output = sent.get("output_config", {})
    if "effort" in output and _EFFORT_REFUSED.search(said):
        return replace(dialect, effort=False), "The server takes no effort level: asking again without it."
    if output and _OUTPUT_REFUSED.search(said):
        if "format" in output:
            words = "The server takes no output schema: asking again with the schema in words alone."
            return replace(dialect, structured=False), words
        return replace(
            dialect, effort=False
        ), "The server takes no output settings: asking again without them."
    if thinking is not None and dialect.mode is None and _THINKING_REFUSED.search(said):
        words = "The server takes no thinking settings: asking again without thinking."
        return replace(dialect, mode="none"), words
    return None
