"""How often a ✓ is right: one-token breaks of standard-library code, mended by the offline reasoner.

    python tests/benchmarks/stdlib_breaks.py [--count 300] [--seed 1] [--jobs 1] [--json FILE] [--wrong]

A break of a syntax kind removes, adds or misspells one token of a function or class, so that it does not compile; the cell
holds that definition. A break of a runtime kind misspells one use of a local name or of an attribute, or drops an argument, in
a function that the next cell calls and that then raises. A fix is right if the mended code is the original one (by its syntax
tree) or, for a runtime kind, if it gives the same answers on calls that the failing cell does not make. Printed are
the precision of VERIFIED and the shares of PLAUSIBLE and of nothing found; `--wrong` prints each wrong ✓.
"""

import argparse
import ast
import importlib
import inspect
import io
import json
import keyword
import queue
import random
import sys
import textwrap
import threading
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from trials import Solved, Trials

QUICK = {"count": 6}
COMPARED = {"precision": "higher", "right": "higher"}
TARGET = 0.995
LINES = 40  # of a definition: what a cell of a notebook may hold
SETUP = "import importlib\nglobals().update({{k: v for k, v in vars(importlib.import_module({name!r})).items() if k[:2] != '__'}})"
PLAIN = (
    *(
        "argparse",
        "ast",
        "calendar",
        "cmd",
        "configparser",
        "contextlib",
        "copy",
        "csv",
        "dataclasses",
        "difflib",
        "enum",
    ),
    *(
        "fileinput",
        "fractions",
        "functools",
        "gettext",
        "gzip",
        "html.parser",
        "inspect",
        "ipaddress",
        "json.decoder",
    ),
    *(
        "linecache",
        "locale",
        "mimetypes",
        "optparse",
        "pathlib",
        "pdb",
        "pprint",
        "queue",
        "random",
        "sched",
        "shutil",
    ),
    *(
        "statistics",
        "string",
        "tarfile",
        "tempfile",
        "timeit",
        "tokenize",
        "traceback",
        "urllib.parse",
        "uuid",
        "zipfile",
    ),
)
"""Modules for breaks of the syntax."""
CALLED = {
    ("textwrap", "dedent"): (r"dedent('  a\n    b\n  c')", r"dedent('\ta\n\t b')", r"dedent('x\n y')"),
    ("textwrap", "indent"): (r"indent('a\n\nb', '> ')", r"indent('a\n b\n', '--', lambda line: True)", "indent('', 'x')"),
    ("colorsys", "rgb_to_hsv"): ("rgb_to_hsv(0.2, 0.4, 0.4)", "rgb_to_hsv(0.9, 0.1, 0.5)", "rgb_to_hsv(0.3, 0.3, 0.3)"),
    ("colorsys", "rgb_to_hls"): ("rgb_to_hls(0.2, 0.4, 0.4)", "rgb_to_hls(0.9, 0.1, 0.5)", "rgb_to_hls(1.0, 1.0, 0.2)"),
    ("heapq", "merge"): ("list(merge([1, 4], [2, 3]))", "list(merge('bd', 'ac', key=ord))", "list(merge([3, 1], [2], reverse=True))"),
    ("heapq", "nsmallest"): ("nsmallest(2, [5, 1, 4])", "nsmallest(1, 'bca', key=ord)", "nsmallest(9, [3, 2])"),
    ("heapq", "nlargest"): ("nlargest(2, [5, 1, 4])", "nlargest(1, 'bca', key=ord)", "nlargest(9, [3, 2])"),
    ("fnmatch", "translate"): ("translate('a*.t?t')", "translate('[!a-c]x')", "translate('**/b[]')"),
    ("getopt", "getopt"): ("getopt(['-a', '1', 'x'], 'a:')", "getopt(['--size=3', 'y'], '', ['size='])", "getopt(['-bc'], 'bc')"),
    ("getopt", "gnu_getopt"): ("gnu_getopt(['x', '-a', '1'], 'a:')", "gnu_getopt(['--', '-b'], 'b')", "gnu_getopt(['-b', 'q'], 'b')"),
    ("html", "unescape"): ("unescape('a &lt; b &amp; c')", "unescape('&#65;&#x42;')", "unescape('plain')"),
    ("posixpath", "normpath"): ("normpath('a//b/../c')", "normpath('//x/./y')", "normpath('')"),
    ("posixpath", "commonpath"): ("commonpath(['/a/b', '/a/c'])", "commonpath(['x/y', 'x'])", "commonpath(['/q'])"),
    ("posixpath", "relpath"): ("relpath('/a/b', '/a/c')", "relpath('/x', '/x/y/z')", "relpath('/m', '/m')"),
    ("statistics", "multimode"): ("multimode([1, 1, 2])", "multimode('aabb')", "multimode([])"),
    ("statistics", "median_grouped"): ("median_grouped([1, 2, 2, 3])", "median_grouped([5, 5, 6], 2)", "median_grouped([4])"),
    ("statistics", "quantiles"): ("quantiles([1, 2, 3, 4])", "quantiles([3, 1, 2], n=2)", "quantiles(range(9), method='inclusive')"),
    ("statistics", "linear_regression"): ("linear_regression([1, 2, 3], [2, 4, 7])", "linear_regression([0, 1], [1, 3])", "linear_regression([1, 2], [2, 4], proportional=True)"),
    ("difflib", "get_close_matches"): ("get_close_matches('appel', ['ape', 'apple'])", "get_close_matches('x', ['y'])", "get_close_matches('ab', ['abc', 'b'], n=1)"),
    ("calendar", "monthrange"): ("monthrange(2024, 2)", "monthrange(2023, 12)", "monthrange(1900, 2)"),
    ("shlex", "split"): ("split('a \"b c\" d')", "split('x # y', comments=True)", "split(\"it''s\")"),
    ("shlex", "quote"): ("quote('a b')", "quote('')", "quote(\"it's\")"),
    ("string", "capwords"): ("capwords('hello  world')", "capwords('a-b', '-')", "capwords('')"),
    ("urllib.parse", "urlencode"): ("urlencode({'a': 1, 'b': 'x y'})", "urlencode([('q', [1, 2])], doseq=True)", "urlencode({'k': b'v'})"),
    ("urllib.parse", "parse_qsl"): ("parse_qsl('a=1&b=2')", "parse_qsl('x=&y=3', keep_blank_values=True)", "parse_qsl('m=%20n')"),
    ("urllib.parse", "urljoin"): ("urljoin('http://h/a/b', '../c')", "urljoin('http://h', 'x?y')", "urljoin('', 'z')"),
    ("base64", "b32encode"): ("b32encode(b'hello')", "b32encode(b'')", "b32encode(b'0123456789')"),
    ("quopri", "encodestring"): ("encodestring(b'a=b\\xe9')", "encodestring(b'tab\\there ', True)", "encodestring(b'')"),
    ("bisect", "insort_right"): ("(lambda a: (insort_right(a, 2), a))([1, 3])", "(lambda a: (insort_right(a, -5, key=abs), a))([1, 9])", "(lambda a: (insort_right(a, 1, 1), a))([0, 1, 2])"),
    ("ipaddress", "summarize_address_range"): ("list(summarize_address_range(ip_address('10.0.0.0'), ip_address('10.0.0.9')))", "list(summarize_address_range(ip_address('::1'), ip_address('::4')))", "list(summarize_address_range(ip_address('1.2.3.4'), ip_address('1.2.3.4')))"),
}  # fmt: skip
"""Functions for breaks that show when they run: the first call is that of the failing cell, the others decide about a fix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A notebook whose last cell fails, its original source, and calls whose answers decide."""

    kind: str
    name: str
    cells: tuple[str, ...]
    broken: int
    original: str
    calls: tuple[str, ...] = ()


