"""Lint, format, types and spelling are tests like any other, and the hooks and workflows run the same."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cot_magic.cli.main import build_parser

ROOT = Path(__file__).parents[1]
PARTS = ["cot_magic", "tests", ".ci"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SHOWN = (
    ".ci",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
)  # hidden names that belong to the project
READ = (".py", ".md", ".toml", ".ipynb", ".json", ".jsonl", ".yml", ".yaml", "")
FORMS = sorted((ROOT / ".github").rglob("*.yml"))
PROGRAMS = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"


def check(*command: str) -> None:
    if importlib.util.find_spec(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=170
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_lint() -> None:
    check("ruff", "check", *PARTS)


def test_format() -> None:
    check("ruff", "format", "--check", *PARTS)


@pytest.mark.slow
def test_types() -> None:
    check("mypy")


def test_spelling() -> None:
    typos = shutil.which("typos", path=PROGRAMS)
    if typos is None:
        pytest.skip("typos is not installed")
    done = subprocess.run([typos, "--format", "brief"], cwd=ROOT, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_every_hook_runs_a_tool_of_this_environment() -> None:
    """CI reaches no git host: nothing may be fetched."""
    for repository in read(ROOT / ".pre-commit-config.yaml")["repos"]:
        assert repository["repo"] == "local"
        for hook in repository["hooks"]:
            assert hook["language"] == "system", hook["id"]
            assert shutil.which(hook["entry"].split()[0], path=PROGRAMS), hook["entry"]


def test_the_hooks_are_valid() -> None:
    pytest.importorskip("pre_commit", reason="pre-commit is not installed")
    check("pre_commit", "validate-config", ".pre-commit-config.yaml")


def test_the_hook_that_others_use_is_valid_and_its_options_exist() -> None:
    (hook,) = read(ROOT / ".pre-commit-hooks.yaml")
    given = build_parser().parse_args([*hook["entry"].split()[1:], *hook["args"], "a.ipynb", "b.ipynb"])
    assert [str(path) for path in given.paths] == ["a.ipynb", "b.ipynb"]
    pytest.importorskip("pre_commit", reason="pre-commit is not installed")
    check("pre_commit", "validate-manifest", ".pre-commit-hooks.yaml")


def test_the_action_runs_a_sweep_and_fails_with_it(tmp_path: Path) -> None:
    action = read(ROOT / ".github" / "actions" / "sweep" / "action.yml")
    script = action["runs"]["steps"][1]
    given = {name: str(item["default"]) for name, item in action["inputs"].items()}
    env = {name: given[value.strip("${} ").removeprefix("inputs.")] for name, value in script["env"].items()}
    (tmp_path / "broken.ipynb").write_text("{")
    done = subprocess.run(
        ["bash", "-e", "-c", script["run"]], cwd=tmp_path, capture_output=True, text=True, timeout=170,
        env={**os.environ, **env, "PATH": PROGRAMS},
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    written = {path.name for path in (tmp_path / env["FOLDER"]).iterdir()}
    assert {"junit.xml", "notebooks.sarif", "overview.html", "rows.jsonl"} <= written
    assert "not a notebook" in (tmp_path / env["FOLDER"] / "rows.jsonl").read_text()


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_what_github_reads_is_valid_yaml(path: Path) -> None:
    assert read(path)


def test_ci_is_what_is_run_by_hand() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert any(step.get("run") == ".ci/run" for job in jobs.values() for step in job["steps"])
    (versions,) = [job["strategy"]["matrix"]["python"] for job in jobs.values()]
    classifiers = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert versions == [name for name in versions if f"Python :: {name}" in classifiers]
    assert classifiers.count("Python :: 3.") == len(versions)


def test_the_nightly_run_is_the_random_one() -> None:
    text = (ROOT / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8")
    assert "HYPOTHESIS_PROFILE: nightly" in text


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_pin_actions_and_may_only_read(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if "uses" in step:
                assert step["uses"].startswith("actions/"), step["uses"]
                assert step["uses"].rpartition("@v")[2].isdigit(), step["uses"]


def test_the_project_names_no_machine() -> None:
    """No path of the machine that it was written on, and no package host."""
    words = {f"{Path.home()}/", f"{ROOT.parent}/"} - {"/", "/tmp/", "/home/"}
    found = []
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        # caches, the repository, environments
        hidden = any(part.startswith(".") and part not in SHOWN for part in parts)
        if not path.is_file() or hidden or parts[0] in ("build", "dist") or "__pycache__" in parts:
            continue
        if path.suffix in READ and path != Path(__file__):
            text = path.read_text(encoding="utf-8", errors="ignore")
            found += [f"{path}: {word}" for word in words if word in text]
    assert not found
