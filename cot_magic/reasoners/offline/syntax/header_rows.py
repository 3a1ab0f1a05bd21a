"""Rewrites of the first lines of blocks: conditions, loops, functions, classes, `with`, `except`, `case`."""

import builtins

from cot_magic.reasoners.offline.syntax.problem import Problem, slip
from cot_magic.reasoners.offline.syntax.rewrites import Rewrite, Rewrites, Words


def _names_exception(_: Problem, words: Words) -> bool:
    name = words["N"]
    return name[:1].islower() and not isinstance(getattr(builtins, name, None), type)


def _in_match(problem: Problem, _: Words) -> bool:
    return any(token.text == "match" and token.first for token in problem.tokens)


def _no_range(_: Problem, words: Words) -> bool:
    return words["N"] != "range"


_COLON = "The line that begins with `{W}` does not end with a colon."
_ELIF, _IN = "Write `elif`.", "Write `in` between the variable and the items."
_RANGE = "A range of numbers is written `range(start, stop)`, and `stop` is not included."
_CALL = "The parentheses after the function's name `{N}` are missing."
_AS, _TUPLE = "`as` gives an exception a name.", "Put the classes in parentheses."
_NOT_A_WORD = "`{W}` is not a Python keyword."
_TYPED = "`{W} {N}`: Python takes no type before a parameter."

