"""Fix and tests in a notebook file: edits in place, tests below, all or nothing."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
import sessions
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cot_magic.core.case import CellRole, NewCell
from cot_magic.core.errors import NotebookError
from cot_magic.core.session import Session
from cot_magic.notebook.cells import marked
from cot_magic.notebook.files import FileInserter
from cot_magic.testing import check_inserter


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """The notebook of the session: its failing cell is at place 4, the one that caused it at place 2."""
    old = new_output("stream", text="old")
    content = new_notebook(
        cells=[
            new_code_cell("import json", id="c1"),
            new_markdown_cell("# Shop", id="m1"),
            new_code_cell(sessions.LOAD, id="c5", execution_count=5, outputs=[old]),
            new_markdown_cell("Sum", id="m2"),
            new_code_cell(
                sessions.TOTAL.replace("#%%cot+", "%%cot+"), id="c7", execution_count=7, outputs=[old]
            ),
            new_code_cell("last", id="c9", execution_count=8, outputs=[old]),
        ]
    )
    path = tmp_path / "shop.ipynb"
    nbformat.write(content, path)
    return path


def read(path: Path) -> Any:
    found = nbformat.read(path, as_version=4)
    nbformat.validate(found)
    return found


def test_the_cell_is_edited_in_place_and_the_tests_stand_below_the_failing_one(
    notebook: Path, verified: Session
) -> None:
    before = notebook.read_bytes()
    out = notebook.with_name("fixed.ipynb")
    said = FileInserter(notebook, out).apply(verified)
    assert said == f"{out} written: cell [5] edited, 1 test cell added."
    assert notebook.read_bytes() == before
    found = read(out)
    assert found.cells[2].source == sessions.LOAD_FIXED
    assert (found.cells[2].outputs, found.cells[2].execution_count) == ([], None)
    assert found.cells[4].outputs, "cells that were not edited keep their outputs"
    assert found.cells[5].source.startswith("def test_each_record_has_a_price")
    assert found.cells[5].metadata == {"tags": ["cot-test"], "cot": {"session": "s-1", "role": "test"}}
    assert [cell.id for cell in found.cells if cell.id != found.cells[5].id] == [
        "c1",
        "m1",
        "c5",
        "m2",
        "c7",
        "c9",
    ]


def test_the_cot_line_of_an_edited_cell_stays_as_it_was(notebook: Path) -> None:
    fixed = [e for e in sessions.verified_events() if getattr(getattr(e, "fix", None), "id", "") != "f1"]
    FileInserter(notebook, notebook).apply(sessions.fold(fixed))
    lines = read(notebook).cells[4].source.splitlines()
    assert lines[0] == "%%cot+ the total is wrong"
    assert lines[5] == '        amount += row.get("price", 0)', "below the magic and the mark of a choice"


def test_a_fix_that_is_not_verified_is_marked_as_a_choice(notebook: Path) -> None:
    fixed = [e for e in sessions.verified_events() if getattr(getattr(e, "fix", None), "id", "") != "f1"]
    session = sessions.fold(fixed)
    FileInserter(notebook, notebook).apply(session)
    cell = read(notebook).cells[4]
    verdict = session.judge_fix(session.best_fix).verdict.value
    assert cell.source.splitlines()[1].startswith(f"# cot fix ({verdict.lower()}: a choice, not proven): ")
    assert cell.metadata["tags"] == ["cot-fix"]
    assert cell.metadata["cot"] == {"session": session.id, "role": "fix", "verdict": verdict}


def test_a_mark_replaces_the_mark_of_an_earlier_fix() -> None:
    once = marked("%%time\nx = 1", "# cot fix (plausible): ", "One.")
    assert once == "%%time\n# cot fix (plausible): One.\nx = 1"
    assert marked(once, "# cot fix (plausible): ", "Two.") == "%%time\n# cot fix (plausible): Two.\nx = 1"


def test_a_cell_that_has_changed_is_never_overwritten(notebook: Path, verified: Session) -> None:
    content = read(notebook)
    content.cells[2].source += "\n# mine"
    nbformat.write(content, notebook)
    before = notebook.read_bytes()
    with pytest.raises(NotebookError, match=r"cell \[5\] has changed since it was debugged"):
        FileInserter(notebook, notebook).apply(verified)
    assert notebook.read_bytes() == before
    assert os.listdir(notebook.parent) == ["shop.ipynb"]


def test_a_cell_that_is_gone_is_named(notebook: Path, verified: Session) -> None:
    content = read(notebook)
    del content.cells[2]
    nbformat.write(content, notebook)
    with pytest.raises(NotebookError, match=r"cell \[5\] is missing"):
        FileInserter(notebook, notebook.with_name("out.ipynb")).apply(verified)


def test_cells_without_ids_are_found_by_their_place_and_source(notebook: Path, verified: Session) -> None:
    data = json.loads(notebook.read_text())
    data["nbformat_minor"] = 4
    for cell in data["cells"]:
        del cell["id"]
    notebook.write_text(json.dumps(data))
    FileInserter(notebook, notebook).apply(verified)
    found = read(notebook)
    assert found.cells[2].source == sessions.LOAD_FIXED
    assert "cot-test" in found.cells[5].metadata.tags


def test_undo_brings_back_what_was_there(notebook: Path, verified: Session) -> None:
    before = notebook.read_bytes()
    inserter = FileInserter(notebook, notebook)
    inserter.apply(verified)
    assert notebook.read_bytes() != before
    assert inserter.undo() == f"{notebook} is restored."
    assert notebook.read_bytes() == before
    assert inserter.undo() == "Nothing was written."


def test_undo_removes_a_file_that_was_not_there(notebook: Path, verified: Session) -> None:
    out = notebook.with_name("fixed.ipynb")
    inserter = FileInserter(notebook, out)
    inserter.apply(verified)
    inserter.undo()
    assert not out.exists()


def test_new_cells_go_below_the_failing_cell_or_to_the_end(notebook: Path, verified: Session) -> None:
    cell = NewCell(source="x == 1", role=CellRole.PROBE)
    out = notebook.with_name("out.ipynb")
    FileInserter(notebook, out, verified).insert([cell])
    assert read(out).cells[5].metadata.tags == ["cot-probe"]
    FileInserter(notebook, out).insert([cell, NewCell(source="text", role=CellRole.PROBE, markdown=True)])
    assert [c.cell_type for c in read(out).cells[-2:]] == ["code", "markdown"]


def test_it_keeps_the_contract_of_inserters(notebook: Path) -> None:
    check_inserter(FileInserter(notebook, notebook.with_name("out.ipynb")))


def test_a_written_notebook_keeps_the_mode_of_the_file_and_goes_through_a_link(
    notebook: Path, verified: Session
) -> None:
    notebook.chmod(0o640)
    link = notebook.with_name("link.ipynb")
    link.symlink_to(notebook)
    FileInserter(notebook, link).apply(verified)
    assert link.is_symlink()
    assert notebook.stat().st_mode & 0o777 == 0o640
    assert "cot-test" in notebook.read_text()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("{", "not JSON"),
        ("[]", "format 4"),
        ('{"nbformat": 3, "worksheets": []}', "format 4"),
    ],
)
def test_what_is_no_notebook_is_told_in_one_line(
    tmp_path: Path, verified: Session, content: str | None, said: str
) -> None:
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(NotebookError, match=said):
        FileInserter(path, tmp_path / "out.ipynb").apply(verified)
    assert not (tmp_path / "out.ipynb").exists()


def test_a_folder_that_cannot_be_written_is_told(notebook: Path, verified: Session) -> None:
    with pytest.raises(NotebookError, match="cannot be written: No such file"):
        FileInserter(notebook, notebook.parent / "none" / "out.ipynb").apply(verified)


def test_without_a_fix_nothing_is_written(notebook: Path, verified: Session) -> None:
    out = notebook.with_name("out.ipynb")
    with pytest.raises(NotebookError, match="has no fix"):
        FileInserter(notebook, out).apply(replace(verified, fixes=()))
    assert not out.exists()
