"""The word of a certificate is that of a plain execution: on failing notebooks with their fix, and as shipped."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from cot_magic.actions.certify import ACCEPTED
from cot_magic.core.events import Stamped
from cot_magic.notebook.files import FileInserter
from cot_magic.run.certify import certify, plan_of
from cot_magic.run.notebook import read_notebook
from cot_magic.run.recording import fold
from cot_magic.sandbox.machine import probe

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not probe().available, reason="no confinement here"),
]
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
NAMES = (
    *("name_typo", "name_of_builtin", "name_not_defined", "name_below", "name_in_function", "unbound_local"),
    *("name_deleted", "key_typo", "key_case", "key_type", "key_missing", "type_add", "type_add_label"),
    *("type_call_int", "type_none", "type_argument_missing", "type_argument_unknown", "type_str_item"),
    *("type_list_index", "index_range", "index_loop", "index_mutated", "attribute_typo", "attribute_none"),
    *("attribute_of_own_class", "attribute_of_module", "import_typo", "import_missing", "import_own_module"),
    *(
        "syntax_colon",
        "syntax_bracket",
        "syntax_python2",
        "value_int",
        "value_unpack",
        "zero_mean",
        "recursion",
    ),
    *("file_near", "pandas_column", "pandas_file", "earlier_cell", "awaited", "with_await", "magic_above"),
)


def executed(notebook: Any, folder: Path) -> int | None:
    """Execute a notebook as `jupyter execute` does; return the index of the cell that fails, None if none does."""
    client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    ran = -1

    def begins(cell: Any, cell_index: int) -> None:
        nonlocal ran
        ran = cell_index

    client.on_cell_execute = begins
    try:
        client.execute()
    except (CellExecutionError, DeadKernelError):
        return ran
    return None


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.nightly] if place % 3 else [])
        for place, name in enumerate(NAMES)
    ],
)
def test_a_certificate_agrees_with_a_plain_execution_of_the_fixed_notebook(
    name: str, failing_notebooks: ModuleType, investigated: Callable[..., list[Stamped]], tmp_path: Path
) -> None:
    case = failing_notebooks.CORPUS[name]
    for file, content in case.files.items():
        (tmp_path / file).write_bytes(content)
    cells = [nbformat.v4.new_code_cell(source, id=f"c{place}") for place, source in enumerate(case.cells)]
    original = nbformat.v4.new_notebook(cells=cells)
    session = fold(investigated(case.cells, tmp_path))
    fixed = original
    if session.result in ACCEPTED:
        fixed = FileInserter(tmp_path / "n.ipynb", tmp_path / "n.ipynb").fixed(original, session)
    certificate = certify(plan_of(fixed, original=original), tmp_path, name=name)
    places = [n for n, cell in enumerate(fixed.cells) if "cot-test" not in cell.metadata.get("tags", [])]
    failed = executed(fixed, tmp_path)
    place = places.index(failed) if failed in places else failed
    assert certificate.holds is (failed is None), (certificate, failed)
    if certificate.failed and not certificate.failed[0].label.startswith("test"):
        assert certificate.failed[0].place == place


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.nightly] if "race" in path.stem else [])
        for path in NOTEBOOKS
    ],
)
def test_a_certificate_of_a_shipped_notebook_says_nothing_that_is_not_so(path: Path) -> None:
    notebook = read_notebook(path)
    certificate = certify(plan_of(notebook), path.parent, name=path.name, limit=120)
    assert not certificate.failed, certificate.failed
    assert certificate.passed
    # they investigate, so some of their cells cannot be certified, and each says why
    assert certificate.holds is not bool(certificate.not_run)
    assert all(cell.reason for cell in certificate.not_run)
