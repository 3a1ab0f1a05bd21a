"""Repairs of import statements, as a table of what is written and what is meant."""

import __future__

import difflib
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.modules import ALIASES
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, reading, slip

_MACROS = {
    "DOTTED": r"(?:\.*[^\W\d][\w.]*|\.+)",
    "NAMES": r"(?:NAME(?:\s+as\s+NAME)?(?:\s*,\s*NAME(?:\s+as\s+NAME)?)*|\*)",
    "NAME": r"[^\W\d]\w*",
}
_ORDER, _BARE = "Write `from` and the module first.", "Write the module's name without quotes."
_AS, _NO_AS = "Use `as` to give the module another name.", "Remove `as`, since no name follows."
_NAMED = "Import the name from the module."
# what is written, what is meant, the repair in words, and its weight
_FORMS: tuple[tuple[str, str, str, float], ...] = (
    (r"import\s+\(?\s*(NAMES)\s*\)?\s+(?:from|form|in|of)\s+(DOTTED)", r"from \2 import \1", _ORDER, 0.97),
    (r"import\s+(NAMES)\s*,?\s+from\s+(DOTTED)\s+as\s+(NAME)", r"from \2 import \1 as \3", _ORDER, 0.97),
    (r"from\s+(DOTTED)\s+import\s+(.+?)\s*,\s*", r"from \1 import \2", "Remove the trailing comma.", 0.97),
    (r"import\s+(.+?)\s*,\s*(from\s.+)", r"import \1\n\2", "Put each import on its own line.", 0.94),
    (r"from\s+(DOTTED)\s+import\s*", r"import \1", "Import the module itself.", 0.85),
    (r"from\s+(DOTTED)\s+import\s*", r"from \1 import *", "Import all names that the module defines.", 0.8),
    (r"from\s+(DOTTED)", r"import \1", "Import the module itself.", 0.85),
    (r"from\s+(DOTTED)\.(NAME)", r"from \1 import \2", "Import the last name from the module.", 0.84),
    (r"from\s+(DOTTED)\s+(?!import\b)(?:NAME\s+)?(NAMES)", r"from \1 import \2",
     "Put `import` before the names.", 0.95),
    (r"NAME\s+(DOTTED)\s+import\s+(NAMES)", r"from \1 import \2", "Begin the statement with `from`.", 0.97),
    (r"import\s+(DOTTED)(?:\.|\s+|\s*\.\s*)\*", r"from \1 import *", "Use `from` to import all names.", 0.95),
    (r"import\s+(NAME)\s*(?:::|:|->|/)\s*(NAME)", r"from \1 import \2", _NAMED, 0.8),
    (r"import\s*\(\s*(NAMES)\s*\)", r"import \1", "Remove the parentheses.", 0.93),
    (r"import\s+[<\"']([\w.]+?)(?:\.py|\.h)?[>\"']", r"import \1", _BARE, 0.93),
    (r"from\s+[\"']([\w.]+?)(?:\.py)?[\"']\s+import\s+(.+)", r"from \1 import \2", _BARE, 0.93),
    (r"(from\s+DOTTED\s+import\s+)[\"']?(\w+)[\"']", r"\1\2", "Write the name without quotes.", 0.93),
    (r"from\s+(DOTTED)\s+import\s+(NAME(?:\.NAME)*)\.(NAME)(\s+as\s+NAME)?", r"from \1.\2 import \3\4",
     "Put the module's full path after `from`.", 0.94),
    (r"from\s+(DOTTED)\s+import\s+(NAMES)\s*\(\s*\)", r"from \1 import \2",
     "Import only the name, without parentheses.", 0.95),
    (r"from\s+(DOTTED)\s+import\s+[\[{]\s*(NAMES)\s*[\]}]", r"from \1 import \2",
     "Write the names alone.", 0.95),
    (r"from\s+(DOTTED)\s+import\s+(?:\*\s*,\s*.+|.+,\s*\*)", r"from \1 import *",
     "Import only `*`, which means all names.", 0.85),
    (r"import\s+(DOTTED)\s+as\s*", r"import \1", _NO_AS, 0.96),
    (r"(from\s+DOTTED\s+import\s+.+?)\s+as\s*", r"\1", _NO_AS, 0.88),
    (r"import\s+(DOTTED)\s*(?:=|->|:|,?\s*is|a|AS|As|sa|ass|like|named|to)\s+(NAME)", r"import \1 as \2",
     _AS, 0.95),
    (r"(NAME)\s*=\s*import\s+(DOTTED)", r"import \2 as \1", _AS, 0.95),
    (r"import\s+(NAME)\s*=\s*(DOTTED)", r"import \2 as \1", _AS, 0.9),
    (r"(import\s+DOTTED|from\s+DOTTED\s+import\s+NAME)\s+as\s+(NAME)[.\-](NAME)", r"\1 as \2_\3",
     "Name it `\\2_\\3`.", 0.85),
    (r"((?:from\s+DOTTED\s+)?import\s+.+?)\s*,?\s+(?:and|&|\+)\s+(.+)", r"\1, \2",
     "Separate the names with a comma.", 0.96),
    (r"((?:from\s+|import\s+)NAME)-(NAME.*)", r"\1_\2",
     "Replace `-` with `_`: a module's name has no hyphen.", 0.8),
    (r"((?:from\s+DOTTED\s+)?import\s+NAME)\s+(NAME)", r"\1, \2", "Separate the names with commas.", 0.86),
    (r"import\s+(NAME)\s+(NAME)", r"from \1 import \2", _NAMED, 0.82),
)  # fmt: skip
_SHORT = {long.split()[1]: short for short, long in ALIASES.items() if " as " in long}


