"""One remedy of a table: when it applies, what it matches, what it writes; it is a rule as others are."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from cot_magic.core.case import Case, Cell
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.crashes.remedies.pattern import KINDS, Bound, filled, match, pattern
from cot_magic.reasoners.offline.crashes.values import formats_of
from cot_magic.reasoners.offline.modules import ALIASES
from cot_magic.reasoners.offline.rule import Repair, Suspicion, matches, sound
from cot_magic.reasoners.offline.site import Site

MOST_PLACES = 3  # matches of one pattern in one statement
_MODULES = {"pd": "pandas", "np": "numpy", "plt": "matplotlib.pyplot", "sns": "seaborn", "math": "math"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Write this instead of what matched; names in `needs` are imported if they are not there."""

    text: str
    why: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """Insert these lines above the failing statement."""

    text: str
    why: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOrigin:
    """Change the assignment of the variable that the hole took: `{value}` is what is assigned to it now."""

    hole: str
    text: str
    why: str = ""
    needs: tuple[str, ...] = ()


Write = Swap | Above | AtOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A row of a table.

    Attributes
    ----------
    says
        Regular expression of the message; its groups are `{1}`, `{2}` in the templates, `{less_1}` one less.
    find
        Patterns, the first that matches at the failing place counts. See `pattern`.
    write
        Best first. Several are choices that only the person can make.
    check
        Code that is true in the failing frame if the claim is right; without it nothing can confirm the
        row, and its repairs are readings of what was meant.
    when
        A further condition on what matched.
    everywhere
        Also look above the failing statement and in the cells that it depends on: for asserts, whose cause is
        never in the assert.
    example
        Cells of a notebook that the row is for, the last one fails; then code that holds after the repair.
    """

    code: str
    on: tuple[str, ...]
    says: str
    find: tuple[str, ...]
    write: tuple[Write, ...]
    claim: str
    lesson: str
    example: tuple[str, ...] = ()
    weight: float = 0.7
    check: str = ""
    when: Callable[[Site, Bound], bool] | None = None
    everywhere: bool = False

    def suspicions(self, case: Case) -> Iterator[Suspicion]:
        """One for each place that matches, with all repairs; where none does, at the call of the function."""
        site = Site.of(case) if matches(self.on, case) else None
        found = list(self._at(site)) if site is not None else []
        if site is not None and not found and not self.everywhere and site.outer is not None:
            found = list(self._at(site.outer))
        yield from found

    def _at(self, site: Site) -> Iterator[Suspicion]:
        said = site.says(self.says)
        if said is None:
            return
        told = {str(place): text or "" for place, text in enumerate((said[0], *said.groups()))}
        if any("{format_" in write.text for write in self.write):
            known = {place: formats_of(text) for place, text in told.items()}
            told |= {f"format_{place}": forms[0] for place, forms in known.items() if forms}
        told |= {f"less_{place}": str(int(text) - 1) for place, text in told.items() if text.isdecimal()}
        for at, node, bound in self._places(site):
            words = aliases(site) | told | derived(at, node, bound)
            found = (written(at, node, bound, words, write) for write in self.write)
            repairs = tuple(repair for repair in found if repair is not None)
            if repairs:
                suspicion = self._suspicion(site, at, node, bound, words, repairs)
                if suspicion is not None:
                    yield sound(suspicion)

    def _places(self, site: Site) -> Iterator[tuple[Site, ast.AST, Bound]]:
        """Where the first pattern that matches at all does so, at most `MOST_PLACES` times."""
        for text in self.find:
            wanted, count = pattern(text), 0
            for at, node in everywhere(site) if self.everywhere else ((site, item) for item in nodes(site)):
                bound = match(at, wanted, node)
                if bound is None or (self.when is not None and not self.when(at, bound)):
                    continue
                yield at, node, bound
                count += 1
                if count == MOST_PLACES:
                    return
            if count:
                return

    def _suspicion(
        self,
        site: Site,
        at: Site,
        node: ast.AST,
        bound: Bound,
        words: Mapping[str, str],
        repairs: tuple[Repair, ...],
    ) -> Suspicion | None:
        claim, check = filled(at, self.claim, bound, words), filled(at, self.check, bound, words)
        if claim is None or check is None:
            return None
        found = (
            site.cause(claim, f"`{check}` is true there.", check, *repairs, weight=self.weight)
            if check
            else site.reading(claim, *repairs, weight=self.weight)
        )
        line = getattr(node, "lineno", found.lineno)
        return replace(found, cell=at.cell.id, lineno=line) if self.everywhere else found


def nodes(site: Site) -> Iterator[ast.AST]:
    """The failing expression, what is inside it, then the rest of the failing statement."""
    seen: set[int] = set()
    for root in (site.focus, site.statement):
        for node in ast.walk(root) if root is not None else ():
            if id(node) not in seen:
                seen.add(id(node))
                yield node


def everywhere(site: Site) -> Iterator[tuple[Site, ast.AST]]:
    """Nodes of the cell and of those that it depends on, the nearest above the failing line first."""
    for cell, tree in site.cells():
        here = cell.id == site.cell.id
        at = site if here else replace(site, cell=cell, tree=tree)
        found = [node for node in ast.walk(tree) if isinstance(node, ast.expr | ast.stmt)]
        for node in sorted(found, key=lambda node: -node.lineno):
            if not here or node.lineno <= site.frame.lineno:
                yield at, node


def aliases(site: Site) -> dict[str, str]:
    """The names that the notebook gives to modules; the usual ones if it does not import them."""
    found = {usual: usual for usual in _MODULES}
    for item in site.case.namespace:
        module = re.search(r"module '([\w.]+)'", item.text) if item.type == "module" else None
        for usual, name in _MODULES.items():
            if module is not None and module[1] == name:
                found[usual] = item.name
    return found


def written(site: Site, node: ast.AST, bound: Bound, words: Mapping[str, str], write: Write) -> Repair | None:
    """The repair that the template gives; None if a variable's origin is not known."""
    origin = _origin(site, bound, write)
    if origin is not None:
        bound, words = {**bound}, {**words, "value": src.text_of(origin[0].source, origin[1].value)}
    text, why = filled(site, write.text, bound, words), filled(site, write.why, bound, words)
    if text is None or why is None or (isinstance(write, AtOrigin) and origin is None):
        return None
    at = origin[0] if origin is not None else site.cell
    needs = [filled(site, ALIASES.get(need, need), bound, words) for need in write.needs]
    missing = [src.add_import(at, need) for need in needs if need and site.known(need.split()[-1]) is None]
    if origin is not None:
        return Repair(edits=(src.edit(at, *missing, src.over(at.source, origin[1].value, text)),), why=why)
    if isinstance(write, Swap):
        return site.repair(why, *missing, site.over(node, text))
    statement = around(site, node)
    if statement is None:
        return None
    line = src.line_before(site.cell.source, src.first_line(statement), text)
    return site.repair(why, *missing, line)


