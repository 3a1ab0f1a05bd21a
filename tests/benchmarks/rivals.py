"""Other tools for failing cells, each in a throw-away environment: what they cost, and what they do without a model.

    python tests/benchmarks/rivals.py [--tools NAME …] [--json FILE]

Each is installed by name with pip beside ipykernel, and runs in real kernels of that environment; cot-magic is
installed from this folder. No tool gets a key or a server, so nothing is measured of what a model would add.

- packages and MB: what the environment holds more than one with ipykernel alone
- load: processor time of loading it in a kernel
- a passing cell: round trips of `x = 1`, to those in a kernel without the tool
- stopped: failing cells that ended before their first line, with the tool's guard on where it has one
- mended: failing cells for which something that is printed passes a hidden test: a fix that the tool applies, else
  each printed line of Python in place of the failing line, and each printed name in place of each of its names

A tool that does not install or load is a row that says so.
"""

import argparse
import ast
import html
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
INSTALL_S, RUN_S = 1_500, 1_200
PLAIN = "ipykernel alone"
TOOLS: Mapping[str, Mapping[str, str]] = {
    "cot-magic": {"load": "%load_ext cot_magic", "guard": "%cot_guard on"},
    "crane-llm": {"load": "%load_ext crane_llm", "guard": "%crane_llm guard on"},
    "chatdbg": {"load": "%load_ext chatdbg"},
    "jupyter-ai-magics": {"load": "%load_ext jupyter_ai_magics", "ask": "%ai error"},
    "friendly-traceback": {
        "load": "import friendly_traceback\nfriendly_traceback.set_stream(None)",
        "ask": "import sys\ntry:\n    raise sys.last_value\n"
        "except BaseException:\n    friendly_traceback.explain_traceback()",
    },
    "traceback-coach": {"load": "%load_ext traceback_coach\n%coach_watch on"},
    "detangle": {"load": "import detangle"},
}
"""How each is loaded; `guard` turns on what stops a cell before it runs, `ask` asks after a failure."""
CASES = (
    ("prices = {'pen': 2, 'ink': 7}", "total = prices['Pen'] + 1", "total == 3"),
    ("rates = [1, 3]", "mean = sum(rate) / 2", "mean == 2"),
    ("count = 4", "text = 'items: ' + count", "text == 'items: 4'"),
    ("words = 'a b c'.split()", "shown = words.join(', ')", "shown == 'a, b, c'"),
    ("rows = ['1', 'two', '3']", "last = rows[len(rows)]", "last == '3'"),
    ("import math", "side = math.squareroot(16)", "side == 4"),
    ("sizes = '3,4,5'", "whole = [int(size) for size in sizes.split()]", "whole == [3, 4, 5]"),
    ("import datetime", "day = datetime.now().year", "day == datetime.datetime.now().year"),
)
"""Cells that fail in the ways most cells do: what runs before, the failing line, and the hidden test."""
COMPARED = {
    "cot-magic.mended": "higher",
    "cot-magic.stopped": "higher",
    "cot-magic.packages": "lower",
    "cot-magic.mb": "lower",
    "cot-magic.cell_to_plain": "lower",
}
QUICK = {"tools": ("detangle",), "cells": 2, "rounds": 5}
PROBE = r"""
import json, queue, sys, time
from jupyter_client.manager import start_new_kernel

plan = json.loads(sys.stdin.read())

class Session:
    def __enter__(self):
        self.manager, self.client = start_new_kernel(kernel_name="python3")
        return self
    def __exit__(self, *reason):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
    def run(self, code, timeout=180):
        said = []
        def heard(message):
            content = message["content"]
            said.append(content.get("text") or "\n".join(content.get("traceback", ())))
            for data in (content.get("data", {}),):
                said.extend(str(data[kind]) for kind in ("text/plain", "text/markdown", "text/html") if kind in data)
        began = time.perf_counter()
        reply = self.client.execute_interactive(code, timeout=timeout, output_hook=heard, allow_stdin=False)
        return reply["content"]["status"], "\n".join(said), time.perf_counter() - began
    def value(self, code):
        status, said, _ = self.run(f"print('<<', {code}, '>>')")
        return said.rpartition("<<")[2].partition(">>")[0].strip() if status == "ok" else ""

def loaded(session):
    code = plan["load"]
    session.run("import time as _t; _began = _t.process_time()")
    status, said, _ = session.run(code) if code else ("ok", "", 0)
    if status != "ok":
        print(json.dumps({"not_loaded": said[-600:]}))
        sys.exit()
    return float(session.value("_t.process_time() - _began"))

def trips(session):
    found = []
    for _ in range(plan["rounds"]):
        found.append(session.run("x = 1")[2] * 1e3)
    return found

out = {"load_cpu_ms": [], "trips_ms": [], "cases": []}
with Session() as session:
    session.run("x = 1")
    out["load_cpu_ms"] = loaded(session)
    out["trips_ms"] = trips(session)
for before, failing, test in plan["cases"]:
    case = {}
    with Session() as session:
        loaded(session)
        if plan.get("guard"):
            session.run(plan["guard"])
        session.run(before)
        session.run("began = True\n" + failing)
        case["stopped"] = session.value("'began' not in globals()") == "True"
    with Session() as session:
        loaded(session)
        session.run(before)
        status, said, _ = session.run("began = True\n" + failing)
        case["raised"] = status != "ok"
        if plan.get("ask"):
            said += "\n" + session.run(plan["ask"])[1]
        case["said"] = said
    out["cases"].append(case)
print(json.dumps(out))
"""


