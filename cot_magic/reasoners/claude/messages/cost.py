"""What requests cost, and the limit on it: no request is sent that could exceed the limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cot_magic.reasoners.claude.messages.credentials import Platform
from cot_magic.reasoners.claude.messages.faults import FailedAttempt, FaultKind, fault
from cot_magic.reasoners.claude.messages.platform_ids import priced_names
from cot_magic.reasoners.claude.messages.thinking import LEAST_ANSWER, Plan

_PROVIDERS: dict[Platform, str] = {
    "anthropic": "anthropic",
    "bedrock": "aws",
    "vertex": "google",
    "foundry": "anthropic",  # billed at Anthropic's list prices
}


def list_price(
    model: str,
    *,
    platform: Platform = "anthropic",
    uncached: int = 0,
    cache_read: int = 0,
    cache_written: int = 0,
    cache_written_1h: int = 0,
    output: int = 0,
) -> float | None:
    """The list price of one request; an estimate, without an account's surcharges and discounts.

    Parameters
    ----------
    uncached, cache_read, cache_written, output
        Tokens; the three kinds of input are counted separately, as the API reports them.
    cache_written_1h
        Those of `cache_written` that are kept for an hour.

    Returns
    -------
    float or None
        US dollars, from the price list that `genai-prices` ships (offline); None for a model that is not in
        it.
    """
    import genai_prices

    usage = genai_prices.Usage(
        input_tokens=uncached + cache_read + cache_written,
        cache_read_tokens=cache_read,
        cache_write_tokens=cache_written,
        output_tokens=output,
        **({"cache_write_1h_tokens": cache_written_1h} if cache_written_1h else {}),
    )
    for name in priced_names(model):
        try:
            return float(genai_prices.calc_price(usage, name, provider_id=_PROVIDERS[platform]).total_price)
        except LookupError:
            continue
    return None


def worst_price(
    model: str, *, platform: Platform = "anthropic", input_tokens: int, max_tokens: int
) -> float | None:
    """What a request costs if all of its input is written to the cache and its answer has full length."""
    return list_price(model, platform=platform, cache_written=input_tokens, output=max_tokens)


@dataclass(slots=True)
class CostGuard:
    """Keeps count of what was spent, by list price, and checks each request against the limit.

    A request is estimated at its worst case: nothing is read from the cache, everything is written to it, and
    the answer is as long as `max_tokens` allows. If the remaining money pays for a shorter answer,
    `max_tokens` is lowered.

    Attributes
    ----------
    limit
        US dollars, or None for no limit.
    share
        Of the list price, that requests cost: half of it in a batch.
    spent
        US dollars for the answers so far. An attempt that broke off after the server had begun to answer, or
        that was interrupted, counts at its worst case, because its cost is unknown.
    worst
        The worst case of the last request that was admitted.
    """

    model: str
    platform: Platform
    limit: float | None
    share: float = 1.0
    spent: float = 0.0
    worst: float = 0.0

    def admit(
        self, body: Mapping[str, Any], intent: Plan, counted: tuple[int, str]
    ) -> tuple[dict[str, Any], str]:
        """The body to send, with a lower `max_tokens` if necessary, and a sentence that says so ("" if not).

        Parameters
        ----------
        counted
            Input tokens, and how they were determined.

        Raises
        ------
        FailedAttempt
            If the request could exceed the limit, or no price is known.
        """
        assert self.limit is not None, "there is no limit"
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
        """Count an answer; without a price it counts at its worst case."""
        self.spent += self.worst if usd is None else usd

    def spend_worst(self) -> None:
        """Count an attempt that broke off."""
        self.spent += self.worst

    def _price(self, tokens: int, most: int) -> float:
        price = worst_price(self.model, platform=self.platform, input_tokens=tokens, max_tokens=most)
        if price is None:
            raise FailedAttempt(fault(FaultKind.PRICE_UNKNOWN))
        return price * self.share

    def _refusal(self, tokens: int, how: str, most: int, whole: float) -> str:
        return (
            f"${self.spent:.4f} of ${self.limit:g} spent; the next request could cost ${whole:.4f}: "
            f"{tokens:,} input tokens, {how}, and up to {most:,} output tokens, at "
            f"{'list price' if self.share == 1 else 'half the list price, as in a batch'}"
        )
