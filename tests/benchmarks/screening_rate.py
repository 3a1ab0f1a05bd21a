"""How many edits the search screens in a second of the processor, and when the first one survives: `python tests/benchmarks/screening_rate.py`.

Small programs of pure Python with one mistake each, screened in this process as in a confined copy.
"""

import contextlib
import io
import signal
import statistics
import sys
import time
import warnings

from cot_magic.reasoners.offline.repair.bench import SIGNALS, Bench, ready
from cot_magic.reasoners.offline.repair.program import CheckedProgram
from cot_magic.reasoners.offline.repair.screening import Screening
from cot_magic.reasoners.offline.repair.time_limit import TimeLimit

SECONDS = 4.0
QUICK = {"seconds": 0.5}
COMPARED = {"survived": "higher"}
PROGRAMS = (
    "def largest(xs):\n    best = xs[0]\n    for x in xs:\n        if x < best:\n            best = x\n    return best\n\n"
    "assert largest([1, 3, 2]) == 3\nassert largest([4]) == 4\nassert largest([5, 1]) == 5\n",
    "def runs(text):\n    found = []\n    for letter in text:\n        if found and found[-1][0] == letter:\n"
    "            found[-1][1] += 1\n        else:\n            found.append([letter, 0])\n    return found\n\n"
    "assert runs('aab') == [['a', 2], ['b', 1]]\nassert runs('') == []\n",
    "def position(xs, x):\n    low, high = 0, len(xs)\n    while low < high:\n        middle = (low + high) // 2\n"
    "        if xs[middle] < x:\n            low = middle\n        else:\n            high = middle\n    return low\n\n"
    "assert position([1, 3, 5], 3) == 1\nassert position([], 3) == 0\nassert position([1, 3, 5], 9) == 3\n",
    "def words(text):\n    counts = {}\n    for word in text.split():\n        counts[word] = counts.get(word, 1) + 1\n"
    "    return sorted(counts, key=lambda word: counts[word])\n\n"
    "assert words('a b a') == ['a', 'b']\nassert words('c b c b b') == ['b', 'c']\n",
    "def depth(tree):\n    if not tree:\n        return 0\n    return max(depth(part) for part in tree)\n\n"
    "assert depth([]) == 0\nassert depth([[]]) == 1\nassert depth([[], [[]]]) == 2\n",
)


def screened(source: str, seconds: float) -> tuple[float, float]:
    """Edits in a second of the processor, and seconds until the first survived (infinity if none)."""
    first: list[float] = []
    started = time.process_time()
    screening = Screening(
        bench=Bench({"__name__": "__main__"}, CheckedProgram(source.encode())),
        limit=TimeLimit(seconds, 20 * seconds),
        told=lambda survivor, count: first.append(time.process_time() - started),
    )
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # of the edits
        screening.go()
    used = time.process_time() - started
    return screening.ran / used, first[0] if first else float("inf")


def measure(seconds: float = SECONDS) -> dict[str, float]:
    """The median and the least rate, how many programs are mended, and the median time until then."""
    limit, handlers = sys.getrecursionlimit(), {number: signal.getsignal(number) for number in SIGNALS}
    ready()
    try:
        found = [screened(source, seconds) for source in PROGRAMS]
    finally:
        sys.setrecursionlimit(limit)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    rates, firsts = zip(*found, strict=True)
    return {
        "edits_per_s": statistics.median(rates),
        "least_edits_per_s": min(rates),
        "survived": sum(first < float("inf") for first in firsts) / len(PROGRAMS),
        "first_survivor_s": statistics.median(first for first in firsts if first < float("inf")),
    }


def main() -> None:
    found = measure()
    print(f"edits screened in a second (goal 1,000): {found['edits_per_s']:8,.0f}")
    print(f"the slowest program:                     {found['least_edits_per_s']:8,.0f}")
    print(f"programs that an edit mends:             {found['survived']:8.0%}")
    print(f"until the first survives, in seconds:    {found['first_survivor_s']:8.2f}")


if __name__ == "__main__":
    main()