def environment(name: str, folder: Path) -> tuple[Path | None, str]:
    """The interpreter of a new environment with a tool in it, or why there is none."""
    python = folder / name.replace(" ", "-") / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
    wanted = {"cot-magic": [str(ROOT)], PLAIN: []}.get(name, [name])
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "ipykernel"]
    try:
        done = subprocess.run([*command, *wanted], capture_output=True, text=True, timeout=INSTALL_S)
    except subprocess.TimeoutExpired:
        return None, f"not installed after {INSTALL_S} s"
    said = done.stderr.strip().splitlines()
    return (python, "") if done.returncode == 0 else (None, said[-1] if said else "pip failed")


def size_of(python: Path) -> tuple[int, float]:
    """Packages of an environment, and MB on disk of all of them."""
    (packages,) = python.parents[1].glob("lib/python*/site-packages")
    used = sum(path.lstat().st_blocks * 512 for path in packages.rglob("*") if not path.is_symlink())
    return len([*packages.glob("*.dist-info")]), used / 1e6


def probed(
    python: Path, tool: Mapping[str, str], cases: Sequence[Sequence[str]], rounds: int
) -> dict[str, Any]:
    """What the kernels of an environment showed."""
    plan = {"load": "", **tool, "cases": cases, "rounds": rounds}
    keys = ("PATH", "HOME", "LANG", "TMPDIR")
    with tempfile.TemporaryDirectory() as home:
        given = {name: os.environ[name] for name in keys if name in os.environ} | {"HOME": home}
        done = subprocess.run(
            [str(python), "-c", PROBE],
            input=json.dumps(plan),
            capture_output=True,
            text=True,
            timeout=RUN_S,
            env=given,
            cwd=home,
        )
    if done.returncode != 0:
        return {"not_loaded": done.stderr[-600:]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def printed(said: str) -> str:
    """What was printed, without colours and markup."""
    return html.unescape(re.sub(r"<[^>\n]{1,200}>", " ", re.sub(r"\x1b\[[0-9;]*m", "", said)))


def offers(said: str, failing: str) -> Iterator[str]:
    """Sources to try in place of the failing line: printed lines of Python, and printed names put into it."""
    for line in printed(said).splitlines():
        text = re.sub(r"^[\s│|>+•*\-]*\d*[\s│|]*", "", line).strip(" `│|")
        if text and text != failing and "=" in text:
            try:
                ast.parse(text)
            except SyntaxError:
                continue
            yield text
    names = set(re.findall(r"[`'\"‘“]([\w.\- ]{1,40})[`'\"’”]", printed(said)))
    wrong = {node.id for node in ast.walk(ast.parse(failing)) if isinstance(node, ast.Name)}
    wrong |= {node.attr for node in ast.walk(ast.parse(failing)) if isinstance(node, ast.Attribute)}
    wrong |= {str(node.value) for node in ast.walk(ast.parse(failing)) if isinstance(node, ast.Constant)}
    for name in sorted(names):
        yield from (
            re.sub(rf"\b{re.escape(old)}\b", name.replace("\\", ""), failing) for old in sorted(wrong)
        )


def passes(before: str, source: str, test: str) -> bool:
    """Whether a source passes a hidden test, in a process of its own."""
    code = f"{before}\n{source}\nassert {test}\n"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, timeout=30)
    return done.returncode == 0


