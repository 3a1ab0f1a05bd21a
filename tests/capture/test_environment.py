import os
from typing import Any

import pytest


def test_versions_are_told_of_packages_that_the_case_touches_only(notebook: Any) -> None:
    case = notebook.case("import pandas as pd", "pd.DataFrame({'a': [1]})['b']")
    assert [name for name, _ in case.environment.packages] == ["pandas"]


def test_the_home_directory_is_shortened(
    notebook: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "project")
    assert notebook.case("1/0").environment.cwd == f"~{os.sep}project"
