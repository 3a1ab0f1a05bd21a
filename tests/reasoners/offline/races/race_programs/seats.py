"""Two bookings see the last seat before either of them takes it."""

import asyncio


class Flight:
    def __init__(self, seats):
        self.seats = seats
        self.passengers = []

    async def card_is_good(self):
        await asyncio.sleep(0.02)

    async def book(self, name):
        if self.seats == 0:
            return False
        await self.card_is_good()
        self.seats -= 1
        self.passengers.append(name)
        return True


async def main():
    flight = Flight(1)

    async def customer(name, patience):
        await asyncio.sleep(patience)
        return await flight.book(name)

    await asyncio.gather(customer("Ada", 0.01), customer("Ben", 0.06))
    assert flight.seats >= 0, f"overbooked: {flight.passengers}"
