"""Mistakes in import statements."""

import difflib
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading, unique

_DOTTED = r"(?:\.*[^\W\d][\w.]*|\.+)"
_NAME = r"[^\W\d]\w*"
_NAMES = rf"(?:{_NAME}(?:\s+as\s+{_NAME})?(?:\s*,\s*{_NAME}(?:\s+as\s+{_NAME})?)*|\*)"
_LOST_IMPORT = "(?:imort|improt|impot|impor|imprt|inport|use|using|get|take|export)"
_ORDER = "Write `from` and the module first."
_BARE = "Write the module's name without quotes."
# What is written, what is meant, the repair in words, its weight, and whether everybody would agree.
_FORMS: tuple[tuple[str, str, str, float, bool], ...] = (
    (
        rf"import\s+\(?\s*({_NAMES})\s*\)?\s+(?:from|form|in|of)\s+({_DOTTED})",
        r"from \2 import \1",
        _ORDER,
        0.97,
        True,
    ),
    (
        rf"import\s+({_NAMES})\s*,?\s+from\s+({_DOTTED})\s+as\s+({_NAME})",
        r"from \2 import \1 as \3",
        _ORDER,
        0.97,
        True,
    ),
    (rf"import\s+\*\s+from\s+({_DOTTED})", r"from \1 import *", _ORDER, 0.97, True),
    (
        rf"from\s+({_DOTTED})\s+import\s+(.+?)\s*,\s*",
        r"from \1 import \2",
        "Remove the trailing comma.",
        0.97,
        True,
    ),
    (r"import\s+(.+?)\s*,\s*(from\s.+)", r"import \1\n\2", "Put each import on its own line.", 0.94, True),
    (r"import\s+(.+?)\s*,\s*", r"import \1", "Remove the trailing comma.", 0.96, True),
    (rf"from\s+({_DOTTED})\s+import\s*", r"import \1", "Import the module itself.", 0.85, False),
    (
        rf"from\s+({_DOTTED})\s+import\s*",
        r"from \1 import *",
        "Import all names that the module defines.",
        0.8,
        False,
    ),
    (rf"from\s+({_DOTTED})", r"import \1", "Import the module itself.", 0.85, False),
    (
        rf"from\s+({_DOTTED})\.({_NAME})",
        r"from \1 import \2",
        "Import the last name from the module.",
        0.84,
        False,
    ),
    (
        rf"from\s+({_DOTTED})\s+(?!import\b)(?:{_LOST_IMPORT}\s+)?({_NAMES})",
        r"from \1 import \2",
        "Put `import` before the names.",
        0.95,
        True,
    ),
    (
        rf"(?:form|fro|frm|fom|for|FROM|From|fron|frome|of)\s+({_DOTTED})\s+import\s+({_NAMES})",
        r"from \1 import \2",
        "Write `from`.",
        0.97,
        True,
    ),
    (
        rf"import\s+({_DOTTED})\s+import\s+({_NAMES})",
        r"from \1 import \2",
        "Begin the statement with `from`.",
        0.96,
        True,
    ),
    (
        rf"from\s+({_DOTTED})\s+import\s+({_NAMES})\s+(?:from|in)\s+.*",
        r"from \1 import \2",
        "Remove what follows the names.",
        0.8,
        False,
    ),
    (
        rf"from\s+({_DOTTED})\s+import\s+import\s+({_NAMES})",
        r"from \1 import \2",
        "Remove the second `import`.",
        0.95,
        True,
    ),
    (rf"from\s+import\s+({_DOTTED})", r"import \1", "Remove `from`.", 0.85, False),
    (
        rf"import\s+({_DOTTED})(?:\.|\s+|\s*\.\s*)\*",
        r"from \1 import *",
        "Use `from` to import all names.",
        0.95,
        True,
    ),
    (
        rf"import\s+({_NAME})\s*(?:::|:|->|/)\s*({_NAME})",
        r"from \1 import \2",
        "Import the name from the module.",
        0.8,
        False,
    ),
    (
        rf"import\s+({_NAME})\s*(?:::|:|->|/)\s*({_NAME})",
        r"import \1.\2",
        "Put a dot between package and module.",
        0.79,
        False,
    ),
    (
        rf"import\s+({_DOTTED})\s*\((.*)\)",
        r"from \1 import \2",
        "Import the names from the module.",
        0.8,
        False,
    ),
    (rf"import\s+({_DOTTED})\s*\((.*)\)", r"import \1", "Remove the parentheses.", 0.78, False),
    (rf"import\s*\(\s*({_NAMES})\s*\)", r"import \1", "Remove the parentheses.", 0.93, True),
    (r"import\s+[<\"']([\w.]+?)(?:\.py|\.h)?[>\"']", r"import \1", _BARE, 0.93, True),
    (r"from\s+[\"']([\w.]+?)(?:\.py)?[\"']\s+import\s+(.+)", r"from \1 import \2", _BARE, 0.93, True),
    (
        rf"(from\s+{_DOTTED}\s+import\s+)[\"']?(\w+)[\"']",
        r"\1\2",
        "Write the name without quotes.",
        0.93,
        True,
    ),
    (
        rf"from\s+({_DOTTED})\s+import\s+({_NAME}(?:\.{_NAME})*)\.({_NAME})(\s+as\s+{_NAME})?",
        r"from \1.\2 import \3\4",
        "Put the module's full path after `from`.",
        0.94,
        True,
    ),
    (
        rf"from\s+({_DOTTED})\s+import\s+({_NAME}(?:\s*,\s*{_NAME})*)\s*\(\s*\)",
        r"from \1 import \2",
        "Import only the name, without parentheses.",
        0.95,
        True,
    ),
    (
        rf"from\s+({_DOTTED})\s+import\s+[\[{{]\s*({_NAMES})\s*[\]}}]",
        r"from \1 import \2",
        "Write the names without square brackets or braces.",
        0.95,
        True,
    ),
    (
        rf"from\s+({_DOTTED})\s+import\s+(?:\*\s*,\s*.+|.+,\s*\*)",
        r"from \1 import *",
        "Import only `*`, which already means all names.",
        0.85,
        False,
    ),
    (rf"import\s+({_DOTTED})\s+as\s*", r"import \1", "Remove `as`, since no name follows.", 0.86, False),
    (
        rf"(from\s+{_DOTTED}\s+import\s+.+?)\s+as\s*",
        r"\1",
        "Remove `as`, since no name follows.",
        0.88,
        False,
    ),
    (
        rf"import\s+({_DOTTED})\s*(?:=|->|:|,?\s*is|a|AS|As|sa|ass|like|named|to)\s+({_NAME})",
        r"import \1 as \2",
        "Use `as` to give the module another name.",
        0.95,
        True,
    ),
    (
        rf"({_NAME})\s*=\s*import\s+({_DOTTED})",
        r"import \2 as \1",
        "Use `as` to give the module another name.",
        0.95,
        True,
    ),
    (
        rf"import\s+({_NAME})\s*=\s*({_DOTTED})",
        r"import \2 as \1",
        "Use `as` to give the module another name.",
        0.9,
        False,
    ),
    (
        rf"import\s+as\s+({_NAME})\s+({_DOTTED})",
        r"import \2 as \1",
        "Put the module before `as`.",
        0.9,
        False,
    ),
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
    """Yield rewritten import statements: the repair in words, its weight, and whether it is certain."""
    for pattern, meant, why, weight, certain in _FORMS:
        found = re.fullmatch(pattern, text)
        if found is not None:
            yield found.expand(meant), why, weight, certain
    if re.match(r"(?:from\s+\S+\s+)?import\b", text) and re.search(r"\s(?:and|&|\+)\s", text):
        yield re.sub(r"\s*,?\s+(?:and|&|\+)\s+", ", ", text), "Separate the names with a comma.", 0.96, True
    dashed = rf"(?:from\s+{_NAME}(?:-{_NAME})+\s+import\s+.+|import\s+{_NAME}(?:-{_NAME})+(?:\s+as\s+\w+)?)"
    if re.fullmatch(dashed, text):
        yield (
            re.sub(r"(?<=\w)-(?=\w)", "_", text),
            "Replace `-` with `_`: a module's name cannot contain a hyphen.",
            0.8,
            False,
        )
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
            yield f"import {new}", "Use `as` to give a module another name.", 0.97, True
    if re.fullmatch(rf"import(?:\s+{_DOTTED}\s+as\s+{_NAME}\s*,?)+", text):
        new = re.sub(rf"(\sas\s+{_NAME})\s+(?={_DOTTED}\s+as\s)", r"\1, ", text)
        yield new, "Separate the modules with commas.", 0.96, True
    if found := re.fullmatch(rf"(from\s+{_DOTTED}\s+import\s+|import\s+)({_DOTTED}(?:\s+{_NAME})+)", text):
        words = found[2].split()
        if "as" not in words and len(words) <= 6:
            yield (
                found[1] + ", ".join(words),
                "Separate the names with commas.",
                0.86,
                found[1].startswith("from"),
            )
            if found[1].startswith("import") and len(words) == 2:
                if _ALIASES.get(words[0]) == words[1]:
                    yield (
                        f"import {words[0]} as {words[1]}",
                        "Use `as` to give the module another name.",
                        0.97,
                        True,
                    )
                else:
                    yield (
                        f"from {words[0]} import {words[1]}",
                        "Import the name from the module.",
                        0.82,
                        False,
                    )


def _aliases(text: str) -> Iterator[tuple[str, str, float, bool]]:
    """`import numpy as`, `import a as b.c`"""
    found = re.fullmatch(rf"import\s+({_DOTTED})\s+as\s*", text)
    known = _ALIASES.get(found[1]) if found else None
    if found and known:
        yield f"import {found[1]} as {known}", f"Use the usual short name `{known}`.", 0.88, False
    if re.match(r"import\b.*\bas\s*(?:,|$)", text) and "," in text:
        yield re.sub(r"\s+as\s*(?=,|$)", "", text), "Remove `as`, since no name follows.", 0.86, False
    head = rf"(import\s+{_DOTTED}|from\s+{_DOTTED}\s+import\s+{_NAME})"
    if found := re.fullmatch(rf"{head}\s+as\s+({_NAME}(?:[.\-]{_NAME})+)", text):
        joined = re.sub(r"[.\-]", "_", found[2])
        last = re.split(r"[.\-]", found[2])[-1]
        yield f"{found[1]} as {joined}", f"Name it `{joined}`, without dots or hyphens.", 0.85, False
        yield f"{found[1]} as {last}", f"Name it `{last}`.", 0.84, False


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
                f"`{text[:80]}` is not a valid import statement.",
                (problem.swap(start, new, stop - 1), why),
                weight=weight,
                certain=certain,
            )


