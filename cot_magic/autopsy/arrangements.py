"""Other arrangements of the arguments of a call, made from the signature of the live function."""

import ast
import enum
import inspect
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from cot_magic.autopsy.scene import Scene, is_instance
from cot_magic.capture.describe import objects
from cot_magic.core.likeness import alike

Arrangement = tuple[ast.expr, str]
_UNKNOWN = re.compile(
    r"unexpected keyword argument '(\w+)'|'(\w+)' is an invalid keyword argument|"
    r"has no property '(\w+)'|[Uu]nrecognized keyword arguments?[:=]* *\[?'(\w+)'|got unexpected .*?'(\w+)'"
)
_NUMBER = re.compile(
    r"positional argument|takes .*arguments?|missing \d+ required|expected .* arguments?|got multiple values"
)
_SAMPLES = re.compile(r"inconsistent numbers? of samples|must have the same (first dimension|length)")
_TAKES_NONE = re.compile(r"takes no (keyword )?arguments")
_USE = re.compile(r"\b[Uu]se\s+(?:the\s+)?`+(?:[\w.]+\.)?(\w+)`+")
# of numpydoc: the first value that is returned, and whether more are
_RETURNS = re.compile(r"\nReturns\n-+\n(\w+) :[^\n]*\n(?:[ ]+[^\n]*\n|\n(?=[ ]))*(\w+ :)?")
_MOST_POSITIONAL = 5
# options that leave out what is wrong, or do not look whether anything is
_HIDES = re.compile(r"skip|ignore|valid|check|verify|strict|raise|drop")


def arrangements(scene: Scene, call: ast.Call, function: Any) -> Iterator[Arrangement]:
    """Calls of the same function with the same values that the message or the values suggest."""
    if not _is_plain(call):
        return
    parameters = _parameters(function)
    yield from _of_an_enumeration(scene, call, function)
    yield from _documented_instead(scene, call, function)
    yield from _renamed(scene, call, parameters, function)
    if _NUMBER.search(scene.message):
        yield from _as_data(scene, call, parameters)
        yield from _missing(scene, call, parameters)
        yield from _keys_and_values(scene, call)
        yield from _by_keyword(call, parameters)
        yield from _collected(call)
    yield from _spread(scene, call)
    yield from _for_a_flag(scene, call)
    if _SAMPLES.search(scene.message):
        yield from _of_the_same_length(scene, call)


def further_arrangements(scene: Scene, call: ast.Call, function: Any) -> Iterator[Arrangement]:
    """Calls with the same values for other parameters: less likely than another form of the values."""
    if _is_plain(call):
        yield from _swapped(call)
        yield from _skipping(scene, call, _parameters(function))
        yield from _switched(call, _parameters(function))


def _is_plain(call: ast.Call) -> bool:
    starred = any(isinstance(item, ast.Starred) for item in call.args)
    return not starred and all(word.arg is not None for word in call.keywords)


def _parameters(function: Any) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a built-in without a signature
        return []


def _with(call: ast.Call, args: list[ast.expr], keywords: list[ast.keyword]) -> ast.Call:
    return ast.Call(func=call.func, args=args, keywords=keywords)


def _free(call: ast.Call, parameters: list[inspect.Parameter]) -> list[str]:
    """The names of the parameters that have no value yet and can be given by name."""
    given = {word.arg for word in call.keywords}
    positional = [item for item in parameters if item.kind is item.POSITIONAL_OR_KEYWORD]
    named = [*positional[len(call.args) :], *(item for item in parameters if item.kind is item.KEYWORD_ONLY)]
    return [item.name for item in named if item.name not in given]


def _renamed(
    scene: Scene, call: ast.Call, parameters: list[inspect.Parameter], function: Any
) -> Iterator[Arrangement]:
    """An unknown keyword as a parameter whose documentation lists its value, or that is like it;
    then without it."""
    told = _UNKNOWN.search(scene.message)
    wrong = next((name for name in told.groups() if name), None) if told is not None else None
    if _TAKES_NONE.search(scene.message) and call.keywords and not call.args:
        yield _with(call, [], []), "Leave out the arguments: it takes none."
    place = next((at for at, word in enumerate(call.keywords) if word.arg == wrong), None)
    if wrong is None or place is None:
        return
    free = _free(call, parameters)
    listed = [name for name in free if name in _listing(function, call.keywords[place].value)]
    for name in dict.fromkeys([*listed, *(item.key for item in alike(wrong, free)[:3])]):
        words = list(call.keywords)
        words[place] = ast.keyword(arg=name, value=words[place].value)
        yield _with(call, call.args, words), f"Pass it as `{name}`."
    words = [word for word in call.keywords if word.arg != wrong]
    yield _with(call, call.args, words), f"Leave out `{wrong}`, which this function does not have."


