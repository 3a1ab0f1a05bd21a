"""Rewrites inside of expressions: operators of other languages, comparisons, conditions, calls."""

import re

from cot_magic.reasoners.offline.syntax.edits import BUILTINS
from cot_magic.reasoners.offline.syntax.problem import VALUE_KEYWORDS, Problem, slip
from cot_magic.reasoners.offline.syntax.rewrites import Rewrite, Rewrites, Words

# what is written, and the operator that is meant; longer ones first
_OPERATORS = """
    =<: <= | =>: >= | =!: != | <>: != | ===: == | !==: != | &&: and | = =: == | ! =: != | < =: <=
    > =: >= | + =: += | - =: -= | * =: *= | / =: /= | : =: := | * *: ** | / /: //
    is not equal to: != | is equal to: == | not equal to: != | is greater than: > | is less than: <
    is not in: not in | greater than: > | less than: < | equal to: == | equals: == | is in: in | not =: !=
    in not: not in | not is: is not | not ==: != | is ==: == | is <: < | is >: >
    isnot: is not | notin: not in | xor: ^ | mod: % | div: //
"""
OPERATORS = [("||", "or")]
OPERATORS += [(item.rpartition(": ")[0].strip(), item.rpartition(": ")[2].strip())
              for item in _OPERATORS.strip().replace("\n", "|").split("|")]  # fmt: skip


def _operator_rows(*, words: bool) -> list[Rewrite]:
    """Return the rewrites of operators that are words, or that are signs."""
    claim, rows = "`{found}` is not a Python operator.", []
    for written, meant in OPERATORS:
        if written[:1].isalpha() == words:
            weight = 0.925 + 0.005 * len(written.split())
            rows.append(Rewrite(f"OPERAND {written}", meant, f"Use `{meant}`.", claim, weight))
    return rows


def _is_value(problem: Problem, words: Words) -> bool:
    return words["X"] in problem.names


def _is_function(problem: Problem, words: Words) -> bool:
    name = words["N"]
    defined = name in problem.known or re.search(rf"\bdef\s+{re.escape(name)}\b", problem.source)
    return name != "print" and ((name in BUILTINS and name.islower()) or bool(defined))


def _in_thousands(_: Problem, words: Words) -> bool:
    return re.fullmatch(r"[1-9]\d{0,2}(?: \d{3})+", words["found"]) is not None


def _bad_escape(problem: Problem, words: Words) -> bool:
    said = re.search(r"codec can't decode|invalid \\x escape", problem.message)
    return bool(said and re.search(r"^[^rR'\"]*['\"](?s:.*)\\[UuxN]", words["S"]))


_GROUP, _SPACES = "Group the digits with underscores.", "`{found}` has spaces between its digits."
_ARGUMENT = "`{found}`: an argument's name is a plain name."
_BEFORE_FOR, _TUPLE = (
    "The expression before `for` is missing.",
    "Several values before `for` need parentheses.",
)
_ELSE_FIRST = "A conditional expression with `else` goes before the `for` of a comprehension."
_ELSE = "A conditional expression needs an `else`."
_FIRST = "A conditional expression is written `a if condition else b`."
_NO_VALUE = "`else` must be followed by a value, and `{W}` is not one."
_BLOCK = "if {X2}:\n{indent}    {X}"
_LEFT = "The comparison after `{W}` has no left operand."
_NOT = "`not` is not an operator between two values."
_ATTRIBUTE = "There is no name between the dot and `{W}`."

