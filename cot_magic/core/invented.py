"""What an edit makes up in place of what was not found: a name, a key, an attribute, an argument, a file."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from cot_magic.core.shifts import Shift, Symptom
from cot_magic.core.spelling import respelled, says_another_thing

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# modules that nobody shortens by letters of their name in order
_SHORT = {"sns": "seaborn", "st": "streamlit", "xr": "xarray"}
_CREATES = frozenset(
    {"touch", "write_text", "write_bytes", "copy", "copyfile", "copy2", "symlink_to", "mknod"}
)
_SEARCHES = frozenset({"iterdir", "glob", "iglob", "rglob", "listdir", "scandir", "walk"})


def invented(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """Changes that bring into being what was missing, so that nothing says that it is what was meant."""
    yield from _other_imports(old, new)
    yield from _made_attributes(old, new, failure)
    if failure.bases & {"NameError", "UnboundLocalError"}:
        yield from _made_names(old, new, failure)
    if failure.of_keys:
        yield from _made_keys(old, new, failure)
    if failure.not_given:
        yield from _made_arguments(old, new, failure)
    if "FileNotFoundError" in failure.bases:
        yield from _made_files(old, new)
    yield from _patched(old, new)


def _other_imports(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """A new import under a name that is not its own, nor an abbreviation of it."""
    before = {told for node in ast.walk(old) for told in _aliases(node)}
    for node in ast.walk(new):
        for name, given in _aliases(node):
            if (name, given) in before or _abbreviates(given, name, module=isinstance(node, ast.Import)):
                continue
            yield Shift(text=f"it gives the name `{given}` to `{name}`")


def _aliases(node: ast.AST) -> list[tuple[str, str]]:
    """What an import brings in, with the other name that it gets."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return []
    return [(alias.name, alias.asname) for alias in node.names if alias.asname not in (None, alias.name)]


def _abbreviates(given: str, name: str, *, module: bool) -> bool:
    """Whether a name is short for a module: `np`, `plt`. Of a function only another spelling is the same."""
    last = name.rpartition(".")[2]
    if not module:
        return respelled(given, last)
    if _SHORT.get(given) == name or given == last:
        return True
    rest = iter(last.lower())
    return given[0].lower() == last[0].lower() and all(letter in rest for letter in given.lower())


