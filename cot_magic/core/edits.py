"""What an edit does to a cell, read from its two sources: its size, and whether it only hides the failure."""

import ast
import difflib
import functools
import io
import re
import tokenize
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace

from cot_magic.core.findings import CellEdit
from cot_magic.core.idioms import plainly

_PAIRS = 4_000_000  # about a second of comparing
_LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING, tokenize.ENDMARKER)
_WORD = re.compile(r"\w+|[^\w\s]")
# what judges a fix, or what tells code that it is judged: a fix of a mistake in a notebook needs none of it
_OF_THE_JUDGE = frozenset(
    {
        *("cot_magic", "IPython", "get_ipython", "gc", "ctypes", "faulthandler", "__traceback__"),
        *("run_cell", "run_code", "run_cell_async", "showtraceback", "set_custom_exc", "excepthook"),
        *("ast_transformers", "input_transformers_cleanup", "input_transformers_post"),
        *("_getframe", "settrace", "setprofile", "addaudithook"),
        *("_exit", "abort", "getpid", "getppid", "killpg"),
    }
)
_TELLTALE = re.compile(r"/proc\b|cot_magic|Seccomp|<cot\b|COT_MAGIC")
_AROUND = {
    ast.With: "context manager",
    ast.AsyncWith: "context manager",
    ast.FunctionDef: "function",
    ast.AsyncFunctionDef: "function",
    ast.ClassDef: "class",
    ast.Lambda: "lambda",
}
# what encodes or decodes text, and what it does with a character that it does not know
_CODECS = frozenset({"encode", "decode", "str", "bytes", "open", "read_text", "write_text"})
_HANDLERS = frozenset(
    {
        *("ignore", "replace", "backslashreplace", "namereplace", "xmlcharrefreplace", "coerce"),
        *("skip", "warn", "surrogateescape", "surrogatepass"),
    }
)
_LENIENT = ("safe_substitute", "resetwarnings")
_SKIPS = (ast.If, ast.Return, ast.Continue, ast.Break, ast.Pass, ast.IfExp)


def tokens(source: str) -> tuple[str, ...]:
    """The tokens of a source without comments and line ends; words and characters if it is invalid."""
    try:
        found = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return tuple(_WORD.findall(source))
    return tuple(token.string for token in found if token.type not in _LAYOUT)


def size(edits: Sequence[CellEdit]) -> int:
    """How many tokens were added, removed or replaced, over all edits."""
    return sum(_size(edit) for edit in edits)


@functools.lru_cache(maxsize=1024)  # a judgement compares each fix with all rivals, and screens judge often
def _size(edit: CellEdit) -> int:
    changes = opcodes(tokens(edit.before), tokens(edit.after))
    return sum(max(b - a, d - c) for tag, a, b, c, d in changes if tag != "equal")


def opcodes(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[str, int, int, int, int]]:
    """difflib's opcodes from `old` to `new`, in a time that a cell with a large literal does not make long.

    difflib takes quadratic time where many items are equal. So what both share at head and tail is set aside
    first, and a middle of more than `_PAIRS` pairs counts as replaced in one piece.
    """
    shortest = min(len(old), len(new))
    head = next((n for n in range(shortest) if old[n] != new[n]), shortest)
    tail = next((n for n in range(shortest - head) if old[-1 - n] != new[-1 - n]), shortest - head)
    a, b, c, d = head, len(old) - tail, head, len(new) - tail
    if (b - a) * (d - c) > _PAIRS:
        middle = [("replace", a, b, c, d)]
    else:
        matcher = difflib.SequenceMatcher(None, old[a:b], new[c:d], autojunk=False)
        middle = [(tag, a + i, a + j, c + k, c + m) for tag, i, j, k, m in matcher.get_opcodes()]
    first = [("equal", 0, head, 0, head)] if head else []
    return [*first, *middle, *([("equal", b, len(old), d, len(new))] if tail else [])]


def diff(edit: CellEdit, name: str = "cell") -> str:
    """A unified diff of the edit, without file headers' dates."""
    lines = difflib.unified_diff(
        edit.before.splitlines(),
        edit.after.splitlines(),
        f"{name} (before)",
        f"{name} (after)",
        lineterm="",
        n=3,
    )
    return "\n".join(lines)


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@functools.lru_cache(maxsize=1024)
def in_function(edit: CellEdit) -> bool:
    """Whether the edit changes lines of a function or class that the cell defines."""
    tree = parsed(edit.after)
    if tree is None:
        return False
    found = [node for node in ast.walk(tree) if isinstance(node, _DEFINITIONS)]
    spans = [(node.lineno, node.end_lineno or node.lineno) for node in found]
    changes = opcodes(edit.before.splitlines(), edit.after.splitlines())
    touched = [(c + 1, max(c + 1, d)) for tag, _, _, c, d in changes if tag != "equal"]
    return any(first <= end and start <= last for start, end in spans for first, last in touched)


