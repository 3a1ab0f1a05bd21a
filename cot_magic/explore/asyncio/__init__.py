"""One schedule of asyncio code: a loop with a virtual clock whose every choice is a decision."""
