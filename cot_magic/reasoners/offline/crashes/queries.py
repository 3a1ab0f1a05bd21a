"""Names in the strings of `query` and `eval` and in formulas: columns with blanks, and variables."""

import ast
import re
from collections.abc import Iterator

from cot_magic.core.spelling import only_near
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_LESSON = (
    "In `df.query(…)`, names are columns; a name with blanks goes in backquotes, and a variable of the "
    "notebook has an `@` before it."
)


@rule("query.names", "SyntaxError", "UndefinedVariableError", lesson=_LESSON)
def query_names(site: Site) -> Iterator[Suspicion]:
    """`df.query('unit price > limit')`: the column `unit price`, and `limit`, which is a variable."""
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") in ("query", "eval")):
        match call:
            case ast.Call(func=ast.Attribute(value=table), args=[ast.Constant(value=str() as asked), *_]):
                pass
            case _:
                continue
        columns = [name for name in map(_plain, site.keys(table)) if name]
        new = asked
        for name in sorted(columns, key=len, reverse=True):
            if not name.isidentifier():
                new = re.sub(rf"(?<![\w`]){re.escape(name)}(?![\w`])", f"`{name}`", new)
        said = site.says(r"name '(\w+)' is not defined")
        if said is not None and said[1] not in columns and site.known(said[1]) is not None:
            new = re.sub(rf"(?<![\w@`]){said[1]}(?!\w)", f"@{said[1]}", new)
        if new != asked:
            repair = site.repair("Mark the names in the query.", site.over(call.args[0], repr(new)))
            claim = f"`{asked}` has names that `query` cannot tell apart from other words: `{new}`."
            yield site.reading(claim, repair, weight=0.93)
        return


def _plain(text: str) -> str:
    """The name of a column from its repr; empty if it is no string."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return ""
    return value if isinstance(value, str) else ""


@rule(
    "formula.names",
    "SyntaxError",
    "PatsyError",
    lesson="A formula is read as Python: a column whose name is no Python name goes into `Q('…')`.",
)
def formula_names(site: Site) -> Iterator[Suspicion]:
    """`ols('house price ~ size', data=df)`: a column that is no name, and one that is misspelt."""
    for call in site.find(ast.Call):
        said = [
            item
            for item in (*call.args, *(word.value for word in call.keywords))
            if "~" in str(site.literal(item))
        ]
        tables = [item for item in (*call.args, *(word.value for word in call.keywords)) if site.keys(item)]
        if not said or not tables or not isinstance(said[0], ast.Constant):
            continue
        columns = [name for name in map(_plain, site.keys(tables[0])) if name]
        formula = new = str(said[0].value)
        for name in sorted(columns, key=len, reverse=True):
            if not name.isidentifier():
                new = re.sub(rf"(?<![\w\"']){re.escape(name)}(?![\w\"'])", f'Q("{name}")', new)
        unknown = site.says(r"name '(\w+)' is not defined")
        meant = only_near(unknown[1], columns) if unknown is not None and unknown[1] not in columns else None
        if unknown is not None and meant is not None:
            new = re.sub(rf"\b{unknown[1]}\b", meant if meant.isidentifier() else f'Q("{meant}")', new)
        if new != formula:
            repair = site.repair("Name the columns as the table does.", site.over(said[0], repr(new)))
            names = ", ".join(repr(name) for name in columns[:6])
            claim = (
                f"`{formula}` does not name the columns as `{site.one_line(tables[0])}` has them: {names}."
            )
            yield site.reading(claim, repair, weight=0.93)
            return


RULES = (query_names, formula_names)
