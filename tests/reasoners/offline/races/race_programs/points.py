"""`score += await …` reads the score before it waits."""

import asyncio


class Game:
    score = 0

    async def points(self, delay):
        await asyncio.sleep(delay)
        return 5

    async def round(self, delay):
        self.score += await self.points(delay)


async def main():
    game = Game()

    async def second():
        await asyncio.sleep(0.03)
        await game.round(0.01)

    await asyncio.gather(game.round(0.01), second())
    assert game.score == 10, game.score
