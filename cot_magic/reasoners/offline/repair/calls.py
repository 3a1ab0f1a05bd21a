"""Edits of calls, subscripts, slices and comprehensions."""

import ast
import itertools
import re
from collections.abc import Sequence

from cot_magic.reasoners.offline.repair.conditions import SIZED, condition_edits
from cot_magic.reasoners.offline.repair.drafts import Drafts, exchanged_heads
from cot_magic.reasoners.offline.repair.tables import REDUCTIONS, RUNNING, SORT_KEYS, SORT_KEYS_OF_PAIRS

SUMMARIES = ("len", "sum", "max", "min")
SORTING = ("sorted", "max", "min")
NEW_ARGUMENTS = ("1", "0", "-1", "''", "' '", "None", "2")


def call_edits(drafts: Drafts, node: ast.Call, parent: ast.AST | None) -> None:
    """Arguments exchanged, dropped or added; the call around its argument or receiver removed."""
    function = drafts.text(node.func)
    args = [drafts.text(arg) for arg in node.args]
    words = [drafts.text(word) for word in node.keywords]

    def written(arguments: Sequence[str], keywords: Sequence[str] = words) -> str:
        return f"{function}({', '.join([*arguments, *keywords])})"

    if len(args) == 1 and not words and function in SUMMARIES:
        for name in drafts.some_names(10):
            if name != args[0] and drafts.types_of(name) & SIZED:
                for other in SUMMARIES:
                    if other != function:
                        drafts.add("callee", node, f"{other}({name})", 0.8)
    for one, two in itertools.combinations(range(len(args)), 2):
        swapped = list(args)
        swapped[one], swapped[two] = args[two], args[one]
        drafts.add("argswap", node, written(swapped))
    for place in range(len(args)):
        drafts.add("argdrop", node, written(args[:place] + args[place + 1 :]))
    _along_axes(drafts, node)
    inner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):  # two links the other way round
        end, middle, last = (drafts.span(part)[1] for part in (inner.func.value, inner, node))
        drafts.add("opswap", (end, last), drafts.between(middle, last) + drafts.between(end, middle))
    _by_groups(drafts, node)
    for place in range(len(words)):
        drafts.add("argdrop", node, written(args, words[:place] + words[place + 1 :]), 0.2)
    if function in SORTING or function.endswith(".sort"):
        _sorting(drafts, node, function, args, words)
    if function == "range":
        _ranges(drafts, node, args, parent)
    _enumerated(drafts, function, parent)
    _unwrapped(drafts, node, args, parent)
    if not args and not words:
        drafts.add("callparen", node, function, 0.8)
    for name in drafts.some_names(10):
        drafts.add("argadd", node, written([*args, name]), 0.2 if args else 0.0)
        if args:
            drafts.add("argadd", node, written([name, *args]), 0.4)
    for constant in NEW_ARGUMENTS:
        drafts.add("argadd", node, written([*args, constant]), 0.5)
    if function == drafts.function_name:
        _recursive(drafts, node, args, words, parent)


