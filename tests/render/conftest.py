"""Sessions for the tests of the screens."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from cot_magic.core.events import Stamped
from cot_magic.core.session import Session


@pytest.fixture(scope="session")
def sessions() -> ModuleType:
    """The module that builds sessions (tests are imported one by one, so it is loaded by its path)."""
    spec = spec_from_file_location("sessions", Path(__file__).parents[1] / "render" / "sessions.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def verified(sessions: ModuleType) -> Session:
    """A KeyError caused in an earlier cell, with a verified fix."""
    return sessions.fold(sessions.verified_events())


@pytest.fixture
def verified_stream(sessions: ModuleType) -> list[Stamped]:
    """The events of the same session."""
    return sessions.stamp(sessions.verified_events())
