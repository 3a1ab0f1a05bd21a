"""CPU time of starting IPython with `%load_ext cot_magic` against bare IPython, in turn: `python tests/benchmarks/light_start.py`."""

import os
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 15
QUICK = {"rounds": 3}
COMPARED = {"loaded_to_bare": "lower"}
BARE = "from IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell()\n"
LOADED = BARE + "shell.run_line_magic('load_ext', 'cot_magic')\n"


def cpu_seconds(code: str, folder: str) -> float:
    """User and system time of one interpreter that runs the code."""
    environment = {**os.environ, "IPYTHONDIR": folder, "HOME": folder}
    environment.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # byte code as after any first use of an installed package
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the code failed with {process.returncode}: {code}")
    return usage.ru_utime + usage.ru_stime


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Medians in milliseconds, and the median of the ratios, pair by pair."""
    with tempfile.TemporaryDirectory() as folder:
        for code in (BARE, LOADED):
            cpu_seconds(code, folder)  # the first run writes byte code and the profile
        pairs = [(cpu_seconds(BARE, folder), cpu_seconds(LOADED, folder)) for _ in range(rounds)]
    bare, loaded = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(with_it / without for without, with_it in pairs)
    return {"bare_ms": bare * 1e3, "loaded_ms": loaded * 1e3, "loaded_to_bare": ratio}


def main() -> None:
    found = measure()
    print(f"{'CPU time of a start, median of ' + str(ROUNDS):45} {'ms':>8}")
    print(f"{'bare IPython':45} {found['bare_ms']:8.1f}")
    print(f"{'IPython with %load_ext cot_magic':45} {found['loaded_ms']:8.1f}")
    print(f"{'ratio, pair by pair (bound 1.10)':45} {found['loaded_to_bare']:8.3f}")


if __name__ == "__main__":
    main()