def _along_axes(drafts: Drafts, node: ast.Call) -> None:
    """`keepdims=True` beside the axis of a reduction, on this axis or another one."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    axis = next((word.value for word in node.keywords if word.arg == "axis"), None)
    if name in REDUCTIONS and axis is not None and all(word.arg != "keepdims" for word in node.keywords):
        for place, other in enumerate(dict.fromkeys([drafts.text(axis), "0", "1", "-1"])):
            drafts.add("argadd", axis, f"{other}, keepdims=True", -0.8 + 0.1 * place)


def _by_groups(drafts: Drafts, node: ast.Call) -> None:
    """A value of each group in place of one of the whole column."""
    match node:
        case ast.Call(
            func=ast.Attribute(
                attr=name, value=ast.Subscript(value=table, slice=ast.Constant(value=str()) as column)
            ),
        ) if (name in REDUCTIONS and not node.args and not node.keywords) or name in RUNNING:
            said = drafts.docstring
            for key in drafts.hints.columns:
                grouped = f"{drafts.operand(table)}.groupby({key!r})[{drafts.text(column)}]"
                extra = -1.0 if key in said else 0.0
                if key != column.value:
                    if name in REDUCTIONS:
                        drafts.add("wrap", node, f"{grouped}.transform({name!r})", extra)
                    rest = drafts.between(drafts.span(node.func)[1], drafts.span(node)[1])
                    drafts.add("wrap", node, f"{grouped}.{name}{rest}", extra + 0.2)


def _sorting(drafts: Drafts, node: ast.Call, function: str, args: list[str], words: list[str]) -> None:
    def add(word: str, extra: float) -> None:
        drafts.add("sortkw", node, f"{function}({', '.join([*args, *words, word])})", extra)

    given = {word.arg: word.value for word in node.keywords}
    if "reverse" not in given and function not in ("max", "min"):
        add("reverse=True", -0.2)
    if "key" not in given:
        for key in (*SORT_KEYS, *SORT_KEYS_OF_PAIRS):
            add(f"key={key}", 0.2)
        for name in drafts.some_names(10):
            if "dict" in drafts.types_of(name):
                add(f"key=lambda v: {name}[v]", 0.0)
            elif name in drafts.hints.functions or "function" in drafts.types_of(name):
                add(f"key={name}", 0.0)
        return
    key_given = given["key"]
    if isinstance(key_given, ast.Lambda) and len(key_given.args.args) == 1:
        name, body = key_given.args.args[0].arg, drafts.text(key_given.body)
        drafts.add("sortkw", key_given, f"lambda {name}: ({body}, {name})")
        drafts.add("sortkw", key_given, f"lambda {name}: -({body})", 0.2)
        for index in ("0", "1", "-1"):
            drafts.add("sortkw", key_given, f"lambda {name}: {name}[{index}]", 0.2)


def _ranges(drafts: Drafts, node: ast.Call, args: list[str], parent: ast.AST | None) -> None:
    if len(args) == 1:
        (end,) = args
        forms = [f"1, {end}", f"1, {end} + 1", f"{end} - 1, -1, -1", f"{end}, 0, -1", f"2, {end}"]
        for form in [*forms, f"2, {end} + 1", f"0, {end}, 2"]:
            drafts.add("range", node, f"range({form})")
    elif len(args) == 2:
        start, end = args
        forms = [end, f"{start} + 1, {end} + 1", f"{start} - 1, {end} - 1", f"{end}, {start}, -1"]
        for form in [*forms, f"{end} - 1, {start} - 1, -1", f"{start}, {end}, 2", f"{start} - 1, {end} + 1"]:
            drafts.add("range", node, f"range({form})", 0.2)
    elif args[2:] == ["-1"]:
        start, end = args[:2]
        first = end.removesuffix(" - 1") if end.endswith(" - 1") else f"{end} + 1" if end != "-1" else "0"
        last = start.removesuffix(" - 1") if start.endswith(" - 1") else f"{start} + 1"
        drafts.add("range", node, f"range({first}, {last})", 0.2)
    if isinstance(parent, ast.For) and args and isinstance(parent.target, ast.Name):
        sequence = re.fullmatch(r"len\((\w+)\)", args[-1])
        if sequence is not None:
            drafts.add("loopvar", node, sequence.group(1))


def _enumerated(drafts: Drafts, function: str, parent: ast.AST | None) -> None:
    if function != "enumerate" or not isinstance(parent, ast.For | ast.comprehension):
        return
    if isinstance(parent.target, ast.Tuple) and len(parent.target.elts) == 2:
        one, other = map(drafts.text, parent.target.elts)
        closed = drafts.text(parent.target).startswith("(")
        drafts.add("argswap", parent.target, f"({other}, {one})" if closed else f"{other}, {one}")


def _unwrapped(drafts: Drafts, node: ast.Call, args: list[str], parent: ast.AST | None) -> None:
    if len(args) == 1:
        loose = isinstance(parent, ast.BinOp | ast.Attribute | ast.UnaryOp)
        drafts.add("unwrap", node, drafts.operand(node.args[0]) if loose else args[0])
    if isinstance(node.func, ast.Attribute):
        receiver = node.func.value
        drafts.add("unwrap", node, drafts.text(receiver), 0.2)
        if len(args) == 1 and isinstance(receiver, ast.Name | ast.Constant):
            drafts.add("argswap", node, f"{args[0]}.{node.func.attr}({drafts.text(receiver)})", 0.4)


def _recursive(
    drafts: Drafts, node: ast.Call, args: list[str], words: list[str], parent: ast.AST | None
) -> None:
    """Another argument of a recursive call, or something added to its result."""
    for place, name in enumerate(drafts.params[: len(args)]):
        for new in (name, f"{name} - 1", f"{name} + 1", f"{name} // 2", f"{name}[1:]", f"{name}[:-1]"):
            changed = [*args[:place], new, *args[place + 1 :], *words]
            drafts.add("range", node, f"{drafts.function_name}({', '.join(changed)})", 0.2)
    if isinstance(parent, ast.Return | ast.BinOp | ast.Call):
        text = drafts.text(node)
        for first in ("1", "[]"):
            drafts.add("opadd", node, f"{first} + {text}", 0.4)
        for name in drafts.some_names(6):
            drafts.add("opadd", node, f"[{name}] + {text}", 0.5)
            drafts.add("opadd", node, f"{text} + [{name}]", 0.5)


def subscript_edits(drafts: Drafts, node: ast.Subscript, *, loaded: bool) -> None:
    """A call instead of a subscript, another index, the whole, or the index alone."""
    value, index = drafts.text(node.value), drafts.text(node.slice)
    callable_ = (
        isinstance(node.value, ast.Attribute) or value in drafts.builtins or value in drafts.hints.functions
    )
    drafts.add("subcall", node, f"{value}({index})", 0.0 if callable_ else 3.0)
    if isinstance(node.value, ast.Subscript):
        first = drafts.text(node.value.slice)
        drafts.add("argswap", node, f"{drafts.text(node.value.value)}[{index}][{first}]")
    if not loaded:
        return
    drafts.add("unwrap", node, value, 0.2)
    for function in ("sum", "max", "min", "len"):
        drafts.add("subcall", node, f"{function}({value})", 1.6)
    if not isinstance(node.slice, ast.Slice):
        drafts.add("unwrap", node, index, 0.2)
        drafts.add("slice", node, f"{value}[{index}:]", 0.5)
        drafts.add("slice", node, f"{value}[:{index}]", 0.5)
        drafts.add("slice", node, f"{value}.get({index}, 0)", 1.0)
        drafts.add("slice", node, f"[{value}[{index}]]", 0.6)
        for other in ("0", "1", "-1"):
            drafts.add("slice", node, f"{value}[{other}]", 0.4)
            drafts.add("slice", node, f"{value}[{index}][{other}]", 0.4)


def slice_edits(drafts: Drafts, node: ast.Slice) -> None:
    """Another bound or step."""
    low, high, step = (drafts.text(part) if part else "" for part in (node.lower, node.upper, node.step))

    def add(low: str, high: str, step: str, extra: float) -> None:
        new = f"{low}:{high}:{step}" if step else f"{low}:{high}"
        if new != drafts.text(node):
            drafts.add("slice", node, new, extra)

    add(high, low, step, 0.2)
    add("", high, step, 0.1)
    add(low, "", step, 0.1)
    add(low, high, "-1", 0.3)
    add(low, high, "2", 0.6)
    if step:
        add(low, high, "", 0.2)
    if not low:
        add("1", high, step, 0.1)
        add("0", high, step, 2.0)
    if not high:
        add(low, "-1", step, 0.2)
    for name in drafts.some_names(8):
        if "int" in drafts.types_of(name) or not drafts.types_of(name):
            add(name, high, step, 0.4)
            add(low, name, step, 0.4)
            add(f"{name} + 1", high, step, 0.6)
            add(low, f"{name} + 1", step, 0.6)
            add(f"-{name}", high, step, 0.7)


def comprehension_edits(
    drafts: Drafts, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
) -> None:
    """A condition dropped, changed or added; the loops of a comprehension in another exchanged."""
    last = node.generators[-1]
    inner = getattr(node, "elt", None)
    if len(node.generators) == 2:
        exchanged_heads(drafts, *node.generators)
    elif isinstance(inner, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        exchanged_heads(drafts, node.generators[0], inner.generators[0])
    end = drafts.span(last.ifs[-1] if last.ifs else last.iter)[1]
    for test in last.ifs:
        start, stop = drafts.span(test)
        word = drafts.source[:start].rstrip().rfind(b"if")
        drafts.add("compif", (word, stop), "")
        condition_edits(drafts, test)
    for name in (item.id for item in ast.walk(last.target) if isinstance(item, ast.Name)):
        tests = [name, f"not {name}", f"{name} > 0", f"{name} >= 0", f"{name} != 0", f"{name} % 2 == 0"]
        tests += [f"{name} % 2 == 1", f"isinstance({name}, int)", f"{name} is not None"]
        for other in drafts.some_names(8):
            if other != name:
                signs = ("!=", "in", "not in", "<", ">")
                tests += [f"{name} {sign} {other}" for sign in signs]
        for condition in tests:
            drafts.add("compif", (end, end), f" if {condition}", 0.3)
