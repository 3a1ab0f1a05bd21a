"""A rule for modules that were edited since they were imported: a kernel imports a module once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from cot_magic.core.case import Case
from cot_magic.core.facts import Fact, Facts
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Check, Repair, Suspicion, sound
from cot_magic.reasoners.offline.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadRule:
    """Reloads the module above the failing statement, and imports again what was imported from it."""

    code: str = "module.edited"
    on: tuple[str, ...] = (
        "AttributeError",
        "ImportError",
        "TypeError",
        "ValueError",
        "KeyError",
    )
    lesson: str = (
        "A kernel imports a module once; a second `import` does not read its file again. "
        "`importlib.reload` does, and names that were imported from it must be imported again."
    )

    def propose(self, case: Case, facts: Facts) -> Iterator[Suspicion]:
        """One cause: what the file defines is not in the module that was imported."""
        site, fact = Site.of(case), facts.first("state.module")
        if site is None or site.raised.frames == () or fact is None:
            return
        top = next(
            (found for place in range(len(site.raised.frames)) if (found := Site.at(case, place))), site
        )
        statement = next((node for node in top.tree.body if _covers(node, top.frame.lineno)), None)
        if statement is None or top.cell.id != case.cell.id:
            return
        line = src.line_before(top.cell.source, src.first_line(statement), _reloading(fact, statement))
        change = src.edit(top.cell, line)
        repair = Repair(edits=(change,), why="Read the module's file again.")
        yield sound(
            Suspicion(
                claim=fact.text,
                prediction="The module in the kernel lacks what its file has.",
                checks=(Check(source=_check(fact), frame=None),),
                repairs=(repair,),
                cell=top.cell.id,
                lineno=top.frame.lineno,
                weight=0.96,
            )
        )


def _covers(node: ast.stmt, lineno: int) -> bool:
    return src.first_line(node) <= lineno <= (node.end_lineno or node.lineno)


def _reloading(fact: Fact, statement: ast.stmt) -> str:
    """The lines that reload the module and bind again the names that the statement uses."""
    module, alias = str(fact.value.get("module")), str(fact.value.get("alias") or "")
    bound = fact.value.get("bound")
    used = src.used_names(statement)
    again = [
        str(of) if name == of else f"{of} as {name}"
        for name, of in (bound.items() if isinstance(bound, dict) else ())
        if name in used
    ]
    lines = ["import importlib", *([] if alias else [f"import {module}"])]
    lines.append(f"importlib.reload({alias or module})")
    if again:
        lines.append(f"from {module} import {', '.join(again)}")
    return "\n".join(lines)


def _check(fact: Fact) -> str:
    """True if the file defines a name that the module lacks, or a function with other parameters."""
    module, file = fact.value.get("module"), fact.value.get("file")
    return f"""import ast, pathlib, sys
known = vars(sys.modules[{module!r}])
tree = ast.parse(pathlib.Path({file!r}).read_text("utf-8"))
def differs(node, live):
    if isinstance(node, ast.FunctionDef) and hasattr(live, "__code__"):
        code = live.__code__
        return [item.arg for item in node.args.args] != list(code.co_varnames[: code.co_argcount])
    inner = node.body if isinstance(node, ast.ClassDef) else []
    inner = [item for item in inner if isinstance(item, ast.FunctionDef)]
    return any(item.name not in vars(live) or differs(item, vars(live)[item.name]) for item in inner)
named = [node for node in tree.body if hasattr(node, "name")]
targets = [item for node in tree.body if isinstance(node, ast.Assign) for item in node.targets]
names = [item.id for item in targets if isinstance(item, ast.Name)]
new = any(name not in known for name in [*names, *(node.name for node in named)])
new or any(differs(node, known[node.name]) for node in named)"""


edited = ReloadRule()
RULES = (edited,)
