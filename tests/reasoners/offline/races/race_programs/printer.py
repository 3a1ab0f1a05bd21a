"""A job that is cancelled while it prints keeps the printer for ever."""

import asyncio
import contextlib


class Printer:
    def __init__(self):
        self.free = asyncio.Semaphore(1)
        self.pages = 0

    async def print_out(self, pages):
        await self.free.acquire()
        await asyncio.sleep(0.02 * pages)
        self.pages += pages
        self.free.release()


async def main():
    printer = Printer()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(printer.print_out(2), timeout=0.1)
    await asyncio.wait_for(printer.print_out(1), timeout=1.0)
