"""Rules for NameError: misspelt names, missing imports and quotes, words of other languages."""

import ast
import builtins
import keyword
import sys
from collections.abc import Iterator

from cot_magic.core.language import worded
from cot_magic.core.spelling import closeness, near, only_near
from cot_magic.reasoners.offline import modules
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

# name in Python 2: its replacement, and the import that it needs
DROPPED = {
    "raw_input": ("input", ""),
    "xrange": ("range", ""),
    "unicode": ("str", ""),
    "unichr": ("chr", ""),
    "long": ("int", ""),
    "basestring": ("str", ""),
    "reload": ("reload", "from importlib import reload"),
    "izip": ("zip", ""),
    "imap": ("map", ""),
    "ifilter": ("filter", ""),
    "file": ("open", ""),
    "StandardError": ("Exception", ""),
}

# constants of other languages
FOREIGN = {
    "true": "True", "false": "False", "null": "None", "nil": "None", "undefined": "None", "NULL": "None",
    "TRUE": "True", "FALSE": "False", "none": "None", 'NaN': "float('nan')", "Null": "None",
    'nan': "float('nan')", 'inf': "float('inf')", 'Infinity': "float('inf')",
}  # fmt: skip

# functions of other languages
FOREIGN_FUNCTIONS = {
    "length": "len", "lenght": "len", "strlen": "len", "size": "len", "sizeof": "len", "println": "print",
    "echo": "print", "puts": "print", "cout": "print", "parseInt": "int", "parseFloat": "float",
    "toInt": "int", "toFloat": "float", "toString": "str", "String": "str", "string": "str",
    "Integer": "int", "Int": "int", "Float": "float", "double": "float", "boolean": "bool",
    "array": "list", "Array": "list", "typeof": "type", "instanceof": "isinstance", "upper": "str.upper",
    "lower": "str.lower",
}  # fmt: skip

# keywords that can be a whole statement
STATEMENTS = ("continue", "break", "pass", "return")


def missing(site: Site) -> str:
    """The name that is not defined; empty for an UnboundLocalError, which has rules of its own."""
    if site.raised.ename == "UnboundLocalError":
        return ""
    if site.raised.name:
        return site.raised.name
    found = site.says(r"name '(\w+)'") or site.says(r"free variable '(\w+)'")
    return found[1] if found else ""


def uses(site: Site, name: str) -> list[ast.Name]:
    """Where the cell reads the name."""
    return src.named(site.tree, name, ast.Load)


def stores(site: Site, name: str) -> list[ast.Name]:
    """Where the cell assigns to the name."""
    return src.named(site.tree, name, ast.Store)


def absent(name: str) -> str:
    """Code of a check: the name is not defined in any scope."""
    return (
        f"{name!r} not in locals() and {name!r} not in globals() and not "
        f"hasattr(__import__('builtins'), {name!r})"
    )


def in_scope(site: Site) -> set[str]:
    """Names in scope at the failing line that may have been meant."""
    names = {item.name for item in site.frame.variables if item.name.isidentifier()}
    names |= {item.name for item in site.case.namespace} | set(dir(builtins))
    if site.function is not None:
        names |= set(src.parameters(site.function))
    return {name for name in names if not name.startswith("_")}