def definitions(name: str) -> Iterator[str]:
    """Sources of the functions and classes of a module that fit into a cell."""
    source = inspect.getsource(importlib.import_module(name))
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            text = ast.get_source_segment(source, node) or ""
            if not node.decorator_list and 3 <= text.count("\n") < LINES:
                yield text


def misspelt(word: str, chance: random.Random) -> str:
    """The word with two neighbours swapped, a letter lost or doubled, or another letter."""
    place = chance.randrange(len(word))
    made = chance.choice(
        (
            word[:place] + word[place + 1 :],
            word[:place] + word[place] + word[place:],
            word[: max(place - 1, 0)]
            + word[place : place + 1]
            + word[max(place - 1, 0) : place]
            + word[place + 1 :],
            word[:place] + chance.choice("aeioust") + word[place + 1 :],
        )
    )
    return made if made.isidentifier() and not keyword.iskeyword(made) else word + "s"


def syntax_break(chance: random.Random) -> Break | None:
    """One token of a definition removed, doubled or misspelt so that it does not compile any more."""
    name = chance.choice(PLAIN)
    sources = list(definitions(name))
    if not sources:
        return None
    original = chance.choice(sources)
    found = [
        token
        for token in tokenize.generate_tokens(io.StringIO(original).readline)
        if (token.type == tokenize.OP or keyword.iskeyword(token.string) or token.type == tokenize.STRING)
        and token.start[0] == token.end[0]
    ]
    token = chance.choice(found)
    spelt = keyword.iskeyword(token.string)
    kind = chance.choice(("removed", "doubled")) if not spelt else chance.choice(("removed", "misspelt"))
    if token.type == tokenize.STRING:
        new, kind = token.string[:-1], "quote removed"
    else:
        new = {"removed": "", "doubled": token.string * 2, "misspelt": misspelt(token.string, chance)}[kind]
    broken = _with(original, token.start, token.end, new)
    if _parses(broken):
        return None
    return Break(
        kind=f"syntax: {kind}",
        name=name,
        cells=(SETUP.format(name=name), broken),
        broken=1,
        original=original,
    )


