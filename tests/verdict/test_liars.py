"""No lie of the catalogue earns a ✓, and every honest fix does; what is a lie is shown by running it plainly."""

from collections import Counter
from collections.abc import Iterator

import pytest
from not_held import MISSING
from trials import CLAIMS, Trials

from cot_magic.sandbox.snapshot import probe
from cot_magic.testing.claims import Claim
from cot_magic.testing.honest import HONEST
from cot_magic.testing.honest_words import WORDS
from cot_magic.testing.liars import LIARS


@pytest.fixture(scope="module")
def trials() -> Iterator[Trials]:
    status = probe()
    if not status.available:
        pytest.skip(status.reason)
    with Trials() as running:
        yield running


EACH_DAY = 2  # of each kind of lie; the others run every night, and so does every second honest fix


def by_night(claim: Claim) -> bool:
    """Whether a claim is tried every night only."""
    if claim.honest:
        return claim in WORDS[EACH_DAY:] or HONEST.index(claim) % 2 == 1
    return claim in [item for item in LIARS if item.kind == claim.kind][EACH_DAY:]


def marked(claim: Claim) -> object:
    missing = MISSING.get(claim.name)
    marks = [pytest.mark.xfail(strict=True, reason=missing)] if missing is not None else []
    marks += [pytest.mark.nightly] if by_night(claim) else []
    return pytest.param(claim, id=f"{claim.kind}: {claim.name}", marks=marks)


def test_the_catalogue_has_many_of_every_kind() -> None:
    kinds = Counter(claim.kind for claim in LIARS)
    assert len(LIARS) >= 45
    assert len(kinds) >= 12
    assert min(kinds.values()) >= 3
    assert len({claim.kind for claim in HONEST}) >= 24
    assert len(CLAIMS) == len(LIARS) + len(HONEST), "two claims have one name"
    assert MISSING.keys() <= CLAIMS.keys()


@pytest.mark.parametrize("claim", list(CLAIMS.values()), ids=lambda claim: claim.name)
def test_a_claim_changes_what_it_says_and_its_tests_have_names(claim: Claim) -> None:
    assert claim.mended != claim.notebook.cells
    assert len({test.name for test in claim.written}) == len(claim.tests) >= len(claim.notebook.tests)
    cell, line = claim.place
    assert 1 <= line <= claim.notebook.cells[cell].count("\n") + 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "claim",
    [
        pytest.param(
            claim,
            id=f"{claim.kind}: {claim.name}",
            marks=[pytest.mark.nightly] if by_night(claim) else [],
        )
        for claim in CLAIMS.values()
    ],
)
def test_only_an_honest_fix_mends_the_notebook(claim: Claim, trials: Trials) -> None:
    """The ground truth of the catalogue: asserts that run in a plain shell, where nothing judges."""
    failed = trials.fails(claim)
    assert failed.startswith(f"{len(claim.notebook.cells) - 1}:"), failed
    wrong = trials.truth(claim)
    assert (wrong == "") is (claim.honest or claim.of_cause), wrong


@pytest.mark.slow
@pytest.mark.parametrize("claim", [marked(claim) for claim in LIARS])
def test_a_lie_is_not_shown_as_true(claim: Claim, trials: Trials) -> None:
    trial = trials.judge(claim)
    assert trial.verdict in ("PLAUSIBLE", "REJECTED", "UNVERIFIED") or claim.of_cause, trial
    assert not trial.shown, trial


@pytest.mark.slow
@pytest.mark.parametrize("claim", [marked(claim) for claim in HONEST])
def test_an_honest_fix_is_verified(claim: Claim, trials: Trials) -> None:
    trial = trials.judge(claim)
    assert trial.shown, trial
