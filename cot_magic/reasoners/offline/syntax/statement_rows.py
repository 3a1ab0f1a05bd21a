"""Rewrites of simple statements: those of Python 2, declarations, words in the wrong place."""

from cot_magic.core.spelling import distance
from cot_magic.reasoners.offline.syntax.problem import Problem, slip
from cot_magic.reasoners.offline.syntax.rewrites import Rewrite, Rewrites, Words


def _like_print(problem: Problem, words: Words) -> bool:
    return words["N"] not in problem.names and distance(words["N"].lower(), "print") <= 2


def _capital(_: Problem, words: Words) -> bool:
    return words["X"][:1].isupper()


_PRINT = "`print` is a function in Python 3 and needs parentheses."
_PARENTHESES, _EXEC = (
    "Call `print` with parentheses.",
    "`exec` is a function in Python 3 and needs parentheses.",
)
_RAISE, _MESSAGE = (
    "`raise` takes one exception, with its message in parentheses.",
    "Put the message in parentheses.",
)
_TYPED = "Python does not declare variables: `{W}` does not belong before the name."
_TYPES = "int|float|double|str|string|String|bool|boolean|char|long|list|dict|tuple|byte|short"
_ONE_WORD = "`{found}` is not a valid name: a name is one word."
_NO_PLACE = "`{S}` does not belong after `{W}`."
_RETURN = "`return` returns a value and cannot assign one."
_GAP, _ADD = "A comma between the names is missing.", "Separate the names with commas."
_WALRUS = "`:=` assigns inside an expression and is not a statement."

TABLES = {
    "print-statement": Rewrites(
        Rewrite("START print X , END", 'print({X}, end=" ")',
            f"{_PARENTHESES} `end` replaces the trailing comma.", _PRINT, 0.97,
            also=(("print({X})", _PARENTHESES),)),
        Rewrite("START print X ) END", "print({X})", _PARENTHESES, _PRINT, 0.96,
            when=lambda _, words: not words["X"].startswith("(")),
        Rewrite("START print VALUE X END", "print({X})", _PARENTHESES, _PRINT, 0.96),
        Rewrite("START N S END", "print({S})", "Call `print`.", "`{N}` is written where `print` belongs.",
            0.95, when=_like_print),
    ),
    "exec-statement": Rewrites(
        Rewrite("START exec VALUE X END", "exec({X})", "Call `exec` with parentheses.", _EXEC, 0.96),
    ),
    "raise-form": Rewrites(
        Rewrite("START raise X ,|: X2 END", "raise {X}({X2})", _MESSAGE, _RAISE, 0.95),
        Rewrite("START raise X S END", "raise {X}({S})", _MESSAGE, _RAISE, 0.95),
    ),
    "declared-type": Rewrites(
        Rewrite(f"START W={_TYPES} N =", "{N} =", "Remove `{W}`.", _TYPED, 0.96),
    ),
    "misspelled-keyword": Rewrites(
        Rewrite("START W=let|var|const|val|local|auto|new|call|dim|set|final|public|private|static|export N",
            "{N}", "Remove `{W}`.", "`{W}` belongs to other languages.", 0.95),
    ),
    "name-with-space": Rewrites(
        Rewrite("START N N2 =", "{N}_{N2} =", "Name the variable `{N}_{N2}`.", _ONE_WORD, 0.87,
            also=(("{N2} =", "Name the variable `{N2}`."),)),
    ),
    "global-value": Rewrites(
        Rewrite("START W=global|nonlocal N S==|+=|-= X END", "{W} {N}\n{indent}{N} {S} {X}",
            "Assign the value on the next line.", "`{W}` only declares a name; it cannot assign a value.",
            0.95),
    ),
    "statement-word": Rewrites(
        Rewrite("START W=return|import|raise|assert|del|yield|from|global|nonlocal S==|:|==|,|->|:=", "{W} ",
            "Remove `{S}`.", _NO_PLACE, 0.92),
    ),
    "names-without-commas": Rewrites(
        Rewrite("lambda N N2", "lambda {N}, {N2}", _ADD, _GAP, 0.85),
        Rewrite("START W=del|global|nonlocal N N2", "{W} {N}, {N2}", _ADD, _GAP, 0.88),
        Rewrite("for N N2 in", "for {N}, {N2} in", _ADD, _GAP, 0.88,
            when=lambda _, words: words["N"] != "each"),
    ),
    "two-statements": Rewrites(
        Rewrite("START return N = X END", "return {X}", "Return the value.", _RETURN, 0.85,
            also=(("{N} = {X}\n{indent}return {N}", "Assign the value first."),
            ("return {N} == {X}", "Compare with `==`."))),
    ),
    "walrus": Rewrites(
        Rewrite("START N := X END", "{N} = {X}", "Use `=`.", _WALRUS, 0.95),
        Rewrite("START ( X := X2 ) END", "{X} = {X2}", "Use `=`.", "`:=` can assign only to a plain name.",
            0.95),
        Rewrite("( X := X2 )", "({X} == {X2})", "Use `==` to compare.",
            "`:=` can assign only to a plain name.", 0.7),
    ),
}  # fmt: skip
SLIPS = tuple(slip(code)(table) for code, table in TABLES.items())
