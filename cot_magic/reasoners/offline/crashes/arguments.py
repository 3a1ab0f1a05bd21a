"""Rules for arguments that do not fit the definition of the function."""

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Sequence

from cot_magic.core.case import Cell
from cot_magic.core.language import worded
from cot_magic.core.spelling import only_near
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Function, Site
from cot_magic.reasoners.offline.written import rule

_FIT = (
    "The arguments of a call must fit the parameters in the function's definition: their number, names and "
    "order."
)


def definition(site: Site, call: ast.Call) -> tuple[Cell, Function] | None:
    """The definition of the called function in the notebook; for a class, its `__init__`."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    for cell, klass in site.classes(name):
        for item in klass.body:
            if isinstance(item, Function) and item.name == "__init__":
                return cell, item
    return next(site.functions(name), None)


def calls(site: Site) -> list[ast.Call]:
    """Calls at the failing place; of the function that the message names, if it names one."""
    found = site.find(ast.Call)
    said = site.says(r"^([\w.<>]+)\(\)")
    if said is not None:
        name = said[1].rsplit(".", 1)[-1]
        if name == "__init__":
            name = said[1].split(".")[0]
        named = [node for node in found if _name(node) == name]
        if not named and site.statement is not None:
            every = [node for node in ast.walk(site.statement) if isinstance(node, ast.Call)]
            named = [node for node in every if _name(node) == name]
        return named or found
    return found


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


# --- arguments ----------------------------------------------------------------------------------------------


# parameters of functions whose signature `inspect` does not always know
_KEYWORDS = {
    "sorted": "key reverse", "sort": "key reverse", "print": "sep end file flush", "max": "key default",
    "min": "key default", "open": "mode buffering encoding errors newline", "enumerate": "start",
    "sum": "start", "int": "base", "round": "ndigits", "zip": "strict", "split": "sep maxsplit",
    "read_csv": "sep header names index_col usecols dtype skiprows nrows na_values parse_dates "
                "encoding delimiter",
    "DataFrame": "data index columns dtype copy", "plot": "color label linewidth linestyle marker alpha",
    "to_csv": "sep header index columns encoding", "drop": "labels axis index columns inplace errors",
    "sort_values": "by ascending inplace ignore_index key axis",
    "merge": "right how on left_on right_on suffixes",
}  # fmt: skip
_USUAL = {"colour": "color", "seperator": "sep", "separator": "sep", "delimeter": "delimiter"}


@rule("call.keyword", "AttributeError", "TypeError", "ValueError", lesson=_FIT)
def keyword_name(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"(?:unexpected keyword argument |not recognized: \{)'(\w+)'")
    if (said := said or site.says(r"'(\w+)' is an invalid keyword argument")) is None:
        return
    wrong = said[1]
    for call in calls(site):
        keyword = next((item for item in call.keywords if item.arg == wrong), None)
        if keyword is None:
            continue
        known = _parameter_names(site, call)
        longer = [name for name in known if "".join(part[:1] for part in name.split("_")) == wrong]
        longer = longer or [name for name in known if re.fullmatch(".*".join(wrong), name)]  # `fmt`: `format`
        meant = only_near(wrong, known) or _USUAL.get(wrong) or (longer[0] if len(longer) == 1 else None)
        start = src.span(site.cell.source, keyword)[0]
        if meant is not None:
            change = src.Splice(start=start, end=start + len(wrong), text=meant)
            text = site.text(call.func)
            yield site.cause(
                worded(
                    "`{func}` has no parameter `{wrong}`; the closest is `{meant}`.",
                    func=site.one_line(call.func),
                    wrong=wrong,
                    meant=meant,
                ),
                worded("`{meant}` is a parameter, and `{wrong}` is not.", meant=meant, wrong=wrong),
                f"import inspect\nnames = inspect.signature({text}).parameters\n{meant!r} in names and "
                f"{wrong!r} not in names",
                site.repair(worded("Write `{meant}`.", meant=meant), change),
                weight=0.9,
            )
        elif (new := site.says(r"Did you mean '(\w+)'")) is not None:
            change = src.Splice(start=start, end=start + len(wrong), text=new[1])
            yield site.reading(
                worded("Python suggests the argument `{new}`.", new=new[1]),
                site.repair(worded("Write `{new}`.", new=new[1]), change),
                weight=0.85,
            )
        else:
            if (moved := _moved(site, call, keyword)) is not None:
                yield moved
            repairs = [site.repair(worded("Leave it out."), _left_out(site, call, keyword))]
            if len(call.keywords) == 1 and len(known) > len(call.args):
                change = src.Splice(start=start, end=src.span(site.cell.source, keyword.value)[0], text="")
                repairs.insert(0, site.repair(worded("Pass the value as a positional argument."), change))
            claim = worded("`{func}` has no parameter `{wrong}`.", func=site.one_line(call.func), wrong=wrong)
            yield site.reading(claim, *repairs, weight=0.4)
        return


def _moved(site: Site, call: ast.Call, keyword: ast.keyword) -> Suspicion | None:
    """`model.fit(x, y, rounds=5)`, where it is the class of the model that takes `rounds`."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(owner, ast.Name) or not isinstance(keyword.value, ast.Constant):
        return None
    made = next(site.assignments(owner.id), None)
    if made is None or not isinstance(made[1].value, ast.Call):
        return None
    (cell, assign), model, wrong = made, owner.id, keyword.arg
    end = src.span(cell.source, assign.value)[1] - 1
    comma = "" if cell.source[:end].rstrip()[-1] in "(," else ", "
    given = src.Splice(start=end, end=end, text=f"{comma}{site.text(keyword)}")
    taken = _left_out(site, call, keyword)
    here = cell.id == site.cell.id
    edits = (src.edit(cell, given, taken),) if here else (src.edit(cell, given), src.edit(site.cell, taken))
    return site.cause(
        worded("`{wrong}` is given where `{model}` is made, not to `{func}`.", wrong=wrong, model=model,
               func=site.one_line(call.func)),
        worded("The class of `{model}` takes `{wrong}`.", model=model, wrong=wrong),
        f"import inspect\n{wrong!r} in {{**inspect.signature(type({model})).parameters, "
        f"**getattr({model}, 'get_params', dict)()}}",
        Repair(edits=edits, why=worded("Give it where `{model}` is made.", model=model)),
        weight=0.92,
    )  # fmt: skip