def _origin(site: Site, bound: Bound, write: Write) -> tuple[Cell, ast.Assign] | None:
    """Where the variable that the hole took gets its value."""
    held = bound.get(write.hole) if isinstance(write, AtOrigin) else None
    return next(site.assignments(held.id), None) if isinstance(held, ast.Name) else None


def derived(site: Site, node: ast.AST, bound: Bound) -> dict[str, str]:
    """Words that follow from what matched.

    `method` and `sign` of the node, `called` and `first`, the function of a call and its first argument,
    `seconds` of the unit that it asks for, `batched`, the subscripts of an `einsum` for arrays of arrays; of
    a hole `x`, `again_x`, the statement that assigns it, `words_x`, its dictionary as keyword arguments,
    `dates_x` and `textdates_x`, the first column of dates, or of dates as text.
    """
    found: dict[str, str] = {}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        found["method"] = node.func.attr
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        found["function"] = node.func.id
    if isinstance(node, ast.Call):
        found["called"] = site.text(node.func)
        found |= {"first": site.text(node.args[0])} if node.args else {}
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        found["batched"] = re.sub(r"(?<![\w.])(?=[A-Za-z])", "...", str(node.args[0].value))
    if isinstance(node, ast.BinOp | ast.Compare):
        sides = (node.left, node.right if isinstance(node, ast.BinOp) else node.comparators[0])
        spans = [src.span(site.cell.source, side) for side in sides]
        found["sign"] = site.cell.source[spans[0][1] : spans[1][0]].strip(" ()\n")
        if isinstance(node, ast.Compare) and len(node.comparators) > 1:
            spans = [src.span(site.cell.source, side) for side in node.comparators[:2]]
            found["sign2"] = site.cell.source[spans[0][1] : spans[1][0]].strip(" ()\n")
        bits = [type(side.op) for side in sides if isinstance(side, ast.BinOp)]
        if ast.BitAnd in bits or ast.BitOr in bits:
            found["bits"] = "&" if ast.BitAnd in bits else "|"
    elif isinstance(node, ast.AugAssign):
        spans = [src.span(site.cell.source, side) for side in (node.target, node.value)]
        found["sign"] = site.cell.source[spans[0][1] : spans[1][0]].strip(" (=\n")
        found["new_value"] = f"{site.text(node.target)} {found['sign']} {site.text(node.value)}"
    if isinstance(node, ast.Return) and node.value is not None:
        found["value_of_return"] = site.text(node.value)
    if isinstance(node, ast.Assign):
        found["value_of_node"] = found["new_value"] = site.text(node.value)
    asked = (
        getattr(node.func if isinstance(node, ast.Call) else node, "attr", "").rpartition("_")[2].rstrip("s")
    )
    if asked in _SECONDS:
        found["seconds"] = str(_SECONDS[asked])
    found["seaborn_now"] = _SEABORN_NOW.get(found.get("method", ""), "")
    for hole, held in bound.items():
        if isinstance(held, ast.Name) and (again := next(site.assignments(held.id), None)) is not None:
            found[f"again_{hole}"] = src.text_of(again[0].source, again[1])
            found |= {
                f"{hole}_of_{other}": _with_table(site, again, table.id)
                for other, table in bound.items()
                if isinstance(table, ast.Name) and other != hole
            }
        if isinstance(held, ast.Dict):
            found |= _keywords(site, hole, held)
        if isinstance(held, ast.expr):
            kind, text = kind_of(site, held), site.text(held)
            row = f"{aliases(site)['pd']}.DataFrame([{text}])" if kind == "dict" else text
            found[f"{hole}_as_table"] = f"{text}.to_frame().T" if kind in KINDS["series"] else row
            found |= {f"{word}_{hole}": column for word, column in _dates(site, held).items()}
        if isinstance(held, ast.Name):
            found |= _models(site, hole, held)
    return found


