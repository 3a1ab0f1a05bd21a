"""One-token breaks of standard-library functions: is the right repair first, is it among the options, and how
long do the rules take? `python tests/benchmarks/syntax_slips.py [--slips N] [--seed N] [--show]`

A slip deletes, inserts, replaces or swaps one token (or one letter of a keyword, one quote of a string, the
indentation of a line), so that the function no longer compiles. Names and numbers are moved and doubled, but not
deleted or replaced: what they were cannot be known. A repair is right if its tree is that of the original.
"""

import argparse
import ast
import collections
import importlib
import inspect
import io
import json
import keyword
import random
import re
import statistics
import textwrap
import time
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cot_magic.core.case import Case, Cell, CellId, Environment, Raised
from cot_magic.reasoners.offline.ranking import suspects
from cot_magic.reasoners.offline.syntax import problem, rule
from cot_magic.reasoners.offline.syntax.catalogue import RULES

MODULES = (
    "argparse", "ast", "bdb", "bisect", "calendar", "cmd", "codeop", "collections", "colorsys", "configparser",
    "contextlib", "copy", "csv", "dataclasses", "datetime", "difflib", "dis", "doctest", "email.utils", "enum",
    "filecmp", "fileinput", "fnmatch", "fractions", "ftplib", "functools", "getopt", "gettext", "glob", "gzip",
    "heapq", "html.parser", "http.cookies", "imaplib", "inspect", "ipaddress", "json.decoder", "json.encoder",
    "linecache", "locale", "logging", "mailbox", "mimetypes", "netrc", "numbers", "optparse", "pathlib", "pdb",
    "pickle", "pickletools", "plistlib", "poplib", "posixpath", "pprint", "profile", "pstats", "queue", "quopri",
    "random", "reprlib", "sched", "shelve", "shlex", "shutil", "smtplib", "socketserver", "statistics", "string",
    "subprocess", "tabnanny", "tarfile", "tempfile", "textwrap", "threading", "timeit", "tokenize", "trace",
    "traceback", "types", "typing", "unittest.case", "unittest.mock", "urllib.parse", "urllib.request", "uuid",
    "warnings", "wave", "weakref", "xml.dom.minidom", "zipfile",
)  # fmt: skip
SIGNS = ("(", ")", "[", "]", "{", "}", ",", ":", ".", "=", "+", "-", "*", "/", "==", "<", ">", "%", ";")
NEAR = {
    "(": "[{", ")": "]}", "[": "({", "]": ")}", "{": "([", "}": ")]", ",": ".;:", ":": ";,.", ".": ",;", "=": "-:+",
    "==": ("=", "===", "=>"), "!=": ("=!", "<>"), "<=": ("=<",), ">=": ("=>",), "+": "=&", "-": "=_", "*": "&",
    "->": ("=>", "-"), "+=": ("=+", "++"),
}  # fmt: skip
QUICK = {"slips": 40}
COMPARED = {"first": "higher", "among": "higher"}


@dataclass(frozen=True)
class Break:
    """A function, what was done to it, and the broken source."""

    origin: str
    kind: str
    whole: str
    broken: str


def functions() -> list[tuple[str, str]]:
    """The functions of 4 to 40 lines, with their names."""
    found = []
    for name in MODULES:
        source = inspect.getsource(importlib.import_module(name))
        lines = source.splitlines(keepends=True)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
                text = textwrap.dedent("".join(lines[node.lineno - 1 : node.end_lineno]))
                if 4 <= node.end_lineno - node.lineno < 40 and compiles(text):
                    found.append((f"{name}.{node.name}", text))
    return found


def compiles(source: str) -> bool:
    return problem.attempt.__wrapped__(source) is None


def delete(rng: random.Random, text: str, tokens: list[tokenize.TokenInfo], at: list[int]) -> Iterator[str]:
    """One sign or keyword less."""
    index = rng.choice([i for i, token in enumerate(tokens) if token.type == tokenize.OP or is_word(token)])
    yield text[: at[index]] + text[at[index] + len(tokens[index].string) :].removeprefix(" ")


