"""Workers read, add and write a count over two awaits; fed by a queue, in a task group."""

import asyncio
import random

VISITS = {}


async def load(page):
    await asyncio.sleep(random.uniform(0.002, 0.004))
    return VISITS.get(page, 0)


async def store(page, count):
    await asyncio.sleep(random.uniform(0.002, 0.004))
    VISITS[page] = count


async def worker(queue):
    while (page := await queue.get()) is not None:
        await store(page, await load(page) + 1)


async def main():
    VISITS.clear()
    queue = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(worker(queue))
        for page in ("home", "about", "shop", "home"):
            await queue.put(page)
            await asyncio.sleep(0.004)
        for _ in range(2):
            await queue.put(None)
    assert VISITS["home"] == 2, f"a visit is lost: {VISITS}"
