"""Mistakes in the key-value pairs of a dict."""

from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.commas import is_keyed, items_of
from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading


def _pairs(problem: Problem) -> Iterator[Reading]:
    """Pairs of a dict: `{'a' 1}`, `{'a', 1, 'b': 2}`, `{'a' = 1}`, `{'a' => 1}`, `{'a': 1, 'b'}`."""
    _, high = problem.statement
    index = min(problem.at, high - 1)
    opener = _enclosing(problem, index)
    if opener < 0:
        return
    closer = problem.listing.partner.get(opener, high)
    items = items_of(problem, opener, closer)
    if problem.text(opener) != "{":
        yield from _braces_meant(problem, opener, closer, items)
        return
    yield from _signs_for_colon(problem, opener, closer)
    keyed = is_keyed(problem, opener)
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
            "The colon between a key and its value is missing.",
            (problem.put(*changes), "Put a colon between key and value."),
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
        options.append((problem.swap(comma, ":"), "Put a colon between key and value."))
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
    options.append((nones, "Use `None` as a placeholder for the value."))
    first = items[bare[0]]
    start = problem.tokens[first[0]].start
    if problem.text(first[0] - 1) == ",":
        start = problem.tokens[first[0] - 1].start
    options.append((problem.put((start, problem.tokens[first[1] - 1].end, "")), "Remove the key."))
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
            if key.kind is TokenKind.NAME:
                sure = False
                if key.text not in problem.names and not is_keyed(problem, opener):
                    quoted.append((key.start, key.end, f'"{key.text}"'))
        index = last + 1
    if not changes:
        return
    options = [(problem.put(*changes), "Put a colon between key and value.")]
    if not sure:
        opened, shut = problem.tokens[opener], problem.tokens[min(closer, len(problem.tokens) - 1)]
        call = problem.put((opened.start, opened.end, "dict("), (shut.start, shut.end, ")"))
        if quoted:
            options.insert(
                0,
                (
                    problem.put(*changes, *quoted),
                    "Put a colon between key and value, and the keys in quotes.",
                ),
            )
        options.append((call, "Call `dict(…)`, which takes keys with `=`."))
    yield reading("A dict separates key and value with a colon.", *options, weight=0.93, certain=sure)


def _only_key(problem: Problem, colon: int, opener: int) -> bool:
    """Return whether the name before the colon does not occur after it, as a lambda's parameter would."""
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
        named = all(problem.tokens[i - 1].kind is TokenKind.NAME for i in colons)
        texts = all(problem.tokens[i - 1].kind is TokenKind.STRING for i in colons)
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
                "In a call, `=` separates an argument's name and its value.",
                (problem.put(*equals), "Replace the colon with `=`."),
                weight=0.92,
                certain=named and all(_only_key(problem, i, opener) for i in colons),
            )
        if texts:
            a, b = problem.tokens[opener].end, problem.tokens[closer].start
            wrapped = problem.put((a, a, "{"), (b, b, "}"))
            yield reading(
                "Key-value pairs form a dict, which needs braces.",
                (wrapped, "Put braces around the pairs."),
                weight=0.85,
            )
        return
    if not call and all(any(start <= c < end for c in colons) for start, end in items if end > start):
        opened, shut = problem.tokens[opener], problem.tokens[min(closer, len(problem.tokens) - 1)]
        after = problem.put((opened.start, opened.end, "{"), (shut.start, shut.end, "}"))
        yield reading(
            "Key-value pairs go in braces.",
            (after, "Put the pairs in braces."),
            weight=0.9,
            certain=all(problem.tokens[c - 1].kind is TokenKind.STRING for c in colons),
        )


SLIPS = (
    Slip(
        code="syntax.dict-pair",
        lesson="A dict is written `{key: value, key: value}`: a colon inside each pair and commas between "
        "the pairs. In a call, arguments are named with `=`.",
        find=_pairs,
    ),
)
