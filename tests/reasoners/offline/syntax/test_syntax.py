"""What all rules about syntax have in common: proof, rivals, several errors in a cell, and no crash."""

import ast
import inspect
import textwrap
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cot_magic.core.case import Raised
from cot_magic.core.findings import FixVerdict
from cot_magic.reasoners.offline.ranking import suspects
from cot_magic.reasoners.offline.source import line_starts, translated, with_newlines_of
from cot_magic.reasoners.offline.syntax.catalogue import RULES, SLIPS
from cot_magic.reasoners.offline.syntax.lexer import lex, plain
from cot_magic.reasoners.offline.syntax.problem import Slip, attempt, meaning, reading
from cot_magic.reasoners.offline.syntax.rule import SyntaxRule, diagnose

LONG = "".join(
    f"def f{i}(x, y=1):\n    '''doc'''\n    z = [x, y, {{'a': {i}}}]\n    if x > {i}:\n        return z\n\n"
    for i in range(300)
)
PIECES = [
    *"()[]{}:;,.=+-*/%<>!?&|^~@#\\'\"`$ \n\t", '"""', "'''", 'f"', "==", "=>", "->", "and", "or", "not", "in", "is",
    "if", "else", "elif", "for", "while", "def", "class", "return", "import", "from", "as", "with", "try", "except",
    "lambda", "yield", "await", "async", "global", "nonlocal", "print", "None", "0x", "1e", "5x", "\\n", "\n    ",
    "\n  ", "“", "”", "−", "\u00a0", "\u200b", ">>> ", "```", "// ", "/* ", "case", "match", "break", "del", "**", ":=",
    "\x00", "é", "%%time\n", "!ls\n", "x?", "\r", "\r\n", "\relse", "\f", "\x0b", "\x1c", "\x85", "\u2028",
]  # fmt: skip
SOURCES = [inspect.getsource(item) for item in (textwrap.wrap, textwrap.dedent, lex, plain, attempt)] + [
    "x = {'a': [1, (2, 3)], 'b': f'{x:>{y}} {z!r}'}\nprint(x['a'][0], sep='')\n",
    "try:\n    with open(p) as f, g() as h:\n        pass\nexcept (A, B) as e:\n    raise C('x') from e\n",
    "match x:\n    case [1, *r] | {'k': v} if r:\n        y = lambda a, *b, c=1, **d: a if b else c\n",
    "async def f(a, /, b=1, *, c):\n    global g\n    return [await x async for x in y if x not in z]\n",
    "%time x = 1\n!ls\ny = !ls\nif x == 1 or x is not None:\n    x += 1; y = x ** 2\nelse:\n    del x\n",
]


@st.composite
def broken(draw):
    """A valid source with a few characters or words added, dropped or replaced."""
    text = draw(st.sampled_from(SOURCES))
    for _ in range(draw(st.integers(1, 5))):
        place = draw(st.integers(0, len(text)))
        dropped = draw(st.sampled_from([0, 0, 1, 1, 2, 8]))
        text = text[:place] + draw(st.sampled_from([*PIECES, "", ""])) + text[place + dropped :]
    return text


def test_every_rule_has_a_code_of_its_own_and_a_lesson():
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes))
    assert all(code.startswith("syntax.") for code in codes)
    assert all(len(rule.lesson) > 40 for rule in RULES)


def test_a_reading_is_proven_by_its_check(suspicions, check_value):
    [(code, suspicion)] = suspicions("if x = 3:\n    y = 1\n")
    assert code == "syntax.single-equals"
    assert check_value(suspicion) is True


def test_the_check_fails_for_a_source_that_compiles(suspicions, check_value):
    [(_, suspicion)] = suspicions("if x = 3:\n    y = 1\n")
    [check] = suspicion.checks
    healthy = replace(check, source=check.source.replace("if x = 3", "if x == 3"))
    assert check_value(replace(suspicion, checks=(healthy,))) is False


RIVALS = [
    ("x = (1, 2, 3]\n", ["x = (1, 2, 3)\n", "x = [1, 2, 3]\n"]),
    ('print(len("items))\n', ['print(len("items"))\n', "print(len(items))\n"]),
    ("if a:\n    if b:\n        c = 1\n      d = 2\n", ["if a:\n    if b:\n        c = 1\n        d = 2\n", "if a:\n    if b:\n        c = 1\n    d = 2\n"]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), RIVALS)
def test_readings_that_compile_are_repairs_of_one_suspicion(suspicions, source, expected):
    [(_, suspicion)] = suspicions(source)
    offered = [meaning(repair.edits[0].after) for repair in suspicion.repairs]
    assert {meaning(after) for after in expected} <= set(offered[:5])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(x)\n    retrun x\n", "def f(x):\n    return x\n"),
        ("for i in range(3)\n    print “a”\n", "for i in range(3):\n    print('a')\n"),
        ("if x = 3\n    print 'a'\nelse\n    y =< 3\n", "if x == 3:\n    print('a')\nelse:\n    y <= 3\n"),
    ],
)
def test_several_errors_in_one_cell_are_mended_together(repairs, source, expected):
    assert meaning(repairs(source)[0].after) == meaning(expected)


