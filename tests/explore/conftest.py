"""Programs with races, and what runs them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def program() -> Callable[[str], Path]:
    """The path of a program by its name."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    return lambda name: PROGRAMS / f"{name}.py"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server in another process."""
    command = [sys.executable, str(PROGRAMS / "server.py")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
