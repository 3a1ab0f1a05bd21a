"""Mistakes in import statements."""

import difflib
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.import_forms import DOTTED, FORMS, NAME
from cot_magic.reasoners.offline.syntax.problem import (
    Problem,
    Reading,
    Slip,
    reading,
    unique,
)

_ALIASES = {
    "numpy": "np",
    "pandas": "pd",
    "matplotlib.pyplot": "plt",
    "seaborn": "sns",
    "tensorflow": "tf",
    "scipy": "sp",
    "networkx": "nx",
    "statsmodels.api": "sm",
    "matplotlib": "mpl",
    "plotly.express": "px",
    "polars": "pl",
    "sympy": "sp",
}


def _rewrites(text: str) -> Iterator[tuple[str, str, float, bool]]:
    """New texts of an import statement with their reasons, weights and whether they are certain."""
    for pattern, meant, why, weight, certain in FORMS:
        found = re.fullmatch(pattern, text)
        if found is not None:
            yield found.expand(meant), why, weight, certain
    if re.match(r"(?:from\s+\S+\s+)?import\b", text) and re.search(r"\s(?:and|&|\+)\s", text):
        yield re.sub(r"\s*,?\s+(?:and|&|\+)\s+", ", ", text), "A comma separates the names.", 0.96, True
    dashed = rf"(?:from\s+{NAME}(?:-{NAME})+\s+import\s+.+|import\s+{NAME}(?:-{NAME})+(?:\s+as\s+\w+)?)"
    if re.fullmatch(dashed, text):
        yield re.sub(r"(?<=\w)-(?=\w)", "_", text), "A module's name holds no minus sign.", 0.8, False
    yield from _aliases(text)
    yield from _spaced(text)


def _spaced(text: str) -> Iterator[tuple[str, str, float, bool]]:
    """Names side by side: a comma, `as` or `from` is missing."""
    if re.match(r"import\b", text) and " as " not in text.split(",")[-1] and "," in text:
        items = [item.split() for item in text[len("import") :].split(",")]
        if any(len(item) == 2 for item in items) and all(
            len(item) in (1, 3) or (len(item) == 2 and _ALIASES.get(item[0]) == item[1]) for item in items
        ):
            new = ", ".join(" as ".join(item) if len(item) == 2 else " ".join(item) for item in items)
            yield f"import {new}", "`as` gives a module another name.", 0.97, True
    if re.fullmatch(rf"import(?:\s+{DOTTED}\s+as\s+{NAME}\s*,?)+", text):
        new = re.sub(rf"(\sas\s+{NAME})\s+(?={DOTTED}\s+as\s)", r"\1, ", text)
        yield new, "A comma separates the modules.", 0.96, True
    if found := re.fullmatch(rf"(from\s+{DOTTED}\s+import\s+|import\s+)({DOTTED}(?:\s+{NAME})+)", text):
        words = found[2].split()
        if "as" not in words and len(words) <= 6:
            yield found[1] + ", ".join(words), "Commas separate the names.", 0.86, found[1].startswith("from")
            if found[1].startswith("import") and len(words) == 2:
                if _ALIASES.get(words[0]) == words[1]:
                    yield (
                        f"import {words[0]} as {words[1]}",
                        "`as` gives the module another name.",
                        0.97,
                        True,
                    )
                else:
                    yield (
                        f"from {words[0]} import {words[1]}",
                        "The name is imported from the module.",
                        0.82,
                        False,
                    )


def _aliases(text: str) -> Iterator[tuple[str, str, float, bool]]:
    """`import numpy as`, `import a as b.c`"""
    found = re.fullmatch(rf"import\s+({DOTTED})\s+as\s*", text)
    known = _ALIASES.get(found[1]) if found else None
    if found and known:
        yield f"import {found[1]} as {known}", f"The usual short name is `{known}`.", 0.88, False
    if re.match(r"import\b.*\bas\s*(?:,|$)", text) and "," in text:
        yield re.sub(r"\s+as\s*(?=,|$)", "", text), "`as` is left out, since no name follows.", 0.86, False
    head = rf"(import\s+{DOTTED}|from\s+{DOTTED}\s+import\s+{NAME})"
    if found := re.fullmatch(rf"{head}\s+as\s+({NAME}(?:[.\-]{NAME})+)", text):
        joined = re.sub(r"[.\-]", "_", found[2])
        last = re.split(r"[.\-]", found[2])[-1]
        yield f"{found[1]} as {joined}", "The other name is one word.", 0.85, False
        yield f"{found[1]} as {last}", "The other name is one word.", 0.84, False