def test_the_same_mistake_is_mended_everywhere_in_the_cell(repairs):
    source = "".join(f"if x > {i}\n    y = {i}\n" for i in range(6))
    assert repairs(source)[0].after == source.replace("\n    y", ":\n    y")


def test_magics_and_shell_commands_are_left_alone(repairs):
    source = "%matplotlib inline\n!pip list\nfiles = !ls\nx = [1 2]\nx?\n"
    assert repairs(source)[0].after == source.replace("1 2", "1, 2")


def test_a_known_name_decides_between_a_quote_and_an_extra_quote(repairs):
    assert repairs('print(total")\n')[0].after == 'print("total")\n'
    assert repairs('print(total")\n', "total")[0].after == "print(total)\n"


def test_a_mistake_in_a_long_cell_is_found_with_its_line_number(suspicions):
    code, suspicion = suspicions(f"{LONG}x = [1, 2 3]\n{LONG}")[0]
    assert code == "syntax.missing-comma"
    assert suspicion.lineno == LONG.count("\n") + 1
    assert suspicion.repairs[0].edits[0].after == f"{LONG}x = [1, 2, 3]\n{LONG}"


def test_two_mistakes_far_apart_in_a_long_cell_are_both_mended(repairs):
    source = f"x = [1, 2 3]\n{LONG}if x = 3:\n    y = 1\n"
    assert repairs(source)[0].after == source.replace("2 3", "2, 3").replace("x = 3", "x == 3")


def test_an_edit_of_one_token_is_found_where_no_rule_fits(repairs):
    assert meaning(repairs("x = f(a)b\ny = 2\n")[0].after) is not None


