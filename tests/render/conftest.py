"""Sessions for the tests of the screens."""

import pytest
import sessions

from cot_magic.core.events import Stamped
from cot_magic.core.session import Session


@pytest.fixture
def verified() -> Session:
    """A KeyError caused in an earlier cell, with a verified fix."""
    return sessions.fold(sessions.verified_events())


@pytest.fixture
def verified_stream() -> list[Stamped]:
    """The events of the same session."""
    return sessions.stamp(sessions.verified_events())
