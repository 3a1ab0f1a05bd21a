"""The level of a shelf is read, changed and written back with waits between."""

import asyncio

LEVELS = {}


async def load(item):
    await asyncio.sleep(0.005)
    return LEVELS[item]


async def store(item, level):
    await asyncio.sleep(0.005)
    LEVELS[item] = level


async def pick(item, count):
    level = await load(item)
    rest = level - count
    await store(item, rest)


async def later(delay, job):
    await asyncio.sleep(delay)
    await job


async def main():
    LEVELS["bolt"] = 10
    await asyncio.gather(later(0.001, pick("bolt", 1)), later(0.03, pick("bolt", 2)))
    assert LEVELS["bolt"] == 7, f"lost: {LEVELS['bolt']}"
