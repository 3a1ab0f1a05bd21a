"""Mistakes between items: commas that are missing, doubled or replaced by other signs."""

from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import (
    KEYWORDS,
    Problem,
    Reading,
    Slip,
    reading,
)


def _missing(problem: Problem) -> Iterator[Reading]:
    """Two operands side by side inside brackets."""
    places = [i for i in _neighbours(problem) if problem.tokens[i + 1].opener >= 0]
    yield from _outside(problem)
    if not places:
        return
    near = min(places, key=lambda i: abs(problem.tokens[i].end - problem.failure.position))
    opener = problem.tokens[near + 1].opener
    same = [i for i in places if problem.tokens[i + 1].opener == opener]
    comma = problem.put(*((problem.tokens[i].end, problem.tokens[i].end, ",") for i in same))
    left, right = problem.text(near), problem.text(near + 1)
    options = [(comma, "A comma separates them.")]
    display = problem.text(opener) == "{" or not problem.ends_operand(opener - 1)
    strings = TokenKind.STRING in (problem.tokens[near].kind, problem.tokens[near + 1].kind)
    names = problem.tokens[near].kind is TokenKind.NAME and problem.tokens[near + 1].kind is TokenKind.NAME
    subscript = problem.text(opener) == "[" and problem.ends_operand(opener - 1)
    sure = display and not names and problem.text(opener) != "("
    newline = problem.tokens[near].line != problem.tokens[near + 1].line
    if len(same) == 1 and not (sure or newline):
        end, start = problem.tokens[near].end, problem.tokens[near + 1].start
        plus = (problem.put((end, start, " + ")), "`+` joins them.")
        if strings:
            options.append(plus)
        elif names or (problem.tokens[near].kind is TokenKind.NUMBER):
            options.append((problem.put((end, start, " * ")), "`*` multiplies them."))
        if names:
            options.append((problem.put((end, start, "_")), "They are one name."))
            options.append((problem.put((end, start, ".")), "The second belongs to the first."))
        if subscript:
            options.append((problem.put((end, start, ":")), "A colon makes it a slice."))
    if problem.text(opener) == "{":
        if is_keyed(problem, opener) and not _in_value(problem, near, opener):
            return  # the colon of a pair is missing, see `_pairs`
        items = items_of(problem, opener, problem.listing.partner.get(opener, problem.statement[1]))
        if not is_keyed(problem, opener) and len(same) == len(items) and strings:
            colons = problem.put(*((problem.tokens[i].end, problem.tokens[i].end, ":") for i in same))
            options = [(colons, "A colon stands between key and value."), (comma, "A comma separates them.")]
    yield reading(
        f"Between `{left[:40]}` and `{right[:40]}` a comma is missing.",
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
    """`a, b = 1, 2 3`: items without brackets around them."""
    low, high = problem.statement
    listed = any(problem.text(i) == "," and problem.tokens[i].opener < 0 for i in range(low, high))
    loose = [i for i in _neighbours(problem) if problem.tokens[i + 1].opener < 0]
    loose = [i for i in loose if not problem.tokens[i + 1].first]
    if listed and len(loose) == 1 and problem.text(low) not in KEYWORDS:
        at = problem.tokens[loose[0]].end
        yield reading(
            f"Behind `{problem.text(loose[0])[:40]}` a comma is missing.",
            (problem.put((at, at, ",")), "A comma separates them."),
            weight=0.8,
        )


def _short_word(problem: Problem, index: int) -> bool:
    """Whether the next token may be a misspelled `and`, `or`, `if`, `for` and the like."""
    text = problem.text(index + 1)
    return text.isidentifier() and len(text) <= 4 and text not in problem.names and text not in KEYWORDS


def _neighbours(problem: Problem) -> Iterator[int]:
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
    """Whether the braces hold pairs."""
    closer = problem.listing.partner.get(opener, len(problem.tokens))
    return any(
        problem.text(i) == ":" and problem.tokens[i].opener == opener for i in range(opener + 1, closer)
    )


def _in_value(problem: Problem, index: int, opener: int) -> bool:
    """Whether the token ends the value of a pair, so that a comma and no colon must follow."""
    for place in range(index, opener, -1):
        if problem.tokens[place].opener == opener:
            if problem.text(place) == ":":
                return True
            if problem.text(place) == ",":
                return False
    return False


def _between_names(problem: Problem) -> Iterator[Reading]:
    """Lists of names without commas: parameters of a lambda, targets of `for`, `del a b`, `global a b`."""
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
            "Between the names a comma is missing.",
            (problem.put(*changes), "Commas separate the names."),
            weight=0.85,
            certain=True,
        )


def _semicolon(problem: Problem) -> Iterator[Reading]:
    """`;` (or `.`, `|`) where a comma belongs."""
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
                "Between square brackets a semicolon means nothing.",
                (colons, "A colon makes a slice."),
                (after, "A comma separates two indices."),
                weight=0.93,
            )
            return
        yield reading(
            "Items in brackets are separated by commas, not by semicolons.",
            (after, "Commas stand there."),
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
            # in a call an argument may have got lost as well
            sure = sure and (not problem.ends_operand(opener - 1) or problem.text(opener - 1) == "print")
            end = problem.tokens[index].end
            while problem.source[end : end + 1] == " " and problem.text(index - 1) != ",":
                end += 1
            changes.append((problem.tokens[index].start, end, ""))
            count += 1
    if count:
        options = [(problem.put(*changes), "The comma too many is left out.")]
        if not doubled:
            nones = problem.put(*((start, start, "None") for start, _, _ in changes))
            options.append((nones, "`None` stands for the missing item."))
        yield reading("A comma has no item before it.", *options, weight=0.94, certain=doubled and sure)


def _before_word(problem: Problem) -> Iterator[Reading]:
    """A comma that belongs to no list: `if a, and b`, `x = 1, if y else 2`, `for x, in y`, `return, x`."""
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
                "A comma stands where nothing is to be separated.",
                (problem.drop(place), "The comma is left out."),
                weight=0.75,
            )
            return


def items_of(problem: Problem, opener: int, closer: int) -> list[tuple[int, int]]:
    """Spans of tokens between the commas of the bracket."""
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
        lesson="Between two commas, or between a bracket and a comma, an item must stand.",
        find=_doubled,
    ),
    Slip(
        code="syntax.semicolon-for-comma",
        lesson="Items of a list, arguments and the like are separated by commas. A semicolon ends a "
        "statement.",
        find=_semicolon,
    ),
    Slip(
        code="syntax.missing-comma",
        lesson="Items of a list, arguments and the like are separated by commas. Where one is missing "
        "Python sees two "
        "values side by side and does not know what to do with them.",
        find=_missing,
    ),
    Slip(
        code="syntax.names-without-commas",
        lesson="Several names in a row are separated by commas.",
        find=_between_names,
    ),
    Slip(
        code="syntax.comma-before-word",
        lesson="A comma separates items. Before words such as `if`, `in` or `as` it has no place.",
        find=_before_word,
    ),
)
