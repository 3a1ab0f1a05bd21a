"""What it costs to look for secrets in a text, with and without the cheap questions first: `python tests/benchmarks/redaction.py`."""

import argparse
import base64
import inspect
import itertools
import json
import random
import statistics
import string
import time
from collections.abc import Callable

from cot_magic.capture.secrets import places
from cot_magic.capture.secrets.forms import find as find_by_form
from cot_magic.capture.secrets.forms import forms, lowered, search
from cot_magic.capture.secrets.redactor import Redactor

PIECE = 600  # characters of a model's text that arrive in a tenth of a second at 1,000 tokens a second
ROUNDS = 15
RUNS = 40
LONG = 100_000
QUICK = {"rounds": 3, "long": 20_000}
COMPARED = {"short.*.every_pattern_to_find": "higher", "long.*.whole_to_half": "lower"}
SERVICES = ("cloudant", "ibm", "cos", "softlayer")  # their patterns are slow, and run where they are named
NUMBER = itertools.count()
PROSE = (
    "The cell fails because `frame['prise']` looks up a column that is not there: the table has the columns"
    " user, price and note. I will test it with a probe that reads their names, and then with the fix. The key"
    " point is that the loop starts at 1, so the first row is never read; in the second run the value is 12.5"
    " and not 13. That is why the total differs. "
)


def texts() -> dict[str, str]:
    rows = [{"user": "ann", "price": 1.5, "note": "see row 3", "id": number} for number in range(20)]
    keys = [{"user": "ann", "token": "abc", "key": number} for number in range(20)]
    return {
        "prose": (PROSE * 2)[:PIECE],
        "prose with é and —": (PROSE * 2).replace(" the ", " — thé ")[:PIECE],
        "Python source": inspect.getsource(argparse)[20_000 : 20_000 + PIECE],
        "JSON": json.dumps(rows)[:PIECE],
        "JSON full of tokens and keys": json.dumps(keys)[:PIECE],
    }


def long_texts() -> dict[str, str]:
    rng = random.Random(1)
    units = ("a", "=", '"', "-", "://", "\\", " ", "eyJ", "AKIA", "ghp_", "password='", 'password\\":\\"')
    found = {f"{unit!r} repeated": unit * LONG for unit in units}
    found["base64"] = base64.b64encode(rng.randbytes(LONG)).decode()
    found["minified JavaScript"] = "function(a,b){return a.key?b[a.key]:{token:a,auth:b}};" * LONG
    found["JSON of 100,000 rows"] = json.dumps([{"id": n, "key": f"k{n}", "note": "n"} for n in range(LONG)])
    found["printable characters"] = "".join(rng.choices(string.printable, k=2 * LONG))
    return found


def every_pattern(text: str) -> None:
    for _ in search(text, (form for form in forms() if form.words[0] not in SERVICES)):
        pass
    for look, _ in places.SEARCHES:
        for _ in look(text):
            pass


def find(text: str) -> list[object]:
    low = lowered(text)
    return [*find_by_form(text, low), *places.find(text, low)]


def microseconds(work: Callable[[], object], runs: int = RUNS, rounds: int = ROUNDS) -> float:
    """Median over the rounds."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(runs):
            work()
        taken.append((time.perf_counter() - start) / runs)
    return statistics.median(taken) * 1e6


def redacted_in(text: str) -> float:
    """Milliseconds for a text that was not seen before, with a redactor that knows nothing."""
    return microseconds(lambda: Redactor({}).text(f"{next(NUMBER)} {text}"), 1, 5) / 1e3


def measure(rounds: int = ROUNDS, long: int = LONG) -> dict[str, dict[str, dict[str, float]]]:
    """Of short texts, how often `find` fits into every pattern; of long ones, how the time grows with the length."""
    short = {}
    for name, text in texts().items():
        plain = microseconds(lambda text=text: every_pattern(text), rounds=rounds)  # type: ignore[misc]
        quick = microseconds(lambda text=text: list(find(text)), rounds=rounds)  # type: ignore[misc]
        short[name] = {"every_pattern_us": plain, "find_us": quick, "every_pattern_to_find": plain / quick}
    grown = {}
    for name, text in long_texts().items():
        half, whole = (redacted_in(text[:size]) for size in (long // 2, long))
        grown[name] = {"half_ms": half, "whole_ms": whole, "whole_to_half": whole / half}
    return {"short": short, "long": grown}


def main() -> None:
    found = measure()
    print(
        f"{f'{PIECE} characters, medians of {ROUNDS}':32}{'every pattern µs':>18}{'find µs':>10}{'ratio':>8}"
    )
    for name, row in found["short"].items():
        print(
            f"{name:32}{row['every_pattern_us']:18.0f}{row['find_us']:10.0f}{row['every_pattern_to_find']:8.1f}"
        )
    print(f"\n{'a redactor, long texts':32}{'50,000':>12}{'100,000':>12}{'ratio (2 is linear)':>22}")
    for name, row in found["long"].items():
        print(f"{name:32}{row['half_ms']:9.1f} ms{row['whole_ms']:9.1f} ms{row['whole_to_half']:22.1f}")


if __name__ == "__main__":
    main()
