"""Runs every benchmark of this folder, writes one JSON, and says what got worse than in last.json.

    python tests/benchmarks/all.py [--only NAME …] [--quick] [--rivals FOLDER] [--json FILE] [--write]

A benchmark is a script with `measure()`, which returns nested figures by name; `QUICK`, its arguments for a short
run; and `COMPARED`, patterns of dotted names with `lower` or `higher` for what is better. Only these figures are
compared: they are ratios and counts, which another machine does not change much, as it does seconds. Each runs in
a process of its own. The exit code is 1 if one of them got worse by more than 20 %. With --write, the figures
become last.json (with --only those of the benchmarks that ran), of which `python .ci/measured_page.py` makes a
page. FOLDER is what `pip install --target FOLDER crane-llm` filled: other tools that a benchmark may be run beside.
"""

import argparse
import datetime
import fnmatch
import importlib.util
import inspect
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).parent
LAST = FOLDER / "last.json"
WORSE = 0.20
PACKAGES = ("cot-magic", "ipython", "ipykernel", "ipywidgets", "anthropic", "detangle", "jupyterlab")


def names() -> list[str]:
    """The benchmarks of this folder."""
    return sorted(
        path.stem for path in FOLDER.glob("*.py") if path.stem != "all" and not path.stem.startswith("test_")
    )


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def flat(figures: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, float]]:
    """All numbers with their dotted names."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{start}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{start}{name}", float(value)


def better(name: str, compared: Mapping[str, str]) -> str | None:
    """`lower` or `higher`, None for a figure that is not compared."""
    return next((which for pattern, which in compared.items() if fnmatch.fnmatchcase(name, pattern)), None)


def worse(
    then: Mapping[str, Any], now: Mapping[str, Any], compared: Mapping[str, str]
) -> list[tuple[str, float, float]]:
    """The compared figures that got worse by more than 20 %: name, before, now."""
    before, found = dict(flat(then)), []
    for name, value in flat(now):
        which, old = better(name, compared), before.get(name)
        if which is None or old is None:
            continue
        if (value > old * (1 + WORSE)) if which == "lower" else (value < old * (1 - WORSE)):
            found.append((name, old, value))
    return found


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    except OSError:
        model = platform.processor()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"system": f"{platform.system()} {platform.machine()}", "processor": model, "cores": cores}


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def measured(name: str, *, quick: bool, rivals: str = "") -> dict[str, Any] | None:
    """The figures of one benchmark, run in a process of its own; None if it failed, which is said."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        command = [sys.executable, str(FOLDER / "all.py"), "--one", name, "--json", str(out)]
        command += [*(["--quick"] if quick else []), *(["--rivals", rivals] if rivals else [])]
        done = subprocess.run(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode == 0:
            figures: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
            return figures
        print(f"{name} failed:\n{done.stderr[-2_000:]}", file=sys.stderr)
        return None


def one(name: str, out: Path, *, quick: bool, rivals: str = "") -> None:
    """What the process of one benchmark does."""
    module = load(name)
    given = dict(module.QUICK) if quick else {}
    if rivals and "rivals" in inspect.signature(module.measure).parameters:
        given["rivals"] = rivals
    figures = module.measure(**given)
    out.write_text(json.dumps(figures), encoding="utf-8")


def report(name: str, then: Mapping[str, Any] | None, now: Mapping[str, Any]) -> bool:
    """Print the compared figures, and whether one got worse. Return whether none did."""
    compared = load(name).COMPARED
    before = dict(flat(then or {}))
    bad = {figure for figure, _, _ in worse(then or {}, now, compared)}
    for figure, value in flat(now):
        if better(figure, compared) is not None:
            old = f"{before[figure]:10.3f}" if figure in before else f"{'-':>10}"
            print(f"  {figure:60} {old} {value:10.3f}{'  WORSE' if figure in bad else ''}")
    return not bad


def run(
    chosen: list[str], last: Mapping[str, Any], *, quick: bool, rivals: str = ""
) -> tuple[dict[str, Any], dict[str, Any], bool]:
    """The figures of the chosen benchmarks; when each ran and how busy the machine was; whether all ran and none
    got worse."""
    found, runs, good = {}, {}, True
    print(f"  {'figure':60} {'last':>10} {'now':>10}")
    for name in chosen:
        started, load_then = time.monotonic(), round(os.getloadavg()[0], 1)
        figures = measured(name, quick=quick, rivals=rivals)
        print(f"{name} ({time.monotonic() - started:.0f} s)", flush=True)
        if figures is None:
            good = False
            continue
        found[name] = figures
        runs[name] = {"date": today(), "load": load_then, "machine": machine()}
        good = report(name, last.get("benchmarks", {}).get(name), figures) and good
    return found, runs, good


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=names(), default=names(), metavar="NAME")
    parser.add_argument(
        "--quick", action="store_true", help="few rounds: whether they run, not what they show"
    )
    parser.add_argument("--rivals", default="", metavar="FOLDER", help="where other tools are installed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the figures")
    parser.add_argument("--write", action="store_true", help="make them the ones to compare with")
    parser.add_argument("--one", choices=names(), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        one(given.one, given.json, quick=given.quick, rivals=given.rivals)
        return 0
    if given.write and given.quick:
        parser.error("--write needs the figures of a whole run, without --quick")
    last = json.loads(LAST.read_text(encoding="utf-8")) if LAST.exists() else {}
    if not last:
        print(f"There is no {LAST.name} to compare with; --write makes one.")
    found, runs, good = run(given.only, last, quick=given.quick, rivals=given.rivals)
    now = {
        "date": today(),
        "quick": given.quick,
        "machine": machine(),
        "versions": versions(),
        "runs": runs,
        "benchmarks": found,
    }
    if given.json is not None:
        given.json.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    if given.write:
        then = {"date": last.get("date"), "machine": last.get("machine")}
        before = dict.fromkeys(last.get("benchmarks", {}), then)
        now["runs"] = {**before, **last.get("runs", {}), **runs}
        now["benchmarks"] = {**last.get("benchmarks", {}), **found}
        LAST.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