def _with_table(site: Site, made: tuple[Cell, ast.Assign], table: str) -> str:
    """What is assigned there, but made from that table."""
    cell, assign = made
    names = [node for node in ast.walk(assign.value) if isinstance(node, ast.Name)]
    changes = [src.over(cell.source, node, table) for node in names if kind_of(site, node) in KINDS["arrays"]]
    start, end = src.span(cell.source, assign.value)
    shift = sum(len(item.text) - (item.end - item.start) for item in changes)
    return src.splice(cell.source, changes)[start : end + shift]


_SECONDS = {
    "millisecond": 0.001,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 604800,
    "month": 2629800,
    "year": 31557600,
}
_SEABORN_NOW = {"factorplot": "catplot", "tsplot": "lineplot", "lvplot": "boxenplot"}


def _models(site: Site, hole: str, held: ast.Name) -> dict[str, str]:
    """Of the call that makes a model: `regressor_x`, the regressor of the same family, `open_x`, its text
    up to where another argument goes; and `fit_args`, what this or another model was fitted with."""
    found: dict[str, str] = {}
    made = next(site.assignments(held.id), None)
    if made is not None and isinstance(made[1].value, ast.Call):
        text = src.text_of(made[0].source, made[1].value)
        name = src.text_of(made[0].source, made[1].value.func)
        comma = "" if text.endswith("()") else ", "
        found[f"open_{hole}"] = f"{text[:-1]}{comma}"
        other = (
            "LinearRegression" if name == "LogisticRegression" else name.replace("Classifier", "Regressor")
        )
        other = other.replace("SVC", "SVR")
        if other != name:
            found[f"regressor_{hole}"] = f"{other}({text[len(name) + 1 :]}"
            modules = [
                node.module
                for _, tree in site.cells()
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and name in [item.name for item in node.names]
            ]
            found[f"import_{hole}"] = f"from {modules[0]} import {other}" if modules else ""
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(attr="fit" | "fit_transform", value=value), args=[_, *_]):
                    texts = [src.text_of(cell.source, item) for item in node.args]
                    mine = src.text_of(cell.source, value) == held.id
                    if (mine or "fit_args" not in found) and _alike(made, value):
                        found["fit_args"] = ", ".join(texts)
                case ast.Call(
                    args=[ast.Name(id=held.id), first, second, *_]
                ):  # `cross_val_score(model, X, y)`
                    found["fit_args"] = ", ".join(src.text_of(cell.source, item) for item in (first, second))
    return found


