"""A signal that comes between the look into the mailbox and the clearing of the event is forgotten."""

import asyncio


async def main():
    letters, arrived = [], asyncio.Event()

    async def note():
        await asyncio.sleep(0.002)

    async def reader():
        read = []
        while len(read) < 3:
            while letters:
                read.append(letters.pop())
            if len(read) == 3:
                break
            await note()
            arrived.clear()
            await arrived.wait()
        return read

    async def writer():
        for number in range(3):
            await asyncio.sleep(0.01)
            letters.append(number)
            arrived.set()

    await asyncio.wait_for(asyncio.gather(reader(), writer()), 5.0)