def _left_out(site: Site, call: ast.Call, keyword: ast.keyword) -> src.Splice:
    """Remove the argument, with the comma before it or, of the first one, after it."""
    spans = sorted(src.span(site.cell.source, item) for item in (*call.args, *call.keywords))
    start, end = src.span(site.cell.source, keyword)
    before = [span for span in spans if span[1] <= start]
    after = [span for span in spans if span[0] >= end]
    if before:
        start = before[-1][1]
    elif after:
        end = after[0][0]
    return src.Splice(start=start, end=end, text="")


def _parameter_names(site: Site, call: ast.Call) -> list[str]:
    """Names of the parameters, from the notebook's own definition or from a described signature."""
    found = definition(site, call)
    if found is not None:
        return [name for name in src.parameters(found[1]) if name not in ("self", "cls")]
    value = site.value(call.func)
    signature = dict(value.facts).get("signature", "") if value is not None else ""
    signature = signature or _loaded_signature(site)
    known = re.findall(r"(?:^\(|,\s*)\*{0,2}(\w+)", signature)
    return known if len(known) > 1 else _KEYWORDS.get(_name(call), "").split() or known


def _loaded_signature(site: Site) -> str:
    """Of the method of a loaded class that the message names: `ExprStringNameSpace.strptime()`."""
    said = site.says(r"^(\w+)\.(\w+)\(\)")
    roots = {name.partition(".")[0] for _, tree in site.cells() for name in _imported(tree)}
    for name, module in list(sys.modules.items()) if said is not None else ():
        owner = vars(module).get(said[1]) if said is not None and name.partition(".")[0] in roots else None
        method = inspect.getattr_static(owner, said[2], None) if said and isinstance(owner, type) else None
        if callable(method):
            return str(inspect.signature(method))
    return ""


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@rule("call.missing_argument", "TypeError", lesson=_FIT)
def missing_argument(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"missing (\d+) required (positional|keyword-only) arguments?: (.+)")
    if said is None:
        return
    names = re.findall(r"'(\w+)'", said[3])
    for call in calls(site)[:1]:
        if (
            names[:1] == ["self"]
            and isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
        ):
            owner = call.func.value
            if site.type(owner) in ("type", "") and next(site.classes(owner.id), None) is not None:
                claim = worded("`{id}` is a class; call its methods on an instance.", id=owner.id)
                repair = site.repair(worded("Create an instance first."), site.after(owner, "()"))
                yield site.cause(
                    claim,
                    worded("`{id}` is a class.", id=owner.id),
                    f"isinstance({owner.id}, type)",
                    repair,
                    weight=0.9,
                )
                return
            if (made := _made_of_the_class(site, owner)) is not None:
                yield made
                return
        known = {item.name for item in site.frame.variables} | {item.name for item in site.case.namespace}
        passed = _passed_on(site, call)
        if passed is not None and names and all(name in known for name in names):
            yield _called_with_one(site, call, passed, names)
            return
        if names and all(name in known for name in names):
            start = src.span(site.cell.source, call)[1] - 1
            comma = ", " if call.args or call.keywords else ""
            text = ", ".join(
                names
                if said[2] == "positional" and not call.keywords
                else [f"{name}={name}" for name in names]
            )
            repair = site.repair(
                worded("Pass the variables of the same names."),
                src.Splice(start=start, end=start, text=comma + text),
            )
            claim = worded(
                "`{func}` was called without {join}.",
                func=site.one_line(call.func),
                join=", ".join(f"`{name}`" for name in names),
            )
            yield site.reading(claim, repair, weight=0.7)
        elif names:
            yield site.reading(
                worded(
                    "`{func}` needs a value for {join}.",
                    func=site.one_line(call.func),
                    join=", ".join(f"`{name}`" for name in names),
                ),
                weight=0.5,
            )