TABLES = {
    "missing-condition": Rewrites(
        Rewrite("START W=if|while|elif :", "{W} True:", "Insert `True` as a placeholder for the condition.",
            "The condition after `{W}` is missing.", 0.8),
    ),
    "missing-colon": Rewrites(
        Rewrite("START W=else|try|finally END", "{W}:", "End the line with a colon.", _COLON, 0.96),
        Rewrite("START W=if|elif|while|for X T=then|do END", "{W} {X}:", "Replace `{T}` with a colon.",
            _COLON, 0.96),
        Rewrite("START W=if|elif|while|for|def|class|with|except X END", "{W} {X}:",
            "End the line with a colon.", _COLON, 0.9),
    ),
    "misplaced-colon": Rewrites(
        Rewrite("W=then|do :", ":", "Remove `{W}`: the colon starts the block.", _NOT_A_WORD, 0.96),
    ),
    "else-if": Rewrites(
        Rewrite("START W=elseif|elsif", "elif", _ELIF, "In Python, `{W}` is written `elif`.", 0.97),
        Rewrite("START else if", "elif", _ELIF, "In Python, `else if` is written `elif`.", 0.97),
        Rewrite("START else X :", "elif {X}:", "Write `elif`, which takes a condition.",
            "`else` takes no condition.", 0.94, also=(("else:", "Remove the condition."),)),
        Rewrite("START elif :", "else:", "Write `else`, which takes no condition.",
            "`elif` needs a condition."),
    ),
    "with-as": Rewrites(
        Rewrite("START with X VALUE N :", "with {X} as {N}:", "Insert `as` before the name.",
            "`as` is missing before the name in the `with` statement.", 0.95),
        Rewrite("START with N = X :", "with {X} as {N}:", "Write `as {N}` after the expression.",
            "A `with` statement names its value with `as`, not `=`.", 0.95),
    ),
    "for-loop": Rewrites(
        Rewrite("START foreach", "for", "Write `for`.", "In Python, `foreach` is written `for`.", 0.96),
        Rewrite("START for W=each|every|all|int|var|let|const|auto N", "for {N}", "Remove `{W}`.",
            "`{W}` does not belong after `for`.", 0.95),
        Rewrite("for X!in W=of|on|within|through|to|from|is|:|=|at X2 :", "for {X} in {X2}:", _IN,
            "A `for` loop uses `in`, not `{W}`.", 0.95),
        Rewrite("START for N VALUE X!in :", "for {N} in {X}:", _IN,
            "`in` is missing after the loop variable.", 0.96,
            when=_no_range),
        Rewrite("OPERAND for N VALUE X!in CLOSE", "for {N} in {X}", _IN,
            "`in` is missing after the loop variable.", 0.93,
            when=_no_range),
        Rewrite("START for in X :", "for i in {X}:", "Name the loop variable `i`.",
            "The loop variable is missing.", 0.9,
            also=(("for _ in {X}:", "Name the loop variable `_`, since its value is not used."),)),
        Rewrite("START for range X :", "for i in range{X}:", "Name the loop variable `i`.",
            "The loop variable is missing.", 0.98),
        Rewrite("START for ( X in X2 )", "for {X} in {X2}", "Remove the parentheses.",
            "A `for` loop takes no parentheses around its variable and iterable.", 0.94),
        Rewrite("START for ( X in X2 ) END", "for {X} in {X2}:", "Remove the parentheses.",
            "A `for` loop takes no parentheses around its variable and iterable.", 0.95),
        Rewrite("START for N =|in|from X to|...|: D :", "for {N} in range({X}, {D_next}):",
            "Loop up to and including {D}.", _RANGE, 0.9,
            also=(("for {N} in range({X}, {D}):", "Loop up to but not including {D}."),)),
        Rewrite("START for N =|in|from X to|...|: X2 :", "for {N} in range({X}, {X2} + 1):",
            "Loop up to and including {X2}.", _RANGE, 0.88,
            also=(("for {N} in range({X}, {X2}):", "Loop up to but not including {X2}."),)),
        Rewrite("START for X in X2!if if X3!else :", "for {X} in ({X} for {X} in {X2} if {X3}):",
            "Filter the items in a generator expression.", "The first line of a `for` loop takes no `if`.",
            0.88),
    ),
    "foreign-loop": Rewrites(
        Rewrite("START W=until X :", "while not ({X}):", "Write `while not`, which means the same.",
            _NOT_A_WORD),
        Rewrite("START W=unless X :", "if not ({X}):", "Write `if not`, which means the same.", _NOT_A_WORD),
        Rewrite("START W=repeat|loop X :", "for _ in range({X}):", "Use `for` with `range` to repeat.",
            _NOT_A_WORD, 0.9),
    ),
    "quoted-name": Rewrites(
        Rewrite("START W=def|class S", "{W} {S_bare}", "Remove the quotes.",
            "A name is written without quotes.", 0.95),
    ),
    "def-form": Rewrites(
        Rewrite("START def N :", "def {N}():", "Add empty parentheses: there are no parameters.", _CALL,
            0.96),
        Rewrite("START def N END", "def {N}():", "Add empty parentheses: there are no parameters.", _CALL,
            0.96),
        Rewrite("START def N [ X ]", "def {N}({X})", "Replace them with parentheses.",
            "Parameters go in parentheses.", 0.95),
        Rewrite("START def N { X }", "def {N}({X})", "Replace them with parentheses.",
            "Parameters go in parentheses.", 0.95),
        Rewrite("START def N X ) :", "def {N}({X}):", "Put parentheses around the parameters.", _CALL, 0.96),
        Rewrite("START def N VALUE X :", "def {N}({X}):", "Put parentheses around the parameters.", _CALL,
            0.95),
        Rewrite("START def N N2 (", "def {N}_{N2}(", "Name it `{N}_{N2}`.", "A function's name is one word.",
            0.96, also=(("def {N2}(", "Name it `{N2}`."),)),
        Rewrite("START def N - N2", "def {N}_{N2}", "Name it `{N}_{N2}`.",
            "`{N}-{N2}` is no valid name of a function.", 0.85),
        Rewrite("START def (", "def function(", "Insert the name `function` as a placeholder.",
            "The function has no name.", 0.85),
    ),
    "class-form": Rewrites(
        Rewrite("START class N W=extends|inherits|implements|from|of|< X :", "class {N}({X}):",
            "Put the base class in parentheses.",
            "`{W}` names the base class in other languages, not in Python.", 0.94),
        Rewrite("START class N N2 :", "class {N}({N2}):",
            "Put `{N2}` in parentheses, so that the class inherits from it.", "A class's name is one word.",
            0.85, also=(("class {N}{N2}:", "Name it `{N}{N2}`."),)),
        Rewrite("START class N S=-|. N2", "class {N}_{N2}", "Name it `{N}_{N2}`.",
            "`{N}{S}{N2}` is no valid name of a class.", 0.8),
    ),
    "parameter-form": Rewrites(
        Rewrite("PARAMETER W=int|float|bool|str|list|dict|tuple N", "{N}", "Remove `{W}`.", _TYPED, 0.9,
            also=(("{N}: {W}", "Write the type after the name."),)),
        Rewrite("PARAMETER W=string|String|char N", "{N}", "Remove `{W}`.", _TYPED, 0.9,
            also=(("{N}: str", "Write the type after the name."),)),
        Rewrite("PARAMETER S CLOSE", "{S_bare}", "Remove the quotes.",
            "A parameter is a name, without quotes.", 0.92),
        Rewrite("PARAMETER ( X ) CLOSE", "{X}", "Remove the parentheses.",
            "A parameter cannot be in parentheses of its own.", 0.9),
        Rewrite("PARAMETER self . N", "{N}", "Name it `{N}`.", "`{found}` is not a valid parameter name.",
            0.9),
        Rewrite("PARAMETER N .|- N2", "{N}_{N2}", "Name it `{N}_{N2}`.",
            "`{found}` is not a valid parameter name.", 0.9),
        Rewrite("PARAMETER N ==|:= X CLOSE", "{N}={X}", "Write one `=`.",
            "A default is given with a single `=`.", 0.92),
        Rewrite("PARAMETER N = CLOSE", "{N}=None", "Add the default `None`.",
            "The default of `{N}` is missing.", 0.9, also=(("{N}", "Remove the `=`."),)),
        Rewrite("PARAMETER D CLOSE", "", "Remove `{D}`.", "A number cannot be a parameter.", 0.9,
            also=(("x={D}", "Write `x={D}`."),)),
    ),
    "arrow": Rewrites(
        Rewrite("START def X : -> X2 END", "def {X} -> {X2}:", "Move the colon to the end of the line.",
            "The colon comes after the return type.", 0.95),
        Rewrite("lambda X!: ->|=>", "lambda {X}:", "Replace the arrow with a colon.",
            "A lambda's parameters are followed by a colon, not an arrow.", 0.96),
        Rewrite("SIGN N => X", "lambda {N}: {X}", "Write the function with `lambda`.",
            "An arrow defines a function in other languages, not in Python.", 0.95,
            when=lambda _, words: words["N"] in words["X"].split()),
        Rewrite("SIGN ( X ) =>|->", "lambda {X}:", "Write the function with `lambda`.",
            "An arrow defines a function in other languages, not in Python.", 0.95),
    ),
    "except-form": Rewrites(
        Rewrite("START except X , N :", "except {X} as {N}:", "Use `as` to name the exception.", _AS, 0.96,
            when=_names_exception),
        Rewrite("START except X ,|or|and|| X2 as N :", "except ({X}, {X2}) as {N}:", _TUPLE, _TUPLE, 0.96),
        Rewrite("START except X ,|or|and|| X2 :", "except ({X}, {X2}):", _TUPLE, _TUPLE, 0.95),
    ),
    "exception-handler": Rewrites(
        Rewrite("START except as N :", "except Exception as {N}:",
            "Catch `Exception`, which covers all ordinary errors.",
            "The exception class is missing before `as`."),
        Rewrite("START except X VALUE N :", "except {X} as {N}:", "Insert `as` before the name.",
            "`as` is missing before the exception's name.", 0.95),
    ),
    "match-pattern": Rewrites(
        Rewrite("START W=default|else|otherwise :", "case _:",
            "Write `case _`, which matches everything else.",
            "The default case of `match` is written `case _:`.", 0.94, when=_in_match),
        Rewrite("START case X or X2 :", "case {X} | {X2}:", "Replace `or` with `|`.",
            "Alternative patterns are separated by `|`, not `or`.", 0.93),
    ),
}  # fmt: skip
SLIPS = tuple(slip(code)(table) for code, table in TABLES.items())
