"""Mistakes in the first line of a block: colons, `else if`, loops and `with` without their words, braces."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.rules.syntax_lexer import CLOSERS, Kind
from cot_magic.reasoners.rules.syntax_problem import KEYWORDS, Mistake, Problem, Reading, reading, unique

_COMPOUND = frozenset(["if", "elif", "else", "for", "while", "def", "class", "with", "try", "except", "finally", "async", "match", "case"])
_BARE = frozenset(("else", "try", "finally"))


def _header_lines(problem: Problem) -> Iterator[tuple[int, int]]:
    """Logical lines that begin with a word of a compound statement, the failing one first."""
    low, high = problem.statement
    spans = [(low, high)]
    if low > 0:
        spans.append(problem.listing.statement(low - 1))
    for start, stop in spans:
        if start < len(problem.tokens) and problem.text(start) in _COMPOUND:
            if problem.text(start) in ("match", "case") and problem.text(start + 1) in (
                "=",
                ".",
                "(",
                ",",
                ")",
                "[",
            ):
                continue
            yield start, stop


def _missing_colon(problem: Problem) -> Iterator[Reading]:
    for low, high in _header_lines(problem):
        if problem.header_end(low, high) is not None:
            continue
        word = problem.text(low) if problem.text(low) != "async" else f"async {problem.text(low + 1)}"
        last = high - 1
        line = problem.tokens[last].line
        end = problem.tokens[last].end
        deeper = _next_is_deeper(problem, low, high)
        sign = problem.text(last)
        claim = f"The line that begins with `{word}` has no colon at its end."
        if sign in (";", ",", ".", "=", "?", "-", "!", "|", "{") and last > low:
            swapped = problem.swap(last, ":")
            yield reading(
                f"{claim} A `{sign}` stands there.",
                (swapped, "A colon stands there."),
                weight=0.95,
                certain=deeper and sign in (";", ",", ".", "="),
            )
        if sign in ("then", "do") and last > low:
            yield reading(
                f"`{sign}` is no word of Python; a colon begins the block.",
                (problem.put((problem.tokens[last - 1].end, end, ":")), "A colon stands there."),
                weight=0.96,
                certain=True,
            )
        if low < problem.at < high and problem.tokens[problem.at].line == line and not deeper:
            at = problem.tokens[problem.at - 1].end
            inside = problem.put((at, at, ":"))
            skip = ""
            if problem.text(problem.at) in ("then", "do"):
                inside = problem.put((at, problem.tokens[problem.at].end, ":"))
                skip = f" `{problem.text(problem.at)}` is not needed."
            yield reading(
                claim,
                (inside, f"A colon stands before `{problem.text(problem.at + bool(skip))}`.{skip}"),
                weight=0.9,
                certain=True,
            )
            if problem.text(low) in _BARE and last > low:
                bare = problem.put((problem.tokens[low].end, problem.tokens[low].end, ":"))
                yield reading(claim, (bare, f"A colon stands behind `{word}`."), weight=0.92, certain=True)
        colon = problem.put((end, end, ":"))
        yield reading(
            claim, (colon, "The colon begins the block."), weight=0.94, certain=deeper or last == low
        )


def _next_is_deeper(problem: Problem, low: int, high: int) -> bool:
    if high >= len(problem.tokens):
        return False
    here = problem.listing.indent(problem.tokens[low].line)
    return len(problem.listing.indent(problem.tokens[high].line)) > len(here)


def _extra_sign(problem: Problem) -> Iterator[Reading]:
    """`def f():;`, `if x::`, `else: {`, a colon behind a statement that has no block."""
    for low, high in _header_lines(problem):
        colon = problem.header_end(low, high)
        if colon is None or colon + 1 >= high:
            continue
        rest = [problem.text(i) for i in range(colon + 1, high)]
        if all(text in (";", ":", ",", ".", "{", "=", "-", ">") for text in rest) and len(rest) <= 2:
            yield reading(
                f"Behind the colon stands `{''.join(rest)}`, which does not belong there.",
                (problem.drop(colon + 1, high - 1), "The line ends with its colon."),
                weight=0.96,
                certain=rest != ["{"],
            )
        elif problem.tokens[colon + 1].kind is not Kind.NAME and rest[0] in (";", ":", ","):
            yield reading(
                f"Behind the colon stands `{rest[0]}`.",
                (problem.drop(colon + 1), "It is left out."),
                weight=0.8,
            )
        elif (
            problem.listing.statement(colon)[1] == high
            and _next_is_deeper(problem, low, high)
            and rest[-1] == ":"
        ):
            after = problem.drop(colon)
            yield reading(
                "The line has a colon before its end.",
                (after, "Only the last colon is kept."),
                weight=0.8,
                certain=problem.text(low) in ("for", "while"),
            )
    low, high = problem.statement
    if (
        low < high
        and problem.text(low) not in _COMPOUND
        and problem.text(high - 1) in (":", ",")
        and high - low > 1
    ):
        if problem.text(high - 1) == ":":
            options = [(problem.drop(high - 1), "The colon is left out.")]
            yield reading(
                "A colon stands at the end of a line that begins no block.",
                *options,
                weight=0.7 if problem.text(low) in KEYWORDS else 0.55,
            )


def _else_if(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    for index in range(low, high):
        text, following = problem.text(index), problem.text(index + 1)
        starts = problem.tokens[index].first or problem.text(index - 1) == "}"
        if not starts:
            continue
        if text in (
            "elseif",
            "elsif",
            "elif_",
            "elsif",
            "elIf",
            "ElseIf",
            "Elif",
            "elf",
            "elis",
            "eif",
            "eliif",
        ):
            yield reading(
                f"`{text}` is written `elif` in Python.",
                (problem.swap(index, "elif"), "`elif` asks the next question."),
                weight=0.97,
                certain=True,
            )
        elif (
            text in ("else", "esle", "Else")
            and following == "if"
            and problem.tokens[index + 1].line == problem.tokens[index].line
        ):
            yield reading(
                "`else if` is written `elif` in Python.",
                (problem.swap(index, "elif", index + 1), "`elif` asks the next question."),
                weight=0.97,
                certain=True,
            )
        elif text == "else" and following not in (":", "") and not problem.tokens[index + 1].first:
            colon = problem.header_end(index, high)
            if colon is not None and colon > index + 1:
                options = [(problem.swap(index, "elif"), "`elif` takes a condition.")]
                if colon + 1 >= high:
                    drop = problem.put((problem.tokens[index].end, problem.tokens[colon].start, ""))
                    options.append((drop, "`else` takes no condition."))
                yield reading(
                    "`else` takes no condition.", *options, weight=0.94, certain=colon + 1 >= high and False
                )
        elif text == "elif" and following == ":":
            yield reading(
                "`elif` needs a condition.",
                (problem.swap(index, "else"), "`else` takes what is left."),
                weight=0.93,
                certain=True,
            )
        elif text == "elif" and following == "else":
            yield reading(
                "`elif else` is written `else`.",
                (problem.drop(index), "`else` takes what is left."),
                weight=0.93,
                certain=True,
            )


def _for(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    first = low + (problem.text(low) == "async")
    word = problem.text(first)
    if word in ("foreach", "For", "FOR"):
        yield reading(
            f"`{word}` is written `for`.",
            (problem.swap(first, "for"), "`for` begins the loop."),
            weight=0.96,
            certain=True,
        )
        return
    if word != "for":
        yield from _for_inside(problem)
        return
    yield from _c_style(problem, first, high)
    if (
        problem.text(first + 1) in ("each", "int", "var", "let", "const", "auto", "every", "all")
        and problem.tokens[first + 2].kind is Kind.NAME
        if first + 2 < high
        else False
    ):
        yield reading(
            f"`{problem.text(first + 1)}` has no place behind `for`.",
            (problem.drop(first + 1), "The loop's variable stands there alone."),
            weight=0.95,
            certain=True,
        )
    has_in = any(problem.text(i) == "in" for i in range(first, high))
    name = first + 1
    if not has_in and name < high and problem.tokens[name].kind is Kind.NAME:
        end = name
        while problem.text(end + 1) == "," and problem.ends_operand(end + 2):
            end += 2
        following = problem.text(end + 1)
        if following in (
            "of",
            "on",
            "im",
            "ni",
            "inn",
            "iN",
            "In",
            "IN",
            "form",
            "from",
            "to",
            "is",
            ":",
            "=",
            "within",
            "en",
            "at",
            "through",
        ):
            sure = following not in ("from", "to", "is", "=", "form", "at")
            if not (following == ":" and problem.header_end(end + 2, high) is None):
                yield reading(
                    f"`{following}` stands where `in` belongs.",
                    (
                        problem.put((problem.tokens[end].end, problem.tokens[end + 1].end, " in")),
                        "`in` stands between variable and values.",
                    ),
                    weight=0.95,
                    certain=sure,
                )
        elif problem.starts_operand(end + 1) or following in ("(", "["):
            at = problem.tokens[end].end
            start = problem.tokens[end + 1].start
            yield reading(
                "In the loop the word `in` is missing.",
                (problem.put((at, start, " in ")), "`in` stands between variable and values."),
                weight=0.96,
                certain=True,
            )
    elif problem.text(name) == "in":
        at = problem.tokens[name].start
        variable = _variable(problem, high)
        yield reading(
            "The loop has no variable.",
            (problem.put((at, at, f"{variable} ")), f"The variable is called `{variable}`."),
            (problem.put((at, at, "_ ")), "`_` is a variable that nobody reads."),
            weight=0.85,
        )
    elif not has_in and problem.text(name) == "range":
        at = problem.tokens[name].start
        yield reading(
            "The loop has no variable.",
            (problem.put((at, at, "i in ")), "The variable is called `i`."),
            weight=0.85,
        )
    yield from _unparenthesised_for(problem, first, high)
    yield from _dotted_range(problem, first, high)


def _variable(problem: Problem, high: int) -> str:
    """A name that the body uses and nobody binds, else `i`."""
    bound = problem.names
    for index in range(high, min(high + 60, len(problem.tokens))):
        token = problem.tokens[index]
        if (
            token.kind is Kind.NAME
            and token.text not in KEYWORDS
            and token.text not in bound
            and len(token.text) <= 2
        ):
            return token.text
    return "i"


def _unparenthesised_for(problem: Problem, first: int, high: int) -> Iterator[Reading]:
    """`for (x in xs):`"""
    if problem.text(first + 1) != "(":
        return
    closer = problem.listing.partner.get(first + 1)
    if closer is None or not any(
        problem.text(i) == "in" and problem.tokens[i].opener == first + 1 for i in range(first, closer)
    ):
        return
    inside = problem.between(first + 2, closer)
    space = "" if problem.source[problem.tokens[first].end] == " " else " "
    after = problem.put((problem.tokens[first + 1].start, problem.tokens[closer].end, space + inside))
    if problem.text(closer + 1) not in (":", "{") and not problem.text(closer + 1) == "":
        after = problem.put(
            (problem.tokens[first + 1].start, problem.tokens[closer].end, f"{space}{inside}:")
        )
    yield reading(
        "Python's loop takes no brackets around variable and values.",
        (after, "The brackets are left out."),
        weight=0.95,
        certain=True,
    )


def _dotted_range(problem: Problem, first: int, high: int) -> Iterator[Reading]:
    text = problem.between(first, high)
    found = re.match(
        r"for\s+(\w+)\s*(?:in|=|from)\s*\(?\s*(-?\w+)\s*(?:\.\.\.?|to|:|,\s*\.\.\.\s*,)\s*([\w()]+?)\s*\)?\s*(?:do|then)?\s*(?=:\s*$|\s*$|:\s)",
        text,
    )
    if found is None:
        return
    start = problem.tokens[first].start
    head = f"for {found[1]} in range({found[2]}, "
    rest = text[found.end() :] or ":"
    last = found[3]
    inclusive = str(int(last) + 1) if last.isdigit() else f"{last} + 1"
    yield reading(
        "A range of numbers is written `range(first, end)`, and the end is not part of it.",
        (
            problem.put((start, start + len(text), f"{head}{inclusive}){rest}")),
            f"The loop runs up to {last}.",
        ),
        (problem.put((start, start + len(text), f"{head}{last}){rest}")), f"The loop ends before {last}."),
        weight=0.9,
    )


def _c_style(problem: Problem, first: int, high: int) -> Iterator[Reading]:
    """`for (i = 0; i < n; i++)`"""
    text = problem.between(first, high)
    found = re.match(
        r"for\s*\(?\s*(?:int |let |var )?\s*(\w+)\s*=\s*([^;,]+?)\s*[;,]\s*\1\s*(<=?|>=?|!=)\s*([^;,]+?)\s*[;,]\s*"
        r"(?:\1\s*(\+\+|--)|(\+\+|--)\s*\1|\1\s*([+-])=\s*(\w+)|\1\s*=\s*\1\s*([+-])\s*(\w+))\s*\)?\s*:?\s*\{?",
        text,
    )
    if found is None:
        return
    name, begin, sign, end = found[1], found[2], found[3], found[4]
    down = "-" in (found[5] or found[6] or found[7] or found[9] or "+")
    step = found[8] or found[10] or "1"
    if sign in ("<=", ">="):
        end = (
            str(int(end) + (-1 if down else 1))
            if end.lstrip("-").isdigit()
            else f"{end} {'-' if down else '+'} 1"
        )
    arguments = f"{begin}, {end}" if begin != "0" or down or step != "1" else end
    if down or step != "1":
        arguments += f", {'-' if down else ''}{step}"
    start = problem.tokens[first].start
    new = f"for {name} in range({arguments}):"
    yield reading(
        "Python's `for` goes through values and takes no counter with semicolons.",
        (problem.put((start, start + found.end(), new)), f"`{new}` counts in the same way."),
        weight=0.97,
        certain=True,
    )


def _for_inside(problem: Problem) -> Iterator[Reading]:
    """A comprehension without `in`: `[x for x xs]`."""
    low, high = problem.statement
    for index in range(low, high - 2):
        if (
            problem.text(index) == "for"
            and not problem.tokens[index].first
            and problem.tokens[index + 1].kind is Kind.NAME
        ):
            end = index + 1
            while problem.text(end + 1) == "," and problem.ends_operand(end + 2):
                end += 2
            if problem.text(end + 1) == "of":
                yield reading(
                    "`of` stands where `in` belongs.",
                    (problem.swap(end + 1, "in"), "`in` stands there."),
                    weight=0.95,
                    certain=True,
                )
            elif problem.starts_operand(end + 1) and problem.text(end + 2) != "in":
                at = problem.tokens[end].end
                yield reading(
                    "Behind `for` the word `in` is missing.",
                    (problem.put((at, at, " in")), "`in` stands between variable and values."),
                    weight=0.93,
                    certain=True,
                )


def _with(problem: Problem) -> Iterator[Reading]:
    low, high = problem.statement
    first = low + (problem.text(low) == "async")
    if problem.text(first) != "with":
        return
    for index in range(first + 1, high - 1):
        if problem.tokens[index + 1].opener >= 0:
            continue
        if (
            problem.ends_operand(index)
            and problem.tokens[index + 1].kind is Kind.NAME
            and problem.starts_operand(index + 1)
        ):
            at = problem.tokens[index].end
            yield reading(
                "In `with` the word `as` is missing before the name.",
                (problem.put((at, at, " as")), "`as` gives the result a name."),
                weight=0.95,
                certain=True,
            )
        elif problem.text(index) == "=" and index == first + 2:
            colon = problem.header_end(first, high)
            if colon is not None:
                name, value = problem.text(first + 1), problem.between(index + 1, colon)
                yield reading(
                    "`with` gives a name by `as`, not by `=`.",
                    (
                        problem.swap(first + 1, f"{value} as {name}", colon - 1),
                        f"`as {name}` gives the name.",
                    ),
                    weight=0.95,
                    certain=True,
                )
        elif (
            problem.text(index) in ("=", "->", ":")
            and problem.tokens[index + 1].kind is Kind.NAME
            and problem.header_end(index + 1, high) is not None
        ):
            yield reading(
                "`with` gives a name by `as`.",
                (
                    problem.put((problem.tokens[index - 1].end, problem.tokens[index].end, " as")),
                    "`as` gives the name.",
                ),
                weight=0.9,
                certain=True,
            )
        elif problem.text(index) == "," and problem.text(index + 1) == "as":
            yield reading(
                "Before `as` stands a comma.",
                (problem.drop(index), "The comma is left out."),
                weight=0.94,
                certain=True,
            )


def _ternary(problem: Problem) -> Iterator[Reading]:
    """`x = 1 if y`, `x = if y then 1 else 2`, `return 1 if x else return 2`."""
    low, high = problem.statement
    text = problem.between(low, high)
    start = problem.tokens[low].start if low < high else 0
    found = re.fullmatch(
        r"(?P<head>(?:return|[\w.\[\]]+\s*=|print\s*\()\s*)if\s+(?P<test>.+?)\s*(?:then|:|,)\s*(?P<yes>.+?)\s*[,;]?\s*else\s*:?\s*(?P<no>.+)",
        text,
        re.DOTALL,
    )
    if found:
        new = f"{found['head']}{found['yes']} if {found['test']} else {found['no']}"
        yield reading(
            "A choice between two values is written `a if condition else b`.",
            (problem.put((start, start + len(text), new)), "The value stands first, then the condition."),
            weight=0.96,
            certain=True,
        )
    for index in range(low + 1, high):
        if problem.text(index) == "else" and not problem.tokens[index].first:
            if (
                problem.text(index + 1) in ("return", "pass", "continue", "break", ":", "print")
                or problem.text(index + 2) == "="
            ):
                yield from _else_statement(problem, low, index, high)
    ifs = [i for i in range(low + 1, high) if problem.text(i) == "if" and not problem.tokens[i].first]
    if ifs and ("else" not in text.split()) and not any(problem.text(i) == "for" for i in range(low, high)):
        end = problem.tokens[high - 1].end
        depth = problem.tokens[ifs[-1]].opener
        if depth >= 0:
            end = problem.tokens[problem.listing.partner.get(depth, high - 1)].start
        options = [(problem.put((end, end, " else None")), "`else None` says what is taken otherwise.")]
        if depth < 0 and problem.tokens[low].first:
            indent = problem.listing.indent(problem.tokens[low].line)
            statement, test = (
                problem.between(low, ifs[-1]),
                problem.between(ifs[-1] + 1, high).rstrip(":").rstrip(),
            )
            block = f"if {test}:\n{indent}    {statement}"
            options.append(
                (
                    problem.put((start, problem.tokens[high - 1].end, block)),
                    "The statement runs only if the condition holds.",
                )
            )
            if problem.text(low) in KEYWORDS or (high - low > 3 and "=" not in text.split(" if ")[0]):
                options.reverse()
        yield reading("A value with `if` needs an `else` too.", *options, weight=0.86)


def _else_statement(problem: Problem, low: int, index: int, high: int) -> Iterator[Reading]:
    following = problem.text(index + 1)
    head = problem.text(low)
    claim = f"Behind `else` a value must stand, and `{following}` is none."
    if following == ":":
        yield reading(
            "Behind `else` of a value stands no colon.",
            (problem.drop(index + 1), "The colon is left out."),
            weight=0.93,
            certain=True,
        )
    elif following == head == "return":
        yield reading(claim, (problem.drop(index + 1), "One `return` is enough."), weight=0.95, certain=True)
    elif problem.text(index + 2) == "=" and problem.text(index + 1) == head:
        yield reading(
            claim,
            (problem.drop(index + 1, index + 2), f"One `{head} =` is enough."),
            weight=0.95,
            certain=True,
        )
    elif following in ("pass", "continue", "break"):
        options = [(problem.swap(index + 1, "None"), "`None` stands for nothing.")]
        cut = next((i for i in range(index, low, -1) if problem.text(i) == "if"), None)
        if cut is not None and problem.tokens[low].first:
            indent = problem.listing.indent(problem.tokens[low].line)
            block = f"if {problem.between(cut + 1, index)}:\n{indent}    {problem.between(low, cut)}"
            if following != "pass":
                block += f"\n{indent}else:\n{indent}    {following}"
            options.insert(0, (problem.swap(low, block, high - 1), "It is a statement with a condition."))
        yield reading(claim, *options, weight=0.88)


def _braces(problem: Problem) -> Iterator[Reading]:
    """Blocks in curly brackets."""
    source = problem.source
    header = re.compile(
        r"^(?P<indent>[ \t]*)(?P<close>\}\s*)?(?P<head>(?:if|elif|else\s*if|else|for|while|def|class|try|except|finally|with|function|func)\b[^{}\n#]*?)\s*:?\s*\{\s*(?P<rest>[^\n}]*)(?P<end>\})?\s*$",
        re.MULTILINE,
    )
    if not header.search(source):
        return
    lines = []
    for line in re.sub(r"\)\s*\n\s*\{", ") {", source).split("\n"):
        if re.fullmatch(r"\s*\}\s*;?\s*", line):
            continue
        found = header.match(line)
        if found is None:
            lines.append(line)
            continue
        head = re.sub(r"^else\s+if\b", "elif", found["head"].rstrip())
        head = re.sub(r"^func(tion)?\b", "def", head)
        lines.append(f"{found['indent']}{head}:")
        if found["rest"].strip():
            lines.append(f"{found['indent']}    {found['rest'].strip()}")
    yield reading(
        "Blocks are marked by their indentation in Python, not by curly brackets.",
        ("\n".join(lines), "Colons begin the blocks, and the braces are gone."),
        weight=0.96,
        certain=True,
    )


def _while_until(problem: Problem) -> Iterator[Reading]:
    """`until x:`, `unless x:`, `repeat 3:`, `loop:`, `if x = y then`."""
    low, high = problem.statement
    word = problem.text(low)
    colon = problem.header_end(low, high)
    end = colon if colon is not None else high
    test = problem.between(low + 1, end)
    close = "" if colon is not None else ":"
    if word in ("until", "unless") and test:
        new = "while" if word == "until" else "if"
        simple = re.fullmatch(r"[\w.]+(\(.*\))?", test)
        negated = f"not {test}" if simple else f"not ({test})"
        yield reading(
            f"`{word}` is no word of Python.",
            (problem.swap(low, f"{new} {negated}{close}", end - 1), f"`{new} not` says the same."),
            weight=0.93,
            certain=True,
        )
    elif word in ("repeat", "loop") and problem.tokens[low].first:
        if problem.tokens[low + 1].kind in (Kind.NUMBER, Kind.NAME) if low + 1 < end else False:
            yield reading(
                f"`{word}` is no word of Python.",
                (problem.swap(low, f"for _ in range({test}){close}", end - 1), "`for` with `range` repeats."),
                weight=0.9,
            )
        elif colon == low + 1 or (word == "loop" and end == low + 1):
            yield reading(
                f"`{word}` is no word of Python.",
                (problem.swap(low, "while True"), "`while True` repeats for ever."),
                weight=0.85,
            )


def _leading(problem: Problem) -> Iterator[Reading]:
    """`if (x == 1) and (y == 2)):` and the like end up elsewhere; here: `if: x`, `while: x`, `if x == 1: then`."""
    low, high = problem.statement
    if (
        problem.text(low) in ("if", "while", "for", "elif", "with")
        and problem.text(low + 1) in (":", "=", ",", ".")
        and high - low > 2
    ):
        rest = problem.drop(low + 1)
        yield reading(
            f"Behind `{problem.text(low)}` stands `{problem.text(low + 1)}` instead of a condition.",
            *unique([(rest, "The sign is left out.")]),
            weight=0.85,
        )
    for index in range(low, high - 1):
        if problem.text(index) in ("then", "do") and problem.text(index + 1) == ":" and index > low + 1:
            yield reading(
                f"`{problem.text(index)}` is no word of Python.",
                (
                    problem.put((problem.tokens[index - 1].end, problem.tokens[index].end, "")),
                    "The colon alone begins the block.",
                ),
                weight=0.96,
                certain=True,
            )
        if (
            problem.text(index) == ":"
            and problem.text(index + 1) in ("then", "do", "begin")
            and problem.text(index + 2) not in CLOSERS
        ):
            yield reading(
                f"`{problem.text(index + 1)}` is no word of Python.",
                (problem.drop(index + 1), "The colon alone begins the block."),
                weight=0.94,
                certain=True,
            )


MISTAKES = (
    Mistake(
        code="syntax.missing-colon",
        lesson="Lines that begin a block (`if`, `for`, `while`, `def`, `class`, …) end with a colon, and the block below "
        "is indented.",
        find=_missing_colon,
    ),
    Mistake(
        code="syntax.extra-sign-in-header",
        lesson="The first line of a block ends with exactly one colon and nothing behind it.",
        find=_extra_sign,
    ),
    Mistake(
        code="syntax.else-if",
        lesson="A further condition after `if` is written `elif condition:`. `else:` takes whatever is left and has no "
        "condition.",
        find=_else_if,
    ),
    Mistake(
        code="syntax.for-loop",
        lesson="A loop is written `for variable in values:`. Numbers to count with come from `range`.",
        find=_for,
    ),
    Mistake(
        code="syntax.with-as",
        lesson="`with open(path) as file:` opens something, gives it a name by `as`, and closes it at the end.",
        find=_with,
    ),
    Mistake(
        code="syntax.conditional-value",
        lesson="A choice between two values is written `a if condition else b`; both values must be there, and "
        "statements such as `return` cannot be values.",
        find=_ternary,
    ),
    Mistake(
        code="syntax.curly-blocks",
        lesson="In Python a block is what is indented below a line that ends with a colon. There are no curly brackets "
        "around it.",
        find=_braces,
    ),
    Mistake(
        code="syntax.foreign-loop",
        lesson="Python has two kinds of loops, `for` and `while`. Other languages have more words for them.",
        find=_while_until,
    ),
    Mistake(
        code="syntax.misplaced-colon",
        lesson="The condition stands between the first word and the colon: `if condition:`.",
        find=_leading,
    ),
)