def specifies(source: str) -> bool:
    """Whether a cell has asserts outside functions, which specify what its code should do."""
    tree = parsed(source)
    return tree is not None and any(isinstance(node, ast.Assert) for node in tree.body)


def asserts_something(tree: ast.AST) -> bool:
    """Whether a test can fail on its own: an `assert`, a call named `assert…`, or `pytest.raises`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name.startswith("assert") or name == "raises":
                return True
    return False


def defines(source: str) -> bool:
    """Whether a cell defines a function or class."""
    tree = parsed(source)
    return tree is not None and any(isinstance(node, _DEFINITIONS) for node in tree.body)


def suppressions(before: str, after: str) -> list[str]:
    """Ways in which the edit may hide the failure instead of removing its cause; empty if there are none.

    Suppression is: a new exception handler, `contextlib.suppress`, a removed or newly guarded statement, a
    removed or changed assert, a default for a lookup. If the old source cannot be parsed, only its words are
    compared.
    """
    return list(_suppressions(before, after))


@functools.lru_cache(maxsize=1024)  # for the same reason as `_size`
def _suppressions(before: str, after: str) -> tuple[str, ...]:
    old, new = plainly(parsed(before), parsed(after))
    if new is None:
        return ("the edited cell cannot be parsed",)
    if old is None:
        return tuple(_lost_words(before, after))
    reasons = []
    if _count(new, ast.ExceptHandler) > _count(old, ast.ExceptHandler) or _calls(new, "suppress") > _calls(
        old, "suppress"
    ):
        reasons.append("it catches the exception instead of removing its cause")
    if missing := _asserts(old) - _asserts(new):
        reasons.append(f"it changes or removes {sum(missing.values())} assert(s)")
    if any(_skips(new, kind) > _skips(old, kind) for kind in _SKIPS):
        reasons.append("it skips something that ran before")
    if _statements(new) < _statements(old):
        reasons.append("it removes a statement")
    if _ignored(new) > _ignored(old):
        reasons.append("it lets what fails be ignored or replaced")
    if _defaults(new) > _defaults(old):
        reasons.append("it uses a default where a value was missing")
    return tuple(reasons)


@functools.lru_cache(maxsize=1024)
def tampering(before: str, after: str) -> tuple[str, ...]:
    """What the edited source newly uses of that which judges it, in words; empty if nothing.

    Read from the names, imports and strings of the source: it cannot find code that hides what it does.
    """
    new, old = parsed(after), parsed(before)
    if new is None:
        return ()
    found = _mentioned(new) - (_mentioned(old) if old is not None else Counter())
    return tuple(f"it uses `{name}`, by which it could change how it is judged" for name in sorted(found))


@functools.lru_cache(maxsize=1024)
def wrappings(before: str, after: str) -> tuple[str, ...]:
    """What the edit newly puts around code that stays the same, in words; empty if nothing.

    A context manager, function, class or lambda around the failing code can swallow its exception or keep it
    from running, so that passing proves nothing.
    """
    old, new = plainly(parsed(before), parsed(after))
    if new is None or old is None:
        return ()
    inside, outside = _surroundings(new), _surroundings(old)
    kinds = {
        kind
        for code in inside.keys() & outside.keys()
        for kind, count in inside[code].items()
        if count > outside[code][kind]
    }
    return tuple(f"it wraps what was there in a {kind}" for kind in sorted(kinds))


def written_out(edit: CellEdit) -> CellEdit:
    """The edit without the idioms that it uses for what was there."""
    old, new = parsed(edit.before), parsed(edit.after)
    _, plain = plainly(old, new)
    return edit if plain is new or plain is None else replace(edit, after=ast.unparse(plain))


def says_the_same(edit: CellEdit) -> bool:
    """Whether the edit only writes in another way what was there."""
    old, new = plainly(parsed(edit.before), parsed(edit.after))
    return old is not None and new is not None and ast.dump(old) == ast.dump(new)


def _mentioned(tree: ast.AST) -> Counter[str]:
    words: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="builtins" | "__builtins__" as name), ctx=ast.Store()):
                words[name] += 1
            case ast.Name(id=name) | ast.Attribute(attr=name):
                words[name] += name in _OF_THE_JUDGE
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                module = getattr(node, "module", None) or ""
                parts = {part for alias in names for part in (*alias.name.split("."), *module.split("."))}
                words.update(parts & _OF_THE_JUDGE)
            case ast.Constant(value=str(text)) if (told := _TELLTALE.search(text)) is not None:
                words[told[0]] += 1
    return +words


def _surroundings(tree: ast.AST) -> dict[str, Counter[str]]:
    """For each simple statement and call, what it is in; of equal ones, what the least enclosed one is in."""
    found: dict[str, Counter[str]] = {}
    pending: list[tuple[ast.AST, tuple[str, ...]]] = [(tree, ())]
    while pending:
        node, around = pending.pop()
        if isinstance(node, ast.Call | ast.Subscript | ast.Expr | ast.Assign | ast.AugAssign | ast.Return):
            code, kinds = ast.dump(node), Counter(around)
            if code not in found or kinds.total() < found[code].total():
                found[code] = kinds
        if (kind := _AROUND.get(type(node))) is not None:
            around = (*around, kind)
        pending += [(child, around) for child in ast.iter_child_nodes(node)]
    return found


@functools.lru_cache(maxsize=128)  # the same few cells are read for each judgement
def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a cell, or None; nobody may change it. Lines of magics and shell commands count as
    `pass`."""
    try:
        return ast.parse(re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source))
    except (SyntaxError, ValueError):  # ValueError: null bytes
        return None


