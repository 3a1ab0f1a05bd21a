"""Sessions for the tests of insertion."""

import pytest
import sessions

from cot_magic.core.session import Session


@pytest.fixture
def verified() -> Session:
    """A KeyError caused in an earlier cell, with a verified fix."""
    return sessions.fold(sessions.verified_events())
