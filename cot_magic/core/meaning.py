"""What an edit changes in the meaning of a cell, read from its two syntax trees: choices that only the person
can make."""

import ast
import builtins
import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from cot_magic.core.brought_in import brought_in
from cot_magic.core.case import Case
from cot_magic.core.date_formats import reordered_dates
from cot_magic.core.edits import parsed
from cot_magic.core.findings import CellEdit
from cot_magic.core.forced import ALIKE, in_or_below, is_part_of_path, unforced
from cot_magic.core.forced_values import forced_values
from cot_magic.core.idioms import held_elsewhere, plainly
from cot_magic.core.invented import invented
from cot_magic.core.last_rounds import last_rounds
from cot_magic.core.not_kept import is_neutral, not_kept
from cot_magic.core.rearranged import rearranged
from cot_magic.core.shifts import Shift, Symptom
from cot_magic.core.spelling import distance, respelled
from cot_magic.core.units import without_conversions
from cot_magic.core.whole_numbers import made_whole

_BUILTIN = frozenset(dir(builtins))
_TYPES = frozenset({"str", "int", "float", "bool", "list", "tuple", "set", "dict", "bytes", "complex"})
# arguments that say how something is laid out or written, not what its value is
_LAYOUT_KEYWORDS = frozenset(
    {
        *(
            "axis",
            "keepdims",
            "ignore_index",
            "numeric_only",
            "encoding",
            "sep",
            "delimiter",
        ),
        *("format", "dtype", "key", "file", "end", "newline", "mode", "drop", "copy", "inplace", "squeeze"),
        *("dayfirst", "thousands", "decimal", "quotechar", "engine", "regex", "expand", "orient", "strict"),
        *("sparse_output", "stacked", "kind", "figsize", "skipinitialspace"),
    }
)
_LAYOUT_CALLS = frozenset(
    {
        *("replace", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "split", "rsplit", "join"),
        *("astype", "encode", "decode", "strptime", "strftime", "reshape", "expand_dims", "squeeze", "open"),
        *("transpose", "swapaxes", "rename", "import_module", "translate", "maketrans", "isclose", "approx"),
    }
)
# the same operation under another name: of other languages, or of an earlier version
_SAME = frozenset(
    {
        *(("iteritems", "items"), ("itervalues", "values"), ("iterkeys", "keys"), ("xrange", "range")),
        *(("raw_input", "input"), ("unicode", "str"), ("unichr", "chr"), ("push", "append")),
        *(("push_back", "append"), ("toUpperCase", "upper"), ("toLowerCase", "lower"), ("trim", "strip")),
        *(("has_key", "in"), ("as_matrix", "to_numpy"), ("get_value", "at"), ("product", "prod")),
        *(("startsWith", "startswith"), ("endsWith", "endswith"), ("println", "print"), ("null", "None")),
        *(("true", "True"), ("false", "False"), ("nil", "None"), ("clock", "perf_counter")),
        *(("in1d", "isin"), ("row_stack", "vstack"), ("trapz", "trapezoid"), ("cumproduct", "cumprod")),
        *(("length", "len"), ("size", "len"), ("count", "len"), ("append", "add"), ("add", "append")),
        *(
            ("contains", "in"),
            ("sort", "sorted"),
            ("reverse", "reversed"),
            ("NaN", "nan"),
            ("Inf", "inf"),
            ("printf", "print"),
            ("echo", "print"),
        ),
        *(("applymap", "map"), ("pad", "ffill"), ("backfill", "bfill"), ("getchildren", "list")),
    }
)
_BROUGHT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_FREE_OPERATORS = (
    ({"Div"}, {"FloorDiv"}),  # an index or count has to be an integer
    ({"And"}, {"BitAnd"}),
    ({"Or"}, {"BitOr"}),
    ({"Not"}, {"Invert"}),
    ({"Add"}, {"BitOr"}),  # dictionaries are merged by `|`
    ({"BitXor"}, {"Pow"}),
)
_ELSEWHERE = frozenset(
    {
        *("Thread", "Timer", "create_task", "ensure_future", "submit", "run_in_executor", "Process"),
        *("run_coroutine_threadsafe", "call_soon", "call_later", "atexit", "signal", "return_exceptions"),
        *("weakref", "finalize", "setattr", "delattr", "__dict__", "exec", "eval", "compile", "__import__"),
    }
)


_PLACES = {"pivot": ("index", "columns", "values")}  # parameters whose order is not that of the signature
_STRIPS = frozenset({"strip", "lstrip", "rstrip", "removeprefix", "removesuffix"})
_EMPTY = ("{}", "set()", "[]", "()", "''")
_MADE_UP = ("Counter", "ChainMap")  # mappings in which a key that is missing may have a value
_NARROW = frozenset({"int8", "int16", "uint8", "uint16", "float16"})  # larger numbers become others there
# `20%y` says which century, and `PM` which half of the day; beside `%H`, `%p` is read and not minded
_SAID_IN_FORMAT = re.compile(r"\d|\b[AP]\.?M\b|%H.*%p|%p.*%H", re.IGNORECASE)
_PRECISE = re.compile(r"\.\d+s?\Z")  # of a format: cuts off a string


def meaning_changes(
    case: Case | None, edits: tuple[CellEdit, ...], *, chosen: bool = False
) -> tuple[str, ...]:
    """What the edits change that the failure does not decide, in words; empty if the meaning is kept.

    Where an assert of the person's own failed, or follows the failure and asks for what the failing statement
    binds, it decides between readings; an input that is changed until it holds is not decided by it.
    `chosen`: the person said that this is what was meant.
    """
    found = _found(case, edits)
    asserts = deciding(case) if case is not None else ()
    of_items = chosen or not all(map(_of_size, asserts))
    decided = chosen or bool(asserts)
    return tuple(
        dict.fromkeys(
            change.text for change in found if not (change.choice and (of_items if change.loses else decided))
        )
    )


