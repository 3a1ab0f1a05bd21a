"""Figures that are claimed are figures that were measured."""

import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CLAIM = re.compile(
    r"(?<![\w.])(?P<number>\d[\d,]*(?:\.\d+)?)\s?(?P<unit>ms|%|×|times as|times faster|schedules a second)(?!\w)"
)


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def last() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "tests" / "benchmarks" / "last.json").read_text())
    return found


def unmeasured(text: str, figures: Mapping[str, float]) -> Iterator[str]:
    """Claims of time, share or rate that are no figure, rounded as the claim is."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for claim in CLAIM.finditer(prose):
        number = claim["number"].replace(",", "")
        digits = len(number.partition(".")[2])
        scale = 100 if claim["unit"] == "%" else 1
        if not any(round(value * scale, digits) == float(number) for value in figures.values()):
            yield claim[0]


def test_every_figure_that_the_readme_claims_was_measured(last: dict[str, Any]) -> None:
    figures = dict(loaded(ROOT / "tests" / "benchmarks" / "all.py").flat(last["benchmarks"]))
    assert list(unmeasured((ROOT / "README.md").read_text(), figures)) == []


def test_a_figure_that_was_not_measured_is_found() -> None:
    figures = {"a.ms": 12.84, "a.found": 0.5, "b.rate": 8767.9}
    good = "13 ms, or 12.8 ms; 50 % of them; 8,768 schedules a second; `%cot` for 20 s"
    assert list(unmeasured(good, figures)) == []
    assert list(unmeasured("9 ms, 51 % and 2 times as fast", figures)) == ["9 ms", "51 %", "2 times as"]
    assert list(unmeasured("```\n9 ms\n```\n", figures)) == []


def test_the_page_of_figures_says_what_was_measured(last: dict[str, Any]) -> None:
    """`python .ci/measured_page.py` writes it anew."""
    page = loaded(ROOT / ".ci" / "measured_page.py").page(last)
    assert page == (ROOT / "docs" / "measured.md").read_text()


def test_the_page_leaves_out_what_was_not_measured() -> None:
    module = loaded(ROOT / ".ci" / "measured_page.py")
    cell = {"plain_ms": 2_000.0, "guarded_ms": 2_050.0, "over_ms": 50.0, "to_plain": 1.025}
    text = module.page(
        {
            "date": "2026-01-02",
            "machine": {"processor": "P", "cores": 2, "system": "Linux"},
            "versions": {"python": "3.11"},
            "runs": {"guard": {"date": "2026-02-03", "load": 0.5}},
            "benchmarks": {"guard": {"cell of 2 s": cell}},
        }
    )
    assert "| 2 s | 2,000 ms | 2,050 ms | 50.0 ms | 1.02 |  |" in text
    assert "2026-02-03, at a load of 0.5" in text
    assert "crashing" not in text
    assert "detangle" not in text