def is_literal(expression: str) -> bool:
    """Whether an expression shows its own value: it reads no name."""
    tree = parsed(expression)
    return tree is not None and not any(isinstance(node, ast.Name) for node in ast.walk(tree))


def _lost_words(before: str, after: str) -> list[str]:
    lost = Counter(re.findall(r"[A-Za-z_]\w*", before)) - Counter(re.findall(r"[A-Za-z_]\w*", after))
    return [f"it removes {', '.join(sorted(lost))}"] if sum(lost.values()) > 1 else []


def _count(tree: ast.AST, kind: type[ast.AST]) -> int:
    return sum(isinstance(node, kind) for node in ast.walk(tree))


def _skips(tree: ast.AST, kind: type[ast.AST]) -> int:
    """Statements of that kind, without a `return` at the end of a function, which skips nothing."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return _count(tree, kind) - sum(
        kind is ast.Return and isinstance(_last(node.body), kind) for node in functions
    )


def _last(body: list[ast.stmt]) -> ast.stmt:
    """The last statement of a function, also inside a `with` at its end."""
    last = body[-1]
    while isinstance(last, ast.With | ast.AsyncWith):
        last = last.body[-1]
    return last


def _calls(tree: ast.AST, name: str) -> int:
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sum(
        (func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")) == name for func in called
    )


def _defaults(tree: ast.AST) -> int:
    """Calls that give a default where a value may be missing."""
    two = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.args) == 2]
    given = sum(isinstance(node, ast.keyword) and node.arg == "default" for node in ast.walk(tree))
    pops = sum(isinstance(node.func, ast.Attribute) and node.func.attr == "pop" for node in two)
    nexts = sum(isinstance(node.func, ast.Name) and node.func.id == "next" for node in two)
    return sum(_calls(tree, name) for name in ("get", "getattr", "setdefault")) + given + pops + nexts


def _ignored(tree: ast.AST) -> int:
    """Arguments that say that errors are to be ignored or replaced, and calls that do so by themselves."""
    found = sum(_calls(tree, name) for name in _LENIENT)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        func = node.func
        called = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        given = [word.value for word in node.keywords if word.arg in ("errors", "on_bad_lines")]
        given += node.args[1:] if called in _CODECS else []
        given += node.args[:1] if called in ("simplefilter", "filterwarnings") else []
        found += sum(isinstance(item, ast.Constant) and item.value in _HANDLERS for item in given)
        found += sum(word.arg == "ignore_errors" for word in node.keywords)
    return found


def _asserts(tree: ast.AST) -> Counter[str]:
    return Counter(ast.dump(node.test) for node in ast.walk(tree) if isinstance(node, ast.Assert))


def _statements(tree: ast.AST) -> int:
    return _count(tree, ast.stmt)
