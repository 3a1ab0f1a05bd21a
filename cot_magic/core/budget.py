"""What one run may spend. Apart from the other values, as the start of the extension needs it alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one run may spend: the presets of `cot`, `cot+` and `cot++`, or what the person set."""

    thinking_tokens: int
    search_s: float
    rounds: int
    schedules: int
    max_usd: float | None = None
