"""A job is deleted while a thread works on it."""

import asyncio
import time

JOBS = {}


def render(name):
    time.sleep(0.03)
    JOBS[name]["done"] = True


async def main():
    JOBS["report"] = {"done": False}
    worker = asyncio.create_task(asyncio.to_thread(render, "report"))
    await asyncio.sleep(0.05)
    JOBS.pop("report")
    await worker
