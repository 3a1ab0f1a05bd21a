"""Rules for SQL statements: the table or column that the database has, values that belong in parameters."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cot_magic.core.case import Case
from cot_magic.core.facts import Facts
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion, sound
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_MOST = 3
_SCHEMA = "select sql from sqlite_master"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlRule:
    """Offers the tables or columns of the database that are like the one that it does not have."""

    code: str = "sql.name"
    on: tuple[str, ...] = ("OperationalError", "DatabaseError")
    lesson: str = (
        "The names in an SQL statement are those of the database, not of your table in Python. `select name, "
        "sql from sqlite_master` lists them."
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


@rule(
    "sql.quoted_value",
    "OperationalError",
    "DatabaseError",
    lesson="A value that is written into a statement can end its quotes, by accident or on purpose. Give "
    "values as parameters: `execute('… where name = ?', (name,))`.",
)
def quoted_value(site: Site) -> Iterator[Suspicion]:
    """`execute(f"insert into p values ('{name}')")`, where the name has an apostrophe."""
    if not site.says(r"syntax error|unrecognized token|no such column|unterminated"):
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "execute"):
        query = call.args[0] if len(call.args) == 1 and not call.keywords else None
        if not isinstance(query, ast.JoinedStr):
            continue
        values = [part.value for part in query.values if isinstance(part, ast.FormattedValue)]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in query.values)
        statement = re.sub(r"'\0'|\0", "?", text)
        if not values or "?" in text:
            continue
        parameters = ", ".join(site.text(value) for value in values)
        new = f"{statement!r}, ({parameters},)"
        repair = site.repair("Give the values as parameters.", site.over(query, new))
        claim = f"The values of `{parameters}` are written into the statement, and break it."
        yield site.reading(claim, repair, weight=0.92)
        return


sql_names = SqlRule()
RULES = (sql_names, quoted_value)
