"""Mistakes between items: commas that are missing, doubled or replaced by other signs; pairs of a dict."""

from collections.abc import Iterator

from cot_magic.reasoners.rules.syntax_lexer import Kind
from cot_magic.reasoners.rules.syntax_problem import KEYWORDS, Mistake, Problem, Reading, reading


def _missing(problem: Problem) -> Iterator[Reading]:
    """Two operands side by side inside brackets."""
    places = [i for i in _neighbours(problem) if problem.tokens[i + 1].opener >= 0]
    if not places:
        return
    near = min(places, key=lambda i: abs(problem.tokens[i].end - problem.failure.position))
    opener = problem.tokens[near + 1].opener
    same = [i for i in places if problem.tokens[i + 1].opener == opener]
    comma = problem.put(*((problem.tokens[i].end, problem.tokens[i].end, ",") for i in same))
    left, right = problem.text(near), problem.text(near + 1)
    options = [(comma, "A comma separates them.")]
    display = problem.text(opener) in ("[", "{") or not problem.ends_operand(opener - 1)
    strings = Kind.STRING in (problem.tokens[near].kind, problem.tokens[near + 1].kind)
    names = problem.tokens[near].kind is Kind.NAME and problem.tokens[near + 1].kind is Kind.NAME
    subscript = problem.text(opener) == "[" and problem.ends_operand(opener - 1)
    sure = display and not names and problem.text(opener) != "("
    newline = problem.tokens[near].line != problem.tokens[near + 1].line
    if len(same) == 1 and not (sure or newline):
        end, start = problem.tokens[near].end, problem.tokens[near + 1].start
        plus = (problem.put((end, start, " + ")), "`+` joins them.")
        if strings:
            options.append(plus)
        elif names or (problem.tokens[near].kind is Kind.NUMBER):
            options.append((problem.put((end, start, " * ")), "`*` multiplies them."))
        if names:
            options.append((problem.put((end, start, "_")), "They are one name."))
            options.append((problem.put((end, start, ".")), "The second belongs to the first."))
        if subscript:
            options.append((problem.put((end, start, ":")), "A colon makes it a slice."))
    if problem.text(opener) == "{":
        if _keyed(problem, opener) and not _in_value(problem, near, opener):
            return  # the colon of a pair is missing, see `_pairs`
        items = _items(problem, opener, problem.listing.partner.get(opener, problem.statement[1]))
        if not _keyed(problem, opener) and len(same) == len(items) and strings:
            colons = problem.put(*((problem.tokens[i].end, problem.tokens[i].end, ":") for i in same))
            options = [(colons, "A colon stands between key and value."), (comma, "A comma separates them.")]
    yield reading(
        f"Between `{left[:40]}` and `{right[:40]}` a comma is missing.",
        *options,
        weight=0.85 if strings or not names or newline else 0.7,
        certain=len(options) == 1
        and (sure or newline or strings or len(same) > 1)
        and not any(_short_word(problem, i) for i in same)
        and not any(problem.text(i) == "in" and problem.tokens[i].opener == opener for i in range(near, near + 9)),
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
        if problem.tokens[index].kind is Kind.STRING and problem.tokens[index + 1].kind is Kind.STRING:
            continue
        if problem.tokens[index].kind is Kind.NAME and problem.text(index) == problem.text(index + 1):
            continue  # written twice
        if problem.text(index) in ("match", "case", "type", "print", "exec") and problem.tokens[index].first:
            continue
        yield index


def _keyed(problem: Problem, opener: int) -> bool:
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
        if head in ("lambda", "for", "del", "global", "nonlocal", "import") and (
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


def _pairs(problem: Problem) -> Iterator[Reading]:
    """Pairs of a dict: `{'a' 1}`, `{'a', 1, 'b': 2}`, `{'a' = 1}`, `{'a' => 1}`, `{'a': 1, 'b'}`."""
    low, high = problem.statement
    index = min(problem.at, high - 1)
    opener = _enclosing(problem, index)
    if opener < 0:
        return
    closer = problem.listing.partner.get(opener, high)
    items = _items(problem, opener, closer)
    if problem.text(opener) != "{":
        yield from _braces_meant(problem, opener, closer, items)
        return
    yield from _signs_for_colon(problem, opener, closer)
    keyed = _keyed(problem, opener)
    if not keyed:
        return
    changes = []
    for start, end in items:
        texts = [problem.text(i) for i in range(start, end) if problem.tokens[i].opener == opener]
        if ":" not in texts and "**" not in texts and "for" not in texts and end - start >= 2:
            split = next(
                (
                    i
                    for i in range(start, end - 1)
                    if problem.ends_operand(i) and problem.starts_operand(i + 1)
                ),
                None,
            )
            if split is not None:
                changes.append((problem.tokens[split].end, problem.tokens[split].end, ":"))
    if changes:
        yield reading(
            "In a dict a colon stands between key and value; one is missing.",
            (problem.put(*changes), "A colon stands between key and value."),
            weight=0.9,
            certain=True,
        )
    else:
        yield from _lonely(problem, opener, items)


def _lonely(problem: Problem, opener: int, items: list[tuple[int, int]]) -> Iterator[Reading]:
    """Keys without values."""
    bare = []
    for place, (start, end) in enumerate(items):
        texts = [problem.text(i) for i in range(start, end) if problem.tokens[i].opener == opener]
        if (
            end > start
            and (":" not in texts or texts[-1] == ":")
            and "**" not in texts
            and "for" not in texts
        ):
            bare.append(place)
    if not bare:
        return
    options = []
    if len(bare) == 2 and bare[1] == bare[0] + 1 and problem.text(items[bare[0]][1] - 1) != ":":
        comma = items[bare[0]][1]
        options.append((problem.swap(comma, ":"), "A colon stands between key and value."))
    nones = problem.put(
        *(
            (
                problem.tokens[items[p][1] - 1].end,
                problem.tokens[items[p][1] - 1].end,
                " None" if problem.text(items[p][1] - 1) == ":" else ": None",
            )
            for p in bare
        )
    )
    options.append((nones, "The value is `None` until there is one."))
    first = items[bare[0]]
    start = problem.tokens[first[0]].start
    if problem.text(first[0] - 1) == ",":
        start = problem.tokens[first[0] - 1].start
    options.append(
        (problem.put((start, problem.tokens[first[1] - 1].end, "")), "The key without a value is left out.")
    )
    yield reading(
        f"The key `{problem.between(*first).rstrip(':')[:60]}` has no value.",
        *options,
        weight=0.88,
        certain=False,
    )


def _enclosing(problem: Problem, index: int) -> int:
    if not 0 <= index < len(problem.tokens):
        return -1
    if problem.text(index) in ("{", "[", "(") and problem.tokens[index].opener < 0:
        return index
    return problem.tokens[index].opener


def _items(problem: Problem, opener: int, closer: int) -> list[tuple[int, int]]:
    """Spans of tokens between the commas of the bracket."""
    items, start = [], opener + 1
    for index in range(opener + 1, closer):
        if problem.text(index) == "," and problem.tokens[index].opener == opener:
            items.append((start, index))
            start = index + 1
    if start < closer:
        items.append((start, closer))
    return items


def _signs_for_colon(problem: Problem, opener: int, closer: int) -> Iterator[Reading]:
    changes, quoted, sure = [], [], True
    index = opener + 1
    while index < closer:
        token = problem.tokens[index]
        sign = token.text
        last = index
        if sign == "=" and problem.text(index + 1) == ">":
            last, sign = index + 1, "=>"
        if token.opener == opener and sign in ("=", "=>", "->", ":="):
            start, end = token.start, problem.tokens[last].end
            if problem.source[start - 1] == " ":
                start -= 1
            changes.append((start, end, ":" if problem.source[end : end + 1] == " " else ": "))
            key = problem.tokens[index - 1]
            if key.kind is Kind.NAME:
                sure = False
                if key.text not in problem.names:
                    quoted.append((key.start, key.end, f'"{key.text}"'))
        index = last + 1
    if not changes:
        return
    options = [(problem.put(*changes), "A colon stands between key and value.")]
    if not sure:
        opened, shut = problem.tokens[opener], problem.tokens[min(closer, len(problem.tokens) - 1)]
        call = problem.put((opened.start, opened.end, "dict("), (shut.start, shut.end, ")"))
        if quoted:
            options.insert(
                0,
                (
                    problem.put(*changes, *quoted),
                    "A colon stands between key and value; keys that are texts need quotes.",
                ),
            )
        options.append((call, "`dict(…)` takes pairs with `=`."))
    yield reading("In a dict a colon stands between key and value.", *options, weight=0.93, certain=sure)


def _only_key(problem: Problem, colon: int, opener: int) -> bool:
    """Whether the name before the colon does not occur in what follows, as the parameter of a lambda would."""
    end = problem.listing.partner.get(opener, colon)
    return all(problem.text(i) != problem.text(colon - 1) for i in range(colon + 1, end))


def _braces_meant(
    problem: Problem, opener: int, closer: int, items: list[tuple[int, int]]
) -> Iterator[Reading]:
    """`dict(a: 1)`, `["a": 1]`."""
    colons = [
        i
        for i in range(opener + 1, min(closer, len(problem.tokens)))
        if problem.text(i) == ":" and problem.tokens[i].opener == opener
    ]
    if not colons or any(problem.text(i) == "lambda" for i in range(opener, closer)):
        return
    call = problem.ends_operand(opener - 1)
    if call and problem.text(opener) == "(":
        if problem.text(problem.statement[0]) in ("def", "class", "async"):
            return
        named = all(problem.tokens[i - 1].kind is Kind.NAME for i in colons)
        texts = all(problem.tokens[i - 1].kind is Kind.STRING for i in colons)
        equals = []
        for i in colons:
            key = problem.tokens[i - 1]
            end = problem.tokens[i].end
            if problem.source[end : end + 1] == " ":
                end += 1
            if named or (texts and key.text[1:-1].isidentifier()):
                name = key.text if named else key.text[1:-1]
                equals.append((key.start, end, f"{name}="))
        if len(equals) == len(colons) and (named or problem.text(opener - 1) == "dict"):
            yield reading(
                "In a call `=` stands between an argument's name and its value.",
                (problem.put(*equals), "The arguments are given with `=`."),
                weight=0.92,
                certain=named and all(_only_key(problem, i, opener) for i in colons),
            )
        if texts:
            a, b = problem.tokens[opener].end, problem.tokens[closer].start
            wrapped = problem.put((a, a, "{"), (b, b, "}"))
            yield reading(
                "Pairs with a colon make a dict, and a dict needs curly brackets.",
                (wrapped, "Curly brackets make a dict of them."),
                weight=0.85,
            )
        return
    if not call and all(any(start <= c < end for c in colons) for start, end in items if end > start):
        opened, shut = problem.tokens[opener], problem.tokens[min(closer, len(problem.tokens) - 1)]
        after = problem.put((opened.start, opened.end, "{"), (shut.start, shut.end, "}"))
        yield reading(
            "Pairs of key and value stand in curly brackets.",
            (after, "Curly brackets make a dict."),
            weight=0.9,
            certain=all(problem.tokens[c - 1].kind is Kind.STRING for c in colons),
        )


MISTAKES = (
    Mistake(
        code="syntax.extra-comma",
        lesson="Between two commas, or between a bracket and a comma, an item must stand.",
        find=_doubled,
    ),
    Mistake(
        code="syntax.semicolon-for-comma",
        lesson="Items of a list, arguments and the like are separated by commas. A semicolon ends a statement.",
        find=_semicolon,
    ),
    Mistake(
        code="syntax.dict-pair",
        lesson="A dict is written `{key: value, key: value}`: a colon within each pair and commas between pairs. In a "
        "call, arguments are named with `=`.",
        find=_pairs,
    ),
    Mistake(
        code="syntax.missing-comma",
        lesson="Items of a list, arguments and the like are separated by commas. Where one is missing Python sees two "
        "values side by side and does not know what to do with them.",
        find=_missing,
    ),
    Mistake(
        code="syntax.names-without-commas",
        lesson="Several names in a row are separated by commas.",
        find=_between_names,
    ),
    Mistake(
        code="syntax.comma-before-word",
        lesson="A comma separates items. Before words such as `if`, `in` or `as` it has no place.",
        find=_before_word,
    ),
)
