"""Brings the catalogues of translations up to date: `python .ci/catalogues.py`.

The texts of lessons and of the commonest rules are found in the source, new ones are added to each `.po` file
without a translation, those that are gone are removed, and the `.mo` file that is read is compiled from it.
"""

import ast
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from cot_magic import __version__
from cot_magic.core.language import ENGLISH, LANGUAGES
from cot_magic.reasoners.offline.catalogue import COMMONEST, all_rules
from cot_magic.run.catalogues import DOMAIN, FOLDER

PACKAGE = Path(__file__).parents[1] / "cot_magic"
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
Message = str | tuple[str, str]


def messages() -> dict[Message, list[str]]:
    """Every text that can be translated, a pair where it has a number, with the files that it is in."""
    found: dict[Message, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for message in _marked(ast.parse(path.read_text(encoding="utf-8"))):
            places = found.setdefault(message, [])
            name = path.relative_to(PACKAGE.parent).as_posix()
            places += [name] if name not in places else []
    for rule in all_rules():
        if rule.code in COMMONEST:
            found.setdefault(rule.lesson, []).append(f"rule:{rule.code}")
    return found


def _marked(tree: ast.AST) -> Iterator[Message]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", "")
        if name == "counted_in_words":
            one, many = (ast.literal_eval(argument) for argument in call.args[:2])
            yield one, many
        elif name in ("worded", "marked"):
            yield from _texts(call.args[0])


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts of an argument, which may depend on a condition."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Constant):
        yield node.value


def po_file(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def brought_up_to_date(language: str) -> Catalog:
    """The catalogue with the texts of the source, in their order, and the translations that it had."""
    path = po_file(language)
    old = Catalog(locale=language)
    if path.exists():
        with path.open("rb") as file:
            old = read_po(file, locale=language)
    new = Catalog(
        locale=language,
        project="cot-magic",
        version=__version__,
        msgid_bugs_address="",
        last_translator="the cot-magic developers",
        language_team="the cot-magic developers",
        creation_date=NEVER,  # so that the file changes with the texts alone
        revision_date=NEVER,
        fuzzy=False,
    )
    new.header_comment = f"# The texts of cot-magic in the language `{language}`: see CONTRIBUTING.md."
    for message, places in messages().items():
        known = old.get(message[0] if isinstance(message, tuple) else message)
        added = new.add(message, known.string if known else "", locations=[(place, None) for place in places])
        added.flags.discard("python-format")  # `%cot` is a magic
    return new


def compiled(catalogue: Catalog) -> bytes:
    """What gettext reads."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


if __name__ == "__main__":
    for language in LANGUAGES:
        if language != ENGLISH:
            catalogue = brought_up_to_date(language)
            path = po_file(language)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                write_po(file, catalogue, width=100, include_lineno=False)
            path.with_suffix(".mo").write_bytes(compiled(catalogue))
