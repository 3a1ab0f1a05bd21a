"""Programs with races, and what runs them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def program() -> Callable[[str], Path]:
    """The path of a program by its name."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    return lambda name: PROGRAMS / f"{name}.py"