def _called_with_one(site: Site, call: ast.Call, passed: ast.expr, names: Sequence[str]) -> Suspicion:
    """Another function calls one that needs more arguments than it is given."""
    given = ", ".join(["item", *(f"{name}={name}" for name in names)])
    change = site.over(passed, f"lambda item: {site.text(passed)}({given})")
    return site.reading(
        worded(
            "`{func}` calls `{passed}` with one argument only.",
            func=site.one_line(call.func),
            passed=site.text(passed),
        ),
        site.repair(worded("Pass the variables of the same names too."), change),
        weight=0.8,
    )


def _made_of_the_class(site: Site, owner: ast.Name) -> Suspicion | None:
    """`tank = Tank`, where an instance is meant."""
    for cell, assign in site.assignments(owner.id):
        if isinstance(assign.value, ast.Name) and next(site.classes(assign.value.id), None):
            change = src.after(cell.source, assign.value, "()")
            why = worded("Add the parentheses, which create an instance.")
            claim = worded(
                "`{id}` is the class `{id2}` itself, because the parentheses are missing.",
                id=owner.id,
                id2=assign.value.id,
            )
            repair = Repair(edits=(src.edit(cell, change),), why=why)
            check = f"isinstance({owner.id}, type)"
            return site.cause(claim, worded("`{id}` is a class.", id=owner.id), check, repair, weight=0.94)
    return None


def _passed_on(site: Site, call: ast.Call) -> ast.expr | None:
    """The argument that is the function which the message names, where another function calls it."""
    said = site.says(r"^([\w.<>]+)\(\)")
    name = said[1].rsplit(".", 1)[-1] if said is not None else ""
    values = [*call.args, *(word.value for word in call.keywords)]
    return next((item for item in values if isinstance(item, ast.Name) and item.id == name), None)


_SHAPES = ("zeros", "ones", "empty", "full", "concatenate", "vstack", "hstack", "stack")
_COLLECTIONS = (
    "array", "sum", "choice", "join", "mean", "median", "concat", "extend", "set", "list", "tuple", "any",
    "all", "sorted", "shuffle", "fsum", "update",
)  # fmt: skip


