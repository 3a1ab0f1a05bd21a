"""Tokens: a failing schedule as a short word that any machine with the same code replays."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from cot_magic.core.errors import UsageError
from cot_magic.explore.search.shrink import spread

PREFIX = "cot1"
_TOKEN = re.compile(r"cot1-(\d+(?:\.\d+)?)-((?:\d+[xw]\d+(?:\.\d+[xw]\d+)*)?)-([0-9a-f]{8})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A schedule to replay: the seed of the code's random numbers, and the disturbed choices.

    Choices below 0 repeat what the world outside did.
    `code` is a checksum of the source; where it differs the code has changed, and the replay says nothing.
    """

    random_seed: str
    choices: tuple[int, ...]
    code: str

    def __str__(self) -> str:
        places = ".".join(
            f"{place}{'x' if choice > 0 else 'w'}{abs(choice)}"
            for place, choice in enumerate(self.choices)
            if choice
        )
        return f"{PREFIX}-{self.random_seed.replace(':', '.')}-{places}-{self.code}"


def is_token(text: str) -> bool:
    """Whether a text looks like a token rather than a number."""
    return text.startswith(PREFIX)


def read_token(text: str) -> Token:
    """The schedule of a token. Raises UsageError if it is none."""
    match = _TOKEN.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text[:80]} is no token of a schedule: expected cot1-SEED-CHOICES-CODE.")
    pairs = [pair.replace("w", "x-").split("x") for pair in match[2].split(".") if pair]
    choices = spread({int(place): int(choice) for place, choice in pairs})
    return Token(random_seed=match[1].replace(".", ":"), choices=choices, code=match[3])


def checksum(sources: Sequence[str]) -> str:
    """Eight hexadecimal digits of the source, so that a token is not replayed on other code unnoticed."""
    crc = 0
    for source in sources:
        lines = "\n".join(line.rstrip() for line in source.strip().splitlines())
        crc = zlib.crc32(lines.encode(), crc)
    return f"{crc:08x}"