def _of_an_enumeration(scene: Scene, call: ast.Call, function: Any) -> Iterator[Arrangement]:
    """The member of that name, or one whose value is like what was given: `Status["PAID"]`."""
    if not objects.is_a(function, enum.EnumMeta) or len(call.args) != 1 or call.keywords:
        return
    given = scene.value(call.args[0])
    members = dict(function.__members__)
    if type(given) is str and given in members:
        yield ast.Subscript(value=call.func, slice=call.args[0], ctx=ast.Load()), "Look it up by its name."
    for found in alike(given, [member.value for member in members.values()])[:2]:
        if isinstance(call.args[0], ast.Constant):
            yield _with(call, [ast.Constant(value=found.key)], []), f"Use {found.key!r}."
        elif type(given) is str and found.how == "case":
            for how in ("lower", "upper", "title"):
                if getattr(given, how)() == found.key:
                    changed = ast.Attribute(value=call.args[0], attr=how, ctx=ast.Load())
                    inner = ast.Call(func=changed, args=[], keywords=[])
                    yield _with(call, [inner], []), f"Look it up in {how} case."
        elif found.how == "type":
            name = ast.Name(id=type(found.key).__name__, ctx=ast.Load())
            inner = ast.Call(func=name, args=call.args, keywords=[])
            yield _with(call, [inner], []), f"Make {'an' if name.id == 'int' else 'a'} `{name.id}` of it."


def _documented_instead(scene: Scene, call: ast.Call, function: Any) -> Iterator[Arrangement]:
    """What the documentation of the function says to use, from the same module or object: "use `lstsq`"."""
    if not isinstance(called := call.func, ast.Attribute):
        return
    doc, owner = inspect.getdoc(function) or "", scene.value(called.value)
    for name in dict.fromkeys(_USE.findall(doc)):
        other = getattr(owner, name, None)
        if not callable(other) or other is function or name == called.attr:
            continue
        func = ast.Attribute(value=called.value, attr=name, ctx=ast.Load())
        new: ast.expr = ast.Call(func=func, args=call.args, keywords=call.keywords)
        returns = _RETURNS.search(doc)
        others = _RETURNS.search(inspect.getdoc(other) or "")
        if returns is not None and others is not None and returns[1] == others[1] and others[2]:
            new = ast.Subscript(value=new, slice=ast.Constant(value=0), ctx=ast.Load())
        yield new, f"Use `{name}`, as the documentation of `{called.attr}` says."


def _listing(function: Any, value: ast.expr) -> list[str]:
    """The parameters whose documentation lists the string among their values: `how : {'left', 'right'}`."""
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        return []
    quoted = rf"['\"`]{re.escape(value.value)}['\"`]"
    return re.findall(rf"(?m)^ *(\w+) *:[^\n]*{quoted}", inspect.getdoc(function) or "")


def _for_a_flag(scene: Scene, call: ast.Call) -> Iterator[Arrangement]:
    """Another argument in place of `True`, where the function wants an array: `stratify=y`."""
    if not re.search(r"array|iterable|list-like|sequence|'bool'", scene.message):
        return
    for place, word in enumerate(call.keywords):
        if isinstance(word.value, ast.Constant) and word.value.value is True:
            for other in reversed(call.args):
                words = list(call.keywords)
                words[place] = ast.keyword(arg=word.arg, value=other)
                yield _with(call, call.args, words), f"Give `{ast.unparse(other)}` as `{word.arg}`."


def _missing(scene: Scene, call: ast.Call, parameters: list[inspect.Parameter]) -> Iterator[Arrangement]:
    """Variables that have the names of parameters without a value."""
    required = {item.name for item in parameters if item.default is item.empty}
    names = [name for name in _free(call, parameters) if name in required]
    known = scene.spot.evaluation.names if scene.spot is not None else {}
    found = [name for name in names if name in known]
    if names and found == names:
        words = [ast.keyword(arg=name, value=ast.Name(id=name, ctx=ast.Load())) for name in names]
        yield _with(call, call.args, [*call.keywords, *words]), "Pass the variables of the same names."


def _of_the_same_length(scene: Scene, call: ast.Call) -> Iterator[Arrangement]:
    """For the second argument another variable, one value for each of the first, most like it in its name."""
    if scene.spot is None or len(call.args) != 2:
        return
    first, second = (_rows(scene.value(item)) for item in call.args)
    used = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
    names = scene.spot.evaluation.names
    fitting = [name for name, value in names.items() if name not in used and _rows(value) == first]
    flat = [name for name in fitting if getattr(names[name], "ndim", 1) == 1 and not name.startswith("_")]
    if first is not None and second != first:
        flat.sort(key=lambda name: (not name.lower().startswith(("y", "target", "label")), name))
        for name in flat[:3]:
            changed = [call.args[0], ast.Name(id=name, ctx=ast.Load())]
            yield _with(call, changed, call.keywords), f"Give `{name}`, which has as many values."


def _rows(value: Any) -> int | None:
    """The length of an array, a table, or a list."""
    arrays = is_instance(value, "numpy.ndarray", "pandas.Series", "pandas.DataFrame")
    return len(value) if objects.is_a(value, list) or (arrays and value.ndim > 0) else None


