"""The plain Python code in a report: it rebuilds the state before the failing cell, anywhere."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cot_magic.core.edits import parsed

NAME = "rca"

_HEAD = '''class {kit}:
    """Runs the cells of this case again. Plain Python: there is nothing to install."""

    before = {before}
    failing = {failing}
    fixed = {fixed}
    bound = {bound}  # names that these cells bind
'''

_RUN = '''
    {a}def run(cells):
        """Run cells in order in this namespace; what they print and draw is not shown."""
        import sys
        from IPython.utils.capture import capture_output

        try:
            with capture_output():
                for label, source in cells.items():
                    text = get_ipython().transform_cell(source)
                    exec(compile(text, f"<{{label}}>", "exec", dont_inherit=True), globals())
        finally:
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close("all")
'''

_RUN_ASYNC = '''
    async def run(cells):
        """Run cells in order in this namespace; what they print and draw is not shown."""
        import ast, inspect, sys
        from IPython.utils.capture import capture_output

        try:
            with capture_output():
                for label, source in cells.items():
                    text, flags = get_ipython().transform_cell(source), ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
                    result = eval(compile(text, f"<{label}>", "exec", flags, dont_inherit=True), globals())
                    if inspect.iscoroutine(result):
                        await result
        finally:
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close("all")
'''

_FAILURE = '''
    {a}def state_before():
        """Rebuild the state before the failing cell by running the cells that it depends on."""
        for name in {kit}.bound:
            globals().pop(name, None)
        {w}{kit}.run({kit}.before)

    {a}def failure():
        """Return what the failing cell raises in that state; None if it passes."""
        {w}{kit}.state_before()
        try:
            {w}{kit}.run({kit}.failing)
        except Exception as error:
            return error
'''

_FAILURE_IN_TIME = '''
    {a}def state_before():
        """Rebuild the state before the failing cell by running the cells that it depends on."""
        for name in {kit}.bound:
            globals().pop(name, None)
        {w}{kit}.run({kit}.before)

    {a}def failure():
        """Return what the failing cell raises, a TimeoutError after {limit} s; None if it passes."""
        import signal

        def late(*_):
            raise TimeoutError("the cell did not finish within {limit} s")

        {w}{kit}.state_before()
        usual = signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, {limit})
        try:
            {w}{kit}.run({kit}.failing)
        except Exception as error:
            return error
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, usual)
'''

_IN_FRAME = '''
    {a}def in_frame(place, source):
        """Evaluate `source` in a frame of the failure; -1 is the frame that raised."""
        error, frames = {w}{kit}.failure(), []
        trace = error.__traceback__
        while trace is not None:
            frames.append(trace.tb_frame)
            trace = trace.tb_next
        files = {{f"<{{label}}>" for label in ({{**{kit}.before, **{kit}.failing}})}}
        while frames[0].f_code.co_filename not in files:
            del frames[0]
        return {kit}.value(source, {{**frames[place].f_globals, **frames[place].f_locals}})
'''

_VALUE = '''
    def value(source, names):
        """Return the truth value of the last expression of `source` with these names."""
        import ast
        from IPython.utils.capture import capture_output

        tree = ast.parse(source)
        last = ast.Expression(tree.body.pop().value)
        with capture_output():
            exec(compile(tree, "<probe>", "exec"), names)
            return bool(eval(compile(last, "<probe>", "eval"), names))
'''

_TESTS = '''
    {a}def without_fix(test):
        """Print how a test ends after the original failing cell."""
        {w}{kit}.failure()
        {kit}.judge(test)

    {a}def with_fix(test):
        """Print how a test ends after the cells with the fix."""
        {w}{kit}.state_before()
        {w}{kit}.run({kit}.fixed)
        {kit}.judge(test)

    def judge(test):
        from IPython.utils.capture import capture_output

        try:
            with capture_output():
                test() if callable(test) else exec(compile(test, "<test>", "exec"), globals())
        except Exception as error:
            print(f"fails: {{type(error).__name__}}")
        else:
            print("passes")
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """The kit of one report: sources by label, in the order in which they run.

    `limit` is in seconds, for a failing cell that does not finish by itself; otherwise None. `frames`,
    `values` and `tests` say which of its functions the report's cells call. `name` is the one name that it
    binds (see `free_name`); `awaits` is whether a cell awaits at its top level, so that the report must too.
    """

    before: Mapping[str, str]
    failing: Mapping[str, str]
    fixed: Mapping[str, str]
    limit: float | None = None
    frames: bool = True
    values: bool = True
    tests: bool = True
    name: str = NAME
    awaits: bool = False

    def call(self, text: str) -> str:
        """Return a call of the kit as a statement of a cell: `call("state_before()")`."""
        return f"{'await ' if self.awaits else ''}{self.name}.{text}"

    def source(self) -> str:
        """Return the cell that defines the kit."""
        given = {
            "kit": self.name,
            "a": "async " if self.awaits else "",
            "w": "await " if self.awaits else "",
            "limit": self.limit,
        }
        head = _HEAD.format(
            kit=self.name,
            before=_dict(self.before),
            failing=_dict(self.failing),
            fixed=_dict(self.fixed, {"before": self.before, "failing": self.failing}),
            bound=repr(bound_names((*self.failing.values(), *self.fixed.values()))),
        )
        run = _RUN_ASYNC if self.awaits else _RUN.format(a="")
        failure = (_FAILURE if self.limit is None else _FAILURE_IN_TIME).format(**given)
        asked = (
            (_IN_FRAME.format(**given), self.frames),
            (_VALUE.format(**given), self.frames or self.values),
            (_TESTS.format(**given), self.tests),
        )
        return "".join((head, run, failure, *(text for text, wanted in asked if wanted))).rstrip()


def free_name(sources: Sequence[str]) -> str:
    """Return a name for the kit that occurs in none of the sources."""
    name = NAME
    while any(name in source for source in sources):
        name += "_"
    return name


def literal(source: str) -> str:
    """Return a source as a readable string literal: in triple quotes if that changes nothing."""
    plain = "\\" not in source and "'''" not in source and not source.endswith("'")
    if plain and all(sign.isprintable() or sign == "\n" for sign in source):
        return f"'''{source}'''"
    return repr(source)


def bound_names(sources: Sequence[str]) -> tuple[str, ...]:
    """Return the names that cells bind at their top level, sorted."""
    found: set[str] = set()
    for source in sources:
        tree = parsed(source)
        if tree is not None:
            for node in own_nodes(tree):
                found.update(_names(node))
    return tuple(sorted(found))


def awaits(source: str) -> bool:
    """Return whether a cell awaits outside its functions."""
    tree = parsed(source)
    waiting = (ast.Await, ast.AsyncFor, ast.AsyncWith)
    return tree is not None and any(
        isinstance(node, waiting) or (isinstance(node, ast.comprehension) and bool(node.is_async))
        for node in own_nodes(tree)
    )


def own_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when the cell runs: not those inside functions and classes."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.alias) and node.name != "*":
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name


def _dict(cells: Mapping[str, str], known: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """Return a dict display of sources; a source that is in a `known` dict of the class refers to it."""
    rows = []
    for label, source in cells.items():
        where = next((name for name, held in (known or {}).items() if held.get(label) == source), None)
        text = literal(source) if where is None else f"{where}[{label!r}]"
        rows.append(f"        {label!r}: {text},")
    return "\n".join(["{", *rows, "    }"]) if rows else "{}"
