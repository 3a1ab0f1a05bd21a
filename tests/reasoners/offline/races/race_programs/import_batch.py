"""After one part of an import failed the table is closed, while other parts still write to it."""

import asyncio


class Table:
    def __init__(self):
        self.rows, self.closed = [], False

    async def insert(self, row, delay):
        await asyncio.sleep(delay)
        assert not self.closed, "insert into a closed table"
        self.rows.append(row)


async def main():
    table = Table()
    bad = []

    async def good_part():
        await table.insert(1, 0.01)

    async def bad_part():
        await asyncio.sleep(0.02)
        raise ValueError("bad row")

    async def watched():
        try:
            await good_part()
        except AssertionError as error:
            bad.append(error)

    try:
        await asyncio.gather(watched(), bad_part())
    except ValueError:
        table.closed = True
    await asyncio.sleep(0.2)
    assert not bad, f"lost a row: {bad}"
