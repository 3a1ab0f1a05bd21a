"""A shell whose last failure can be examined."""

from collections.abc import Iterator

import pytest
from autopsies import Mortuary, mortuary_open

from cot_magic.autopsy import elements, examination


@pytest.fixture
def mortuary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mortuary]:
    """It has time: a busy machine changes no result."""
    monkeypatch.setattr(examination, "EACH_S", 30.0)
    monkeypatch.setattr(examination, "ALL_S", 100.0)
    monkeypatch.setattr(elements, "SEARCH_S", 10.0)
    with mortuary_open() as found:
        yield found