@rule("call.too_many_arguments", "TypeError", lesson=_FIT)
def too_many_arguments(site: Site) -> Iterator[Suspicion]:
    """Several values where one collection is expected: `sum(1, 2, 3)`, `isinstance(x, int, str)`."""
    counted = site.says(
        r"takes (?:exactly |at most |from \d+ to )?(\w+) (?:positional )?arguments?[ ,(]*(?:but )?\(?(\d+)"
    )
    counted = counted or site.says(r"expected (?:exactly |at most )?(\w+) arguments?, got (\d+)")
    shape = site.says(r"Cannot interpret '\d+' as a data type") or site.says(
        r"only integer scalar arrays can be converted|Field elements must be 2- or 3-tuples"
    )
    if counted is None and shape is None:
        return
    for call in calls(site)[:1]:
        name = _name(call)
        if len(call.args) < 2 or any(isinstance(item, ast.Starred) for item in call.args):
            continue
        if name in ("isinstance", "issubclass"):
            yield from _collected(site, call, 1, "()", certain=True)
        elif name in _SHAPES:
            yield from _collected(site, call, 0, "()", certain=name != "full")
        elif name in _COLLECTIONS:
            yield from _collected(site, call, 0, "[]", certain=True)
        elif name == "append" and isinstance(call.func, ast.Attribute):
            claim = f"`{site.text(call.func)}` takes one argument, but got {len(call.args)}."
            yield site.reading(claim, *_append(site, call), weight=0.75)
        else:
            yield from _dropped_argument(site, call, len(call.args))


def _collected(
    site: Site, call: ast.Call, first: int, brackets: str, *, certain: bool
) -> Iterator[Suspicion]:
    """Put the arguments from `first` on into one collection."""
    source = site.cell.source
    start, end = src.span(source, call.args[first])[0], src.span(source, call.args[-1])[1]
    new = f"{source[src.span(source, call)[0] : start]}{brackets[0]}{source[start:end]}{brackets[1]}"
    new += source[end : src.span(source, call)[1]]
    repair = site.repair("Put them into one collection.", site.over(call, new))
    claim = f"`{site.text(call.func)}` takes its values as one collection, not as separate arguments."
    if certain:
        seen = "The call works with one collection."
        yield site.cause(claim, seen, f"({new}, True)[1]", repair, weight=0.9)
    else:
        yield site.reading(claim, repair, weight=0.7)


def _append(site: Site, call: ast.Call) -> Iterator[Repair]:
    start, end = src.span(site.cell.source, call.args[0])[0], src.span(site.cell.source, call.args[-1])[1]
    assert isinstance(call.func, ast.Attribute)
    inside = site.cell.source[start:end]
    yield site.repair(
        "Add each of them, with `extend`.",
        site.over(call, f"{site.text(call.func.value)}.extend([{inside}])"),
    )
    yield site.repair("Add them as one tuple.", site.over(call, f"{site.text(call.func)}(({inside}))"))


def _dropped_argument(site: Site, call: ast.Call, given: int) -> Iterator[Suspicion]:
    """A function of the notebook got more arguments than it takes."""
    found = definition(site, call)
    if found is None:
        return
    only = [
        item.arg for item in found[1].args.kwonlyargs if item.arg not in {word.arg for word in call.keywords}
    ]
    positional = [
        item.arg
        for item in (*found[1].args.posonlyargs, *found[1].args.args)
        if item.arg not in ("self", "cls")
    ]
    if only and given == len(positional) + 1:
        start = src.span(site.cell.source, call.args[-1])[0]
        repair = site.repair(
            f"Pass it as the keyword argument `{only[0]}`.",
            src.Splice(start=start, end=start, text=f"{only[0]}="),
        )
        yield site.reading(
            f"`{only[0]}` of `{site.one_line(call.func)}` is keyword-only.", repair, weight=0.8
        )
        return
    names = [name for name in src.parameters(found[1]) if name not in ("self", "cls")]
    where = f"{site.case.label(found[0].id)}, line {found[1].lineno}"
    yield site.cause(
        f"`{site.one_line(call.func)}` takes {len(names)} argument{'' if len(names) == 1 else 's'} "
        f"({where}), but got {given}.",
        "The definition takes fewer arguments than the call passes.",
        f"import inspect\nlen(inspect.signature({site.text(call.func)}).parameters) < {given}",
        weight=0.6,
    )
    if len(names) < given:
        start = (
            src.span(site.cell.source, call.args[len(names) - 1])[1]
            if names
            else src.span(site.cell.source, call.args[0])[0]
        )
        end = src.span(site.cell.source, call.args[-1])[1]
        repair = site.repair(
            "Remove the arguments that are too many.", src.Splice(start=start, end=end, text="")
        )
        yield site.reading("The last arguments may be too many.", repair, weight=0.35)