def _imports(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    if low >= high:
        return
    for start, stop in _parts(problem, low, high):
        text = problem.between(start, stop)
        if len(text) > 1000 or not re.search(r"\b(?:import|from|form|fro|frm)\b", text):
            continue
        seen: list[tuple[str, str, float, bool]] = []
        for new, why, weight, certain in _rewrites(text):
            if new not in [item[0] for item in seen]:
                seen.append((new, why, weight, certain))
        for new, why, weight, certain in seen:
            yield reading(
                f"`{text[:80]}` is not how an import is written.",
                (problem.swap(start, new, stop - 1), why),
                weight=weight,
                certain=certain,
            )


def _parts(problem: Problem, low: int, high: int) -> Iterator[tuple[int, int]]:
    """The statement, or the pieces between its semicolons."""
    yield low, high
    start = low
    for index in range(low, high):
        if problem.text(index) == ";":
            if index > start:
                yield start, index
            start = index + 1
    if low < start < high:
        yield start, high


def _future(problem: Problem) -> Iterator[Reading]:
    if "__future__ imports must occur" in problem.message or "from __future__ imports" in problem.message:
        lines = problem.source.split("\n")
        moved = [line.strip() for line in lines if re.match(r"\s*from\s+__future__\s+import\b[^(]*$", line)]
        if not moved:
            return
        rest = [line for line in lines if line.strip() not in moved]
        at = _behind_docstring(rest)
        after = "\n".join([*rest[:at], *dict.fromkeys(moved), *rest[at:]])
        yield reading(
            "An import from `__future__` must be the first statement.",
            (after, "It stands at the top."),
            weight=0.96,
            certain=True,
        )
    elif "future feature" in problem.message:
        found = re.search(r"future feature (\w+) is not defined", problem.message)
        if found:
            known = (
                "annotations",
                "division",
                "print_function",
                "absolute_import",
                "unicode_literals",
                "generators",
                "with_statement",
                "generator_stop",
                "nested_scopes",
            )
            close = difflib.get_close_matches(found[1], known, 1, 0.6)
            if close:
                yield reading(
                    f"`__future__` has no feature `{found[1]}`.",
                    (re.sub(rf"\b{found[1]}\b", close[0], problem.source), f"It is called `{close[0]}`."),
                    weight=0.94,
                    certain=True,
                )
            line = problem.failure.line
            starts = problem.listing.starts
            yield reading(
                f"`__future__` has no feature `{found[1]}`.",
                (problem.put((starts[line - 1], starts[line], "")), "The import is left out."),
                weight=0.5,
            )


def _behind_docstring(lines: list[str]) -> int:
    """The number of leading lines that may stand before an import from `__future__`."""
    at = 0
    while at < len(lines) and (not lines[at].strip() or lines[at].lstrip().startswith(("#", "%"))):
        at += 1
    if at < len(lines) and (found := re.match(r"\s*[rRuU]?(\"\"\"|'''|\"|')", lines[at])):
        quote = found[1]
        first = lines[at][found.end() :]
        if quote in first:
            return at + 1
        for place in range(at + 1, len(lines)):
            if quote in lines[place]:
                return place + 1
    return 0 if at >= len(lines) else at


def _star_inside(problem: Problem) -> Iterator[Reading]:
    """`import *` in a function."""
    if "import * only allowed at module level" not in problem.message:
        return
    lines = problem.source.split("\n")
    moved = [line.strip() for line in lines if re.match(r"\s+from\s+[\w.]+\s+import\s+\*\s*$", line)]
    rest = [
        line[: len(line) - len(line.lstrip())] + "pass"
        if line.strip() in moved and line[:1].isspace()
        else line
        for line in lines
    ]
    dropped = [line for line in lines if not (line.strip() in moved and line[:1].isspace())]
    if moved:
        options = [
            ("\n".join([*dict.fromkeys(moved), *kind]), "It stands at the top of the cell.")
            for kind in (dropped, rest)
        ]
        yield reading(
            "`import *` is allowed only outside functions and classes.",
            *unique(options)[:1],
            weight=0.93,
            certain=False,
        )
        yield reading("`import *` is allowed only outside functions and classes.", *options[1:], weight=0.9)


SLIPS = (
    Slip(
        code="syntax.import-form",
        lesson="Modules are imported by `import module` or `import module as name`, single names by `from "
        "module import "
        "name, other`.",
        find=_imports,
    ),
    Slip(
        code="syntax.future-import",
        lesson="Imports from `__future__` change how the rest is read, so they must come first.",
        find=_future,
    ),
    Slip(
        code="syntax.star-import",
        lesson="`from module import *` fills the cell's own names and cannot stand inside a function.",
        find=_star_inside,
    ),
)
