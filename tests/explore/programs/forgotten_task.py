"""A result is read before the task that makes it has been awaited."""

import asyncio


async def main():
    results = {}

    async def compute():
        await asyncio.sleep(0.02)
        results["mean"] = 4.5

    asyncio.create_task(compute())  # noqa: RUF006 - nobody waits for it: that is the bug
    await asyncio.sleep(0.03)
    assert results["mean"] == 4.5
