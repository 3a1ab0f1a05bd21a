"""Each request takes two of three connections; together they can starve each other."""

import asyncio


class Connections:
    def __init__(self, count):
        self.free = asyncio.Semaphore(count)

    async def acquire(self):
        await asyncio.wait_for(self.free.acquire(), timeout=1.0)

    def release(self):
        self.free.release()


async def request(pool, number):
    await asyncio.sleep(0.06 * number)
    await pool.acquire()
    try:
        await asyncio.sleep(0.02)
        await pool.acquire()
        try:
            await asyncio.sleep(0.005)
        finally:
            pool.release()
    finally:
        pool.release()


async def main():
    pool = Connections(3)
    await asyncio.gather(*(request(pool, number) for number in range(6)))