@rule(
    "name.missing_import",
    "NameError",
    lesson="Import a module before you use its name. An import in another notebook, or in a cell that has "
    "not run since the kernel started, does not count.",
)
def missing_import(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    statement = modules.importing(name)
    if not statement or stores(site, name):
        return
    spaces = {item.name: item.type for item in site.case.namespace}
    module = modules.MEMBERS.get(name, "")
    if module in spaces and spaces[module] == "module" and name not in modules.ALIASES:
        yield _in_module(site, name, module)
        return
    statement = _form(site, name, statement)
    attributes = _attributes(site, name)
    # `code`, `string`, `time` without an attribute: more often a variable than the module
    bare = statement == f"import {name}" and not attributes and name not in modules.ALIASES
    weight = 0.3 if bare else 0.92
    root = statement.split()[1]
    check = (
        f"import importlib\n{absent(name)} and importlib.util.find_spec({root.split('.')[0]!r}) is not None"
    )
    if statement.startswith("import") and attributes and modules.stdlib(root):
        check = (
            f"import importlib\n{absent(name)} and hasattr(importlib.import_module({root!r}), "
            f"{attributes[0]!r})"
        )
    elif statement.startswith("from"):
        member = statement.split(" import ")[1]
        check = f"import importlib\n{absent(name)} and hasattr(importlib.import_module({root!r}), {member!r})"
    import_ = site.repair(
        worded("Add `{statement}`.", statement=statement), src.add_import(site.cell, statement)
    )
    if weight < 0.5:
        yield site.reading(
            worded("`{name}` may be the module of that name, which is not imported.", name=name),
            import_,
            weight=weight,
        )
        return
    yield site.cause(
        worded("`{name}` is used but was never imported.", name=name),
        worded(
            "`{name}` is not defined in the kernel, and `{statement}` works.", name=name, statement=statement
        ),
        check,
        import_,
        weight=weight,
    )


def _in_module(site: Site, name: str, module: str) -> Suspicion:
    """The name is written without its module, which is imported."""
    edit = site.repair(
        worded("Write `{module}.{name}`: `{module}` is already imported.", module=module, name=name),
        *(site.over(node, f"{module}.{name}") for node in uses(site, name)),
    )
    return site.cause(
        worded(
            "`{name}` is defined in the module `{module}`, but is used without `{module}.` in front of it.",
            name=name,
            module=module,
        ),
        worded("`{name}` is not defined here, but `{module}.{name}` exists.", name=name, module=module),
        f"{absent(name)} and hasattr({module}, {name!r})",
        edit,
        weight=0.9,
    )


def _attributes(site: Site, name: str) -> list[str]:
    return [
        node.attr
        for node in ast.walk(site.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    ]


# modules that define something of their own name: the names that are accessed on the module itself
_BOTH = {
    "datetime": {"datetime", "timedelta", "date", "timezone", "time"},
    "pprint": {"pprint", "pformat"},
    "glob": {"glob", "iglob"},
    "timeit": {"timeit", "repeat", "default_timer"},
    "bisect": {"bisect", "bisect_left", "bisect_right", "insort"},
    "copy": {"copy", "deepcopy"},
    "getpass": {"getpass", "getuser"},
    "tqdm": {"tqdm", "trange"},
}


def _form(site: Site, name: str, statement: str) -> str:
    """`import datetime` or `from datetime import datetime`, depending on what the code uses."""
    taken = set(_attributes(site, name))
    called = any(isinstance(node.func, ast.Name) and node.func.id == name for node in _calls(site))
    if name in _BOTH:
        if taken & _BOTH[name] and not called:
            return f"import {name}"
        return f"from {name} import {name}"
    if name in ("time", "random") and called and not taken:
        return f"from {name} import {name}"
    return statement


def _calls(site: Site) -> list[ast.Call]:
    return [node for node in ast.walk(site.tree) if isinstance(node, ast.Call)]


@rule(
    "name.other_language",
    "NameError",
    lesson="Python has its own names: `True`, `False` and `None` with a capital letter, `len(x)` for a "
    "length, `print(x)`. JSON and other languages write them differently.",
)
def other_language(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    meant = FOREIGN.get(name)
    if meant is None and _is_called(site, name):
        meant = FOREIGN_FUNCTIONS.get(name)
    if meant is None or stores(site, name):
        return
    yield site.cause(
        f"Python has no `{name}`; it is written `{meant}`.",
        f"`{name}` is not defined here.",
        absent(name),
        site.repair(f"Write `{meant}`.", *(site.over(node, meant) for node in uses(site, name))),
        weight=0.95,
    )


@rule(
    "name.python2",
    "NameError",
    lesson="Python 3 renamed some functions of Python 2. Older code needs the new names.",
)
def python2(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    if name not in DROPPED or stores(site, name):
        return
    new, statement = DROPPED[name]
    changes = [site.over(node, new) for node in uses(site, name) if new != name]
    if statement:
        changes.append(src.add_import(site.cell, statement))
    yield site.cause(
        f"`{name}` exists only in Python 2; Python 3 has `{statement or new}`.",
        f"`{name}` is not defined in this version of Python.",
        absent(name),
        site.repair(f"Use `{statement or new}`.", *changes),
        weight=0.95,
    )


@rule(
    "name.keyword_typo",
    "NameError",
    lesson="Python reads a misspelt keyword on a line of its own as the name of a variable, which is not "
    "defined.",
)
def keyword_typo(site: Site) -> Iterator[Suspicion]:
    name, statement = missing(site), site.statement
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Name):
        return
    meant = only_near(name, STATEMENTS)
    loops = any(isinstance(node, ast.For | ast.While | ast.AsyncFor) for node in ast.walk(site.scope))
    if meant is None or statement.value.id != name:
        return
    if (meant in ("continue", "break") and not loops) or (meant == "return" and site.function is None):
        return
    nodes = [
        node.value
        for node in ast.walk(site.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Name) and node.value.id == name
    ]
    yield site.cause(
        f"`{name}`, alone on its line, looks like a typo for the keyword `{meant}`.",
        f"There is no variable `{name}`.",
        absent(name),
        site.repair(f"Write the keyword `{meant}`.", *(site.over(node, meant) for node in nodes)),
        weight=0.97,
    )


@rule(
    "name.wrong_case_module",
    "NameError",
    lesson="Python distinguishes upper and lower case: the module is called `math`, not `Math`.",
)
def wrong_case_module(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    lower = name.lower()
    taken = _attributes(site, name)
    if (
        lower == name
        or not taken
        or not modules.stdlib(lower)
        or stores(site, name)
        or name in modules.ALIASES
    ):
        return
    imported = any(item.name == lower and item.type == "module" for item in site.case.namespace)
    changes = [site.over(node, lower) for node in uses(site, name)]
    if not imported:
        changes.append(src.add_import(site.cell, f"import {lower}"))
    yield site.cause(
        f"The module is called `{lower}`, not `{name}`" + ("." if imported else ", and it is not imported."),
        f"`{name}` is not defined, and the module `{lower}` has `{taken[0]}`.",
        f"import importlib\n{absent(name)} and hasattr(importlib.import_module({lower!r}), {taken[0]!r})",
        site.repair(f"Use `{lower}.{taken[0]}`.", *changes),
        weight=0.93,
    )


@rule(
    "name.typo",
    "NameError",
    lesson="A name must be spelt the same way everywhere, upper and lower case included. If it almost "
    "matches an existing name, it is most likely a typo.",
)
def typo(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    if not name:
        return
    scope = in_scope(site)
    certain = only_near(name, scope)
    trees = [src.parse(cell.source) for cell in site.case.cells if cell.id != site.cell.id]
    if any(tree is not None and name in src.bound_names(tree) for tree in trees):
        return  # another cell defines exactly this name
    assigned = bool(stores(site, name))
    for place, meant in enumerate(near(name, scope)):
        claim = (
            worded("`{name}` is not defined; it looks like a typo for `{meant}`.", name=name, meant=meant)
            if closeness(name, meant)
            else worded(
                "`{name}` is not defined; it differs only in case or underscores from `{meant}`.",
                name=name,
                meant=meant,
            )
        )
        repairs = _spelt_alike(site, name, meant)
        weight = 0.9 - 0.1 * place - 0.02 * closeness(name, meant)
        if hasattr(builtins, meant) and not _is_called(site, name):
            continue  # `var` is not `vars`: a built-in function is meant only where it is called or passed
        if meant == certain and not assigned:
            exists = (
                f"{meant!r} in locals() or {meant!r} in globals() or "
                f"hasattr(__import__('builtins'), {meant!r})"
            )
            seen = worded("`{name}` is not defined here, but `{meant}` is.", name=name, meant=meant)
            yield site.cause(claim, seen, f"{absent(name)} and ({exists})", *repairs, weight=weight)
            continue
        yield site.reading(claim, *repairs, weight=weight - 0.1)


@rule(
    "name.longer",
    "NameError",
    lesson="A name has to be written in full: `total` is not `total_net`. Where several names begin alike, "
    "only you know which one is meant.",
)
def longer(site: Site) -> Iterator[Suspicion]:
    """`total`, where there are `total_net` and `total_gross`: each is a choice."""
    name = missing(site)
    trees = [src.parse(cell.source) for cell in site.case.cells]
    defined = any(tree is not None and name in src.bound_names(tree) for tree in trees)
    if len(name) < 3 or defined:
        return
    data = {item.name for item in site.case.namespace if item.type not in ("module", "function", "type")}
    found = sorted(
        item for item in in_scope(site) & data if name in item.split("_") or item in _shorter(name)
    )
    if found:
        repairs = [
            site.repair(f"Write `{meant}`.", *(site.over(node, meant) for node in uses(site, name)))
            for meant in found[:4]
        ]
        told = ", ".join(f"`{meant}`" for meant in found[:4])
        yield site.reading(f"`{name}` is not defined; there is {told}.", *repairs, weight=0.7)


def _shorter(name: str) -> set[str]:
    """The name without its first or last word."""
    words = name.split("_")
    return {"_".join(words[1:]), "_".join(words[:-1])} - {""}


def _spelt_alike(site: Site, name: str, meant: str) -> list[Repair]:
    """Use the known name; or the unknown one everywhere, where the cell has it more often."""
    use_known = site.repair(
        worded("Write `{meant}`, which is defined.", meant=meant),
        *(site.over(node, meant) for node in uses(site, name)),
    )
    renamed = [site.over(node, name) for node in (*stores(site, meant), *uses(site, meant))]
    if not stores(site, meant) or stores(site, name) or len(renamed) >= len(uses(site, name)):
        return [use_known]
    return [
        site.repair(worded("Write `{name}`, as everywhere else in the cell.", name=name), *renamed),
        use_known,
    ]


def _is_called(site: Site, name: str) -> bool:
    """Whether the name is called, or passed to a call."""
    calls = [node for node in ast.walk(site.tree) if isinstance(node, ast.Call)]
    nodes = [
        node for call in calls for node in (call.func, *call.args, *(word.value for word in call.keywords))
    ]
    return any(isinstance(node, ast.Name) and node.id == name for node in nodes)


@rule(
    "name.missing_quotes",
    "NameError",
    lesson="A string needs quotes. Without them, Python takes the word as the name of a variable.",
)
def missing_quotes(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    for node in site.find(ast.Name, lambda node: node.id == name):
        holder = _subscripted(site, node)
        quoted = site.repair(worded("Put it in quotes."), site.over(node, repr(name)))
        if holder is not None and repr(name) in site.keys(holder.value):
            yield site.cause(
                worded(
                    "`{name}` is a key of `{value}`, but is written without quotes.",
                    name=name,
                    value=site.one_line(holder.value),
                ),
                worded("There is no variable `{name}`, but `{name!r}` is a key.", name=name),
                f"{absent(name)} and {name!r} in {site.text(holder.value)}",
                quoted,
                weight=0.94,
            )
        elif _is_argument(site, node) and not keyword.iskeyword(name):
            yield site.reading(
                worded("`{name}` may be a string without its quotes.", name=name), quoted, weight=0.2
            )
        return


def _subscripted(site: Site, name: ast.Name) -> ast.Subscript | None:
    found = [
        node
        for node in ast.walk(site.statement or site.tree)
        if isinstance(node, ast.Subscript) and any(part is name for part in ast.walk(node.slice))
    ]
    return found[-1] if found else None


def _is_argument(site: Site, name: ast.Name) -> bool:
    calls = [node for node in ast.walk(site.statement or site.tree) if isinstance(node, ast.Call)]
    return any(name is argument for node in calls for argument in node.args)


@rule(
    "name.file",
    "NameError",
    lesson="`__file__` is the path of a script. It is not defined in a notebook; the kernel runs in the "
    "notebook's folder.",
)
def file_name(site: Site) -> Iterator[Suspicion]:
    if missing(site) != "__file__":
        return
    changes = [site.over(node, "str(Path.cwd() / 'notebook')") for node in uses(site, "__file__")]
    yield site.reading(
        "`__file__` is defined in scripts, not in notebooks.",
        site.repair(
            "Use the kernel's working directory in place of the script's folder.",
            src.add_import(site.cell, "from pathlib import Path"),
            *changes,
        ),
        weight=0.6,
    )


@rule(
    "name.member",
    "NameError",
    lesson="A name in a module or an object is accessed with a dot: `math.sqrt`, not `sqrt`.",
)
def member(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    if name in modules.MEMBERS or not name or stores(site, name):
        return
    owners = [item for item in site.case.namespace if item.type == "module" and name in site.members(item)]
    for owner in owners[:2]:
        yield site.cause(
            f"`{name}` belongs to `{owner.name}`, but is used without `{owner.name}.` in front of it.",
            f"`{name}` is not defined here, but `{owner.name}.{name}` exists.",
            f"{absent(name)} and hasattr({owner.name}, {name!r})",
            site.repair(
                f"Write `{owner.name}.{name}`.",
                *(site.over(node, f"{owner.name}.{name}") for node in uses(site, name)),
            ),
            weight=0.85 if len(owners) == 1 else 0.5,
        )


@rule(
    "name.annotation_only",
    "NameError",
    lesson="`x: 3` is only an annotation: it notes a type for `x` and assigns nothing. Assign a value with "
    "`=`.",
)
def annotation_only(site: Site) -> Iterator[Suspicion]:
    name = missing(site)
    for cell, tree in site.cells():
        for node in ast.walk(tree):
            if not isinstance(node, ast.AnnAssign) or node.value is not None:
                continue
            if not isinstance(node.target, ast.Name) or node.target.id != name:
                continue
            start, end = src.span(cell.source, node.target)[1], src.span(cell.source, node.annotation)[0]
            repair = Repair(
                edits=(src.edit(cell, src.Splice(start=start, end=end, text=" = ")),),
                why="Assign the value with `=`.",
            )
            claim = (
                f"`{src.text_of(cell.source, node)}` is only an annotation: it does not assign a value to "
                f"`{name}`."
            )
            plain = isinstance(node.annotation, ast.Constant | ast.List | ast.Dict | ast.BinOp | ast.UnaryOp)
            if plain:
                check = f"{absent(name)} and {name!r} in globals().get('__annotations__', {{}})"
                yield site.cause(
                    claim, f"`{name}` has an annotation and no value.", check, repair, weight=0.95
                )
            else:
                yield site.reading(claim, repair, weight=0.7)
            return


@rule(
    "name.loaded_module", "NameError", lesson="A name from a module must be imported before it can be used."
)
def loaded_module(site: Site) -> Iterator[Suspicion]:
    """The name is in the `__all__` of exactly one loaded module of the standard library."""
    name = missing(site)
    if len(name) < 4 or modules.importing(name) or stores(site, name):
        return
    owners = [module for module in sorted(sys.modules) if modules.stdlib(module) and name in _public(module)]
    if len(owners) == 1:
        statement = f"from {owners[0]} import {name}"
        yield site.reading(
            f"`{name}` may be the one in the module `{owners[0]}`, which is not imported.",
            site.repair(f"Add `{statement}`.", src.add_import(site.cell, statement)),
            weight=0.5,
        )


def _public(module: str) -> tuple[str, ...]:
    loaded = vars(sys.modules[module])
    return tuple(loaded.get("__all__", ()))


FORMS = (annotation_only, loaded_module, missing_quotes, file_name, member)
RULES = (missing_import, other_language, python2, keyword_typo, wrong_case_module, typo, longer)