def _expanded(pattern: str) -> str:
    for name, meant in _MACROS.items():
        pattern = re.sub(rf"\b{name}\b", lambda _, meant=meant: meant, pattern)  # type: ignore[misc]
    return pattern


@slip("import-form")
def _imports(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    cuts = [i for i in range(low, high) if problem.text(i) == ";"]
    for start, stop in dict.fromkeys(
        [(low, high), *zip([low, *(i + 1 for i in cuts)], [*cuts, high], strict=True)]
    ):
        text = problem.between(start, stop)
        if len(text) > 1000 or not re.search(r"\b(?:import|from)\b", text):
            continue
        seen: dict[str, tuple[str, float]] = {}
        for new, why, weight in _rewritten(text):
            seen.setdefault(new, (why, weight))
        for new, (why, weight) in seen.items():
            claim = f"`{text[:80]}` is not a valid import statement."
            yield reading(claim, (problem.swap(start, new, stop - 1), why), weight=weight)


def _rewritten(text: str) -> Iterator[tuple[str, str, float]]:
    """Yield rewritten import statements: the repair in words, and its weight."""
    items = re.split(r"\s*,\s*", text.removeprefix("import").strip())
    named = [_with_short_name(item) for item in items]
    if text.startswith("import") and named != items:
        yield f"import {', '.join(named)}", _AS, 0.98
    for pattern, meant, why, weight in _FORMS:
        found = re.fullmatch(_expanded(pattern), text, re.DOTALL)
        if found is not None:
            yield found.expand(meant), found.expand(why), weight


def _with_short_name(item: str) -> str:
    """Return `numpy as np` for `numpy np`."""
    module, _, name = item.partition(" ")
    return f"{module} as {name}" if name and _SHORT.get(module) == name else item


@slip("future-import")
def _future(problem: Problem) -> Iterator[Reading]:
    lines, place = problem.lines, problem.failure.line - 1
    unknown = re.search(r"future feature (\w+) is not defined", problem.message)
    if "from __future__ imports must occur" in problem.message:
        moved = [line.strip() for line in lines if re.match(r"\s*from\s+__future__\s+import\b[^(]*$", line)]
        rest = [line for line in lines if line.strip() not in moved]
        at = next(
            (i for i, line in enumerate(rest) if line.strip() and not line.lstrip().startswith(("#", "%"))), 0
        )
        after = "\n".join([*rest[:at], *dict.fromkeys(moved), *rest[at:]])
        yield reading(
            "Imports from `__future__` must be at the beginning of the cell.",
            (after, "Move it to the top."),
            weight=0.96,
        )
    elif unknown is not None:
        options = [(problem.lines_put(place, place + 1), "Remove the import.")]
        for name in difflib.get_close_matches(unknown[1], __future__.all_feature_names, 1, 0.6):
            options.insert(0, (re.sub(rf"\b{unknown[1]}\b", name, problem.source), f"Write `{name}`."))
        yield reading(f"`__future__` has no feature `{unknown[1]}`.", *options, weight=0.94)


@slip("star-import")
def _star_inside(problem: Problem) -> Iterator[Reading]:
    """`import *` in a function."""
    if "import * only allowed at module level" in problem.message:
        inside = re.compile(r"(?m)^[ \t]+(from\s+[\w.]+\s+import\s+\*)[ \t]*(?:\n|$)")
        moved = dict.fromkeys(inside.findall(problem.source))
        after = "".join(f"{line}\n" for line in moved) + inside.sub("", problem.source)
        claim = "`import *` is not allowed inside a function or class."
        yield reading(claim, (after, "Move it to the top of the cell."), weight=0.93)
