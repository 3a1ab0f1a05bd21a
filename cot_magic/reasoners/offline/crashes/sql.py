"""A rule for names in SQL statements: the table or column that the database has."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cot_magic.core.case import Case
from cot_magic.core.facts import Facts
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion, sound
from cot_magic.reasoners.offline.site import Site

_MOST = 3
_SCHEMA = "select sql from sqlite_master"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlRule:
    """Offers the tables or columns of the database that are like the one that it does not have."""

    code: str = "sql.name"
    on: tuple[str, ...] = ("OperationalError", "DatabaseError")
    lesson: str = (
        "The names in an SQL statement are those of the database, not of your table in Python. "
        "`select name, sql from sqlite_master` lists them."
    )

    def propose(self, case: Case, facts: Facts) -> Iterator[Suspicion]:
        """A cause for the likeliest name; readings for others."""
        site, near = Site.of(case), facts.first("keys.near")
        axis = str(near.value.get("axis")) if near is not None else ""
        if site is None or near is None or axis not in ("SQL table", "SQL column"):
            return
        wanted, source = _plain(near.value.get("wanted")), str(near.value.get("expression"))
        found = near.value.get("candidates")
        names = [_plain(item.get("text")) for item in found][:_MOST] if isinstance(found, list) else []
        for place, name in enumerate(names):
            repair = _renamed(site, wanted, name)
            if repair is None:
                continue
            claim = f"The database has no {axis.partition(' ')[2]} `{wanted}`, but `{name}`."
            check = f"{name!r} in str({source}.execute({_SCHEMA!r}).fetchall())"
            if place == 0 and source.isidentifier():
                yield sound(site.cause(claim, f"The database has `{name}`.", check, repair, weight=0.92))
            else:
                yield sound(site.reading(claim, repair, weight=0.7 - 0.1 * place))


def _plain(text: object) -> str:
    """The name that a repr is of."""
    try:
        return str(ast.literal_eval(str(text)))
    except (ValueError, SyntaxError):
        return str(text)


def _renamed(site: Site, wanted: str, name: str) -> Repair | None:
    """The statement, or the assignment of the query, with the other name."""
    last = wanted.rpartition(".")[2]
    word = re.compile(rf"(?<![\w]){re.escape(last)}(?!\w)")
    places = [(site.cell, site.statement)] if site.statement is not None else []
    for node in ast.walk(site.statement) if site.statement is not None else ():
        if isinstance(node, ast.Name):
            places += list(site.assignments(node.id))[:1]
    for cell, root in places:
        changes = []
        for node in ast.walk(root):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                start, end = src.span(cell.source, node)
                text = cell.source[start:end]
                if word.search(text):
                    changes.append(src.over(cell.source, node, word.sub(name, text)))
        if changes:
            return Repair(edits=(src.edit(cell, *changes),), why=f"Use `{name}`.")
    return None


sql_names = SqlRule()
RULES = (sql_names,)