def runtime_break(chance: random.Random) -> Break | None:
    """One use of a local name or an attribute misspelt, or an argument dropped, in a function that is called."""
    module, name = chance.choice(sorted(CALLED))
    whole = inspect.getsource(importlib.import_module(module))
    node = next(
        node for node in ast.walk(ast.parse(whole)) if isinstance(node, ast.FunctionDef) and node.name == name
    )
    original = textwrap.dedent(ast.get_source_segment(whole, node, padded=True) or "")
    tree = ast.parse(original)
    kind = chance.choice(("name", "attribute", "argument"))
    places = list(_places(tree, kind, original))
    if not places:
        return None
    start, end, word = chance.choice(places)
    broken = _with(original, start, end, misspelt(word, chance) if word else "")
    if not _parses(broken):
        return None
    first, *others = CALLED[module, name]
    cells = (SETUP.format(name=module), broken, f"answer = {first}\nprint(answer)")
    return Break(
        kind=f"runtime: {kind}",
        name=f"{module}.{name}",
        cells=cells,
        broken=1,
        original=original,
        calls=tuple(others),
    )


Place = tuple[tuple[int, int], tuple[int, int], str]


def _places(tree: ast.Module, kind: str, source: str) -> Iterator[Place]:
    """Where a break of the kind can be made: start, end (line, column), and the word to misspell."""
    (function,) = tree.body
    local = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    local |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    for node in ast.walk(function):
        match node:
            case ast.Name(id=word) if kind == "name" and word in local:
                yield (node.lineno, node.col_offset), _end(node), word
            case ast.Attribute(attr=word) if kind == "attribute":
                line, column = _end(node)
                yield (line, column - len(word)), (line, column), word
            case ast.Call(args=[*before, last]) if kind == "argument" and not node.keywords:
                start = _end(before[-1]) if before else (last.lineno, last.col_offset)
                if source.splitlines()[start[0] - 1].isascii():
                    yield start, _end(last), ""


