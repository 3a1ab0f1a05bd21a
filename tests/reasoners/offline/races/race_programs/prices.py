"""A price is dropped from the cache before the new one is stored."""

import asyncio

STORE, CACHE = {}, {}


async def price(item):
    if item not in CACHE:
        found = STORE[item]
        await asyncio.sleep(0.004)
        CACHE[item] = found
    return CACHE[item]


async def change(item, new):
    CACHE.pop(item, None)
    await asyncio.sleep(0.004)
    STORE[item] = new


async def main():
    STORE["tea"], CACHE["tea"] = 3, 3

    async def reader(delay):
        await asyncio.sleep(delay)
        await price("tea")

    await asyncio.gather(change("tea", 4), reader(0.02), reader(0.03))
    await asyncio.sleep(0.5)
    assert await price("tea") == 4, "an old price stayed"
