"""What a session with a model costs: requests, input tokens, how much of them is cached, dollars and seconds.

    python tests/benchmarks/conversation_cost.py [--only NAME …] [--intensity cot …] [--diligent] [--json FILE]

No model is asked: a scripted server on this machine plays one, so these figures say what is sent and not how good an
answer is. Three failing notebooks run with `cot-magic run --reasoner claude` at each intensity. The typical model states
two hypotheses and looks at values in its first answer, tries two rival fixes in its second, and concludes in its third
if it is asked. The diligent one calls tools for ever. Tokens are counted by the server as four bytes each; its cache
holds prefixes that end at a mark, as the API documents it. Dollars are list prices of the default model.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))

import nbformat
from messages_server import MessagesServer
from phase_script import answer, call
from scripted_replies import Reply

QUICK = {"only": ("lines",), "intensities": ("cot",)}
COMPARED = {"*.requests": "lower", "*.input_tokens": "lower", "*.cached": "higher", "*.usd": "lower"}
INTENSITIES = ("cot", "cot+", "cot++")
THOUGHT = "scripted: " + "weighing what the values say about the failure. " * 20


def claim(text: str, probe: str, cell: str, line: int = 1) -> dict[str, Any]:
    return {
        "claim": text, "prediction": "the probe is true", "cell": cell, "line": line, "probe": probe,
        "frame": None,
    }  # fmt: skip


def fix(find: str, replace: str, cell: str, test: str) -> dict[str, Any]:
    source = f"def test_it():\n    assert {test}"
    return {
        "hypothesis": "", "why": "scripted", "edits": [{"cell": cell, "find": find, "replace": replace}],
        "tests": [{"name": "test_it", "source": source}],
    }  # fmt: skip


NOTEBOOKS: dict[str, dict[str, Any]] = {
    "discount": {
        "cells": (
            "def discount(price, percent):\n    '''The price less so many percent.'''\n    return price - percent",
            "prices = [200, 80]\nprint(prices)",
            "assert discount(200, 15) == 170, discount(200, 15)",
        ),
        "claims": (
            claim("the percentage is taken off as an amount", "discount(200, 15) == 185", "cell [1]", 3),
            claim("the price is not a number", "not isinstance(prices[0], int)", "cell [2]"),
        ),
        "look": ["prices", "discount(100, 50)"],
        "fixes": (
            fix("price - percent", "price * (1 - percent / 100)", "cell [1]", "discount(80, 50) == 40"),
            fix("price - percent", "price * 0.85", "cell [1]", "discount(200, 15) == 170"),
        ),
    },
    "lines": {
        "cells": (
            "import json\nlines = ['{\"id\": 1}', '', '{\"id\": 2}']",
            "def ids(lines):\n    return [json.loads(line)['id'] for line in lines]",
            "found = ids(lines)\nprint(found)",
        ),
        "claims": (
            claim("an empty line is parsed", "any(not line.strip() for line in lines)", "cell [2]", 2),
            claim("a line has no id", "any(line and 'id' not in line for line in lines)", "cell [1]", 2),
        ),
        "look": ["lines", "len(lines)"],
        "fixes": (
            fix("for line in lines]", "for line in lines if line.strip()]", "cell [2]", "found == [1, 2]"),
            fix("'', ", "", "cell [1]", "found == [1, 2]"),
        ),
    },
    "table": {
        "cells": (
            "import pandas as pd\norders = pd.DataFrame({'region': list('nsn'), 'amount': ['12', '7', '30']})",
            "orders.head()",
            "share = orders.groupby('region')['amount'].sum() / 2\nprint(share)",
        ),
        "claims": (
            claim("the amounts are strings", "isinstance(orders['amount'].iloc[0], str)", "cell [1]", 2),
            claim("a region is missing", "orders['region'].isna().any()", "cell [1]", 2),
        ),
        "look": ["orders.dtypes", "orders['amount'].tolist()"],
        "fixes": (
            fix("['12', '7', '30']", "[12, 7, 30]", "cell [1]", "share['n'] == 21"),
            fix("['amount'].sum()", "['amount'].count()", "cell [3]", "share['n'] == 1"),
        ),
    },
}  # fmt: skip


def typical(item: dict[str, Any]) -> list[Reply]:
    """Hypotheses and values, then rival fixes, then a conclusion."""
    first = call("hypothesize", hypotheses=list(item["claims"])), call("inspect", expressions=item["look"])
    about = item["claims"][0]["claim"]
    rivals = [{**given, "hypothesis": about} for given in item["fixes"]]
    return [
        Reply(thinking=THOUGHT, tools=first),
        Reply(thinking=THOUGHT, tools=[call("try_fixes", fixes=rivals)]),
        Reply(thinking=THOUGHT, text=answer(headline="scripted: done"), sticky=True),
    ]


def diligent(item: dict[str, Any]) -> list[Reply]:
    """Looks at everything, for ever."""
    looks = (
        call("inspect", expressions=item["look"]),
        call("history", cell="cell [1]"),
        call("source", frame=0),
    )
    return [Reply(thinking=THOUGHT, tools=looks, sticky=True)]


def session(item: dict[str, Any], intensity: str, replies: Sequence[Reply]) -> dict[str, Any]:
    """The figures of one session."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in item["cells"]])
    with tempfile.TemporaryDirectory() as folder, MessagesServer(*replies) as server:
        path, out = Path(folder) / "case.ipynb", Path(folder) / "summary.json"
        nbformat.write(notebook, path)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "cot_magic.cli.main", "run", str(path), "--intensity", intensity, "--quiet",
             "--reasoner", "claude", "--json", str(out)],
            env={**clean, "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "k"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = time.monotonic() - started
        if not out.exists():
            raise RuntimeError(done.stderr[-2_000:])
        summary = json.loads(out.read_text(encoding="utf-8"))
        refused = [seen.refused for seen in server.turns if seen.refused]
        assert not refused, refused
    used = summary["usage"]
    return {
        "result": summary["result"],
        "requests": len(server.turns),
        "input_tokens": used["input_tokens"],
        "cached": round(used["cache_read_tokens"] / max(1, used["input_tokens"]), 3),
        "usd": round(used["usd"], 4),
        "seconds": round(seconds, 1),
    }


def measure(
    only: Sequence[str] = (),
    intensities: Sequence[str] = INTENSITIES,
    patient: bool = False,
    say: bool = False,
) -> dict[str, Any]:
    """Figures by notebook and intensity; `patient` is the diligent model."""
    found: dict[str, Any] = {}
    for name, item in NOTEBOOKS.items():
        if only and name not in only:
            continue
        for intensity in intensities:
            figures = session(item, intensity, (diligent if patient else typical)(item))
            found.setdefault(name, {})[intensity] = figures
            if say:
                print(
                    f"{name:10} {intensity:6} {figures['result']:11} {figures['requests']:3} requests "
                    f"{figures['input_tokens']:8,} tokens in, {figures['cached']:4.0%} cached, "
                    f"${figures['usd']:.4f}, {figures['seconds']:5.1f} s",
                    flush=True,
                )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=(), choices=[*NOTEBOOKS])
    parser.add_argument("--intensity", nargs="*", default=INTENSITIES, choices=INTENSITIES)
    parser.add_argument("--diligent", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    figures = measure(given.only, given.intensity, patient=given.diligent, say=True)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
