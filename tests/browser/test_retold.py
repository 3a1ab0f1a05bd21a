"""Two notebooks retold from what people report in public: after Replace, Restart & Run All passes."""

import pytest

# `DataFrame.append` was removed in pandas 2.0, and notebooks that collect rows with it stop since then
COLLECTED = (
    'import pandas as pd\nreport = pd.DataFrame({"station": ["Harbour"], "mean": [4.25]})',
    "values = [2.9, 3.3]",
    '%%cot+\nreport = report.append({"station": "Airport", "mean": sum(values) / len(values)}, ignore_index=True)',
    'assert list(report["station"]) == ["Harbour", "Airport"]\nreport.round(2)',
)
# `np.float` was removed in NumPy 1.24; the failing line is in a function of an earlier cell
SCALED = (
    "import numpy as np",
    "def scaled(values):\n    data = np.asarray(values, dtype=np.float)\n    return (data - data.min()) / (data.max() - data.min())",
    "readings = [3, 9, 6, 12]",
    "%%cot+\nlevels = scaled(readings)\nlevels",
    "assert levels.max() == 1.0\nround(float(levels.mean()), 3)",
)


@pytest.mark.timeout(400)  # two kernels and an investigation on a busy machine
@pytest.mark.parametrize(("name", "cells"), [("collected", COLLECTED), ("scaled", SCALED)])
def test_after_replace_the_notebook_restarts_and_runs_to_its_end(
    name, cells, page, lab, notebooks, artefacts
) -> None:
    pytest.importorskip("pandas" if name == "collected" else "numpy")
    book = notebooks.Book(page, lab, f"retold-{name}.ipynb").write([notebooks.LOAD, *cells]).open()
    book.run_all()
    book.button("Replace…").wait_for(timeout=180_000)
    book.idle()
    assert errors(book), "it fails before"
    page.screenshot(path=str(artefacts / f"retold-{name}.png"))
    book.button("Replace…").click()
    assert "-" in book.dialog("Replace")
    book.restart()
    book.run_all()
    book.wait(lambda: book.cells()[-1]["execution_count"] == len(cells) + 1, 120)
    book.idle()
    page.screenshot(path=str(artefacts / f"retold-{name}-after.png"))
    assert errors(book) == []
    assert [output["output_type"] for output in book.cells()[-1]["outputs"]] == ["execute_result"]


def errors(book) -> list[str]:
    outputs = [output for cell in book.cells() for output in cell.get("outputs", ())]
    return [output["ename"] for output in outputs if output["output_type"] == "error"]