TABLES = {
    "foreign-operator": Rewrites(*_operator_rows(words=False)),
    "word-operator": Rewrites(
        *_operator_rows(words=True),
        Rewrite("OPERAND not VALUE", "!=", "Use `!=`, which tests whether they are different.", _NOT, 0.7,
            also=(("not in", "Use `not in`, which tests whether the second does not contain the first."),
            ("is not", "Use `is not`, which tests whether they are different objects."),
            ("and not", "Use `and not`, which combines two conditions."))),
    ),
    "negation": Rewrites(
        Rewrite("SIGN ! VALUE", "not ", "Write `not`.",
            "`!` is not a Python operator; `not` negates a condition.", 0.94),
        Rewrite("OPERAND ! in", "not in", "Write `not`.",
            "`!` is not a Python operator; `not` negates a condition.", 0.94),
    ),
    "argument-name": Rewrites(
        Rewrite("ARGUMENT S = VALUE", "{S_bare}=", "Write the argument's name without quotes.", _ARGUMENT,
            0.92, also=(("{S} == ", "Use `==` to compare."),)),
        Rewrite("ARGUMENT N - N2 = VALUE", "{N}_{N2}=",
            "Replace `-` with `_`: a name cannot contain a hyphen.", _ARGUMENT, 0.91),
        Rewrite("ARGUMENT X!,!= = VALUE", "{X} == ", "Use `==` to compare.", _ARGUMENT, 0.9,
            when=lambda _, words: not words["X"].isidentifier() or words["X"] in VALUE_KEYWORDS),
        Rewrite("ARGUMENT N = CLOSE", "{N}={N}", "Pass the variable `{N}`.",
            "The argument `{N}` has no value.", 0.87,
            when=lambda problem, words: words["N"] in problem.known),
        Rewrite("ARGUMENT N = CLOSE", "{N}=None", "Pass `None` as a placeholder.",
            "The argument `{N}` has no value.", 0.85, also=(("{N}", "Remove the `=`."),)),
    ),
    "call-without-brackets": Rewrites(
        Rewrite("N VALUE X CLOSE", "{N}({X})", "Put parentheses around the argument.",
            "`{N}` is a function, and the parentheses of its call are missing.", 0.9, when=_is_function),
    ),
    "comprehension-form": Rewrites(
        Rewrite("[ for N in X ]", "[{N} for {N} in {X}]", "Insert `{N}` before `for`.", _BEFORE_FOR, 0.88),
        Rewrite("[ X!: , X2 for X3 ]", "[({X}, {X2}) for {X3}]",
            "Put them in parentheses, which makes them a tuple.", _TUPLE, 0.94),
        Rewrite("OPERAND if X!else!for for X2", "for {X2} if {X}", "Move the condition to the end.",
            "A condition that filters items goes at the end of a comprehension."),
        Rewrite("[ X!if for X2!if if X3 else X4 ]", "[{X} if {X3} else {X4} for {X2}]",
            "Move it before `for`.", _ELSE_FIRST, 0.95),
    ),
    "increment": Rewrites(
        Rewrite("START X ++ END", "{X} += 1", "Write `{X} += 1`.", "`{found}`: Python has no `++` operator.",
            0.96),
        Rewrite("START X -- END", "{X} -= 1", "Write `{X} -= 1`.", "`{found}`: Python has no `--` operator.",
            0.96),
    ),
    "repeated-token": Rewrites(
        Rewrite("N N", "{N}", "Remove one `{N}`.", "`{N}` is there twice.", 0.97),
        Rewrite("OPERAND S==|+|-|*|/|% T=@|/|%|=|== VALUE", "{S} ", "Keep `{S}`.",
            "`{S} {T}`: two operators in a row, where one belongs.", 0.6),
    ),
    "cut-comparison": Rewrites(
        Rewrite("SIGN X C===|!=|<|>|<=|>=|in|is X2 W=and|or T===|!=|<|>|<=|>=|in", "{X} {C} {X2} {W} {X} {T}",
            "Repeat `{X}` after `{W}`.", _LEFT, 0.95),
    ),
    "dangling-operator": Rewrites(
        Rewrite("OPERAND S==|+|-|*|/|//|%|**|==|!=|<|>|<=|>=|and|or|in DEEPER", "{S} \\",
            "Put a backslash at the end of the line to continue it.",
            "The value after `{S}` at the end of the line is missing.", 0.9),
        Rewrite("OPERAND = END", "= None", "Insert `None` as a placeholder.",
            "The value after `=` at the end of the line is missing.", 0.8),
    ),
    "attribute-sign": Rewrites(
        Rewrite("OPERAND . W=[|(", "{W}", "Remove the dot.", _ATTRIBUTE),
        Rewrite("OPERAND :: N", ".{N}", "Use a dot.", "`::` does not access an attribute in Python.", 0.85),
        Rewrite("S . S2", "{S} + {S2}", "Join them with `+`.", "A dot does not join strings in Python.", 0.9),
    ),
    "conditional-value": Rewrites(
        Rewrite("SIGN if X then|:|, X2 else X3 END", "{X2} if {X} else {X3}",
            "Put the first value before `if`.", _FIRST, 0.96),
        Rewrite("if X else END", "if {X} else None", "Insert `None` as a placeholder.",
            "The value after `else` is missing.", 0.9),
        Rewrite("OPERAND if X!else END", "if {X} else None",
            "Add `else None`, the value if the condition is false.", _ELSE, 0.86),
        Rewrite("START X!= if X2!else END", _BLOCK, "Make it an `if` statement.", _ELSE, 0.9,
            when=lambda _, words: not words["X"].startswith("return")),
        Rewrite("START return X else W=return X2", "return {X} else {X2}", "Keep only the first `return`.",
            _NO_VALUE, 0.95),
        Rewrite("START N = X else N = X2 END", "{N} = {X} else {X2}", "Keep only the first `{N} =`.",
            "`else` must be followed by a value, and `{N} = {X2}` is not one.", 0.95),
    ),
    "stray-sign": Rewrites(
        Rewrite("SIGN X!= ? X2 : X3 CLOSE", "{X2} if {X} else {X3}", "Write it as `a if condition else b`.",
            "`condition ? a : b` is the conditional expression of other languages.", 0.95),
    ),
    "lambda-form": Rewrites(
        Rewrite("lambda X!: : return", "lambda {X}:", "Remove `return`.",
            "A lambda contains an expression, not a `return` statement.", 0.96),
        Rewrite("lambda X!: : pass", "lambda {X}: None", "Write `None` instead.",
            "A lambda needs an expression, and `pass` is a statement.", 0.9),
    ),
    "tuple-parameter": Rewrites(
        Rewrite("lambda ( X ) :", "lambda {X}:", "Remove the parentheses.",
            "The parameters of a lambda cannot be in parentheses.", 0.92),
    ),
    "backticks": Rewrites(
        Rewrite("` X `", "repr({X})", "Call `repr`, as backticks did in Python 2.",
            "Backticks are not valid in Python 3.", 0.88, when=_is_value),
        Rewrite("` X `", '"{X}"', "Put the string in quotes.", "Backticks are not valid in Python 3.", 0.87,
            also=(("repr({X})", "Call `repr`, as backticks did in Python 2."),)),
    ),
    "joined-strings": Rewrites(
        Rewrite("S N S2", "{S} + {N} + {S2}", "Join them with `+`.",
            "The `+` between the strings and `{N}` is missing.", 0.97,
            when=lambda problem, words: words["N"] in problem.names),
    ),
    "backslash-in-string": Rewrites(
        Rewrite("S", "r{S}", "Put `r` before the string, so that backslashes are kept as they are.",
            "A backslash begins an escape sequence such as `\\n`; this one is not valid.", 0.95,
            also=(("{S_doubled}", "Double the backslashes."),), when=_bad_escape),
    ),
    "bytes-literal": Rewrites(
        Rewrite("S", "{S_text}.encode()", "Write a string and encode it as UTF-8.",
            "A bytes literal can contain only ASCII characters.", 0.8,
            also=(("{S_text}", "Make it a string."),),
            when=lambda problem, words: "only contain ASCII" in problem.message and not words["S"].isascii()),
    ),
    "bytes-and-text": Rewrites(
        Rewrite("S S2", "{S_bytes} {S2_bytes}", "Make both bytes.", "Bytes and strings cannot be joined.",
            0.75, also=(("{S_text} {S2_text}", "Make both strings."),),
            when=lambda problem, _: "cannot mix bytes" in problem.message),
    ),
    "number-groups": Rewrites(
        Rewrite("D D2 D3", "{D}_{D2}_{D3}", _GROUP, _SPACES, 0.9, when=_in_thousands),
        Rewrite("D D2", "{D}_{D2}", _GROUP, _SPACES, 0.6, when=_in_thousands),
    ),
    "percentage": Rewrites(
        Rewrite("D %", "{D} / 100", "Divide by 100.",
            "`{D}%`: in Python, `%` gives the remainder of a division, not a percentage.", 0.99,
            also=(("{D}", "Remove the `%`."),)),
    ),
    "semicolon-for-comma": Rewrites(
        Rewrite("OPERAND [ X ; X2 ]", "[{X}:{X2}]", "Use a colon, which makes a slice.",
            "A semicolon has no meaning inside square brackets.",
            also=(("[{X}, {X2}]", "Use a comma, which separates two indices."),)),
        Rewrite("START def N ( X ; END", "def {N}({X}):", "End the line with `):`.",
            "The parameters end with `)`.", 0.9),
    ),
}  # fmt: skip
SLIPS = tuple(slip(code)(table) for code, table in TABLES.items())