def _alike(made: tuple[Cell, ast.Assign] | None, other: ast.expr) -> bool:
    """Whether the other model is not known to be of another class."""
    if made is None or not isinstance(made[1].value, ast.Call) or not isinstance(other, ast.Call):
        return True
    return ast.dump(made[1].value.func) == ast.dump(other.func)


def _keywords(site: Site, hole: str, held: ast.Dict) -> dict[str, str]:
    """`words_x`, the dictionary as keyword arguments, if its keys are names; `pairs_x`, a dictionary of
    dictionaries as such, each with a pair of the outer key and the value."""
    words, pairs = [], []
    for key, value in zip(held.keys, held.values, strict=True):
        if not isinstance(key, ast.Constant) or isinstance(key.value, bytes):
            return {}
        words.append(f"{key.value!s}={site.text(value)}")
        if isinstance(value, ast.Dict):
            inner = zip(value.keys, value.values, strict=True)
            pairs += [
                f"{name.value!s}=({key.value!r}, {site.text(how)})"
                for name, how in inner
                if isinstance(name, ast.Constant) and not isinstance(name.value, bytes)
            ]
    found = {f"pairs_{hole}": ", ".join(pairs)} if pairs else {f"words_{hole}": ", ".join(words)}
    names = [text.split("=")[0] for text in (pairs or words)]
    return found if all(name.isidentifier() for name in names) else {}


_DATE = re.compile(r"'?\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")


def _dates(site: Site, node: ast.expr) -> dict[str, str]:
    """The first column of a table that holds dates, and the first that holds dates as strings."""
    variable = site.value(node)
    facts = dict(variable.facts) if variable is not None else {}
    found: dict[str, str] = {}
    for name in re.findall(r"'([^']+)' datetime64", facts.get("dtypes", "")):
        found.setdefault("dates", name)
    for name, first in re.findall(r"'([^']+)': \[('[^']*')", facts.get("head", "")):
        if _DATE.match(first):
            found.setdefault("textdates", name)
    return found


def around(site: Site, node: ast.AST) -> ast.stmt | None:
    """The innermost statement that contains the node."""
    inside = [item for item in src.statements(site.tree) if any(part is node for part in ast.walk(item))]
    return inside[-1] if inside else None