@rule("call.twice", "TypeError", lesson=_FIT)
def given_twice(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"got multiple values for argument '(\w+)'")
    if said is None:
        return
    for call in calls(site)[:1]:
        keyword = next((item for item in call.keywords if item.arg == said[1]), None)
        found = definition(site, call)
        if keyword is None or found is None:
            return
        start = src.span(site.cell.source, keyword)[0]
        taken = set(src.parameters(found[1])[: len(call.args)]) | {item.arg for item in call.keywords}
        free = [
            name for name in src.parameters(found[1]) if name not in taken and name not in ("self", "cls")
        ]
        claim = f"`{said[1]}` of `{site.one_line(call.func)}` is passed twice: by position and by keyword."
        if free:
            change = src.Splice(start=start, end=start + len(said[1]), text=free[0])
            yield site.reading(
                claim,
                site.repair(f"Pass it as `{free[0]}`, the parameter without a value.", change),
                weight=0.6,
            )
        else:
            before = site.cell.source[:start].rstrip().rstrip(",")
            change = src.Splice(start=len(before), end=src.span(site.cell.source, keyword)[1], text="")
            yield site.reading(claim, site.repair("Remove the keyword argument.", change), weight=0.5)


@rule(
    "call.type_in_quotes",
    "TypeError",
    lesson="`isinstance` needs the type itself, `int`, not its name in quotes.",
)
def type_in_quotes(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"arg 2 must be a (type|class)"):
        return
    for call in site.find(
        ast.Call, lambda node: _name(node) in ("isinstance", "issubclass") and len(node.args) == 2
    ):
        quoted = [
            item
            for item in ast.walk(call.args[1])
            if isinstance(item, ast.Constant) and isinstance(item.value, str) and item.value.isidentifier()
        ]
        if quoted:
            repair = site.repair("Remove the quotes.", *(site.over(item, str(item.value)) for item in quoted))
            check = " and ".join(f"isinstance({item.value!s}, type)" for item in quoted)
            claim = f"`{site.one_line(call.args[1])}` is a string, not a type."
            yield site.cause(claim, "There is a type of that name.", check, repair, weight=0.93)
        return


_GIVES_ONE = frozenset(["sorted", "sort", "min", "max", "map", "filter", "nlargest", "nsmallest", "groupby"])


@rule(
    "call.pair_as_two",
    "TypeError",
    lesson="`sorted`, `max`, `map` and `filter` give their function one element. Take a pair apart "
    "inside: `lambda pair: pair[1]`.",
)
def pair_as_two(site: Site) -> Iterator[Suspicion]:
    """`sorted(prices.items(), key=lambda name, price: price)`."""
    if not site.says(r"<lambda>\(\) missing \d+ required positional argument"):
        return
    for call in site.find(ast.Call):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        given = [*call.args, *(word.value for word in call.keywords)]
        for made in [item for item in given if isinstance(item, ast.Lambda)] if name in _GIVES_ONE else []:
            names = [item.arg for item in made.args.args]
            one = next(text for text in ("pair", "item", "element") if text not in src.used_names(made))
            if len(names) < 2 or made.args.defaults:
                continue
            changes = [
                site.over(node, f"{one}[{names.index(node.id)}]")
                for node in ast.walk(made.body)
                if isinstance(node, ast.Name) and node.id in names
            ]
            start, end = src.span(site.cell.source, made)[0], src.span(site.cell.source, made.body)[0]
            changes.append(src.Splice(start=start, end=end, text=f"lambda {one}: "))
            claim = f"`{name}` gives the function one element, and it takes {len(names)} values."
            repair = site.repair("Take the element apart inside.", *changes)
            yield site.reading(claim, repair, weight=0.95)
            return


RULES = (pair_as_two, type_in_quotes, keyword_name, missing_argument, too_many_arguments, given_twice)
