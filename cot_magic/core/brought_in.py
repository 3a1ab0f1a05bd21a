"""What an edit brings in that was not there.

An edit is forced if it can only mean one thing: it spells a name anew, or puts an operation around a value
that keeps all of it. Any other operation, condition or string is one of several that would make a cell pass;
which of them was meant, only the person or an assert can say.
"""

import ast
import builtins
import re
from collections import Counter
from collections.abc import Callable, Iterator

from cot_magic.core.edits import parsed
from cot_magic.core.shifts import Shift, Symptom
from cot_magic.core.spelling import related, respelled

# how a value is written or laid out: all of it is kept
_TYPES = "str int float complex list tuple set frozenset dict bytes bytearray Decimal Fraction Path"
_PARTS = "items keys values columns index loc iloc at iat item flat dt map join copy deepcopy"
_ARRAYS = (
    "array asarray to_numpy tolist to_list toarray todense to_frame astype dtype numeric_only sparse_output"
)
_SHAPES = (
    "axis keepdims reshape ravel flatten squeeze expand_dims newaxis transpose T swapaxes reset_index drop"
)
_WRITTEN = (
    "encode decode encoding format loads dumps default sep delimiter decimal thousands skipinitialspace"
)
_FILES = "newline mode file end engine orient"
_TIMES = (
    "to_datetime to_numeric to_timedelta Timestamp strptime fromisoformat isoformat strftime dayfirst utc"
)
_CALLS = "super staticmethod classmethod args gather import_module isclose approx allclose total_seconds"
_KEEP = frozenset(
    word
    for words in (_TYPES, _PARTS, _ARRAYS, _SHAPES, _WRITTEN, _FILES, _TIMES, _CALLS, "left_on right_on on")
    for word in words.split()
)
_CLEANING = "replace regex strip lstrip rstrip removeprefix removesuffix lower"
_CONTAINERS = "len range enumerate sorted reversed append add concat ignore_index"
# what the failures of these classes ask for, beside what keeps a value
_BY_FAILURE = (
    (frozenset({"TypeError", "AttributeError"}), _CONTAINERS),
    (
        frozenset({"TypeError", "AttributeError"}),
        "DataFrame Series Counter apply search read lower upper strip",
    ),
    (frozenset({"ValueError", "ArithmeticError", "KeyError"}), _CLEANING),
    (frozenset({"KeyError"}), "upper title casefold rename set_axis assign"),
    (frozenset({"ValueError"}), "literal_eval split rsplit"),
    (frozenset({"UnboundLocalError", "NameError", "RuntimeError", "FileNotFoundError"}), "sorted"),
)
# in what they make of a container, an index or key that does not exist may be that of something else
_OTHER_PLACES = frozenset({"flat", "T", "transpose", "swapaxes", "values", "ravel", "flatten", "reset_index"})
_ADVICE = re.compile(
    r"(?:\b[Uu]se|[Dd]id you mean:?|replaced (?:by|with))\s+(?:the\s+)?['\"`.]*([A-Za-z_][\w.]*)(?![\w.])"
    r"(?!\S*(?: or|,) \w+\.)"  # one of several
)


