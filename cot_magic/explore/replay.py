"""One schedule again, from its token."""

from cot_magic.core.errors import UsageError
from cot_magic.explore.decisions import Failure
from cot_magic.explore.search.batches import Batch, BatchResult, Trial
from cot_magic.explore.search.runner import Runner
from cot_magic.explore.search.search import Found, SearchResult
from cot_magic.explore.tokens import read_token


def replay(
    runner: Runner, text: str, code: str, *, times: int, expected: Failure | None = None
) -> SearchResult:
    """What the schedule of a token does, in so many fresh processes.

    Parameters
    ----------
    code
        The checksum of the code that is there now. Raises UsageError if the token belongs to other code.
    expected
        The failure that counts; None: any.
    """
    token = read_token(text)
    if token.code != code:
        raise UsageError(
            f"this token belongs to other code ({token.code}, this is {code}): search again without it."
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
        trouble=next(filter(None, (_trouble(answer) for answer in answers)), ""),
    )


def _trouble(answer: BatchResult) -> str:
    """Why a replay says nothing: it could not run, or what happened outside diverged from the record."""
    return answer.trouble or next((result.incomplete for result in answer.results if result.incomplete), "")
