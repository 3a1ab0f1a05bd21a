"""Tokens: written, read and checked; and replayed on the code that they belong to."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cot_magic.core.errors import UsageError
from cot_magic.explore.api import explore_file
from cot_magic.explore.tokens import ScheduleToken, checksum, is_token, read_token

Find = Callable[[str], Path]


def test_a_token_says_the_same_when_it_is_read_again() -> None:
    token = ScheduleToken(random_seed="3:17", choices=(0, 0, 4, 0, 1), code="00c0ffee")
    assert str(token) == "cot1-3.17-2x4.4x1-00c0ffee"
    assert is_token(str(token))
    assert read_token(str(token)) == token


def test_a_token_without_disturbed_choices() -> None:
    token = ScheduleToken(random_seed="0", choices=(), code="00c0ffee")
    assert read_token(str(token)) == token


@pytest.mark.parametrize("text", ["cot1-", "cot1-a-1x1-00c0ffee", "cot1-0-1x-00c0ffee", "12"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="malformed token"):
        read_token(text)


def test_the_checksum_sees_code_and_not_trailing_blanks() -> None:
    assert checksum(["a = 1  \n"]) == checksum(["a = 1"])
    assert checksum(["a = 1"]) != checksum(["a = 2"])


def test_a_token_replays_the_schedule(program: Find) -> None:
    first = explore_file(program("price_cache"))
    again = explore_file(program("price_cache"), seed=first.token or "")
    assert again.search.found is not None
    assert again.search.found.replays_failed == 10
    assert first.search.found is not None
    assert again.search.found.failure.like(first.search.found.failure)


def test_a_token_of_other_code_is_refused(program: Find) -> None:
    token = explore_file(program("price_cache")).token
    with pytest.raises(UsageError, match="belongs to other code"):
        explore_file(program("ticket_office"), seed=token or "")
