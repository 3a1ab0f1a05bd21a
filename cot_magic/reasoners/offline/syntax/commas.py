"""Mistakes in commas: missing, superfluous, or replaced by a semicolon."""

from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, reading


def _missing(problem: Problem) -> Iterator[Reading]:
    """Two operands side by side: `[1 2]`, `f(a b)`."""
    places = [i for i in _neighbours(problem) if problem.tokens[i + 1].opener >= 0]
    yield from _outside(problem)
    if not places:
        return
    near = min(places, key=lambda i: abs(problem.tokens[i].end - problem.failure.position))
    opener = problem.tokens[near + 1].opener
    same = [i for i in places if problem.tokens[i + 1].opener == opener]
    comma = problem.put(*((problem.tokens[i].end, problem.tokens[i].end, ",") for i in same))
    left, right = problem.text(near), problem.text(near + 1)
    options = [(comma, "Add the comma.")]
    display = problem.text(opener) == "{" or not problem.ends_operand(opener - 1)
    strings = TokenKind.STRING in (problem.tokens[near].kind, problem.tokens[near + 1].kind)
    names = problem.tokens[near].kind is TokenKind.NAME and problem.tokens[near + 1].kind is TokenKind.NAME
    subscript = problem.text(opener) == "[" and problem.ends_operand(opener - 1)
    sure = display and not names and problem.text(opener) != "("
    newline = problem.tokens[near].line != problem.tokens[near + 1].line
    if len(same) == 1 and not (sure or newline):
        end, start = problem.tokens[near].end, problem.tokens[near + 1].start
        plus = (problem.put((end, start, " + ")), "Join them with `+`.")
        if strings:
            options.append(plus)
        elif names or (problem.tokens[near].kind is TokenKind.NUMBER):
            options.append((problem.put((end, start, " * ")), "Multiply them with `*`."))
        if names:
            options.append((problem.put((end, start, "_")), "Join them with `_` to one name."))
            options.append(
                (
                    problem.put((end, start, ".")),
                    "Put a dot between them: the second is an attribute of the first.",
                )
            )
        if subscript:
            options.append((problem.put((end, start, ":")), "Put a colon between them, which makes a slice."))
    if problem.text(opener) == "{":
        if is_keyed(problem, opener) and not _in_value(problem, near, opener):
            return  # the colon of a pair is missing: see `pairs`
        items = items_of(problem, opener, problem.listing.partner.get(opener, problem.statement[1]))
        if not is_keyed(problem, opener) and len(same) == len(items) and strings:
            colons = problem.put(*((problem.tokens[i].end, problem.tokens[i].end, ":") for i in same))
            options = [(colons, "Put a colon between key and value."), (comma, "Add the comma.")]
    yield reading(
        f"The comma between `{left[:40]}` and `{right[:40]}` is missing.",
        *options,
        weight=0.85 if strings or not names or newline else 0.7,
        certain=len(options) == 1
        and (sure or newline or strings or len(same) > 1)
        and not any(_short_word(problem, i) for i in same)
        and not any(
            problem.text(i) == "in" and problem.tokens[i].opener == opener for i in range(near, near + 9)
        ),
    )


def _outside(problem: Problem) -> Iterator[Reading]:
    """`a, b = 1, 2 3`: items that nothing encloses."""
    low, high = problem.statement
    listed = any(problem.text(i) == "," and problem.tokens[i].opener < 0 for i in range(low, high))
    loose = [i for i in _neighbours(problem) if problem.tokens[i + 1].opener < 0]
    loose = [i for i in loose if not problem.tokens[i + 1].first]
    if listed and len(loose) == 1 and problem.text(low) not in KEYWORDS:
        at = problem.tokens[loose[0]].end
        yield reading(
            f"The comma after `{problem.text(loose[0])[:40]}` is missing.",
            (problem.put((at, at, ",")), "Add the comma."),
            weight=0.8,
        )


def _short_word(problem: Problem, index: int) -> bool:
    """Return whether the next token may be a misspelled `and`, `or`, `if`, `for` and the like."""
    text = problem.text(index + 1)
    return text.isidentifier() and len(text) <= 4 and text not in problem.names and text not in KEYWORDS


def _neighbours(problem: Problem) -> Iterator[int]:
    """Yield each token of the statement that ends an operand while the next one begins another."""
    low, high = problem.statement
    for index in range(low, high - 1):
        if not problem.ends_operand(index) or not problem.starts_operand(index + 1):
            continue
        if problem.text(index + 1) == "not" and problem.text(index + 2) == "in":
            continue
        if (
            problem.tokens[index].kind is TokenKind.STRING
            and problem.tokens[index + 1].kind is TokenKind.STRING
        ):
            continue
        if problem.tokens[index].kind is TokenKind.NAME and problem.text(index) == problem.text(index + 1):
            continue  # written twice
        if problem.text(index) in ("match", "case", "type", "print", "exec") and problem.tokens[index].first:
            continue
        yield index


def is_keyed(problem: Problem, opener: int) -> bool:
    """Return whether the braces contain `key: value` pairs."""
    closer = problem.listing.partner.get(opener, len(problem.tokens))
    return any(
        problem.text(i) == ":" and problem.tokens[i].opener == opener for i in range(opener + 1, closer)
    )


def _in_value(problem: Problem, index: int, opener: int) -> bool:
    """Return whether the token is in the value of a pair, so that a comma must follow, not a colon."""
    for place in range(index, opener, -1):
        if problem.tokens[place].opener == opener:
            if problem.text(place) == ":":
                return True
            if problem.text(place) == ",":
                return False
    return False