def rests_on_asserts(case: Case, edits: tuple[CellEdit, ...]) -> bool:
    """Whether asserts of the person's own decide something of an edit: one failed, so that any edit is a
    choice, or they decide between readings."""
    raised = case.raised
    if raised is not None and "AssertionError" in (raised.ename, *raised.bases):
        return bool(raised.frames) and (raised.frames[-1].cell is not None or bool(deciding(case)))
    return bool(deciding(case)) and any(change.choice for change in _found(case, edits))


def _found(case: Case | None, edits: tuple[CellEdit, ...]) -> list[Shift]:
    failure = Symptom.of(case.raised) if case is not None and case.raised is not None else Symptom()
    bound = frozenset(name for edit in edits for name in _newly_bound(edit))
    cells = case.cells if case is not None else ()
    return [
        change
        for edit in edits
        for change in _changes(
            edit,
            failure,
            bound,
            tuple(cell.source for cell in cells if cell.id != edit.cell),
        )
    ]


def deciding(case: Case) -> tuple[ast.expr, ...]:
    """The conditions of the asserts at the top level of the failing cell that decide: one of them failed, or
    they are below the failure and use a name that the failing statement binds."""
    tree, raised = parsed(case.cell.source), case.raised
    if tree is None or raised is None:
        return ()
    asserts = [node for node in tree.body if isinstance(node, ast.Assert)]
    if "AssertionError" in (raised.ename, *raised.bases):
        return tuple(node.test for node in asserts)
    lines = [frame.lineno for frame in raised.frames if frame.cell == case.cell.id]
    if not lines:
        return ()
    bound = {
        node.id
        for statement in tree.body
        if statement.lineno <= lines[0] <= (statement.end_lineno or statement.lineno)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return tuple(
        node.test
        for node in asserts
        if node.lineno > lines[0]
        and any(isinstance(name, ast.Name) and name.id in bound for name in ast.walk(node.test))
    )


def is_limit(test: ast.expr) -> bool:
    """Whether a condition only sets a limit; `abs(a - b) < 1e-9` says that two values are the same."""
    limits = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.NotEq)
    return (
        isinstance(test, ast.Compare)
        and all(isinstance(op, limits) for op in test.ops)
        and not (isinstance(test.left, ast.Call) and ast.unparse(test.left.func).endswith("abs"))
    )


def _of_size(test: ast.expr) -> bool:
    """Whether an assert asks for the number of items, the type or a limit alone, which many values have."""
    if is_limit(test):
        return True
    asked = {
        id(part)
        for node in ast.walk(test)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("len", "isinstance", "type", "callable")
        for part in ast.walk(node)
    }
    return bool(asked) and all(id(node) in asked for node in ast.walk(test) if isinstance(node, ast.Name))


@functools.lru_cache(maxsize=1024)
def _changes(
    edit: CellEdit, failure: Symptom, bound: frozenset[str], others: tuple[str, ...]
) -> tuple[Shift, ...]:
    old, new = parsed(edit.before), parsed(edit.after)
    if new is None:
        return ()
    if old is None:
        return (
            *_lost_in_syntax(edit),
            *_made_in_syntax(edit),
            *_operators_in_syntax(edit),
            *_shadows_in_syntax(edit, new),
            *_dead(None, new),
            *in_or_below(edit.before, edit.after, new),
        )
    trees = tuple(tree for source in others if (tree := parsed(source)) is not None)
    held = held_elsewhere(old, new, trees)
    old, new = plainly(old, new)
    assert old is not None
    assert new is not None
    new = without_conversions(old, _without_known(new, others, failure.missing))
    return (
        *(
            Shift(text=f"other cells give entries to `{name}`: a key may be misspelled")
            for name in sorted(held)
        ),
        *_operators(old, new, failure),
        *_values(
            old, new, _mappings((edit.before, *others)), forced_values(old, new, failure, others), others
        ),
        *_inputs(old, new, failure),
        *_names(old, new, failure, bound),
        *_lost_keys(old, new, failure),
        *_asked_softly(old, new, failure),
        *_left_out(old, new),
        *_cut_off(old, new),
        *_arguments(old, new, failure),
        *_named_now(old, new, failure),
        *_keywords(old, new, failure),
        *_exchanged(old, new),
        *_unused(old, new),
        *_scopes(old, new, failure),
        *_shadows(old, new, others),
        *_definitions(old, new),
        *_dead(old, new),
        *invented(old, new, failure),
        *rearranged(old, new, failure, others),
        *brought_in(old, new, failure, others, same_operation),
        *not_kept(old, new, failure),
        *made_whole(old, new, failure, trees),
        *reordered_dates(old, new, failure),
        *unforced(old, new, failure, same_operation),
    )


def _without_known(tree: ast.Module, others: tuple[str, ...], missing: frozenset[str]) -> ast.Module:
    """The tree without imports, definitions, and values of a missing name that another cell of the notebook
    has: they mean what they mean there."""
    known = {
        ast.dump(node)
        for source in others
        if (other := parsed(source)) is not None
        for node in other.body
        if isinstance(node, _BROUGHT)
        or any(
            isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store) and name.id in missing
            for name in ast.walk(node)
        )
    }
    return ast.Module(body=[node for node in tree.body if ast.dump(node) not in known], type_ignores=[])


