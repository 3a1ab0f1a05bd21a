"""The language of texts: short and idiomatic, in the words of Python's own documentation."""

import ast
import io
import itertools
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cot_magic"
MODULES = sorted(PACKAGE.rglob("*.py"))
WIDTH = 110  # columns of a line, as ruff formats it
INSTEAD = {
    r"\b(?:stand|stands|stood|standing)\b": "say `is`, `comes`, `goes`, or name the relation",
    r"\bbehind\b": "say `after`",
    r"\ba text\b|\btexts\b": "say `a string`, `strings`; or what the text is",
    r"(?<!square )(?<!angle )(?<!parentheses, )(?<!parenthesis, )\bbrackets?\b": "say `parentheses`, `square brackets`, `braces`",
    r"\b(?:came|comes) to (?:its|an) end\b": "say `finished`",
}


def literals(module: Path) -> Iterator[tuple[int, str]]:
    """Every string that holds words: what a person may see, and docstrings."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def docstrings(module: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node, clean=False)
            if text is not None:
                yield node.body[0].lineno, text


@pytest.mark.parametrize("module", MODULES, ids=[str(path.relative_to(PACKAGE)) for path in MODULES])
def test_no_word_of_the_old_language(module: Path) -> None:
    found = [
        f"line {line}: {match.group()!r} in {text[max(0, match.start() - 40) : match.end() + 30]!r}: {advice}"
        for line, text in literals(module)
        for pattern, advice in INSTEAD.items()
        for match in re.finditer(pattern, text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("module", MODULES, ids=[str(path.relative_to(PACKAGE)) for path in MODULES])
def test_docstrings_hold_no_quotes_of_a_rewrap(module: Path) -> None:
    assert not [f"line {line}: {text}" for line, text in docstrings(module) if re.search(r'"\s*\n\s*"', text)]


@pytest.mark.parametrize("module", MODULES, ids=[str(path.relative_to(PACKAGE)) for path in MODULES])
def test_no_literal_is_broken_where_its_line_has_room(module: Path) -> None:
    """`"one " "two"` is one literal, on one line and on two lines that fit on one."""
    source = io.StringIO(module.read_text(encoding="utf-8"))
    parts = [item for item in tokenize.generate_tokens(source.readline) if item.type != tokenize.NL]
    found = [
        f"line {one.start[0]}: {one.string[-30:]} {two.string[:30]}"
        for one, two in itertools.pairwise(parts)
        if one.type == two.type == tokenize.STRING
        and not one.string.endswith(('\\n"', "\\n'"))
        and one.end[1] - 1 + len(two.string.lstrip("f")) - 1 <= WIDTH
    ]
    assert not found, "\n".join(found)
