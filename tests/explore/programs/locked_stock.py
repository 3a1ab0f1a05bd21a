"""Calls in threads and tasks share a stock under a lock: correct."""

import asyncio
import threading


class Stock:
    def __init__(self, pieces):
        self.pieces, self.lock = pieces, threading.Lock()

    def take(self, count):
        with self.lock:
            left = int(self.pieces)
            if left < count:
                return 0
            self.pieces = left - count
            return count


async def main():
    stock = Stock(5)
    taken = await asyncio.gather(*(asyncio.to_thread(stock.take, count) for count in (3, 2, 2)))
    await asyncio.sleep(0.01)
    assert stock.pieces == 5 - sum(taken)
    assert stock.pieces >= 0
