"""The ticket office with a lock, a bounded pool and a timeout that is long enough: correct."""

import asyncio
import random


class Office:
    def __init__(self, seats):
        self.seats, self.lock = seats, asyncio.Lock()

    async def sell(self, count):
        async with self.lock:
            if self.seats < count:
                return False
            await asyncio.sleep(random.uniform(0.01, 0.05))
            self.seats -= count
            return True


async def customer(office, pool, count, after):
    await asyncio.sleep(after)
    async with pool:
        return await asyncio.wait_for(office.sell(count), 30)


async def main():
    office, pool = Office(5), asyncio.Semaphore(2)
    done = await asyncio.gather(*(customer(office, pool, count, 0.02 * count) for count in (3, 3, 1, 2)))
    assert office.seats >= 0
    assert sum(count for count, sold in zip((3, 3, 1, 2), done, strict=True) if sold) == 5 - office.seats
