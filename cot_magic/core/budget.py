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
    runs
        The person asked how often the cell fails in so many runs, also if it passed; 0: did not ask.
    requests
        To a model, in one session.
    wait_s
        Seconds after which no further request is made in one session.
    stop_usd
        US dollars by list price after which no further request is made in one session, if there is no
        `max_usd`, which bounds each request beforehand.
    limited
        The person set `thinking_tokens`, so a model that takes a limit gets it as one.
    effort
        Level of effort that the person chose, or "".
    """

    thinking_tokens: int
    search_s: float
    rounds: int
    schedules: int
    max_usd: float | None = None
    explore: bool = False
    seed: int = 0
    token: str = ""
    runs: int = 0
    requests: int = 10
    wait_s: float = 300.0
    stop_usd: float = 1.0
    limited: bool = False
    effort: str = ""
