"""A session ends while it is being refreshed."""

import asyncio

SESSIONS = {}


async def verify(name):
    await asyncio.sleep(0.01)


async def refresh(name):
    if name in SESSIONS:
        await verify(name)
        session = SESSIONS.get(name)
        session["age"] = 0


async def log_out(name):
    await asyncio.sleep(0.04)
    SESSIONS.pop(name)


async def main():
    SESSIONS["ada"] = {"age": 5}
    await asyncio.gather(refresh("ada"), log_out("ada"))
