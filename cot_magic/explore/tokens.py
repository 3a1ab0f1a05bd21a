"""Tokens: a failing schedule as a short string, which any machine with the same code can replay."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from cot_magic.core.errors import UsageError
from cot_magic.explore.decisions import spread
from cot_magic.explore.run_result import RunFailure
from cot_magic.explore.search.values import Batch, BatchResult, Found, Runner, SearchResult, Trial

PREFIX = "cot1"
_TOKEN = re.compile(r"cot1-(\d+(?:\.\d+)?)-((?:\d+[xw]\d+(?:\.\d+[xw]\d+)*)?)-([0-9a-f]{8})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleToken:
    """A schedule to replay: the seed of the code's random numbers, and the choices.

    Choices below 0 repeat what happened outside. `code` is a checksum of the source: on other code the replay
    would mean nothing.
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
    """Whether a string is meant as a token rather than a number."""
    return text.startswith(PREFIX)


def read_token(text: str) -> ScheduleToken:
    """The schedule of a token. Raises UsageError if it is malformed."""
    match = _TOKEN.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"malformed token {text[:80]!r}: expected cot1-SEED-CHOICES-CODE.")
    pairs = [pair.replace("w", "x-").split("x") for pair in match[2].split(".") if pair]
    choices = spread({int(place): int(choice) for place, choice in pairs})
    return ScheduleToken(random_seed=match[1].replace(".", ":"), choices=choices, code=match[3])


def checksum(sources: Sequence[str]) -> str:
    """Eight hexadecimal digits of the source, so that a token is not replayed on other code unnoticed."""
    crc = 0
    for source in sources:
        lines = "\n".join(line.rstrip() for line in source.strip().splitlines())
        crc = zlib.crc32(lines.encode(), crc)
    return f"{crc:08x}"


def replay(
    runner: Runner, text: str, code: str, *, times: int, expected: RunFailure | None = None
) -> SearchResult:
    """Run the schedule of a token in so many fresh processes. Raises UsageError if it belongs to other code.

    Parameters
    ----------
    code
        The checksum of the present code.
    expected
        The failure that counts; None: any.
    """
    token = read_token(text)
    if token.code != code:
        raise UsageError(
            f"the token belongs to other code (checksum {token.code}, not {code}): search again without it."
        )
    trial = Trial(choices=token.choices, random_seed=token.random_seed)
    batches = [Batch(trials=(trial,), expected=expected, detailed=place == 0) for place in range(times)]
    answers = list(runner.run(batches))
    results = [answer.results[0] for answer in answers if answer.results]
    failing = [result for result in results if result.failed]
    found = None
    if failing and failing[0].failure is not None:
        found = Found(
            number=0,
            random_seed=token.random_seed,
            failure=failing[0].failure,
            choices=token.choices,
            minimised=token.choices,
            replays=len(results),
            replays_failed=len(failing),
            decisions=len(failing[0].choices),
            waits=failing[0].waits,
            trace=failing[0].trace,
        )
    return SearchResult(
        schedules=len(results),
        failed=len(failing),
        found=found,
        seconds=sum(answer.seconds for answer in answers),
        incomplete=sum(result.incomplete != "" for result in results),
        trouble=next(filter(None, map(_trouble, answers)), ""),
    )


def _trouble(answer: BatchResult) -> str:
    """Why a replay says nothing: it could not run, or what happened outside differs from the record."""
    return answer.trouble or next((result.incomplete for result in answer.results if result.incomplete), "")
