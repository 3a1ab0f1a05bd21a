"""One script runs every benchmark, and says what got worse."""

import ast
import importlib.util
import inspect
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent
SCRIPTS = sorted(
    path for path in HERE.glob("*.py") if path.stem != "all" and not path.stem.startswith("test_")
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("all_benchmarks", HERE / "all.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_knows_every_script_of_the_folder(script: ModuleType) -> None:
    assert script.names() == [path.stem for path in SCRIPTS]
    assert len(SCRIPTS) >= 8


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_benchmark_can_be_measured_quickly_and_compared(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    values = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    parameters = functions["measure"].args
    assert len(parameters.defaults) == len(parameters.args), "measure() needs no argument"
    quick = values["QUICK"]
    assert isinstance(quick, ast.Dict)
    known = {argument.arg for argument in parameters.args}
    assert {key.value for key in quick.keys if isinstance(key, ast.Constant)} <= known
    compared = ast.literal_eval(values["COMPARED"])
    assert compared
    assert set(compared.values()) <= {"lower", "higher"}


def test_what_got_worse_by_a_fifth_is_told(script: ModuleType) -> None:
    then = {"a": {"cost": 1.0, "gain": 10.0, "ms": 5.0}, "b": {"cost": 2.0}, "c": {"cost": 0}}
    now = {"a": {"cost": 1.21, "gain": 7.9, "ms": 50.0}, "b": {"cost": 2.3, "new": 1}, "c": {"cost": 1}}
    compared = {"*.cost": "lower", "*.gain": "higher", "*.new": "lower"}
    assert script.worse(then, now, compared) == [
        ("a.cost", 1.0, 1.21),
        ("a.gain", 10.0, 7.9),
        ("c.cost", 0.0, 1.0),
    ]
    assert script.worse(now, then, compared) == []
    assert script.worse({}, now, compared) == []


def test_only_numbers_are_figures(script: ModuleType) -> None:
    figures = {"a": {"b": 1, "said": "verified", "complete": True, "none": None}, "c": 2.5}
    assert list(script.flat(figures)) == [("a.b", 1.0), ("c", 2.5)]


def test_the_figures_to_compare_with_are_those_of_a_whole_run(script: ModuleType) -> None:
    if not script.LAST.exists():
        pytest.skip("no last.json yet")
    last = json.loads(script.LAST.read_text(encoding="utf-8"))
    assert last["quick"] is False
    assert set(last["benchmarks"]) <= set(script.names())
    for name, figures in last["benchmarks"].items():
        compared = script.load(name).COMPARED
        named = [figure for figure, _ in script.flat(figures)]
        for pattern in compared:
            assert any(script.better(figure, {pattern: "lower"}) for figure in named), (name, pattern)


@pytest.mark.slow
def test_a_quick_run_writes_one_json_and_compares(script: ModuleType, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    command = [sys.executable, str(HERE / "all.py"), "--only", "light_start", "--quick", "--json", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170)
    assert done.returncode in (0, 1), done.stderr  # 1: worse than the last ones, on a busy machine
    found = json.loads(out.read_text(encoding="utf-8"))
    assert list(found["benchmarks"]) == ["light_start"]
    assert found["benchmarks"]["light_start"]["loaded_to_bare"] > 0
    assert {"date", "machine", "versions", "quick"} <= set(found)
    assert "loaded_to_bare" in done.stdout


@pytest.mark.slow
def test_a_benchmark_that_fails_is_told(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.py").write_text(
        "def measure():\n    raise SystemExit('it broke')\nQUICK = {}\nCOMPARED = {}\n"
    )
    (tmp_path / "all.py").write_text(inspect.getsource(script))
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    assert script.measured("broken", quick=True) is None
    assert "broken failed:\nit broke" in capsys.readouterr().err


def test_what_a_tool_prints_is_tried_in_place_of_the_failing_line(script: ModuleType) -> None:
    rivals = script.load("rivals")
    failing = "mean = sum(rate) / 2"
    said = "\x1b[31mNameError\x1b[0m: name 'rate' is not defined. Did you mean `rates`?"
    assert "mean = sum(rates) / 2" in list(rivals.offers(said, failing))
    assert "mean = sum(rates) / 2" in list(rivals.offers("<pre>  1 | mean = sum(rates) / 2</pre>", failing))
    before, _, test = rivals.CASES[1]
    assert rivals.passes(before, "mean = sum(rates) / 2", test)
    assert not rivals.passes(before, failing, test)
    assert not rivals.passes(before, "mean = 3", test)