def _between_names(problem: Problem) -> Iterator[Reading]:
    """Names without commas: parameters of a lambda, targets of `for`, `del a b`, `global a b`."""
    low, high = problem.statement
    changes = []
    for index in _neighbours(problem):
        if problem.tokens[index + 1].opener >= 0:
            continue
        head = next(
            (
                problem.text(i)
                for i in range(index, low - 1, -1)
                if problem.text(i) in ("lambda", "for", "del", "global", "nonlocal", "import", "in", ":", "=")
            ),
            "",
        )
        if head in ("lambda", "for", "del", "global", "nonlocal") and (
            head != "for" or any(problem.text(i) == "in" for i in range(index, high))
        ):
            if head == "for" and problem.text(index) == "each":
                return
            changes.append((problem.tokens[index].end, problem.tokens[index].end, ","))
    if changes:
        yield reading(
            "A comma between the names is missing.",
            (problem.put(*changes), "Separate the names with commas."),
            weight=0.85,
            certain=True,
        )


def _semicolon(problem: Problem) -> Iterator[Reading]:
    """`;` where a comma belongs."""
    low, high = problem.statement
    inside = [i for i in range(low, high) if problem.text(i) == ";" and problem.tokens[i].opener >= 0]
    if inside:
        near = min(inside, key=lambda i: abs(problem.tokens[i].start - problem.failure.position))
        opener = problem.tokens[near].opener
        same = [i for i in inside if problem.tokens[i].opener == opener]
        after = problem.put(*((problem.tokens[i].start, problem.tokens[i].end, ",") for i in same))
        if problem.text(opener) == "[" and problem.ends_operand(opener - 1):
            colons = problem.put(*((problem.tokens[i].start, problem.tokens[i].end, ":") for i in same))
            yield reading(
                "A semicolon has no meaning inside square brackets.",
                (colons, "Use a colon, which makes a slice."),
                (after, "Use a comma, which separates two indices."),
                weight=0.93,
            )
            return
        yield reading(
            "Items are separated by commas, not by semicolons.",
            (after, "Replace each semicolon with a comma."),
            weight=0.92,
            certain=problem.text(low) != "for",
        )


def _doubled(problem: Problem) -> Iterator[Reading]:
    """A comma with nothing before it: `(, 1)`, `[1, , 2]`, `f(a,, b)`."""
    low, high = problem.statement
    changes, count = [], 0
    doubled = sure = True
    for index in range(low + 1, high):
        if problem.text(index) == "," and problem.text(index - 1) in ("(", "[", "{", ","):
            doubled = doubled and problem.text(index - 1) == ","
            opener = problem.tokens[index].opener
            # in a call, an argument may be missing instead
            sure = sure and (not problem.ends_operand(opener - 1) or problem.text(opener - 1) == "print")
            end = problem.tokens[index].end
            while problem.source[end : end + 1] == " " and problem.text(index - 1) != ",":
                end += 1
            changes.append((problem.tokens[index].start, end, ""))
            count += 1
    if count:
        options = [(problem.put(*changes), "Remove the extra comma.")]
        if not doubled:
            nones = problem.put(*((start, start, "None") for start, _, _ in changes))
            options.append((nones, "Insert `None` for the missing item."))
        yield reading("There is no item before a comma.", *options, weight=0.94, certain=doubled and sure)


def _before_word(problem: Problem) -> Iterator[Reading]:
    """A comma that separates nothing: `if a, and b`, `x = 1, if y else 2`, `for x, in y`, `return, x`."""
    index = problem.at
    for place in (index - 1, index):
        if problem.text(place) != "," or problem.tokens[place].line != problem.failure.line:
            continue
        following = problem.text(place + 1)
        if following in KEYWORDS - {"None", "True", "False", "lambda", "not", "await"} or following in (
            "as",
            ")",
            ":",
            "=",
            ".",
        ):
            yield reading(
                f"The comma before `{following}` separates nothing.",
                (problem.drop(place), "Remove the comma."),
                weight=0.75,
            )
            return


def items_of(problem: Problem, opener: int, closer: int) -> list[tuple[int, int]]:
    """Return the spans of tokens between the commas that the opener encloses."""
    items, start = [], opener + 1
    for index in range(opener + 1, closer):
        if problem.text(index) == "," and problem.tokens[index].opener == opener:
            items.append((start, index))
            start = index + 1
    if start < closer:
        items.append((start, closer))
    return items


SLIPS = (
    Slip(
        code="syntax.extra-comma",
        lesson="Every comma follows an item: there are no two commas in a row, and none right after `(`, `[` "
        "or `{`.",
        find=_doubled,
    ),
    Slip(
        code="syntax.semicolon-for-comma",
        lesson="Commas separate items, arguments and the like. A semicolon separates statements.",
        find=_semicolon,
    ),
    Slip(
        code="syntax.missing-comma",
        lesson="Commas separate items, arguments and the like. Without the comma, Python sees two values "
        "side by side, which means nothing.",
        find=_missing,
    ),
    Slip(
        code="syntax.names-without-commas",
        lesson="Commas separate names, as in `global a, b` or `for key, value in items`.",
        find=_between_names,
    ),
    Slip(
        code="syntax.comma-before-word",
        lesson="A comma separates items. It does not belong before keywords such as `if`, `in` or `as`.",
        find=_before_word,
    ),
)
