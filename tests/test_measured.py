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


def test_a_tool_that_did_not_install_is_a_row_that_says_so() -> None:
    module = loaded(ROOT / ".ci" / "measured_page.py")
    good = {"packages": 3, "mb": 12.4, "load_cpu_ms": 40.0, "cell_ms": 5.0, "cell_to_plain": 1.1, "failing": 8,
            "stopped": 0, "mended": 2}  # fmt: skip
    figures = {
        "ipykernel alone": {"packages": 30, "mb": 100.0, "cell_ms": 4.0},
        "one": good,
        "two": {"not_installed": "no | such package"},
        "three": {"packages": 9, "mb": 1.0, "not_loaded": "ImportError: x"},
    }
    text = "\n".join(module._rivals(figures))
    assert "| `one` | 3 | 12 MB | 40.0 ms | 1.10 | 0 of 8 | 2 of 8 |" in text
    assert "| `two` | did not install: no / such package |" in text
    assert "| `three` | did not load: ImportError: x |" in text
    assert "ipykernel alone" not in text
    assert "one  ██······" in text
    assert f"one  {'█' * 40} 40.0 ms" in text


def test_what_a_million_notebooks_would_take_follows_from_what_was_measured(last: dict[str, Any]) -> None:
    text = (ROOT / "docs" / "teams.md").read_text().partition("## A million notebooks")[2]
    found = last["benchmarks"]["sweep_memory"]
    more, passes, verified = found["kib_a_notebook"], *found["row_kb"].values()
    assert f"{more:.2f} KiB for each notebook more" in text
    assert f"{passes:.1f} KB and {verified:.1f} KB" in text
    assert f"{more * 1024 / 1000:.1f} GB of memory" in text
    assert f"{0.9 * passes + 0.1 * verified:.1f} GB of rows" in text
    quick, long = found["seconds"].values()
    assert f"{quick:.2f} s and {long:.2f} s" in text
    assert f"{(0.9 * quick + 0.1 * long) * 1e6 / 3600:,.0f} hours of one worker" in text
    assert f"{last['benchmarks']['sweep_workers']['two_to_one']:.2f} of the time of one" in text
    dollars = max(row["cot+"]["usd"] for row in last["benchmarks"]["conversation_cost"].values())
    assert f"at most ${dollars:.3f} at list price" in text
    assert f"at most ${dollars * 1e5:,.0f} if each failure" in text