def mended_by_ours(python: Path, cases: Sequence[Sequence[str]]) -> int:
    """For how many cases the fix that `cot-magic run --apply` writes passes the hidden test."""
    found = 0
    for before, failing, test in cases:
        with tempfile.TemporaryDirectory() as place:
            path, fixed = Path(place, "n.ipynb"), Path(place, "fixed.ipynb")
            cells = [
                {"cell_type": "code", "id": f"c{number}", "metadata": {}, "outputs": [],
                 "execution_count": None, "source": source}
                for number, source in enumerate((before, failing))
            ]  # fmt: skip
            path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
            command = [str(python), "-m", "cot_magic.cli.main", "run", str(path), "--apply", str(fixed)]
            subprocess.run([*command, "--reasoner", "offline", "--quiet"], capture_output=True, timeout=RUN_S)
            if fixed.exists():
                own = [
                    "".join(cell["source"])
                    for cell in json.loads(fixed.read_text(encoding="utf-8"))["cells"]
                    if cell["cell_type"] == "code" and "cot-test" not in cell["metadata"].get("tags", ())
                ]
                found += passes("\n".join(own[:-1]), own[-1], test)
    return found


def row_of(
    name: str, python: Path, base: Mapping[str, Any], cases: Sequence[Sequence[str]], rounds: int
) -> dict[str, Any]:
    """The figures of one tool; or why it did not load."""
    found = probed(python, TOOLS[name], cases, rounds)
    packages, used = size_of(python)
    row: dict[str, Any] = {"packages": packages - base["packages"], "mb": round(used - base["mb"], 1)}
    if "not_loaded" in found:
        return {**row, "not_loaded": printed(found["not_loaded"]).strip().splitlines()[-1][:200]}
    trip = statistics.median(found["trips_ms"])
    by_print = [
        any(passes(before, source, test) for source in dict.fromkeys(offers(one["said"], failing)))
        for (before, failing, test), one in zip(cases, found["cases"], strict=True)
    ]
    return {
        **row,
        "load_cpu_ms": round(found["load_cpu_ms"] * 1e3, 1),
        "cell_ms": round(trip, 2),
        "cell_to_plain": round(trip / base["cell_ms"], 3),
        "failing": len(cases),
        "stopped": sum(one["stopped"] for one in found["cases"]),
        "mended": mended_by_ours(python, cases) if name == "cot-magic" else sum(by_print),
    }


def measure(
    tools: Sequence[str] = tuple(TOOLS), cells: int = len(CASES), rounds: int = 100
) -> dict[str, dict[str, Any]]:
    """A row a tool, and one for an environment without any."""
    with tempfile.TemporaryDirectory(prefix="cot-rivals-") as place:
        folder, rows = Path(place), dict[str, dict[str, Any]]()
        plain, why = environment(PLAIN, folder)
        if plain is None:
            return {PLAIN: {"not_installed": why}}
        packages, used = size_of(plain)
        trips = probed(plain, {"load": ""}, (), rounds)["trips_ms"]
        base = {"packages": packages, "mb": round(used, 1), "cell_ms": statistics.median(trips)}
        rows[PLAIN] = base
        for name in tools:
            python, why = environment(name, folder)
            rows[name] = (
                {"not_installed": why}
                if python is None
                else row_of(name, python, base, CASES[:cells], rounds)
            )
        return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tools", nargs="+", choices=tuple(TOOLS), default=tuple(TOOLS), metavar="NAME")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the figures")
    given = parser.parse_args()
    text = json.dumps(measure(given.tools), indent=1)
    print(text)
    if given.json is not None:
        given.json.write_text(f"{text}\n", encoding="utf-8")
