"""No case is so odd that a rule raises, and no repair that a rule yields is broken."""

import ast
import runpy
import string
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cot_magic.core.case import (
    Case,
    Cell,
    CellId,
    Dependency,
    Environment,
    Frame,
    Freshness,
    Raised,
    Variable,
)
from cot_magic.core.facts import NO_FACTS
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.catalogue import CRASHES, RACES
from cot_magic.reasoners.offline.rule import suspicions_of
from cot_magic.reasoners.offline.source import parse, readable, translated

PLACES = [*(f"crashes.{place}" for place, _ in CRASHES), *(f"races.{name}:RULES" for name in RACES)]
RULES = [
    rule
    for module, name in (place.split(":") for place in [*PLACES, "syntax.catalogue:RULES"])
    for rule in getattr(import_module(f"cot_magic.reasoners.offline.{module}"), name)
]
MESSAGES = [
    ("NameError", "name 'a' is not defined"),
    (
        "NameError",
        "cannot access free variable 'a' where it is not associated with a value in enclosing scope",
    ),
    ("UnboundLocalError", "cannot access local variable 'a' where it is not associated with a value"),
    ("AttributeError", "'NoneType' object has no attribute 'a'"),
    ("AttributeError", "module 'math' has no attribute 'b'"),
    ("AttributeError", "type object 'datetime.datetime' has no attribute 'datetime'"),
    ("AttributeError", ""),
    ("TypeError", "unsupported operand type(s) for +: 'int' and 'str'"),
    ("TypeError", 'can only concatenate str (not "int") to str'),
    ("TypeError", "'<' not supported between instances of 'str' and 'int'"),
    ("TypeError", "'int' object is not callable"),
    ("TypeError", "'list' object is not callable"),
    ("TypeError", "'module' object is not callable"),
    ("TypeError", "'NoneType' object is not iterable"),
    ("TypeError", "'int' object is not iterable"),
    ("TypeError", "'function' object is not subscriptable"),
    ("TypeError", "list indices must be integers or slices, not str"),
    ("TypeError", "string indices must be integers, not 'str'"),
    ("TypeError", "'tuple' object does not support item assignment"),
    ("TypeError", "unhashable type: 'list'"),
    ("TypeError", "object of type 'generator' has no len()"),
    ("TypeError", "'float' object cannot be interpreted as an integer"),
    ("TypeError", "'str' object cannot be interpreted as an integer"),
    ("TypeError", "a() takes 1 positional argument but 2 were given"),
    ("TypeError", "a() missing 1 required positional argument: 'b'"),
    ("TypeError", "a() got an unexpected keyword argument 'c'"),
    ("TypeError", "a() got multiple values for argument 'b'"),
    ("TypeError", "module() takes at most 2 arguments (3 given)"),
    ("TypeError", "sequence item 0: expected str instance, int found"),
    ("TypeError", "not all arguments converted during string formatting"),
    ("TypeError", "not enough arguments for format string"),
    ("TypeError", "bad operand type for unary +: 'str'"),
    ("TypeError", "Object of type set is not JSON serializable"),
    ("TypeError", "exceptions must derive from BaseException"),
    ("TypeError", "Can't instantiate abstract class A with abstract method b"),
    ("TypeError", "write() argument must be str, not int"),
    ("KeyError", "'a'"),
    ("KeyError", "\"['a'] not found in axis\""),
    ("IndexError", "list index out of range"),
    ("IndexError", "pop from empty list"),
    ("IndexError", "Replacement index 1 out of range for positional args tuple"),
    ("ValueError", "invalid literal for int() with base 10: '1e6'"),
    ("ValueError", "could not convert string to float: '1,5'"),
    ("ValueError", "too many values to unpack (expected 2)"),
    ("ValueError", "not enough values to unpack (expected 2, got 1)"),
    ("ValueError", "list.remove(x): x not in list"),
    ("ValueError", "The truth value of an array with more than one element is ambiguous."),
    ("ValueError", "max() arg is an empty sequence"),
    ("ValueError", "month must be in 1..12"),
    ("ValueError", "time data '2020-01-02' does not match format '%d'"),
    ("ValueError", "Expected 2D array, got 1D array instead"),
    ("ZeroDivisionError", "division by zero"),
    ("OverflowError", "(34, 'Numerical result out of range')"),
    ("ModuleNotFoundError", "No module named 'maths'"),
    ("ImportError", "cannot import name 'PI' from 'math' (unknown location)"),
    ("FileNotFoundError", "[Errno 2] No such file or directory: 'a.csv'"),
    ("RecursionError", "maximum recursion depth exceeded"),
    ("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)"),
    ("UnicodeDecodeError", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ("RuntimeError", "dictionary changed size during iteration"),
    ("RuntimeError", "asyncio.run() cannot be called from a running event loop"),
    ("StopIteration", ""),
    ("AssertionError", ""),
    ("KeyboardInterrupt", ""),
]

SOURCES = [
    "a = b + c",
    "a += b",
    "a[b] = c",
    "for a, b in c: a[b]",
    "while a <= len(b): b[a]",
    "print(a, b[0], c.a)",
    "a = b(c)(d)",
    "x = [a for a in b if a[c] > d]",
    "def a(b, c=1):\n    return a(b - 1) + c\na(1)",
    "def a(self):\n    '''doc'''\n    a += 1\na(2)",
    "class A:\n    def a(b): return self.a\nA().a(1)",
    "class A(a): pass",
    "import a.b, maths as m",
    "from math import PI, sin",
    "a, b = c",
    "a = 'é' + b # ü\n",
    "%time a = b\na = b + 1",
    "x = !ls\na",
    "a?",
    "with a as b: b.c",
    "assert a == b, c",
    "raise a",
    "lambda a: a + 1",
    "a = f'{a:.2f} {b}'",
    "a = '%s' % a, b",
    "try:\n    a\nexcept b as a:\n    pass\na",
    "a = (b\n  + c)\n+ d",
    "del a\na",
    "async def a(): pass\na().b",
    "if a: b\nelif c: d",
    "match a:\n    case [b]: c",
    "",
    "   ",
    "a = (",
    "\ta = 1",
    "a: 3\na",
    "json.loads(a)[b]",
    "open(a, 'w').write(b)",
    "a.append(b)[c]",
    "sum(a)",
    "max(a, b)",
    "int(a)",
    "len(a.b)",
    "x = a.b.c.d(e)[f]",
    "@a\ndef b(): pass\nb()",
    "datetime.strptime(a, b)",
    "super.__init__()",
    "yield_ = (yield)",
    "global a",
    "a = b = c = d",
    "print(*a, **b)",
    "{**a, b: c}",
    "a[b:c, ...] @ d",
    "not a and b or c < d < e",
]

TYPES = st.sampled_from(
    ["int", "str", "list", "tuple", "dict", "NoneType", "float", "module", "function", "type", "generator", "set", "bytes",
     "pandas.core.frame.DataFrame", "numpy.ndarray", "__main__.A", "coroutine", ""]
)  # fmt: skip
TEXTS = st.sampled_from(
    ["1", "'2'", "[1, 2]", "{'a': 1}", "None", "<module 'math'>", "<x", "", "(", "0", "'a;b'", "()", "1e400"]
)
WORDS = st.sampled_from([*"abcde", "a.b", "b[0]", "len(b)", "self", "", "(", "é"])
VARIABLES = st.builds(
    Variable,
    name=WORDS,
    type=TYPES,
    text=TEXTS,
    facts=st.sampled_from([(), (("len", "3"),), (("len", "x"), ("signature", "(a, *b, c=1)"))]),
    members=st.sampled_from([(), ("a", "ab", "upper")]),
    keys=st.sampled_from([(), ("'a'", "1", "(", "'A '")]),
)
CELLS = st.builds(
    Cell,
    id=st.sampled_from([CellId("c0"), CellId("c1")]),
    source=st.sampled_from(SOURCES) | st.text(string.printable, max_size=40),
    index=st.sampled_from([None, 0, 3]),
    execution_count=st.sampled_from([None, 1]),
)
FRAMES = st.builds(
    Frame,
    function=st.sampled_from(["<module>", "a", "<listcomp>", "é"]),
    filename=st.just("f"),
    lineno=st.integers(-1, 6),
    line=WORDS,
    cell=st.sampled_from([None, CellId("c0"), CellId("c9")]),
    expression=st.none() | WORDS | st.sampled_from(SOURCES),
    operands=st.lists(VARIABLES, max_size=3).map(tuple),
    variables=st.lists(VARIABLES, max_size=3).map(tuple),
)


@st.composite
def cases(draw):
    ename, evalue = draw(st.sampled_from(MESSAGES))
    raised = Raised(
        ename=ename,
        evalue=draw(st.sampled_from([evalue, evalue, evalue, "", "x"])),
        bases=(ename, "Exception", "BaseException"),
        frames=tuple(draw(st.lists(FRAMES, max_size=3))),
        subject=draw(st.none() | VARIABLES),
        name=draw(st.none() | WORDS | st.just("'a'")),
    )
    cell = Cell(id=CellId("c0"), source=draw(st.sampled_from(SOURCES)), execution_count=2)
    others = tuple(draw(st.lists(CELLS, max_size=2)))
    freshness = draw(st.sampled_from(list(Freshness)))
    return Case(
        cell=cell,
        raised=raised,
        environment=Environment(python="3.11", platform="", cwd=draw(st.sampled_from(["", "/", "/nowhere"]))),
        cells=(*others, cell),
        lineage=tuple(Dependency(cell=other, names=("a",), freshness=freshness) for other in others),
        namespace=tuple(draw(st.lists(VARIABLES, max_size=3))),
    )


def check(case):
    for rule in RULES:
        for suspicion in suspicions_of(rule, case, NO_FACTS):
            assert suspicion.claim
            assert suspicion.prediction
            assert 0 <= suspicion.weight <= 1
            for probe in suspicion.checks:
                tree = ast.parse(probe.source)
                assert isinstance(tree.body[-1], ast.Expr), probe.source
            for repair in suspicion.repairs:
                assert repair.why
                assert all(edit.after != edit.before for edit in repair.edits)
                assert all(parse(edit.after) is not None for edit in repair.edits)


@settings(max_examples=4 * settings().max_examples, suppress_health_check=list(HealthCheck))
@given(cases())
@pytest.mark.slow
def test_no_rule_raises_on_an_odd_case(case):
    check(case)


@pytest.mark.slow
@pytest.mark.parametrize(("ename", "evalue"), MESSAGES)
def test_no_rule_raises_whatever_the_code_is(ename, evalue):
    for text in SOURCES:
        cell = Cell(id=CellId("c0"), source=text, execution_count=1)
        for lineno in range(1, text.count("\n") + 2):
            for kind, value in (
                ("int", "1"),
                ("str", "'2'"),
                ("list", "[1]"),
                ("NoneType", "None"),
                ("dict", "{'b': 1}"),
            ):
                values = tuple(Variable(name=name, type=kind, text=value) for name in "abcde")
                frame = Frame(
                    function="<module>",
                    filename="f",
                    lineno=lineno,
                    cell=cell.id,
                    operands=values,
                    variables=values,
                )
                raised = Raised(ename=ename, evalue=evalue, bases=(ename,), frames=(frame,), name="a")
                check(
                    Case(
                        cell=cell,
                        raised=raised,
                        environment=Environment(python="", platform=""),
                        cells=(cell,),
                    )
                )


TABLES = ("MENDED", "OPERATORS", "INTEGERS", "SUBSCRIPTS", "CALLS", "CLASSES", "TEXTS")


def real_notebooks():
    """The failing notebooks of the other test modules."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.name.startswith("test_syntax") or path == Path(__file__):
            continue
        loaded = runpy.run_path(str(path))
        for table in TABLES:
            yield from (item.values[0] for item in loaded.get(table, ()))


def maimed(case):
    """The case with parts of the description missing or wrong."""
    raised = case.raised
    yield replace(case, namespace=(), cells=(), lineage=())
    for change in (
        {"expression": None},
        {"operands": (), "variables": ()},
        {"expression": None, "operands": (), "variables": ()},
        {"lineno": 1},
        {"lineno": 99},
        {"function": "<listcomp>"},
    ):
        yield replace(case, raised=replace(raised, frames=tuple(replace(f, **change) for f in raised.frames)))
    for kind, text in (
        ("int", "0"),
        ("str", "'x'"),
        ("NoneType", "None"),
        ("module", "<module 'math'>"),
        ("list", "["),
    ):
        frames = tuple(
            replace(
                frame,
                operands=tuple(replace(v, type=kind, text=text) for v in frame.operands),
                variables=tuple(replace(v, type=kind, text=text) for v in frame.variables),
            )
            for frame in raised.frames
        )
        yield replace(case, raised=replace(raised, frames=frames, subject=None, name=None))
    source = case.cell.source
    for text in (
        "",
        source[: len(source) // 2],
        source.replace("\n", "\n\n"),
        f"# é\n{source}",
        source.replace("(", "["),
    ):
        cell = replace(case.cell, source=text)
        yield replace(case, cell=cell, cells=(*case.cells[:-1], cell))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_no_rule_raises_when_parts_of_a_real_case_are_missing(failing):
    notebooks = list(real_notebooks())
    assert len(notebooks) > 150
    for sources in notebooks:
        case = failing(*sources)
        check(case)
        for variant in maimed(case):
            check(variant)


@given(st.text(string.printable + "éü€😀", max_size=60))
def test_magics_do_not_move_lines(text):
    assert readable(text).count("\n") == translated(text).count("\n")


@given(st.sampled_from(SOURCES))
def test_the_text_of_a_node_is_what_python_takes_it_for(text):
    tree = parse(text)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.expr) and "\n" not in ast.unparse(node) and text == readable(text):
            assert src.text_of(text, node) == ast.get_source_segment(text, node)