def insert(rng: random.Random, text: str, tokens: list[tokenize.TokenInfo], at: list[int]) -> Iterator[str]:
    """One token more: a sign, or the one before once more."""
    index = rng.randrange(len(tokens))
    end = at[index] + len(tokens[index].string)
    doubled = tokens[index].string if tokens[index].type == tokenize.OP else f" {tokens[index].string}"
    yield text[:end] + rng.choice((doubled, rng.choice(SIGNS))) + text[end:]


def replaced(rng: random.Random, text: str, tokens: list[tokenize.TokenInfo], at: list[int]) -> Iterator[str]:
    """One sign for one like it, or any other."""
    index = rng.choice([i for i, token in enumerate(tokens) if token.type == tokenize.OP])
    sign = tokens[index].string
    other = rng.choice(
        [rng.choice(NEAR.get(sign, SIGNS)), rng.choice(NEAR.get(sign, SIGNS)), rng.choice(SIGNS)]
    )
    yield text[: at[index]] + other + text[at[index] + len(sign) :]


def misspelled(
    rng: random.Random, text: str, tokens: list[tokenize.TokenInfo], at: list[int]
) -> Iterator[str]:
    """A keyword with one letter less, more, or two of them swapped."""
    words = [i for i, token in enumerate(tokens) if is_word(token)]
    if words:
        index = rng.choice(words)
        word = tokens[index].string
        cut = rng.randrange(len(word))
        other = rng.choice(
            (
                word[:cut] + word[cut + 1 :],
                word[:cut] + word[cut] + word[cut:],
                word[: cut - 1] + word[cut] + word[cut - 1] + word[cut + 1 :] if cut else word.capitalize(),
            )
        )
        yield text[: at[index]] + other + text[at[index] + len(word) :]


def swap(rng: random.Random, text: str, tokens: list[tokenize.TokenInfo], at: list[int]) -> Iterator[str]:
    """Two neighbours on a line change places."""
    index = rng.randrange(len(tokens) - 1)
    one, two = tokens[index], tokens[index + 1]
    if one.start[0] == two.start[0] == one.end[0] == two.end[0] and one.string != two.string:
        gap = text[at[index] + len(one.string) : at[index + 1]]
        end = at[index + 1] + len(two.string)
        yield text[: at[index]] + two.string + gap + one.string + text[end:]


def quote(rng: random.Random, text: str, tokens: list[tokenize.TokenInfo], at: list[int]) -> Iterator[str]:
    """One quote less, or of the other kind."""
    strings = [
        i for i, token in enumerate(tokens) if token.type == tokenize.STRING and "'''" not in token.string
    ]
    strings = [i for i in strings if '"""' not in tokens[i].string]
    if strings:
        index = rng.choice(strings)
        string = tokens[index].string
        start = re.match(r"\w*", string).end()  # type: ignore[union-attr]
        place = rng.choice((start, len(string) - 1))
        other = rng.choice(("", "", "'" if string[-1] == '"' else '"'))
        yield (
            text[: at[index]] + string[:place] + other + string[place + 1 :] + text[at[index] + len(string) :]
        )


def indentation(
    rng: random.Random, text: str, tokens: list[tokenize.TokenInfo], at: list[int]
) -> Iterator[str]:
    """One line moves by 1 to 4 columns."""
    lines = text.splitlines(keepends=True)
    place = rng.choice(sorted({token.start[0] for token in tokens})) - 1
    by = rng.choice((-4, -4, -1, 1, 4, 4))
    indent = len(lines[place]) - len(lines[place].lstrip())
    lines[place] = " " * max(indent + by, 0) + lines[place].lstrip()
    yield "".join(lines)


KINDS: dict[str, Callable[..., Iterator[str]]] = {
    "delete": delete, "insert": insert, "replace": replaced, "swap": swap, "misspell": misspelled, "quote": quote,
    "indent": indentation,
}  # fmt: skip
SHARES = (
    "delete",
    "delete",
    "delete",
    "insert",
    "insert",
    "replace",
    "replace",
    "swap",
    "misspell",
    "quote",
    "indent",
)


