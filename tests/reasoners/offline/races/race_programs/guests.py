"""A loop over guests awaits while others come and go."""

import asyncio

guests = {"ada": 1, "ben": 2}


async def greet():
    for name in guests:
        await asyncio.sleep(0.01)
        assert name


async def arrive():
    await asyncio.sleep(0.06)
    guests["cy"] = 3


async def main():
    guests.clear()
    guests.update(ada=1, ben=2)
    await asyncio.gather(greet(), arrive())
