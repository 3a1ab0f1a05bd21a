"""What one run may spend; in a module of its own as loading the extension needs only this."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one run may spend: the presets of `cot`, `cot+` and `cot++`, or what the person set.

    Attributes
    ----------
    explore
        The person asked for schedules: they are searched also if the cell passed.
    seed
        Of the search over schedules.
    token
        A schedule to run instead of a search.
    """

    thinking_tokens: int
    search_s: float
    rounds: int
    schedules: int
    max_usd: float | None = None
    explore: bool = False
    seed: int = 0
    token: str = ""
