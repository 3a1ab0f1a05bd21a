"""The catalogues of translations: nothing is missing, nothing is left over, and no placeholder is lost."""

import ast
import io
import re
import string
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from cot_magic.core.language import (
    ENGLISH,
    LANGUAGES,
    counted_in_words,
    reading,
    worded,
)
from cot_magic.run.catalogues import catalogue_of, language_of

ROOT = Path(__file__).parents[2]
OTHERS = [language for language in LANGUAGES if language != ENGLISH]
WORDS = re.compile(r"[A-Za-z]{2,}[^<>]*\s|[A-Za-z]{3,}\.$")
NO_TEXT = (
    "compile",
    "fullmatch",
    "match",
    "sub",
    "Layout",
    "add_class",
)  # calls whose arguments nobody reads


@pytest.fixture(scope="module")
def made() -> ModuleType:
    """The script that brings catalogues up to date."""
    spec = spec_from_file_location("catalogues", ROOT / ".ci" / "catalogues.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["catalogues"] = module
    spec.loader.exec_module(module)
    return module


def catalogue(made: ModuleType, language: str) -> Catalog:
    with made.po_file(language).open("rb") as file:
        return read_po(file, locale=language)


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def placeholders(text: str) -> set[tuple[str | None, str | None, str | None]]:
    return {(name, spec, how) for _, name, spec, how in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_each_text_is_translated_and_none_is_left_over(made: ModuleType, language: str) -> None:
    told = {forms(item.id): forms(item.string) for item in catalogue(made, language) if item.id}
    assert set(told) == {forms(text) for text in made.messages()}
    assert [text for text, translated in told.items() if not all(translated)] == []
    assert not any(item.fuzzy for item in catalogue(made, language) if item.id)


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_drops_a_placeholder_or_code(made: ModuleType, language: str) -> None:
    for item in catalogue(made, language):
        if not item.id:
            continue
        for translated in forms(item.string):
            text = forms(item.id)[-1]
            assert placeholders(translated) == placeholders(text), text
            assert translated.count("`") % 2 == 0, text
            assert re.findall(r"%%?cot\w*|--\w+", translated) == re.findall(r"%%?cot\w*|--\w+", text), text
            assert text[-1:] not in ".?" or translated[-1:] == text[-1:], text


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_read_is_compiled_from_what_is_written(made: ModuleType, language: str) -> None:
    path = made.po_file(language)
    file = io.BytesIO()
    made.write_po(file, made.brought_up_to_date(language), width=100, include_lineno=False)
    assert file.getvalue() == path.read_bytes(), "run: python .ci/catalogues.py"
    assert made.compiled(made.brought_up_to_date(language)) == path.with_suffix(".mo").read_bytes()


def bare_texts(path: Path) -> list[str]:
    """Strings in words inside functions that no catalogue can translate."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def hidden(node: ast.AST) -> bool:
        """Whether it is a docstring, part of a larger string, code, or given to the catalogues."""
        inside = False
        while node in above:
            child, node = node, above[node]
            called = getattr(
                getattr(node, "func", None), "id", getattr(getattr(node, "func", None), "attr", "")
            )
            given = called in ("worded", "marked", "counted_in_words") and child in node.args
            if given or called in NO_TEXT or isinstance(node, ast.JoinedStr | ast.Expr | ast.arg):
                return True
            if isinstance(node, ast.FunctionDef | ast.Assign | ast.AnnAssign):
                inside = inside or isinstance(node, ast.FunctionDef)
        return not inside

    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if WORDS.search(text) and "<" not in text and not hidden(node):
            found.append(text)
    return found


# headings of the file that a teacher writes, and code
NOT_WORDS = {"hints allowed", "language level", "reveal fix", "language", "round(, 2) == round(, 2)"}


@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / "cot_magic" / "lessons").glob("*.py")), ROOT / "cot_magic/actions/teach.py"],
    ids=lambda path: path.stem,
)
def test_no_text_of_a_lesson_is_missed(path: Path) -> None:
    if path.stem != "assignment":  # a file for teachers' tools
        assert [text for text in bare_texts(path) if text not in NOT_WORDS] == []


def test_a_text_is_in_the_language_that_is_read() -> None:
    assert worded("line {number} of {cell}", number=3, cell="cell [2]") == "line 3 of cell [2]"
    with reading(catalogue_of("de")):
        assert worded("line {number} of {cell}", number=3, cell="x") == "Zeile 3 von x"
        assert worded("Nobody has translated {this}.", this="me") == "Nobody has translated me."
        assert counted_in_words("{count} hint", "{count} hints", 1) == "1 Hinweis"
        assert counted_in_words("{count} hint", "{count} hints", 2) == "2 Hinweise"
    assert counted_in_words("{count} hint", "{count} hints", 2) == "2 hints"


@pytest.mark.parametrize(
    ("setting", "environment", "language"),
    [
        ("", {"LANG": "de_DE.UTF-8"}, "en"),
        ("de", {"LANG": "en_US.UTF-8"}, "de"),
        ("auto", {"LANG": "de_DE.UTF-8"}, "de"),
        ("auto", {"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, "en"),
        ("auto", {"LC_MESSAGES": "de", "LANG": "en_US.UTF-8"}, "de"),
        ("auto", {"LANG": "fi_FI"}, "en"),
        ("auto", {}, "en"),
    ],
)
def test_a_setting_names_a_language(
    monkeypatch: pytest.MonkeyPatch, setting: str, environment: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language_of(setting) == language
