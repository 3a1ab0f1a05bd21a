"""A report is read although nobody waited for its writing."""

import asyncio


async def main():
    files = {}

    async def write():
        await asyncio.sleep(0.01)
        files["report.txt"] = "all is well"

    async def prepare():
        await asyncio.sleep(0.03)

    job = asyncio.create_task(write())
    await prepare()
    text = files["report.txt"]
    await job
    assert text