def _mappings(others: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """What the notebook itself renames: pairs of strings in its dictionaries."""
    return frozenset(
        (key.value, value.value)
        for source in others
        if (tree := parsed(source)) is not None
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
        and isinstance(value, ast.Constant)
        and isinstance(key.value, str)
        and isinstance(value.value, str)
    )


# --- operators ----------------------------------------------------------------------------------------------


def _operators(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    before, after = _operator_counts(old), _operator_counts(new)
    gone, come = before - after, after - before
    come -= last_rounds(old, new, failure).operators
    for removed, added in _FREE_OPERATORS:
        if removed & set(gone) and added & set(come) and not _of_bits(old, new, failure):
            for name in added:
                del come[name]
            for name in removed:
                del gone[name]
    if gone["Add"] == come["Div"] == 1 and all(
        is_part_of_path(node, failure) for node in ast.walk(old) if isinstance(node, ast.BinOp)
    ):
        del gone["Add"], come["Div"]
    if "In" in come and {"has_key", "contains", "__contains__"} & set(_words(old) - _words(new)):
        del come["In"]
    chained = any(isinstance(node, ast.Compare) and len(node.ops) > 1 for node in ast.walk(old))
    if "BitAnd" in come and chained:
        del come["BitAnd"]
    numbers = (ast.Constant, ast.BinOp)
    if "Mult" in come and any(isinstance(getattr(node, "func", None), numbers) for node in ast.walk(old)):
        del come["Mult"]  # `3(a + b)`
    if _augmented(new) < _augmented(old):
        yield Shift(text="it assigns where it added up")
    if sum(map(_half_condition, ast.walk(new))) > sum(map(_half_condition, ast.walk(old))):
        yield Shift(text="one side of `|` or `&` is no condition")
    for name in (gone - come).keys() & {"Sub", "Mult", "Div", "FloorDiv", "Pow"} if not come else ():
        yield Shift(text=f"it computes less: an operator ({name}) is gone")
    for name in come:
        yield Shift(text=f"it computes something else: an operator ({name}) that was not there")


def _of_bits(old: ast.Module, new: ast.Module, failure: Symptom) -> bool:
    """Whether `&`, `|` and `~` come in for numbers, of which they compute bits, or for dictionaries that have
    keys in common, of which the value of one is lost."""
    known = {ast.dump(node) for node in ast.walk(old)}
    for node in ast.walk(new):
        match node:
            case ast.BinOp(op=ast.BitAnd() | ast.BitOr(), left=left, right=right):
                operands = [left, right]
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                operands = [operand]
            case _:
                continue
        if ast.dump(node) in known:
            continue
        if any(_is_numeric(item, failure) for item in operands):
            return True
        if len(operands) == 2 and set.intersection(*(failure.keys_of(item) for item in operands)):
            return True
    return False


def _is_numeric(node: ast.expr, failure: Symptom) -> bool:
    value = failure.value(ast.unparse(node))
    dtype = dict(value.facts).get("dtype", value.type) if value is not None else ""
    return dtype.startswith(("int", "uint", "float", "complex"))


def _augmented(tree: ast.AST) -> int:
    return sum(isinstance(node, ast.AugAssign) for node in ast.walk(tree))


def _half_condition(node: ast.AST) -> bool:
    """`(q.k == 1) | 2`: a comparison on one side, a value on the other."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.BitOr | ast.BitAnd):
        return False
    sides = (node.left, node.right)
    return any(isinstance(side, ast.Compare) for side in sides) and any(
        isinstance(side, ast.Constant) for side in sides
    )


def _operator_counts(tree: ast.AST) -> Counter[str]:
    kinds: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.BoolOp | ast.UnaryOp | ast.AugAssign):
            if isinstance(node, ast.UnaryOp) and ast.unparse(node) == "-1":
                continue  # `reshape(-1, 1)`; as an index it is a value that was not there
            kinds[type(node.op).__name__] += 1
        elif isinstance(node, ast.Compare):
            kinds.update(type(op).__name__ for op in node.ops)
    return kinds


# --- values -------------------------------------------------------------------------------------------------


def _values(
    old: ast.Module,
    new: ast.Module,
    mappings: frozenset[tuple[str, str]],
    begun: Counter[str],
    others: tuple[str, ...],
) -> Iterator[Shift]:
    """Constants that were not there, where they decide a value; `begun` are those from which loops begin."""
    taken = _taken_over(old, new, others)
    everywhere, now = _all_constants(old), _all_constants(new)
    before, after = _constants(old), _constants(new) - begun
    gone = [ast.literal_eval(text) for text in everywhere - now]
    words = list(_words(old) - _words(new))
    for text in after - before:
        value = ast.literal_eval(text)
        # the 1 of `axis=1` or `x[-1]` that is still there is no value that moved
        moved = after[text] <= everywhere[text] and now[text.lstrip("-")] <= everywhere[text.lstrip("-")]
        if moved or _renamed(value, gone, words, mappings):
            continue
        # a literal in place of what was computed may fit any assert
        computed = set(words) - {str(was) for was in gone}
        if text in taken:
            said = f"it takes `{taken[text][:60]}` from another cell, where it may mean something else"
        else:
            said = f"it puts in a value of its own: {text[:60]}"
        yield Shift(text=said, choice=not computed)


def _taken_over(old: ast.Module, new: ast.Module, others: tuple[str, ...]) -> dict[str, str]:
    """Constants that the edit gives to a name as another cell does: what it adds, by the constant."""
    trees = [tree for source in others if (tree := parsed(source)) is not None]
    there = {ast.unparse(node) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Assign)}
    before = {ast.unparse(node) for node in ast.walk(old) if isinstance(node, ast.Assign)}
    return {
        repr(node.value.value): ast.unparse(node)
        for node in ast.walk(new)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        if ast.unparse(node) in there - before
    }


def _renamed(
    value: object, gone: list[object], words: list[str], mappings: frozenset[tuple[str, str]]
) -> bool:
    """Whether a constant is something that was there, written in another way: spelled anew, in quotes, as
    another type, the same file elsewhere, or renamed by the notebook itself."""
    if any(str(was) == str(value) or same_operation(was, str(value)) for was in (*gone, *words)):
        return True
    if not isinstance(value, str):
        whole = re.compile(rf"(?<!\w){re.escape(str(value))}(?!\w)")
        return any(isinstance(was, str) and whole.search(was) for was in gone)
    return any(
        isinstance(was, str)
        and not (_quoted(was) < _quoted(value) and _quoted(was) % 2 == 0)
        and (respelled(was, value) or (was, value) in mappings or _file(was) == _file(value))
        for was in gone
    ) or any(respelled(word, value) for word in words)


def _quoted(text: str) -> int:
    """How many quotes are in a string: in a query, a name in quotes is another value."""
    return text.count("'") + text.count('"')


def _file(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2] if "." in path else path


def _all_constants(tree: ast.Module) -> Counter[str]:
    return Counter(
        repr(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and not isinstance(node.value, type(...))
    )


def _constants(tree: ast.Module) -> Counter[str]:
    """The constants of a tree that are values: not docstrings, and not what says how it is laid out."""
    free, values = set[int](), set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            free.update(id(item) for argument in _layout_arguments(node) for item in ast.walk(argument))
            values |= _value_arguments(node)
        elif isinstance(node, ast.JoinedStr):
            free.update(id(item) for item in node.values if isinstance(item, ast.Constant))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            free.add(id(node.value))
        elif isinstance(node, ast.Subscript):  # `values[:, None]` has one axis more
            free.update(
                id(item)
                for item in ast.walk(node.slice)
                if isinstance(item, ast.Constant) and item.value is None
            )
    free -= values
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                if id(node.operand) not in free:
                    found[repr(-number)] += 1
                    found[repr(number)] -= 1
            case ast.Constant(value=str() | bytes() | int() | float() | complex() | None as value):
                if id(node) not in free:
                    found[repr(value)] += 1
    return +found


def _layout_arguments(call: ast.Call) -> list[ast.expr]:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    found = [
        word.value
        for word in call.keywords
        if word.arg in _LAYOUT_KEYWORDS
        and not _renames_another(word.value)
        and not (word.arg == "format" and _is_value("strptime", word.value, []))
        and not (word.arg == "dtype" and _is_value("astype", word.value, []))
    ]
    if called in _LAYOUT_CALLS:
        given = [*call.args, *(word.value for word in call.keywords)]
        if called == "rename":
            given = [item for item in given if not _renames_another(item)]
        found += [item for item in given if not _is_value(called, item, given)]
        if called == "join" and isinstance(call.func, ast.Attribute):
            found.append(call.func.value)
    return found


def _value_arguments(call: ast.Call) -> set[int]:
    """The constants of a cleaning call that say what the value is, also inside another call."""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if called != "replace" and called not in _STRIPS:
        return set()
    return {id(node) for item in call.args if _is_value(called, item, call.args) for node in ast.walk(item)}


def _is_value(called: str, item: ast.expr, given: list[ast.expr]) -> bool:
    """Whether an argument says what the value is: what is put in place of something, which letters are taken
    away, where a string is cut."""
    text = getattr(item, "value", None)
    if called == "open":
        return item is given[0]
    if called == "astype":
        return isinstance(text, str) and text.lower() in _NARROW
    if called in ("strptime", "strftime"):
        return isinstance(text, str) and _SAID_IN_FORMAT.search(text) is not None
    if called == "reshape":
        return any(isinstance(part, ast.Constant) and part.value not in (1, -1) for part in ast.walk(item))
    if called == "replace":
        if item is not given[0]:
            return _says(item)
        return isinstance(text, str) and not is_neutral(text)
    if called in _STRIPS:
        return isinstance(text, str) and not is_neutral(text)
    if called in ("split", "rsplit"):
        return item is not given[0] or (isinstance(text, str) and _says(item))
    return False


def _renames_another(node: ast.expr) -> bool:
    """Whether a mapping of names gives one a name that is not another spelling of it."""
    pairs: list[tuple[object, ast.expr]] = []
    if isinstance(node, ast.Dict):
        pairs = [
            (key.value, value)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        ]
    elif isinstance(node, ast.Call) and ast.unparse(node.func) == "dict":
        pairs = [(word.arg, word.value) for word in node.keywords if word.arg is not None]
    return any(
        isinstance(value, ast.Constant) and not respelled(str(key).strip(), str(value.value).strip())
        for key, value in pairs
    )


def _says(node: ast.expr) -> bool:
    """Whether a literal has letters or digits: put in place of something, it is a value."""
    return any(
        isinstance(item, ast.Constant) and re.search(r"\w", str(item.value)) is not None
        for item in ast.walk(node)
    )


def _lost_keys(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """Keys that were asked for and are not any more, under no other spelling; where one was missing, it may
    also have been an argument."""
    come = [ast.literal_eval(text) for text in _all_constants(new) - _all_constants(old)]
    strings = [item for item in come if isinstance(item, str)]
    words = _words(new) - _words(old)
    there = {ast.literal_eval(text) for text in _all_constants(old)}
    missing = sorted(failure.missing & there) if failure.of_keys else []
    for key in dict.fromkeys((*_keys(old), *missing)):
        kept = key in _keys(new) or repr(key) in _all_constants(new) or key in _words(new)
        given = come if key in _keys(old) else strings  # `d['(0, 1)']` may be `d[(0, 1)]`
        if not kept and not given and not any(respelled(key, word) for word in words):
            yield Shift(text=f"it does not ask for {key!r} any more")


def _keys(tree: ast.Module) -> list[str]:
    return [
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    ]


def _asked_softly(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """A missing key is asked for by a call that does not mind: `df.filter(names)` for `df[names]`."""
    if not failure.of_keys:
        return
    left = {ast.dump(node) for node in ast.walk(new) if isinstance(node, ast.Subscript)}
    calls = [node for node in ast.walk(new) if isinstance(node, ast.Call)]
    for node in ast.walk(old):
        if not isinstance(node, ast.Subscript) or ast.unparse(node) not in failure.running:
            continue
        asked, key = ast.dump(node.value), ast.dump(node.slice)
        for call in calls if ast.dump(node) not in left else ():
            given = [ast.dump(item) for item in (*call.args, *(word.value for word in call.keywords))]
            if key in given and asked in (*given, ast.dump(getattr(call.func, "value", call.func))):
                called = ast.unparse(call.func)[:60]
                yield Shift(text=f"`{called}` asks for the same, and passes without it", choice=False)
    known = {ast.dump(node) for node in ast.walk(old)}
    for call in calls:
        called = ast.unparse(call.func)
        if call.args and called.rpartition(".")[2] in _MADE_UP and ast.dump(call) not in known:
            yield Shift(text=f"`{called[:60]}` makes up what is missing", choice=False)


def _left_out(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """Conditions in comprehensions and computed slices: what does not fit is not there."""
    before, after = _conditions(old), _conditions(new)
    if after.total() > before.total():
        yield Shift(
            text=f"it leaves out items: only those with {next(iter(after - before))[:60]}", loses=True
        )
    before_slices, after_slices = _computed_slices(old), _computed_slices(new)
    for text in sorted(after_slices - before_slices) if len(after_slices) > len(before_slices) else ():
        yield Shift(text=f"it takes a part only: `[{text[:40]}]`", loses=True)


def _computed_slices(tree: ast.Module) -> set[str]:
    return {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Slice) and any(isinstance(part, ast.Name) for part in ast.walk(node))
    }


def _cut_off(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """Formats that cut off a string, where a number was formatted."""
    for text in sorted(_formats(new) - _formats(old)):
        if _PRECISE.search(text):
            yield Shift(text=f"the format `{text[:20]}` cuts off a string")


def _formats(tree: ast.Module) -> set[str]:
    """What the formats of f-strings, of `format` and of `%` say."""
    found = {
        str(part.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr)
        for part in node.format_spec.values
        if isinstance(part, ast.Constant)
    }
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    strings = [text for text in texts if isinstance(text, str)]
    found |= {told for text in strings for told in re.findall(r"\{\w*:([^{}]*)\}", text)}
    return found | {told for text in strings for told in re.findall(r"%[-#0 +]*\d*(\.\d+s)", text)}


def _conditions(tree: ast.Module) -> Counter[str]:
    return Counter(
        ast.unparse(condition)
        for node in ast.walk(tree)
        if isinstance(node, ast.comprehension)
        for condition in node.ifs
    )


def _inputs(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """A name that was given a literal is given another one; what is empty may be so as another type, if that
    one has the method that was missing."""
    before = _given_literals(old)
    for name, text in _given_literals(new).items():
        was = before.get(name)
        if was in _EMPTY and text in _EMPTY and "AttributeError" in failure.bases:
            methods = dir(type(ast.literal_eval(text)))
            if failure.missing & {*methods} - {*dir(type(ast.literal_eval(was)))}:
                continue
        if was is not None and was != text and not _only_respelled(was, text):
            yield Shift(text=f"it changes the input: `{name}`", choice=False)


def _given_literals(tree: ast.Module) -> dict[str, str]:
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = repr(ast.literal_eval(node.value))
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                continue
    return found


def _only_respelled(one: str, other: str) -> bool:
    """Whether two literals have the same elements, or strings of the same words."""
    mine, theirs = _atoms(one), _atoms(other)
    return len(mine) == len(theirs) and all(
        a == b or a.strip("'\"") == b.strip("'\"") or (a[0] in "'\"" and respelled(a, b))
        for a, b in zip(mine, theirs, strict=True)
    )


def _atoms(text: str) -> list[str]:
    return re.findall(r"'[^']*'|\"[^\"]*\"|[\w.+-]+", text)


# --- names --------------------------------------------------------------------------------------------------


def _names(old: ast.Module, new: ast.Module, failure: Symptom, bound: frozenset[str]) -> Iterator[Shift]:
    """Names and attributes in place of others: only what could not be found may be spelled anew.

    What belongs to the operation that failed may be replaced: whether the new one works on the same operands
    is for the run to show.
    """
    before, after = _words(old), _words(new)
    gone, come = list((before - after).elements()), list((after - before).elements())
    missing, failed = failure.missing, failure.words
    for name in dict.fromkeys(gone):
        if name in missing:
            likely = any(respelled(name, item) or same_operation(name, item) for item in come)
            if len(set(come)) == 1 and not likely and come[0] not in bound and not _contains(come[0], name):
                yield Shift(text=f"`{come[0]}` is not a spelling of `{name}`")
        elif name in failed or name in _TYPES or any(_replaces(name, item) for item in come):
            continue
        elif name not in after:
            yield Shift(text=f"it does not use `{name}` any more", choice=not bound, loses=True)
        elif len(come) == len(gone) > 0 and before[name] - after[name] == 1 and not set(come) & bound:
            yield Shift(text=f"it uses `{come[0]}` where `{name}` was used")


def _replaces(name: str, other: str) -> bool:
    """Whether a function does what another one did, or the same in more places."""
    return same_operation(name, other) or (name, other) in ALIKE


def _contains(name: str, word: str) -> bool:
    """Whether the new name has the old one as a word: `ascii_letters` and `letters`."""
    return word.lower() in name.lower().split("_")


def same_operation(word: object, other: str) -> bool:
    """Whether both name the same operation, in another language or version; the first may be misspelled."""
    return isinstance(word, str) and any(
        known == other and (word == name or respelled(word, name)) for name, known in _SAME
    )


def _words(tree: ast.Module) -> Counter[str]:
    words: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name):
                words[name] += 1
            case ast.keyword(arg=str(name)):
                words[name] += 1
    return words


# --- calls, scopes, definitions -----------------------------------------------------------------------------


def _arguments(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """Calls of the same function with fewer arguments, or with the same in another order."""
    before, after = _calls(old), _calls(new)
    for called in before.keys() & after.keys():
        mine, theirs = before[called], after[called]
        if len(mine) != len(theirs):
            continue
        for one, other in zip(mine, theirs, strict=True):
            if twice := [text for text in _repeated(other) if text not in _repeated(one)]:
                yield Shift(text=f"it gives `{twice[0][:40]}` to `{called}` twice", loses=True)
            if _reordered(one, other) and not _refused(called, failure):
                yield Shift(text=f"it changes the order of the arguments of `{called}`")
            elif len(other) < len(one) and (Counter(_parts(one)) - Counter(_parts(other))):
                yield Shift(text=f"it drops an argument of `{called}`")


def _named_now(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """Arguments that were given by place and get the name of another parameter."""
    before, after = ([node for node in ast.walk(tree) if isinstance(node, ast.Call)] for tree in (old, new))
    for one, other in itertools.product(before, after):
        called = ast.unparse(one.func)
        if called != ast.unparse(other.func) or len(one.args) <= len(other.args):
            continue
        known = failure.value(called)
        signature = dict(known.facts).get("signature", "") if known is not None else ""
        names = re.findall(r"(?:^\(|, )(\w+)", signature)
        order = _PLACES.get(called.rpartition(".")[2], tuple(name for name in names if name != "self"))
        for place, value in enumerate(one.args):
            named = [word for word in other.keywords if ast.dump(word.value) == ast.dump(value)]
            if named and place < len(order) and order[place] not in [word.arg for word in named]:
                told = ast.unparse(named[0])[:40]
                yield Shift(text=f"`{told}` was in the place of `{order[place]}`")


def _repeated(arguments: tuple[str, ...]) -> list[str]:
    """The arguments that are there more than once and have a name in them."""
    return [text for text, times in Counter(arguments).items() if times > 1 and re.search("[A-Za-z_]", text)]


def _reordered(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the names that both calls pass are passed in another order."""
    mine, theirs = (
        [word for word in _parts(tuple(map(_without_strings, given))) if word.isidentifier() or word in given]
        for given in (one, other)
    )
    shared = [word for word in mine if theirs.count(word) == mine.count(word) == 1]
    return shared != [word for word in theirs if word in shared]


def _without_strings(argument: str) -> str:
    """The source of an argument without the strings that it is not alone: their words are no arguments."""
    return re.sub(r"'[^']*'|\"[^\"]*\"", "", argument)


def _refused(called: str, failure: Symptom) -> bool:
    """Whether the call itself refused the types of its arguments."""
    return failure.of_types and any(text.startswith(f"{called}(") for text in failure.running)


def _parts(arguments: tuple[str, ...]) -> list[str]:
    return [part for text in arguments for part in re.findall(r"\w+", text)]


def _calls(tree: ast.Module) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            arguments = [ast.unparse(item) for item in node.args]
            arguments += [ast.unparse(item.value) for item in node.keywords]
            name = ast.unparse(node.func)
            if len(name) <= 60:
                found.setdefault(name, []).append(tuple(arguments))
    return found


def _keywords(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """Keyword arguments with another value: a flag that is turned, or one of a call that had worked."""
    before, after = _named(old), _named(new)
    mine, theirs = (
        sum("key" in words for calls in named.values() for words in calls) for named in (before, after)
    )
    if theirs > mine:
        yield Shift(text="it orders by a key of its own")
    for called in before.keys() & after.keys():
        for one, other in zip(before[called], after[called], strict=False):
            for word in one.keys() & other.keys():
                was, now = one[word], other[word]
                if word == "key" and ast.dump(was) != ast.dump(now):
                    yield Shift(text=f"it orders by `{ast.unparse(now)[:40]}`, which is another key")
                if not isinstance(was, ast.Constant) or not isinstance(now, ast.Constant):
                    continue
                if was.value == now.value or (
                    isinstance(was.value, str)
                    and isinstance(now.value, str)
                    and respelled(was.value, now.value)
                ):
                    continue
                worked = not any(f"{called}(" in text for text in failure.running)
                if worked or isinstance(was.value, bool) or word == "axis":
                    told = f"{word}={ast.unparse(was)}"
                    yield Shift(text=f"it changes `{told}` of `{called}` to {ast.unparse(now)}")


def _named(tree: ast.Module) -> dict[str, list[dict[str, ast.expr]]]:
    """The keyword arguments of each call, by what is called."""
    found: dict[str, list[dict[str, ast.expr]]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            words = {word.arg: word.value for word in node.keywords if word.arg is not None}
            found.setdefault(ast.unparse(node.func)[:60], []).append(words)
    return found


_ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult, ast.LShift, ast.RShift)


def _exchanged(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """Operations whose operands change places."""
    before, after = _operations(old), _operations(new)
    for left, kind, right in after - before:
        if (right, kind, left) in before - after:
            yield Shift(text=f"it exchanges the operands `{right[:40]}` and `{left[:40]}`")


def _operations(tree: ast.Module) -> Counter[tuple[str, str, str]]:
    return Counter(
        (ast.unparse(node.left), type(node.op).__name__, ast.unparse(node.right))
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, _ORDERED)
    )


def _unused(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """A `return` that is added to a function and leaves out what the function defines for nothing else."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    returned = {ast.dump(node) for node in ast.walk(old) if isinstance(node, ast.Return)}
    for function in (node for node in ast.walk(new) if isinstance(node, functions)):
        if not any(isinstance(node, ast.Return) and ast.dump(node) not in returned for node in function.body):
            continue
        read = {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        for node in function.body:
            if isinstance(node, functions) and node.name not in read and not node.decorator_list:
                yield Shift(text=f"`{node.name}` is defined and not used")


def _scopes(old: ast.Module, new: ast.Module, failure: Symptom) -> Iterator[Shift]:
    """Variables from outside; what the function around it binds is meant, where a name is not bound yet."""
    before, after = _declared(old), _declared(new)
    missing = failure.missing if "UnboundLocalError" in failure.bases else frozenset[str]()
    for name in after - before:
        if name in missing and _of_enclosing(new, name):
            continue
        yield Shift(text=f"it makes `{name}` a variable from outside the function")


def _of_enclosing(tree: ast.Module, name: str) -> bool:
    """Whether each function that says `nonlocal` of a name is right in one that binds it."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = False
    for outer in (node for node in ast.walk(tree) if isinstance(node, functions)):
        inside = [node for node in outer.body if isinstance(node, functions)]
        saying = [node for node in inside if any(_says_nonlocal(item, name) for item in node.body)]
        rest = [node for node in outer.body if node not in inside]
        binds = any(
            isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store) and item.id == name
            for node in rest
            for item in ast.walk(node)
        )
        if saying and not binds:
            return False
        found = found or bool(saying)
    return found


def _says_nonlocal(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.Nonlocal) and name in node.names


def _declared(tree: ast.Module) -> Counter[str]:
    return Counter(
        name for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names
    )


def _shadows(old: ast.Module, new: ast.Module, others: tuple[str, ...]) -> Iterator[Shift]:
    """Builtins, modules and functions that the edit binds anew; a function of its own that nothing in the
    notebook has or calls replaces none."""
    before, after = _bindings(old), _bindings(new)
    elsewhere = [tree for source in others if (tree := parsed(source)) is not None]
    defined = {
        node.name
        for node in new.body
        if isinstance(node, ast.FunctionDef) and node.name not in before.union(*map(_bindings, elsewhere))
    }
    called = {
        node.func.id
        for tree in (old, new, *elsewhere)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and not (tree is new and node.func.id in defined)
    }
    roots = {
        node.value.id
        for node in ast.walk(new)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for tree in (old, new)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    used = called | _BUILTIN | (imported & roots)
    for name in sorted((after - before) & used):
        yield Shift(text=f"it replaces `{name}`", choice=False)
    for node in ast.walk(new):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            root = node.value
            if (
                isinstance(root, ast.Name)
                and root.id in imported | _BUILTIN
                and ast.unparse(node)
                not in {ast.unparse(item) for item in ast.walk(old) if isinstance(item, ast.Attribute)}
            ):
                yield Shift(text=f"it replaces `{ast.unparse(node)}`", choice=False)


def _bindings(tree: ast.Module) -> set[str]:
    """Names that are bound by something else than an import."""
    found = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    found |= {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    return found


@functools.lru_cache(maxsize=256)
def _newly_bound(edit: CellEdit) -> set[str]:
    old, new = parsed(edit.before), parsed(edit.after)
    return (_bindings(new) - _bindings(old)) if old is not None and new is not None else set()


def _definitions(old: ast.Module, new: ast.Module) -> Iterator[Shift]:
    """Special methods, decorators and work that is done elsewhere or later."""
    dunder = re.compile(r"__\w+__")
    for name in _words(new) - _words(old):
        if dunder.fullmatch(name) and name not in ("__init__", "__name__", "__file__"):
            yield Shift(text=f"it uses `{name}`")
    for name in _special(new) - _special(old):
        yield Shift(text=f"it defines `{name}`", choice=False)
    if (_decorators(new) - _decorators(old)).total():
        yield Shift(text="it adds a decorator", choice=False)
    before, after = _mentions(old), _mentions(new)
    for name in sorted(after - before):
        yield Shift(text=f"it uses `{name}`, so that an error may be seen by nobody", choice=False)


def _dead(old: ast.Module | None, new: ast.Module) -> Iterator[Shift]:
    """Statements after one that leaves their block: they can never run."""
    if _unreachable(new) > (_unreachable(old) if old is not None else 0):
        yield Shift(text="with it a statement can never run", choice=False)


def _unreachable(tree: ast.AST) -> int:
    leaves = (ast.Return, ast.Raise, ast.Continue, ast.Break)
    blocks = [
        block
        for node in ast.walk(tree)
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody"))
        if isinstance(block, list)
    ]
    return sum(isinstance(statement, leaves) for block in blocks for statement in block[:-1])


def _special(tree: ast.Module) -> set[str]:
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and re.fullmatch(r"__\w+__", node.name)
        and node.name != "__init__"
    }


def _decorators(tree: ast.Module) -> Counter[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return Counter(
        ast.unparse(item)
        for node in ast.walk(tree)
        if isinstance(node, kinds)
        for item in node.decorator_list
    )


def _mentions(tree: ast.Module) -> set[str]:
    return set(_ELSEWHERE) & {
        *(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)),
        *(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)),
        *(node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg),
        *(
            alias.name.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        ),
    }


# --- sources that could not be parsed -----------------------------------------------------------------------

_MOST = 40  # words that are compared with one another
_WORD = re.compile(r"[A-Za-z_]\w*|\d+(?:\.\d+)?")


def _shadows_in_syntax(edit: CellEdit, new: ast.Module) -> Iterator[Shift]:
    """Builtins that the edit binds and the source that could not be parsed does not: `print = 'hello'`."""
    for name in sorted(_bindings(new) & _BUILTIN):
        bound = rf"\b{name}\b\s*(?:=(?!=)|,|:|\bin\b)|\b(?:as|def|class|for)\s+{name}\b"
        if not re.search(bound, edit.before):
            yield Shift(text=f"it replaces `{name}`", choice=False)


_OPERATOR = re.compile(
    r"\*\*=?|//=?|>>=?|<<=?|===?|!==?|&&|\|\||\+\+|--|=[<>!]|<>|[-+*/%&|^@:<>]=|[-+*/%<>=&|^~!?]|[–—−×÷≤≥≠]"
    r"|\b(?:and|or|not|in|is)\b"
)
# what an operator that Python does not have there is meant to be
_MEANT = {
    "=": ("==",), "===": ("==",), "=>": (">=",), "=<": ("<=",), "<>": ("!=",), "!": ("not", "!="),
    "!==": ("!=",), "=!": ("!=",), "&&": ("and",), "||": ("or",), "++": ("+=", "+"), "--": ("-=", "-"),
    "–": ("-",), "—": ("-",), "−": ("-",), "×": ("*",), "÷": ("/",), "≤": ("<=",), "≥": (">=",),
    "≠": ("!=",), "==": ("=",), ":=": ("=",),
}  # fmt: skip
_TIMES = re.compile(r"(?<![\w.])\d+(?:\.\d+)?\s*[A-Za-z_(]|\)\s*\(")  # `2x`, `3(a + b)`


def _operators_in_syntax(edit: CellEdit) -> Iterator[Shift]:
    """Operators that a source which could not be parsed does not have, nor anything that is meant by them."""
    before, after = (Counter(_OPERATOR.findall(source)) for source in (edit.before, edit.after))
    gone = list((before - after).elements())[:_MOST]
    words = list((Counter(_WORD.findall(edit.before)) - Counter(_WORD.findall(edit.after))).elements())[
        :_MOST
    ]
    for operator in after - before:
        if operator == "=" or any(operator in _MEANT.get(was, ()) for was in gone):
            continue
        if operator == "*" and _TIMES.search(edit.before):
            continue
        if not Counter(operator) - Counter("".join(gone)):
            continue  # `> =`
        if operator.isalpha() and any(
            distance(word.lower(), operator) <= 1 + (len(word) > 2) for word in words
        ):
            continue
        if operator == "in" and len(re.findall(r"\bfor\b", edit.before)) > before["in"]:
            continue
        yield Shift(text=f"it computes something else: an operator ({operator}) that was not there")
    twice = re.search(r"[-+*/%<>=&|^]\s+[-+*/%<>=&|^]", edit.before)
    if gone and not (after - before) and not twice:
        yield Shift(text=f"it computes something else: an operator ({gone[0]}) is gone")


def _lost_in_syntax(edit: CellEdit) -> Iterator[Shift]:
    """Words of a source that could not be parsed which the edit leaves out, if none is spelled like them."""
    before, after = Counter(_WORD.findall(edit.before)), Counter(_WORD.findall(edit.after))
    come = list((after - before).elements())[:_MOST]
    for word in list(before - after)[:_MOST]:
        if any(respelled(word, item) or (word, item) in _SAME for item in come):
            continue
        if word in ("else", "if") and "elif" in come:
            continue
        if not word.isidentifier() and any(item.strip("0") == word.strip("0") for item in come):
            continue  # 010 became 10 or 0o10
        yield Shift(text=f"it leaves out `{word}`")


# words that a source which cannot be parsed may lack: they say nothing of their own
_JOINING = frozenset(
    {"in", "elif", "not", "and", "or", "is", "def", "as", "import", "from", "return", "await", "async", "f"}
)


def _made_in_syntax(edit: CellEdit) -> Iterator[Shift]:
    """Words that come into a source that could not be parsed, or that are in another order there."""
    before, after = _WORD.findall(edit.before), _WORD.findall(edit.after)
    gone = list((Counter(before) - Counter(after)).elements())[:_MOST]
    for word in list(Counter(after) - Counter(before))[:_MOST]:
        if word in _JOINING or any(respelled(was, word) or (was, word) in _SAME for was in gone):
            continue
        if any(was.strip("0") == word.strip("0") or word in was or was in word for was in gone):
            continue
        yield Shift(text=f"it puts in a word of its own: `{word}`")
    if Counter(before) == Counter(after) and before != after:
        yield Shift(text="it puts words in another order")
