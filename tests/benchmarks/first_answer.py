"""How long after a failure the first useful sentence is there, and the first fix that was run and passed.

`python tests/benchmarks/first_answer.py` debugs the examples of the rules about crashes with `%%cot+`, each in a real
kernel of its own, and a few of them beside one gigabyte of data. A sentence is useful once it says more than the
message: a cause that a run confirmed, or a fact from the failed kernel that explains it. Times include the cell, which
takes milliseconds, and the capture of the failure.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).parents[1] / "reasoners" / "offline" / "crashes"))
from conftest import Kernel  # the same real kernel that the tests use
from test_examples import EXAMPLES

EACH = 4  # of so many examples one is taken
BESIDE = 5  # of so many of those, one also runs beside much data
MUCH = "import numpy\nmuch = numpy.ones(125_000_000)"  # one gigabyte
IDLE_S = 2  # what is loaded while the person writes the cell is loaded
PASSES = ("VERIFIED", "PLAUSIBLE")
QUICK = {"each": 40}
COMPARED = {"*.answered": "higher"}
ASK = """
import json
from cot_magic.core.session import Session
from cot_magic.render.headlines import most_telling
from cot_magic.run.last_session import LAST
session, sentence, fix = Session(), None, None
for stamped in LAST.events:
    session = session.evolve(stamped)
    raised = session.case.raised if session.case else None
    told = session.root_cause or (raised is not None and most_telling(session.facts, raised))
    sentence = stamped.seconds if sentence is None and told else sentence
    best = session.best_fix if fix is None else None
    if best is not None and session.judge_fix(best).verdict.value in %r:
        fix = stamped.seconds
print(json.dumps([stamped.seconds, sentence, fix]))
"""


def timed(cells: Sequence[str]) -> tuple[float | None, float | None]:
    """Seconds from the start of the last cell to the sentence and to the fix; None for what did not come."""
    with tempfile.TemporaryDirectory() as folder:
        kernel = Kernel(Path(folder))
        try:
            for cell in cells[:-1]:
                kernel.run(cell)
            time.sleep(IDLE_S)
            started = time.perf_counter()
            ran = kernel.run(f"%%cot+\n{cells[-1]}", timeout=300)
            whole = time.perf_counter() - started
            if ran.status != "error":
                raise SystemExit(f"the cell did not fail: {cells[-1]}")
            session, *found = json.loads(kernel.run(ASK % (PASSES,)).stdout)
        finally:
            kernel.stop()
    before = max(whole - session, 0.0)  # the cell, the capture, and the reply
    sentence, fix = (None if item is None else before + item for item in found)
    return sentence, fix


def notebooks(each: int) -> Iterator[tuple[str, ...]]:
    """Examples of rules that fail in a kernel too; those of syntax and of loops without end are not among them."""
    firing = [item.cells for item in EXAMPLES if item.fires and "while " not in "\n".join(item.cells)]
    yield from firing[::each]


def measure(each: int = EACH) -> dict[str, dict[str, float]]:
    """Medians in seconds over the examples, and how many of them were answered."""
    chosen = tuple(notebooks(each))
    sides = {"examples": chosen, "beside 1 GB": tuple((MUCH, *cells) for cells in chosen[::BESIDE])}
    found = {}
    for name, cells in sides.items():
        times = [timed(item) for item in cells]
        sentences = [sentence for sentence, _ in times if sentence is not None]
        fixes = [fix for _, fix in times if fix is not None]
        found[name] = {
            "notebooks": float(len(times)),
            "answered": len(sentences) / len(times),
            "sentence_s": statistics.median(sentences),
            "fixed": len(fixes) / len(times),
            "fix_s": statistics.median(fixes),
        }
    return found


def main() -> None:
    print(f"{'%%cot+, medians':16} {'notebooks':>10} {'sentence, s':>12} {'of':>5} {'fix, s':>8} {'of':>5}")
    for name, row in measure().items():
        print(
            f"{name:16} {row['notebooks']:10.0f} {row['sentence_s']:12.2f} {row['answered']:5.0%}"
            f" {row['fix_s']:8.2f} {row['fixed']:5.0%}"
        )


if __name__ == "__main__":
    main()