def _keys_and_values(scene: Scene, call: ast.Call) -> Iterator[Arrangement]:
    """The keys of the only argument and its values, where a second argument is missing."""
    if len(call.args) != 1 or not re.search(r"missing 1 required", scene.message):
        return
    value = scene.value(call.args[0])
    text = ast.unparse(call.args[0])
    if objects.is_a(value, dict):
        codes = [f"list({text})", f"list({text}.values())"]
    elif is_instance(value, "pandas.Series"):
        codes = [f"{text}.index", f"{text}.to_numpy()"]
    else:
        return
    args = [ast.parse(code, mode="eval").body for code in codes]
    yield _with(call, args, call.keywords), "Give the keys, then the values."


def _as_data(scene: Scene, call: ast.Call, parameters: list[inspect.Parameter]) -> Iterator[Arrangement]:
    """The only table among the positional arguments as `data`, the others as `x`, `y` and `hue`."""
    given = {word.arg for word in call.keywords}
    names = [item.name for item in parameters if item.name not in given]
    tables = [item for item in call.args if is_instance(scene.value(item), "pandas.DataFrame")]
    others = [item for item in call.args if item not in tables]
    axes = [name for name in ("x", "y", "hue") if name in names]
    if "data" not in names or len(tables) != 1 or len(others) > len(axes):
        return
    words = [ast.keyword(arg="data", value=tables[0])]
    words += [ast.keyword(arg=name, value=value) for name, value in zip(axes, others, strict=False)]
    yield _with(call, [], [*words, *call.keywords]), "Pass the table as `data`, and the others by name."


def _by_keyword(call: ast.Call, parameters: list[inspect.Parameter]) -> Iterator[Arrangement]:
    """Values that are too many by position, as keyword-only parameters in their order."""
    most = sum(item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD) for item in parameters)
    only = [item.name for item in parameters if item.kind is item.KEYWORD_ONLY]
    for first in sorted({most, 0, most - 1}, reverse=True):
        late = call.args[first:] if first >= 0 else []
        if 0 < len(late) <= len(only) and len(late) <= _MOST_POSITIONAL:
            words = [ast.keyword(arg=name, value=value) for name, value in zip(only, late, strict=False)]
            yield _with(call, call.args[:first], [*call.keywords, *words]), "Pass them by keyword."


def _collected(call: ast.Call) -> Iterator[Arrangement]:
    """All values as one list or tuple."""
    if len(call.args) > 1:
        items = list(call.args)
        yield _with(call, [ast.List(elts=items, ctx=ast.Load())], call.keywords), "Put them into one list."
        yield _with(call, [ast.Tuple(elts=items, ctx=ast.Load())], call.keywords), "Put them into one tuple."


def _spread(scene: Scene, call: ast.Call) -> Iterator[Arrangement]:
    """The elements of the only argument as arguments of their own."""
    if len(call.args) != 1 or scene.spot is None:
        return
    value = scene.spot.value(call.args[0])
    if objects.is_a(value, list, tuple):
        star = ast.Starred(value=call.args[0], ctx=ast.Load())
        yield _with(call, [star], call.keywords), "Pass its elements as arguments of their own."
    elif is_instance(value, "pandas.core.groupby.generic.GroupBy"):
        groups = ast.parse(f"f(*[group for _, group in {ast.unparse(call.args[0])}])", mode="eval").body
        assert isinstance(groups, ast.Call)
        yield _with(call, groups.args, call.keywords), "Pass the groups as arguments of their own."
    elif objects.is_a(value, dict):
        word = ast.keyword(arg=None, value=call.args[0])
        yield _with(call, [], [*call.keywords, word]), "Pass its items as keyword arguments."


def _skipping(scene: Scene, call: ast.Call, parameters: list[inspect.Parameter]) -> Iterator[Arrangement]:
    """The last value for a later parameter whose default is none, or of the same type, by its name."""
    if not call.args or scene.spot is None:
        return
    kind = type(scene.spot.value(call.args[-1]))
    fitting = [item.name for item in parameters if item.default is None or type(item.default) is kind]
    for name in [name for name in _free(call, parameters) if name in fitting][:8]:
        word = ast.keyword(arg=name, value=call.args[-1])
        yield _with(call, call.args[:-1], [word, *call.keywords]), f"Pass it as `{name}`."


def _switched(call: ast.Call, parameters: list[inspect.Parameter]) -> Iterator[Arrangement]:
    """With one option that is on or off by default the other way: `lines=True`, `numeric_only=True`."""
    options = {item.name: item.default for item in parameters if type(item.default) is bool}
    for name in [name for name in _free(call, parameters) if name in options and not _HIDES.search(name)]:
        word = ast.keyword(arg=name, value=ast.Constant(value=not options[name]))
        yield _with(call, call.args, [*call.keywords, word]), f"Call it with `{ast.unparse(word)}`."


def _swapped(call: ast.Call) -> Iterator[Arrangement]:
    """Two values in the other order."""
    for one, other in combinations(range(min(len(call.args), _MOST_POSITIONAL)), 2):
        args = list(call.args)
        args[one], args[other] = args[other], args[one]
        yield _with(call, args, call.keywords), "Give them in the other order."
