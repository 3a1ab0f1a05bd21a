"""Two clerks sell the last seat: check, await, act."""

import asyncio
import random


class Office:
    def __init__(self, seats):
        self.seats = seats

    async def print_ticket(self):
        await asyncio.sleep(random.uniform(0.01, 0.05))

    async def sell(self, count):
        if self.seats < count:
            return False
        await self.print_ticket()
        self.seats -= count
        return True


async def customer(office, count, after):
    await asyncio.sleep(after)
    return await office.sell(count)


async def main():
    office = Office(5)
    await asyncio.gather(customer(office, 3, 0.0), customer(office, 3, 0.08), customer(office, 1, 0.2))
    assert office.seats >= 0, f"oversold: {office.seats}"
