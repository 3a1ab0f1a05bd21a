"""The limit on what a connection may cost: no request is sent that could pass it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cot_magic.reasoners.claude.messages.credentials import Platform
from cot_magic.reasoners.claude.messages.faults import FailedAttempt, FaultKind, fault
from cot_magic.reasoners.claude.messages.pricing import worst_price
from cot_magic.reasoners.claude.messages.thinking import LEAST_ANSWER, Plan


@dataclass(slots=True)
class CostGuard:
    """What was spent, by list price, and whether the next request could pass the limit.

    The estimate of a request is its worst case: nothing read from the cache, everything written to it, an
    answer as long as `max_tokens` allows. If the money left pays for a shorter one, `max_tokens` is lowered.

    Attributes
    ----------
    limit
        US dollars, or None for no limit.
    spent
        US dollars of the answers so far. An attempt that broke off after the server had begun to answer,
        or that was interrupted, counts at its worst case, as nobody says what it cost.
    worst
        The worst case of the request that was admitted last.
    """

    model: str
    platform: Platform
    limit: float | None
    spent: float = 0.0
    worst: float = 0.0

    def admit(
        self, body: Mapping[str, Any], intent: Plan, counted: tuple[int, str]
    ) -> tuple[dict[str, Any], str]:
        """The body to send, with a lower `max_tokens` if need be, and a sentence that says so (else "").

        Parameters
        ----------
        counted
            Input tokens, and how they were found.

        Raises
        ------
        FailedAttempt
            If the request could pass the limit, or no price is known.
        """
        assert self.limit is not None, "there is no limit to keep"
        tokens, how = counted
        most = int(body["max_tokens"])
        asking, whole = self._price(tokens, 0), self._price(tokens, most)
        left = self.limit - self.spent
        if whole <= left:
            self.worst = whole
            return dict(body), ""
        least = LEAST_ANSWER + (intent.target if intent.enforced else 0)
        affordable = int(most * (left - asking) / (whole - asking)) if whole > asking else 0
        if affordable <= least or self._price(tokens, affordable) > left:
            raise FailedAttempt(fault(FaultKind.COST_LIMIT, self._refusal(tokens, how, most, whole)))
        self.worst = self._price(tokens, affordable)
        said = (
            f"To stay under ${self.limit:g}, this answer may have {affordable:,} tokens instead of {most:,}."
        )
        return {**body, "max_tokens": affordable}, said

    def spend(self, usd: float | None) -> None:
        """Count an answer; one without a price counts at its worst case."""
        self.spent += self.worst if usd is None else usd

    def spend_worst(self) -> None:
        """Count an attempt that broke off."""
        self.spent += self.worst

    def _price(self, tokens: int, most: int) -> float:
        price = worst_price(self.model, platform=self.platform, input_tokens=tokens, max_tokens=most)
        if price is None:
            raise FailedAttempt(fault(FaultKind.PRICE_UNKNOWN))
        return price

    def _refusal(self, tokens: int, how: str, most: int, whole: float) -> str:
        return (
            f"${self.spent:.4f} of ${self.limit:g} spent; the next request could cost ${whole:.4f}: "
            f"{tokens:,} input tokens, {how}, and up to {most:,} output tokens, at list price"
        )
