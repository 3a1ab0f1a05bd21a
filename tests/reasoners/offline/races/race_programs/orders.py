"""An order that is delivered twice is shipped twice."""

import asyncio

shipped, handled = [], set()


async def ship(order):
    await asyncio.sleep(0.01)
    shipped.append(order)


async def handle(order):
    if order in handled:
        return
    await ship(order)
    handled.add(order)


async def main():
    shipped.clear()
    handled.clear()

    async def delivery(order, delay):
        await asyncio.sleep(delay)
        await handle(order)

    await asyncio.gather(delivery("A7", 0.01), delivery("A7", 0.05), delivery("B2", 0.02))
    assert sorted(shipped) == ["A7", "B2"], shipped
