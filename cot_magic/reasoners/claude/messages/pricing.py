"""List prices in US dollars of what a model was asked and answered; None where no price is known."""

from cot_magic.reasoners.claude.messages.credentials import Platform

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
    output: int = 0,
) -> float | None:
    """List price of one request, an estimate: surcharges and discounts of an account are not in it.

    Parameters
    ----------
    uncached, cache_read, cache_written, output
        Tokens; the three kinds of input are counted apart, as the API reports them.

    Returns
    -------
    float or None
        US dollars, from the price list that `genai-prices` ships (offline); None for a model that it does not
        know.
    """
    import genai_prices

    usage = genai_prices.Usage(
        input_tokens=uncached + cache_read + cache_written,
        cache_read_tokens=cache_read,
        cache_write_tokens=cache_written,
        output_tokens=output,
    )
    try:
        found = genai_prices.calc_price(usage, model, provider_id=_PROVIDERS[platform])
    except LookupError:
        return None
    return float(found.total_price)


def worst_price(
    model: str, *, platform: Platform = "anthropic", input_tokens: int, max_tokens: int
) -> float | None:
    """What a request costs if nothing of it is read from the cache, all of it is written there and the answer
    is as long as it may be."""
    return list_price(model, platform=platform, cache_written=input_tokens, output=max_tokens)
