"""What the first panel needs is loaded in idle time: in a kernel, between cells, and never in a terminal."""

import asyncio
import sys
from importlib.util import find_spec

import pytest

from cot_magic.ipython import idle


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Two small modules that nothing has loaded, as those that are wanted."""
    names = ("colorsys", "this_module_does_not_exist", "cmd")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(idle, "FIRST_PANEL", names)
    monkeypatch.setattr(idle, "_BEGIN_S", 0.0)
    monkeypatch.setattr(idle, "_NEXT_S", 0.0)
    return names


def test_nothing_is_loaded_while_a_cell_runs_and_a_module_that_is_missing_ends_it(
    forgotten: tuple[str, ...],
) -> None:
    seen: list[bool] = []

    def busy() -> bool:
        seen.append("colorsys" in sys.modules)
        return len(seen) < 4

    async def kernel() -> None:
        idle.load_when_idle(busy)
        assert "colorsys" not in sys.modules, "not while the extension is loaded"
        while "colorsys" not in sys.modules:
            await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)

    asyncio.run(kernel())
    assert seen[:4] == [False] * 4
    assert "cmd" not in sys.modules


def test_where_no_loop_runs_nothing_is_loaded(forgotten: tuple[str, ...]) -> None:
    idle.load_when_idle(lambda: False)
    assert "colorsys" not in sys.modules


def test_each_module_exists() -> None:
    assert [name for name in idle.FIRST_PANEL if find_spec(name) is None] == []