def _parts(problem: Problem, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield the statement, then the pieces between its semicolons."""
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
        lines = problem.lines
        moved = [line.strip() for line in lines if re.match(r"\s*from\s+__future__\s+import\b[^(]*$", line)]
        if not moved:
            return
        rest = [line for line in lines if line.strip() not in moved]
        at = _after_docstring(rest)
        after = "\n".join([*rest[:at], *dict.fromkeys(moved), *rest[at:]])
        yield reading(
            "Imports from `__future__` must be at the beginning of the cell.",
            (after, "Move it to the top."),
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
                    (re.sub(rf"\b{found[1]}\b", close[0], problem.source), f"Write `{close[0]}`."),
                    weight=0.94,
                    certain=True,
                )
            line = problem.failure.line
            starts = problem.listing.starts
            yield reading(
                f"`__future__` has no feature `{found[1]}`.",
                (problem.put((starts[line - 1], starts[line], "")), "Remove the import."),
                weight=0.5,
            )


def _after_docstring(lines: list[str]) -> int:
    """Return how many leading lines may precede an import from `__future__`."""
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
    lines = problem.lines
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
            ("\n".join([*dict.fromkeys(moved), *kind]), "Move it to the top of the cell.")
            for kind in (dropped, rest)
        ]
        yield reading(
            "`import *` is not allowed inside a function or class.",
            *unique(options)[:1],
            weight=0.93,
            certain=False,
        )
        yield reading("`import *` is not allowed inside a function or class.", *options[1:], weight=0.9)


SLIPS = (
    Slip(
        code="syntax.import-form",
        lesson="Import modules with `import module` or `import module as name`, and single names with `from "
        "module import name, other`.",
        find=_imports,
    ),
    Slip(
        code="syntax.future-import",
        lesson="Imports from `__future__` change how the code after them is compiled, so they must come "
        "first.",
        find=_future,
    ),
    Slip(
        code="syntax.star-import",
        lesson="`from module import *` defines all public names of the module in the cell, so it is not "
        "allowed inside a function or class.",
        find=_star_inside,
    ),
)
