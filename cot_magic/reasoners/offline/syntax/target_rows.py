"""Rewrites of what is assigned to: values on the left, stars, `del` and loop variables."""

from cot_magic.reasoners.offline.syntax.problem import Problem, parsed, slip
from cot_magic.reasoners.offline.syntax.rewrites import Rewrite, Rewrites, Words


def _is_value(_: Problem, words: Words) -> bool:
    """Return whether X is an expression that cannot be assigned to."""
    return parsed(words["X"], "eval") is not None and parsed(f"{words['X']} = 0") is None


def _swappable(problem: Problem, words: Words) -> bool:
    return _is_value(problem, words) and parsed(f"{words['X2']} = 0") is not None


def _not_assignable(problem: Problem, _: Words) -> bool:
    return "cannot assign to" in problem.message


def _starred(problem: Problem, _: Words) -> bool:
    return "starred" in problem.message


_LEFT, _COMPARE = "`{X}` cannot be assigned to.", "Use `==` to compare."
_SWAP = "Swap the two sides: the variable goes on the left, its value on the right."
_BETWEEN = "`{X}` is between two `=`, but it cannot be assigned to."
_SIGN, _ONE = "S=+=|-=|*=|/=|//=|%=|**=", "`{S}` changes one variable, the one on its left."
_EACH = "Change each variable in a statement of its own."
_STAR = "A star unpacks items only inside a tuple, list, set, dict or call."
_COMMA, _NO_STAR = "Add a comma, which makes it a tuple.", "Remove the star."
_DEL = "`{found}`: `del` takes names, attributes and items."
_VARIABLE = "`{W}` must be followed by a name."

TABLES = {
    "assignment-target": Rewrites(
        Rewrite("START N - N2 = X END", "{N}_{N2} = {X}", "Name it `{N}_{N2}`.",
            "A name cannot contain a hyphen.", 0.93),
        Rewrite("START X!= = X2!= END", "{X2} = {X}", _SWAP, _LEFT, 0.92, when=_swappable),
        Rewrite("START S = X!= END", "{S_bare} = {X}", "Write the variable's name without quotes.",
            "A string cannot be assigned to.", 0.9),
        Rewrite("START N ( X ) = X2!= END", "{N}[{X}] = {X2}",
            "Use square brackets, which assign to an item.", "The result of a call cannot be assigned to.",
            0.88, also=(("{N} = {X2}", "Assign to the name, without a call."),)),
        Rewrite("START N + X = X2!= END", "{N} += {X2}", "Use `+=` to change the variable.",
            "`{N} + {X}` cannot be assigned to.", 0.85),
        Rewrite("START X!= = X2!= END", "{X} == {X2}", _COMPARE, _LEFT, 0.9, when=_is_value),
        Rewrite("START N = X!= , N2 = X2!= END", "{N} = {X}\n{indent}{N2} = {X2}",
            "Put each assignment on its own line.", "Two assignments are on one line.", 0.9),
        Rewrite("START N = X!= = X2 END", "{N} = {X2} = {X}", "Move the value to the end.", _BETWEEN, 0.88,
            when=_swappable, also=(("{N} = {X} == {X2}", _COMPARE),)),
        Rewrite("START N = X!= = X2 END", "{N} = {X} == {X2}", _COMPARE, _BETWEEN, 0.85, when=_is_value),
    ),
    "augmented-target": Rewrites(
        Rewrite(f"START X!, , X2!, {_SIGN} X3!, , X4!, END", "{X} {S} {X3}\n{indent}{X2} {S} {X4}", _EACH,
            _ONE, 0.88),
        Rewrite(f"START ( X!, , X2!, ) {_SIGN} X3 END", "{X} {S} {X3}\n{indent}{X2} {S} {X3}", _EACH, _ONE,
            0.88),
        Rewrite(f"START D {_SIGN} N END", "{N} {S} {D}", _SWAP, _ONE, 0.9),
        Rewrite(f"START N +|-|*|/ X {_SIGN} X2 END", "{N} {S} {X2}", "Change `{N}`.", _ONE, 0.88),
        Rewrite(f"START N ( ) {_SIGN} X END", "{N} {S} {X}", "Change the name, without a call.", _ONE, 0.88),
    ),
    "star": Rewrites(
        Rewrite("START * N = X END", "*{N}, = {X}", _COMMA,
            "A variable with a star must be in a list or tuple.", 0.9, also=(("{N} = {X}", _NO_STAR),)),
        Rewrite("START * N , * N2 =", "{N}, *{N2} =", _NO_STAR,
            "Only one variable of an assignment may have a star.", 0.9, also=(("*{N}, {N2} =", _NO_STAR),)),
        Rewrite("W==|return * X!, END", "{W} *{X},", _COMMA, _STAR, 0.9, when=_starred,
            also=(("{W} [*{X}]", "Add square brackets, which make it a list."), ("{W} {X}", _NO_STAR))),
        Rewrite(": * X CLOSE", ": {X}", _NO_STAR, _STAR, 0.88, also=((": [*{X}]", "Make it a list."),)),
        Rewrite("= ** X END", "= {**{X}}", "Add braces, which make it a dict.", _STAR, 0.85,
            also=(("= {X}", _NO_STAR),)),
    ),
    "deletion": Rewrites(
        Rewrite("START del N ( X )", "del {N}", "Delete `{N}` itself.", _DEL, 0.9,
            also=(("del {N}[{X}]", "Delete an item, with square brackets."), ("{N}({X})", "Remove `del`."))),
        Rewrite("START del N +|-|and|or|& N2 END", "del {N}, {N2}", "Separate the names with commas.", _DEL,
            0.9),
        Rewrite("START del S", "del {S_bare}", "Write the name without quotes.", _DEL, 0.9),
    ),
    "loop-target": Rewrites(
        Rewrite("W=for|as S", "{W} {S_bare}", "Write the name without quotes.", _VARIABLE, 0.9,
            when=_not_assignable),
        Rewrite("W=for X!in in", "{W} i in", "Write a variable, `i`.", _VARIABLE, 0.88, when=_not_assignable),
        Rewrite("W=as X :|,", "{W} result:", "Write a variable, `result`.", _VARIABLE, 0.88,
            when=_not_assignable),
    ),
}  # fmt: skip
SLIPS = tuple(slip(code)(table) for code, table in TABLES.items())
