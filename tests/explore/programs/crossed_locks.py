"""Two transfers take two locks in opposite order."""

import asyncio


async def transfer(first, second, after):
    await asyncio.sleep(after)
    async with first:
        await asyncio.sleep(0.01)
        async with second:
            pass


async def main():
    one, other = asyncio.Lock(), asyncio.Lock()
    await asyncio.gather(transfer(one, other, 0.0), transfer(other, one, 0.03))