def _end(node: ast.expr) -> tuple[int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.end_lineno, node.end_col_offset


def _with(source: str, start: tuple[int, int], end: tuple[int, int], new: str) -> str:
    lines = source.splitlines(keepends=True)
    before = "".join(lines[: start[0] - 1]) + lines[start[0] - 1][: start[1]]
    return before + new + lines[end[0] - 1][end[1] :] + "".join(lines[end[0] :])


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def breaks(count: int, seed: int, fails: Callable[[Sequence[str]], str]) -> Iterator[Break]:
    """Breaks of both kinds in turn, of which only the last cell fails; the same seed gives the same ones."""
    chance = random.Random(seed)
    made, seen = 0, set()
    while made < count:
        found = (syntax_break, runtime_break)[made % 2](chance)
        if found is None or found.cells in seen:
            continue
        seen.add(found.cells)
        if fails(found.cells).startswith(f"{len(found.cells) - 1}:"):
            made += 1
            yield found


def is_right(case: Break, mended: Sequence[str], fails: Callable[[Sequence[str]], str]) -> bool:
    """Whether the mended code is the original, or answers every other call as the original does."""
    source = mended[case.broken]
    if not _parses(source) or list(mended[: case.broken]) != list(case.cells[: case.broken]):
        return False
    same_calls = list(mended[case.broken + 1 :]) == list(case.cells[case.broken + 1 :])
    if same_calls and ast.dump(ast.parse(source)) == ast.dump(ast.parse(case.original)):
        return True
    if not case.calls or not same_calls:
        return False
    calls = f"[{', '.join(case.calls)}]"
    checks = (f"found = {calls}", case.original, f"assert found == {calls}")
    return fails((case.cells[0], source, *checks)) == ""


def tried(count: int, seed: int, jobs: int) -> Iterator[tuple[Break, Solved, bool]]:
    """Each break with what the reasoner made of it, and whether its best fix is right."""
    todo: queue.Queue[Break | None] = queue.Queue(maxsize=2 * jobs)
    done: queue.SimpleQueue[tuple[Break, Solved, bool] | None] = queue.SimpleQueue()

    def make() -> None:
        try:
            with Trials() as trials:
                for case in breaks(count, seed, trials.runs):
                    todo.put(case)
        finally:
            for _ in range(jobs):
                todo.put(None)

    def work() -> None:
        with Trials() as trials:
            while (case := todo.get()) is not None:
                found = trials.solve(case.cells)
                done.put((case, found, bool(found.cells) and is_right(case, found.cells, trials.runs)))
        done.put(None)

    threads = [threading.Thread(target=make), *(threading.Thread(target=work) for _ in range(jobs))]
    for thread in threads:
        thread.start()
    ended = 0
    while ended < jobs:
        item = done.get()
        if item is None:
            ended += 1
        else:
            yield item
    for thread in threads:
        thread.join()


def measure(count: int = 300, seed: int = 1, jobs: int = 1, say: bool = False) -> dict[str, Any]:
    """Precision of VERIFIED, and shares of all verdicts; each also by kind."""
    verdicts: Counter[str] = Counter()
    right: Counter[str] = Counter()
    kinds: dict[str, Counter[str]] = {}
    seconds = []
    for case, found, good in tried(count, seed, jobs):
        verdicts[found.verdict] += 1
        right[found.verdict] += good
        kinds.setdefault(case.kind, Counter())[found.verdict + (" right" if good else " wrong")] += 1
        seconds.append(found.seconds)
        if say and found.verdict == "VERIFIED" and not good:
            print(f"wrong ✓ of {case.kind} in {case.name}:\n{_change(case, found)}", flush=True)
    total = sum(verdicts.values())
    verified = verdicts["VERIFIED"]
    return {
        "count": total,
        "verified": verified / total,
        "precision": right["VERIFIED"] / verified if verified else 1.0,
        "plausible": verdicts["PLAUSIBLE"] / total,
        "plausible_right": right["PLAUSIBLE"] / total,
        "right": sum(right.values()) / total,
        "unresolved": 1 - (verified + verdicts["PLAUSIBLE"]) / total,
        "median_s": sorted(seconds)[len(seconds) // 2],
        "kinds": {kind: dict(sorted(found.items())) for kind, found in sorted(kinds.items())},
    }


def _change(case: Break, found: Solved) -> str:
    import difflib

    diff = difflib.unified_diff(
        "\n".join(case.cells).splitlines(),
        "\n".join(found.cells).splitlines(),
        "broken",
        "mended",
        lineterm="",
        n=1,
    )
    return "\n".join(diff)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--wrong", action="store_true")
    given = parser.parse_args()
    found = measure(given.count, given.seed, given.jobs, say=given.wrong)
    for kind, counts in found["kinds"].items():
        print(f"  {kind:<22} " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    print(f"precision of VERIFIED: {found['precision']:.1%} (target {TARGET:.1%}); {found['count']} breaks")
    print(
        f"VERIFIED {found['verified']:.0%}, PLAUSIBLE {found['plausible']:.0%} "
        f"(right {found['plausible_right']:.0%}), nothing {found['unresolved']:.0%}; median {found['median_s']:.1f} s"
    )
    if given.json:
        Path(given.json).write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