def is_word(token: tokenize.TokenInfo) -> bool:
    return token.type == tokenize.NAME and keyword.iskeyword(token.string)


def breaks(count: int, seed: int) -> Iterator[Break]:
    """That many slips, always the same for a seed."""
    rng = random.Random(seed)
    pool = functions()
    made = 0
    while made < count:
        origin, whole = rng.choice(pool)
        kind = rng.choice(SHARES)
        kept = (tokenize.OP, tokenize.NAME, tokenize.NUMBER, tokenize.STRING)
        tokens = [t for t in tokenize.generate_tokens(io.StringIO(whole).readline) if t.type in kept]
        starts = [0]
        for line in whole.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        at = [starts[token.start[0] - 1] + token.start[1] for token in tokens]
        for broken in KINDS[kind](rng, whole, tokens, at):
            if not compiles(broken):
                made += 1
                yield Break(origin=origin, kind=kind, whole=whole, broken=broken)


def repairs_of(source: str) -> tuple[list[tuple[str, str, str]], float]:
    """All repairs, best first (the source, the rule, what it does), and the milliseconds that they took."""
    for cached in (problem.attempt, rule.diagnose):
        cached.cache_clear()
    cell = Cell(id=CellId("c1"), source=source, index=0, execution_count=1)
    case = Case(
        cell=cell,
        raised=Raised(ename="SyntaxError", evalue="", bases=("SyntaxError", "Exception")),
        environment=Environment(python="3", platform="any"),
        cells=(cell,),
    )
    start = time.perf_counter()
    found, _ = suspects(case, RULES)
    seconds = time.perf_counter() - start
    ranked = [
        (item.suspicion.weight - 0.05 * place, repair.edits[0].after, item.hypothesis.rule, repair.why)
        for item in found
        for place, repair in enumerate(item.suspicion.repairs)
    ]
    ranked.sort(key=lambda row: -row[0])
    return [row[1:] for row in ranked], 1000 * seconds


def measure(slips: int = 300, seed: int = 1, show: bool = False) -> dict[str, object]:
    first: collections.Counter[str] = collections.Counter()
    among: collections.Counter[str] = collections.Counter()
    total: collections.Counter[str] = collections.Counter()
    options, milliseconds = [], []
    for item in breaks(slips, seed):
        found, took = repairs_of(item.broken)
        right = [problem.meaning(after) == problem.meaning(item.whole) for after, _, _ in found]
        total[item.kind] += 1
        first[item.kind] += right[:1] == [True]
        among[item.kind] += any(right)
        options.append(len(found))
        milliseconds.append(took)
        if show and right[:1] != [True]:
            describe(item, found, right)
    return {
        "first": sum(first.values()) / slips,
        "among": sum(among.values()) / slips,
        "median options": statistics.median(options),
        "median ms": statistics.median(milliseconds),
        "95 % ms": statistics.quantiles(milliseconds, n=20)[-1],
        "by kind": {kind: f"{first[kind]}, {among[kind]} of {total[kind]}" for kind in sorted(total)},
    }


def describe(item: Break, found: list[tuple[str, str, str]], right: list[bool]) -> None:
    """Print the lines that the slip changed, and what the rules say."""
    print(f"--- {item.origin}: {item.kind}, right: {right.index(True) + 1 if any(right) else 'none'}")
    pairs = zip(item.whole.split("\n"), item.broken.split("\n"), strict=False)
    for was, now in [pair for pair in pairs if pair[0] != pair[1]][:3]:
        print(f"    was {was.strip()}\n    now {now.strip()}")
    failure = problem.attempt(item.broken)
    print(f"    {failure.message if failure else ''}")
    for _, code, why in found[:3]:
        print(f"    {code}: {why}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slips", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    print(json.dumps(measure(slips=args.slips, seed=args.seed, show=args.show), indent=2), flush=True)


if __name__ == "__main__":
    main()
