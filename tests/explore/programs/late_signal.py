"""The signal is cleared after the look into the mailbox: a wake-up is lost, and the reader waits for ever."""

import asyncio


async def main():
    mailbox, signal = [], asyncio.Event()

    async def reader():
        read = 0
        while read < 2:
            while mailbox:
                mailbox.pop()
                read += 1
            if read < 2:
                await asyncio.sleep(0.002)
                signal.clear()
                await signal.wait()

    async def writer():
        for letter in range(2):
            await asyncio.sleep(0.03)
            mailbox.append(letter)
            signal.set()

    await asyncio.gather(reader(), writer())