@pytest.mark.parametrize("source", ["print 'hello'\n", "len x\n", "list 3\n", "for range(3):\n    pass\n"])
def test_no_repair_binds_a_builtin_that_the_source_does_not_bind(repairs, source):
    bound = [
        node.id
        for edit in repairs(source)
        for node in ast.walk(ast.parse(edit.after))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    assert set(bound) <= {"i", "_"}


def test_a_builtin_that_the_source_binds_may_be_bound_by_a_repair(repairs):
    assert repairs("list = [1]\nlist [2]] = 3\n")[0].after == "list = [1]\nlist [2] = 3\n"


def test_no_more_than_five_repairs_are_offered(repairs):
    for source in ("f(a)b\n", "a = b c d\n", "x = a b (c [d\n", "def (:\n"):
        assert len(repairs(source)) <= 5


TEXT = '    text = """\n  one\n      two\n"""\n'


@pytest.mark.parametrize(
    "source",
    [
        f"if a:\n  {TEXT}    b = 1\n",
        f"def f():\n{TEXT}  b = 1\n",
        f"if a:\n{TEXT.replace('    text', 'text')}",
    ],
)
def test_no_repair_moves_what_is_inside_a_string(repairs, source):
    offered = repairs(source)
    assert offered
    assert all("\n  one\n      two\n" in edit.after for edit in offered)


def test_a_cell_that_compiles_gives_no_suspicion(syntax_case):
    # `eval` and a broken module raise a SyntaxError too, and the cell is not to blame
    case = syntax_case("eval('1 +')\n")
    assert not [item for rule in RULES for item in rule.suspicions(case)]


def test_another_exception_gives_no_suspicion(syntax_case):
    case = replace(syntax_case("x = [1 2]\n"), raised=Raised(ename="KeyError", evalue="1"))
    assert not [item for rule in RULES for item in rule.suspicions(case)]


def test_top_level_await_is_no_error_in_a_notebook():
    assert attempt("await f()\nasync with a as b:\n    pass\n") is None


@pytest.mark.parametrize("source", ["%time x = 1\n", "x = !ls\n", "!ls {x}\n", "x?\n", "?x.y\n", "x.y??"])
def test_the_syntax_of_notebooks_is_no_error(source):
    assert attempt(source) is None
    assert plain(source).count("\n") == source.count("\n")


@pytest.mark.parametrize("source", ["a = (1\n  % b)\n", "x = 'a\\n' % c\n", "x = a \\\n    % b\n", "y != !x"])
def test_an_operator_is_no_magic(source):
    assert "pass" not in plain(source)


def test_a_proven_repair_is_verified_and_an_open_one_is_plausible(failing, solve):
    assert solve(failing("x = 3\n", "y = [x, 2 5]\n")).result == "verified"
    session = solve(failing("x = 3\n", "y = (x, 2, 5]\n"))
    assert {session.judge_fix(fix).verdict for fix in session.fixes} == {FixVerdict.PLAUSIBLE}


@settings(max_examples=3 * settings().max_examples, suppress_health_check=list(HealthCheck))
@given(broken())
@pytest.mark.slow
def test_no_source_is_so_broken_that_a_rule_raises(source):
    examination = diagnose(source, SLIPS)
    assert not examination.crashes
    for diagnosis in examination.found:
        assert diagnosis.reading.claim
        assert diagnosis.reading.alternatives
        assert 0 < diagnosis.reading.weight <= 1


@settings(max_examples=2 * settings().max_examples)
@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@pytest.mark.slow
def test_no_text_makes_a_rule_raise(source):
    assert not diagnose(source, SLIPS).crashes


@settings(max_examples=settings().max_examples // 2, suppress_health_check=list(HealthCheck))
@given(broken())
def test_every_proposed_edit_applies_to_the_source(syntax_case, source):
    found, faults = suspects(syntax_case(source), RULES)
    assert faults == []
    for edit in (edit for item in found for repair in item.suspicion.repairs for edit in repair.edits):
        assert edit.before == source
        assert edit.after != source
        assert attempt(edit.after) is None


CRASHES = {
    "while it reads": lambda problem: iter([problem.tokens[0].line // 0]),
    "while its repair is tried": lambda problem: iter([reading("claim", (None, "why"), weight=0.99)]),
}


@pytest.mark.parametrize("find", CRASHES.values(), ids=CRASHES)
def test_a_slip_that_crashes_costs_its_own_rule_and_is_reported_once(syntax_case, find):
    slips = (*SLIPS[:40], Slip(code="syntax.crashes", lesson="", find=find), *SLIPS[40:])
    rules = [SyntaxRule(slip=slip, slips=slips) for slip in slips]
    case = syntax_case("x = (1, 2, 3]\nif y\n    z = 1\n")
    found, faults = suspects(case, rules)
    assert (found, len(faults)) == (suspects(case, RULES)[0], 1)
    assert "`syntax.crashes` failed: " in faults[0]


@pytest.mark.parametrize("newline", ["\r", "\r\n"])
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(x)\n    y = x\n    return y\n", "def f(x):\n    y = x\n    return y\n"),
        ("%time x = 1\ny = [1 2]\n!ls\nz = 3\n", "%time x = 1\ny = [1, 2]\n!ls\nz = 3\n"),
        ("if x == 1:\n    y = 1\n  else:\n      y = 2\n", "if x == 1:\n    y = 1\nelse:\n    y = 2\n"),
        ("x = 1 + \\\n    2\nx = 1_\n", "x = 1 + \\\n    2\nx = 1\n"),
    ],
)
def test_an_edit_keeps_the_newlines_of_the_cell(repairs, newline, source, expected):
    assert repairs(source)[0].after == expected
    assert repairs(source.replace("\n", newline))[0].after == expected.replace("\n", newline)


def test_a_line_that_an_edit_leaves_alone_keeps_its_newline(repairs):
    source = "a = 1\rb = 2\r\nif x\n    y = 1\r\n"
    assert repairs(source)[0].after == source.replace("if x\n", "if x:\r\n")


def test_a_carriage_return_before_else_is_a_newline(suspicions):
    assert suspicions("if x:\n    y = 1\r    else:\n    y = 2\n")[0][0] == "syntax.lost-branch"
    assert suspicions("f(, \relse")


@pytest.mark.parametrize("sign", ["\f", "\x0b", "\x1c", "\x85", "\u2028", "\u2029"])
def test_what_only_splitlines_takes_for_a_newline_does_not_end_a_line(repairs, sign):
    source = f"s = 'a{sign}b'  # c{sign}d\nx = [1 2]\n"
    assert repairs(source)[0].after == source.replace("1 2", "1, 2")


WHOLE_LINES = [
    "pass\r",
    "pass\r\n",
    "\f\n",
    "# \x85\u2028\f\x0b\r",
    "x = '\u2028\x1c'\r\n",
    "x = 1 + \\\r\n  2\n",
]


@given(st.lists(st.sampled_from(WHOLE_LINES)).map("".join))
def test_lines_are_counted_as_python_counts_them(source):
    failure = attempt(f"{source}(]")
    assert failure is not None
    assert failure.line == len(line_starts(f"{source}(]")) - 1 == len(line_starts(translated(source))) - 1
    assert failure.position == len(source) + 1
    assert with_newlines_of(source, translated(source)) == source


@given(broken())
def test_the_tokens_are_pieces_of_the_source_in_their_order(source):
    end = 0
    for token in lex(source).tokens:
        assert token.start >= end
        assert source[token.start : token.end] == token.text
        end = token.end


@pytest.mark.parametrize("source", SOURCES)
def test_the_tokens_of_healthy_code_are_those_of_python(source):
    listing = lex(source)
    assert (listing.unclosed, listing.stray, listing.crossed) == ((), (), ())
    assert ast.parse(plain(source))
