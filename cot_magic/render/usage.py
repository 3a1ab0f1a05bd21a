"""What asking a model cost, in words: for a phase and for the whole session."""

import itertools
from collections.abc import Iterator

from cot_magic.core.findings import Usage
from cot_magic.core.session import PhaseView
from cot_magic.render.blocks import Block, Text
from cot_magic.render.safe_text import phrase


def totals(usage: Usage) -> tuple[str, ...]:
    """Tokens and price as short facts."""
    if not _reported(usage):
        return ("tokens not reported", price(usage))
    facts = [f"in {usage.input_tokens:,} · out {usage.output_tokens:,} tokens"]
    if usage.thinking_tokens:
        facts.append(f"{usage.thinking_tokens:,} of them thinking")
    if usage.cache_read_tokens:
        facts.append(f"{usage.cache_read_tokens:,} read from cache")
    return (*facts, price(usage))


def price(usage: Usage) -> str:
    """List price in US dollars, or that it is unknown."""
    if usage.usd is None:
        return "price unknown"
    return f"${usage.usd:.2f}" if usage.usd >= 0.01 else f"${usage.usd:.4f}"


def asking(view: PhaseView | None) -> tuple[Block, ...]:
    """What had to be said about asking the model in a phase, and what it used."""
    if view is None:
        return ()
    found = [Text(text=remark, topic="model", quiet=True) for remark in _remarks(view)]
    if view.usage is not None:
        found.append(Text(text=_cost(view, view.usage), topic="cost", quiet=True))
    return tuple(found)


def _reported(usage: Usage) -> bool:
    """Whether the server said how many tokens it read and wrote: neither can be none."""
    return bool(usage.input_tokens or usage.output_tokens)


def _cost(view: PhaseView, usage: Usage) -> str:
    if not _reported(usage):
        return f"The server did not report tokens; {price(usage)}."
    cached = f", {usage.cache_read_tokens:,} of them from cache" if usage.cache_read_tokens else ""
    known = "price unknown" if usage.usd is None else f"{price(usage)} by list price (an estimate)"
    text = f"{usage.input_tokens:,} tokens in{cached}; {usage.output_tokens:,} out{_thinking(view, usage)}; "
    return f"{text}{known}."


def _thinking(view: PhaseView, usage: Usage) -> str:
    if not view.target and not usage.thinking_tokens:
        return ""
    used = f", {usage.thinking_tokens:,} of them thinking"
    if view.thinking and not usage.thinking_tokens:
        used = ", thinking among them not reported"
    if not view.target:
        return used
    kind = "limit" if view.enforced else "target, not a limit"
    return f"{used} ({view.target:,} a request is a {kind})"


def _remarks(view: PhaseView) -> Iterator[str]:
    """The remarks of a phase; one that follows itself is told once, with how often."""
    for remark, same in itertools.groupby(view.remarks):
        count = len(list(same))
        yield phrase(remark, 600) if count == 1 else f"{phrase(remark, 600)} ({count} times)"