def brought_in(
    old: ast.Module,
    new: ast.Module,
    failure: Symptom,
    others: tuple[str, ...],
    same: Callable[[str, str], bool],
) -> Iterator[Shift]:
    """Operations, conditions and strings that nothing asks for; `same` tells the names of one operation."""
    gone, come = _words(old) - _words(new), _words(new) - _words(old)
    trees = [old, new, *(tree for source in others if (tree := parsed(source)) is not None)]
    modules = {name for tree in trees for name in _imported(tree)}
    own = modules.union(*map(_own, trees)) - (_members(new) - _members(old) - failure.missing)
    asked = _asked(failure) | _moved(new, failure)
    modules_here = {node.id.lower() for node in ast.walk(old) if isinstance(node, ast.Name)} & {*modules}
    members = {
        node.attr
        for node in ast.walk(new)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) in modules
        and node.attr in failure.missing
    }
    meant = (*gone, *(failure.missing - _of_types(failure)))
    for word in come:
        if word in own or word in asked or word in members or word.startswith("__"):
            continue
        if word.lower() in modules_here:
            continue  # the class that has the name of its module: `enum.Enum`
        if (word == "sum" and _sums_of_sums(new, failure)) or (word in _BEGINNING and _begins(old, new)):
            continue
        if word == "zip" and _pairs(new, failure):
            continue
        if word in _IN_MEMORY and _is_content(new, word, failure):
            continue
        if any(respelled(was, word) or same(was, word) for was in meant):
            continue
        if any(word in related(was, [word]) or _abbreviated(was, word) for was in meant):
            continue
        yield Shift(text=f"`{word}` is one of several ways to make it pass", loses=True)
    yield from _variables(old, new, failure, modules)
    if _conditions(new) > _conditions(old):
        yield Shift(text="it adds a condition that nothing asks for")
    yield from _strings(old, new, failure)


def _pairs(new: ast.Module, failure: Symptom) -> bool:
    """Whether a dictionary was given its keys and its values, and as many of both, which are now paired."""
    if "dict expected at most 1 argument, got 2" not in failure.said:
        return False
    zips = [node for node in ast.walk(new) if isinstance(node, ast.Call) and ast.unparse(node.func) == "zip"]
    return all(
        len(node.args) == 2
        and f"dict({ast.unparse(node.args[0])}, {ast.unparse(node.args[1])})" in " ".join(failure.running)
        and failure.size_of(node.args[0]) == failure.size_of(node.args[1]) is not None
        for node in zips
    )


_IN_MEMORY = {"StringIO": "str", "BytesIO": "bytes"}


def _is_content(new: ast.Module, word: str, failure: Symptom) -> bool:
    """Whether what is read as a file is the content of one: several lines, or JSON, and no path."""
    calls = [node for node in ast.walk(new) if isinstance(node, ast.Call) and len(node.args) == 1]
    given = [node.args[0] for node in calls if ast.unparse(node.func).rpartition(".")[2] == word]
    known = [failure.value(ast.unparse(node)) for node in given]
    return bool(known) and all(
        value is not None
        and value.type == _IN_MEMORY[word]
        and (r"\n" in value.text or re.match(r"b?['\"]\s*[\[{]", value.text) is not None)
        for value in known
    )


_BEGINNING = ("defaultdict", "Counter")  # mappings in which an entry has a first value


def _begins(old: ast.Module, new: ast.Module) -> bool:
    """Whether an empty dictionary becomes one that begins at 0 for what is added, with a list for items."""
    before = {ast.unparse(node) for node in ast.walk(old) if isinstance(node, ast.Assign)}
    for node in ast.walk(new):
        if not isinstance(node, ast.Assign) or not any(
            f"{word}(" in ast.unparse(node.value) for word in _BEGINNING
        ):
            continue
        name, made = ast.unparse(node.targets[0]), ast.unparse(node.value)
        added = [item for item in ast.walk(new) if isinstance(item, ast.AugAssign)]
        steps = [item.op for item in added if ast.unparse(item.target).startswith(f"{name}[")]
        numbers = ("(int)", "(float)", "Counter()")
        wanted = made.endswith("(list)") if not steps else made.endswith(numbers)
        if f"{name} = {{}}" not in before or not wanted or not all(isinstance(op, ast.Add) for op in steps):
            return False
    return True


def _sums_of_sums(new: ast.Module, failure: Symptom) -> bool:
    """Whether the sums in a sum are those of its items, which are lists: `sum(sum(row) for row in rows)`."""
    if "for +: 'int' and 'list'" not in failure.said:
        return False
    sums = [node for node in ast.walk(new) if isinstance(node, ast.Call) and ast.unparse(node.func) == "sum"]
    items = [item for outer in sums for item in outer.args if isinstance(item, ast.GeneratorExp)]
    inner = [item for item in items if item.elt in sums]
    return bool(inner) and all(
        ast.unparse(item.elt) == f"sum({ast.unparse(item.generators[0].target)})"
        and not item.generators[0].ifs
        for item in inner
    )


