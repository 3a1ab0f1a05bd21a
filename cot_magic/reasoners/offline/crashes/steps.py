"""Lists of steps, each of which needs a name: pipelines, transformers of columns, voting models."""

import ast
from collections.abc import Iterator

from cot_magic.core.case import Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_OF_STEPS = (
    "Pipeline", "ColumnTransformer", "FeatureUnion", "VotingClassifier", "VotingRegressor",
    "StackingClassifier", "StackingRegressor",
)  # fmt: skip


@rule(
    "model.steps_without_names",
    "TypeError",
    "ValueError",
    "AttributeError",
    lesson="A pipeline is a list of pairs: a name of your own and a step. `make_pipeline` and "
    "`make_column_transformer` make the names.",
)
def without_names(site: Site) -> Iterator[Suspicion]:
    """`Pipeline([StandardScaler(), SVC()])`, `ColumnTransformer([(StandardScaler(), ['age'])])`."""
    for cell, tree in site.cells():
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not call.args or not isinstance(call.args[0], ast.List):
                continue
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            changes = list(_named(cell, call.args[0].elts)) if name in _OF_STEPS else []
            if changes:
                repair = Repair(edits=(src.edit(cell, *changes),), why="Give each step a name.")
                claim = f"The steps of `{name}` have no names: each is a tuple that begins with one."
                yield site.reading(claim, repair, weight=0.93)
                return


def _named(cell: Cell, steps: list[ast.expr]) -> Iterator[src.Splice]:
    """A name, made of the class, before each step that has none."""
    used: set[str] = set()
    for step in steps:
        items = step.elts if isinstance(step, ast.Tuple) else [step]
        if not items or isinstance(items[0], ast.Constant):
            continue
        of = items[0].func if isinstance(items[0], ast.Call) else items[0]
        plain = getattr(of, "id", getattr(of, "attr", "step")).lower()
        name = next(text for text in (plain, *(f"{plain}_{n}" for n in range(2, 99))) if text not in used)
        used.add(name)
        start = src.span(cell.source, items[0])[0]
        if isinstance(step, ast.Tuple):
            yield src.Splice(start=start, end=start, text=f"{name!r}, ")
        else:
            yield from src.wrap(cell.source, step, f"({name!r}, ", ")")


RULES = (without_names,)