def _made_names(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """The missing name is assigned a value that was computed nowhere before."""
    known = {ast.dump(node) for node in ast.walk(old)}
    for node in ast.walk(new):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or ast.dump(node) in known or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = {item.id for target in targets for item in ast.walk(target) if isinstance(item, ast.Name)}
        for name in sorted(names & failure.missing):
            if (
                not _says_nothing(node.value)
                and not _is_named(node.value, name)
                and (isinstance(node.value, ast.Name) or ast.dump(node.value) not in known)
            ):
                yield Shift(
                    text=f"it makes up `{name}`: nothing says that it is `{ast.unparse(node.value)[:60]}`"
                )


def _says_nothing(node: ast.expr) -> bool:
    """Whether a value is a constant, which is looked at elsewhere, or empty: what a loop begins with."""
    if isinstance(node, ast.Call):
        return not any(isinstance(item, ast.Name) for argument in node.args for item in ast.walk(argument))
    return not any(isinstance(item, ast.Name | ast.Attribute) for item in ast.walk(node))


def _is_named(node: ast.expr, name: str) -> bool:
    """Whether an expression is a name or attribute of that name, or of another spelling of it."""
    word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return bool(word) and (word == name or respelled(name, word))


def _made_attributes(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """The missing attribute is made of something that has another name; a method gets a second name."""
    known = {ast.dump(node) for node in ast.walk(old)}
    for node in ast.walk(new):
        if not isinstance(node, ast.Assign) or ast.dump(node) in known:
            continue
        stored = {item.attr for item in node.targets if isinstance(item, ast.Attribute)}
        missing = stored & failure.missing if "AttributeError" in failure.bases else set()
        for name in sorted(missing):
            if not (isinstance(node.value, ast.Name) and node.value.id == name):
                yield Shift(text=f"it makes the attribute `{name}`, of `{ast.unparse(node.value)[:60]}`")
    for node in (item for item in ast.walk(new) if isinstance(item, ast.ClassDef)):
        for statement in node.body:
            if not isinstance(statement, ast.Assign) or ast.dump(statement) in known:
                continue
            names = [item.id for item in statement.targets if isinstance(item, ast.Name)]
            alias = isinstance(statement.value, ast.Name | ast.Attribute)
            for name in names:
                if alias and not _is_named(statement.value, name):
                    yield Shift(text=f"it gives the name `{name}` to `{ast.unparse(statement.value)[:60]}`")
                elif not alias and "AttributeError" in failure.bases and name in failure.missing:
                    yield Shift(text=f"it makes the attribute `{name}`, which all objects of the class share")


def _made_keys(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """The missing key is added: `d.update(Tea=0)`, `df.assign(month=df.region)`."""
    known = {ast.dump(node) for node in ast.walk(old)}
    told = {(ast.unparse(call.func), word.arg) for call in _calls(old) for word in call.keywords}
    for node in ast.walk(new):
        if ast.dump(node) in known:
            continue
        made: list[tuple[str, ast.expr]] = []
        if isinstance(node, ast.Call):
            words = [word for word in node.keywords if (ast.unparse(node.func), word.arg) not in told]
            made = [(word.arg, word.value) for word in words if word.arg is not None]
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if called in ("rename_axis", "set_axis", "insert"):
                made += [(item.value, node) for item in node.args if _is_text(item)]  # type: ignore[attr-defined]
        elif isinstance(node, ast.Assign):
            made = [
                (target.slice.value, node.value)  # type: ignore[attr-defined]
                for target in node.targets
                if isinstance(target, ast.Subscript) and _is_text(target.slice)
            ]
            for target in node.targets:
                if isinstance(target, ast.Subscript) and ast.unparse(target) in failure.running:
                    yield Shift(text=f"it makes `{ast.unparse(target)[:40]}` anew, also where it is there")
        for key, value in made:
            if key in failure.missing and not _respells(value, key):
                yield Shift(text=f"it makes {key!r}, which was not there")


def _calls(tree: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _respells(node: ast.expr, key: str) -> bool:
    """Whether a value is what there is under another spelling of the key."""
    words = {str(item.value) for item in ast.walk(node) if isinstance(item, ast.Constant)}
    words |= {item.attr for item in ast.walk(node) if isinstance(item, ast.Attribute)}
    return any(word != key and respelled(key, word) for word in words)


def _made_arguments(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """An argument that a call did not give gets a default, or a value that has another name."""
    if len(_with_default(new, failure)) > len(_with_default(old, failure)):
        yield Shift(text=f"it makes up a default for {', '.join(sorted(failure.not_given))}")
    known = {ast.dump(node) for node in ast.walk(old)}
    before = {ast.unparse(node.func): node for node in ast.walk(old) if isinstance(node, ast.Call)}
    for node in (item for item in ast.walk(new) if isinstance(item, ast.Call)):
        was = before.get(ast.unparse(node.func))
        if was is None or ast.dump(node) in known:
            continue
        if not any(ast.unparse(was) in text for text in failure.running):
            continue
        more = Counter(map(ast.unparse, _given(node))) - Counter(map(ast.unparse, _given(was)))
        for text in more if len(_given(node)) > len(_given(was)) else ():
            if not any(_names_it(text, name, _given(was)) for name in failure.not_given):
                yield Shift(text=f"nothing says that `{text[:60]}` is what was not given")


def _names_it(text: str, name: str, given: list[ast.expr]) -> bool:
    """Whether an argument has the name of a parameter; `y_train` is no `y` where `x_test` is given."""
    parts = re.split(r"[._]", text)
    if name == text or name not in parts:
        return name == text
    told = {part for item in given for part in re.split(r"[._]", ast.unparse(item))}
    return not any(says_another_thing(part, other) for part in parts for other in told if part != name)


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(word.value for word in call.keywords)]


def _with_default(tree: ast.Module, failure: Symptom) -> list[str]:
    """The parameters and fields of the names that were not given which have a default."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            given = [*node.posonlyargs, *node.args]
            found += [item.arg for item in given[len(given) - len(node.defaults) :]]
            found += [
                item.arg
                for item, value in zip(node.kwonlyargs, node.kw_defaults, strict=True)
                if value is not None
            ]
        elif isinstance(node, ast.ClassDef):
            found += [
                item.target.id
                for item in node.body
                if isinstance(item, ast.AnnAssign)
                and isinstance(item.target, ast.Name)
                and item.value is not None
            ]
    return [name for name in found if name in failure.not_given]


def _made_files(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """The file that does not exist is made, or another one is taken that happens to be there."""
    for name in sorted((_methods(new) - _methods(old)) & (_CREATES | _SEARCHES)):
        yield Shift(
            text=f"`{name}` makes the file that was not there"
            if name in _CREATES
            else f"`{name}` takes whatever file is there"
        )


def _methods(tree: ast.Module) -> set[str]:
    return {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }


def _patched(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """An attribute of what a call returns is set: `type(x).append = …` changes the class for all."""
    known = {ast.unparse(node) for node in ast.walk(old) if isinstance(node, ast.Attribute)}
    for node in ast.walk(new):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node) not in known
        ):
            yield Shift(text=f"it replaces `{ast.unparse(node)[:60]}`", choice=False)