def _abbreviated(was: str, word: str) -> bool:
    """Whether one is a word of the other: `letters` and `ascii_letters`."""
    return was in word.lower().split("_") or word in was.lower().split("_")


def _asked(failure: Symptom) -> set[str]:
    """The operations that have one meaning after such a failure."""
    asked = {*_KEEP}
    for classes, words in _BY_FAILURE:
        if failure.bases & classes:
            asked |= set(words.split())
    advice = set(_ADVICE.findall(failure.said))
    if len(advice) == 1:
        asked |= {part for told in advice for part in told.split(".")}
    if failure.bases & {"IndexError", "KeyError"}:
        asked -= _OTHER_PLACES
    return asked | (failure.missing - _of_types(failure))


def _of_types(failure: Symptom) -> set[str]:
    """The dotted names of types in the message and their parts: `date` of `datetime.date`."""
    dotted = [name for name in failure.missing if "." in name] if failure.of_types else []
    return {part for name in dotted for part in (name, *name.split("."))}


def _moved(new: ast.Module, failure: Symptom) -> set[str]:
    """The module between a module and the member that moved there: `collections.abc.Mapping`."""
    return {
        node.value.attr
        for node in ast.walk(new)
        if isinstance(node, ast.Attribute)
        and node.attr in failure.missing
        and isinstance(node.value, ast.Attribute)
    }


def _words(tree: ast.Module) -> Counter[str]:
    """Builtins and other functions that are used, attributes, and names of arguments."""
    words: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Load()) | ast.keyword(arg=str(name)):
                words[name] += 1
            case ast.Call(func=ast.Name(id=name)) if not hasattr(builtins, name):
                words[name] += 1
            case ast.Name(id=name, ctx=ast.Load()) if hasattr(builtins, name):
                words[name] += 1
    return words


def _own(tree: ast.Module) -> set[str]:
    """What a source names itself: variables, functions, classes, their parameters and attributes."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case (
                ast.Name(id=name, ctx=ast.Store())
                | ast.Attribute(attr=name, ctx=ast.Store())
                | ast.arg(arg=name)
            ):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
    return found


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)


def _members(tree: ast.Module) -> set[str]:
    """What is imported from modules."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _variables(old: ast.Module, new: ast.Module, failure: Symptom, modules: set[str]) -> Iterator[Shift]:
    """Variables that the cell did not use, where nothing of the cell was missing or gave way to them."""
    read, left = ({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} for tree in (old, new))
    used = read | _own(old) | modules
    made = _own(new) - _own(old)
    wanted = {*(read - left), *(failure.missing & {*used, *_words(old)}), *failure.not_given}
    for node in ast.walk(new):
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or node.id in used | made:
            continue
        if hasattr(builtins, node.id) or node.id in ("self", "cls") or wanted:
            continue
        used.add(node.id)
        yield Shift(text=f"nothing asks for `{node.id}`")


def _conditions(tree: ast.Module) -> int:
    return sum(isinstance(node, ast.If | ast.IfExp | ast.Match) for node in ast.walk(tree))


def _strings(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """A string that is spelled anew, though the failure does not say that it was not found."""
    before, after = _texts(old), _texts(new)
    told = failure.missing | {failure.said}
    for was in before - after:
        for now in after - before:
            if not respelled(was, now) or was.strip().lower() == now.strip().lower():
                continue
            words = set(re.findall(r"\w+", was)) ^ set(re.findall(r"\w+", now))
            if words & set(re.findall(r"\w+", failure.said)):
                continue
            if not any(text and (text in item or item == text) for text in (was, now) for item in told):
                yield Shift(text=f"nothing says that {was[:40]!r} is misspelled")


def _texts(tree: ast.Module) -> Counter[str]:
    return Counter(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
