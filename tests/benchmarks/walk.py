"""What one failing cell walks through: modules loaded, rule files, moves from file to file, CPU time.

`python tests/benchmarks/walk.py [--against TREE] [--json FILE]` runs `%%cot+` on a misspelled name in a kernel, up to the
panel and the inserted cells. With `--against` the package of another checkout takes turns with this one.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[2]
ROUNDS = 7
QUICK = {"rounds": 1}
COMPARED = {"modules": "lower", "rule_files": "lower", "moves": "lower"}
BEFORE = "values = [3, 1, 2]"
CELL = "total = sum(vlaues)"
# in the kernel: each call of a function in another file of the package is one move
COUNT = """
import sys as _sys, threading as _threading
_moves, _package = [0], __import__("os").path.dirname(__import__("cot_magic").__file__)
def _profile(frame, event, argument):
    if event == "call" and frame.f_back is not None:
        here, there = frame.f_code.co_filename, frame.f_back.f_code.co_filename
        if here != there and here.startswith(_package) and there.startswith(_package):
            _moves[0] += 1
_sys.setprofile(_profile)
"""
TELL = """
_sys.setprofile(None)
import json as _json
_names = sorted(name for name in _sys.modules if name == "cot_magic" or name.startswith("cot_magic."))
print(_json.dumps({"names": _names, "moves": _moves[0], "result": __import__("cot_magic").last.result}))
"""
CPU = "import resource as _r, json as _j\n_u = _r.getrusage(_r.RUSAGE_SELF)\nprint(_j.dumps(_u.ru_utime + _u.ru_stime))"


class Kernel:
    """A kernel that imports the package of one checkout."""

    def __init__(self, tree: Path, folder: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(tree), "IPYTHONDIR": folder, "HOME": folder}
        # without a key nothing is sent; with byte code as after any first use of an installed package
        environment = {
            name: value
            for name, value in environment.items()
            if "API_KEY" not in name and name != "PYTHONDONTWRITEBYTECODE"
        }
        self.manager = KernelManager(kernel_name="python3")
        self.manager.kernel_spec.argv[0] = sys.executable
        self.manager.start_kernel(env=environment, cwd=folder)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str) -> str:
        """What the code prints."""
        printed: list[str] = []

        def output(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        self.client.execute_interactive(code, output_hook=output, timeout=120, allow_stdin=False)
        return "".join(printed)

    def seconds(self) -> float:
        """CPU time of the kernel itself so far; its copies are other processes."""
        return float(json.loads(self.run(CPU)))

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def walked(tree: Path) -> dict[str, Any]:
    """Modules and moves of one walk."""
    with tempfile.TemporaryDirectory() as folder:
        kernel = Kernel(tree, folder)
        try:
            kernel.run("%load_ext cot_magic")
            kernel.run(BEFORE)
            kernel.run(COUNT)
            kernel.run(f"%%cot+\n{CELL}")
            kernel.run("%cot_insert all")
            told = json.loads(kernel.run(TELL).splitlines()[-1])
            if told["result"] != "verified":
                raise SystemExit(f"{tree}: the walk ended {told['result']}")
        finally:
            kernel.close()
    rules = [name for name in told["names"] if is_rule_file(name)]
    return {
        "modules": len(told["names"]),
        "rule_files": len(rules),
        "moves": told["moves"],
        "names": told["names"],
    }


def is_rule_file(name: str) -> bool:
    """Whether the module is one of those that hold rules, or what rules are written with."""
    folders = ("crashes", "syntax", "races", "rules")
    parts = name.split(".")
    return parts[1:2] == ["reasoners"] and any(folder in parts[2:-1] for folder in folders)


def first_failure(tree: Path) -> float:
    """CPU seconds of the kernel for the first failing cell."""
    with tempfile.TemporaryDirectory() as folder:
        kernel = Kernel(tree, folder)
        try:
            kernel.run("%load_ext cot_magic")
            kernel.run(BEFORE)
            before = kernel.seconds()
            kernel.run(f"%%cot+\n{CELL}")
            return kernel.seconds() - before
        finally:
            kernel.close()


def measure(against: Path | None = None, rounds: int = ROUNDS) -> dict[str, Any]:
    """The walk of this checkout, and with `against` the ratio of the CPU time to that of the other one."""
    here = walked(ROOT)
    found: dict[str, Any] = {key: here[key] for key in ("modules", "rule_files", "moves")}
    first_failure(ROOT)  # writes the byte code
    if against is None:
        found["first_failure_s"] = statistics.median(first_failure(ROOT) for _ in range(rounds))
        return found
    first_failure(against)
    pairs = [(first_failure(ROOT), first_failure(against)) for _ in range(rounds)]
    found["first_failure_s"], found["against_s"] = (
        statistics.median(row) for row in zip(*pairs, strict=True)
    )
    found["ratio"] = statistics.median(ours / theirs for ours, theirs in pairs)
    found["against"] = {key: value for key, value in walked(against).items() if key != "names"}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, metavar="TREE", help="another checkout, measured in turn")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--names", action="store_true", help="print the modules")
    given = parser.parse_args()
    if given.names:
        print(*walked(ROOT)["names"], sep="\n")
        return
    found = measure(given.against, given.rounds)
    for key, value in found.items():
        print(f"{key:20} {value}")
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
