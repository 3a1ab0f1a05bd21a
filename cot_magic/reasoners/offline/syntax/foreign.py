"""Shell commands, SQL, comments of other languages, and backslashes outside strings."""

import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, TokenKind
from cot_magic.reasoners.offline.syntax.problem import Problem, Reading, Slip, reading

_INSTALL = re.compile(
    r"^\s*[$!%]?\s*(?:sudo\s+)?(?:python3?\s+-m\s+)?(pip3?|conda|mamba)\s+(install|uninstall|list|freeze|show|update|upgrade|remove)\b(.*)$"
)

_SHELL = re.compile(
    r"^\s*\$?\s*(?:ls|cd|cp|mv|rm|mkdir|cat|head|tail|echo|wget|curl|git|python3?|pip3?|conda|apt-get|apt|brew|npm|npx|sudo|bash|"
    r"sh|source|export|chmod|unzip|tar|jupyter|docker|make|which|pwd|touch|grep|kaggle|streamlit|uvicorn|poetry|uv)\b(?:\s+[^=(\s].*)?$"
)

_SQL = re.compile(
    r"^\s*(?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE\s+TABLE|DROP\s+TABLE|ALTER\s+TABLE|WITH\s+\w+\s+AS)\b",
    re.IGNORECASE,
)


def _shell(problem: Problem) -> Iterator[Reading]:
    lines = problem.lines
    place = min(problem.failure.line, len(lines)) - 1
    line = lines[place]
    base = problem.listing.starts[place]
    if found := _INSTALL.match(line):
        tool = "pip" if found[1].startswith("pip") else found[1]
        new = f"%{tool} {found[2]}{found[3]}" if tool in ("pip", "conda", "mamba") else f"!{line.strip()}"
        yield reading(
            f"`{line.strip()[:80]}` is a shell command, not Python.",
            (
                problem.put((base, base + len(line), new)),
                f"Use `%{tool}`, which runs it in this kernel's environment.",
            ),
            (
                problem.put((base, base + len(line), "!" + line.strip().lstrip("$ "))),
                "Put `!` before it, which runs it in a shell.",
            ),
            weight=0.95,
        )
    elif _SHELL.match(line):
        command = line.strip().lstrip("$ ")
        sign = "%" if command.split()[0] in ("cd", "ls", "cp", "mv", "rm", "mkdir", "cat", "pwd") else "!"
        yield reading(
            f"`{line.strip()[:80]}` is a shell command, not Python.",
            (
                problem.put((base, base + len(line), sign + command)),
                f"Put `{sign}` before it, which runs it as a command.",
            ),
            weight=0.93,
        )
    elif found_dollar := re.match(r"^\$\s+(\S.*)$", line):
        yield reading(
            "The line begins with a shell prompt.",
            (
                problem.put((base, base + len(line), "!" + found_dollar[1])),
                "Put `!` before it, which runs it in a shell.",
            ),
            weight=0.9,
        )
    elif _SQL.match(problem.source) and place == next((i for i, text in enumerate(lines) if text.strip()), 0):
        text = problem.source.strip()
        yield reading(
            "The cell contains SQL, not Python.",
            (f'query = """\n{text}\n"""\n', "Make it a string, which can be passed to a database."),
            weight=0.9,
        )


def _comments(problem: Problem) -> Iterator[Reading]:
    """`// text`, `/* text */`, `-- text`, `<!-- text -->`."""
    source = problem.source
    block = re.compile(r"/\*(.*?)\*/", re.DOTALL)
    if found := next(
        (item for item in block.finditer(source) if problem.listing.in_code(item.start())), None
    ):
        after = block.sub(
            lambda item: "\n".join("# " + part.strip(" *\t") for part in item[1].strip().split("\n")), source
        )
        yield reading(
            f"`{found[0][:30]}` is a comment in other languages, not in Python.",
            (after, "Begin the comment with `#`."),
            weight=0.96,
            certain=True,
        )
    marks = []
    for line in range(1, len(problem.listing.starts)):
        text = problem.listing.line_text(line)
        base = problem.listing.starts[line - 1]
        for sign in re.finditer(r"//|(?:^|(?<=\s))--(?=\s)", text):
            behind = text[sign.end() :].strip()
            whole = not text[: sign.start()].strip()
            if problem.listing.in_code(base + sign.start()) and (
                whole or (line == problem.failure.line and len(behind.split()) > 1)
            ):
                gap = "" if text[sign.end() : sign.end() + 1] == " " or not behind else " "
                lead = "  " if not whole and text[sign.start() - 1] != " " else ""
                marks.append((base + sign.start(), base + sign.end(), f"{lead}#{gap}"))
                break
    if marks:
        yield reading(
            "In Python, a comment begins with `#`.",
            (problem.put(*marks), "Begin the comment with `#`."),
            weight=0.955,
            certain=True,
        )
    if "<!--" in source:
        after = re.sub(
            r"<!--\s*(.*?)\s*-->", lambda item: "# " + item[1].replace("\n", "\n# "), source, flags=re.DOTALL
        )
        yield reading(
            "`<!-- -->` is an HTML comment.",
            (after, "Begin the comment with `#`."),
            weight=0.95,
            certain=True,
        )


def _continuation(problem: Problem) -> Iterator[Reading]:
    """A backslash outside a string."""
    if (
        "line continuation" not in problem.message
        and "unexpected EOF" not in problem.message
        and "\\" not in problem.source
    ):
        return
    line = problem.failure.line
    text = problem.listing.line_text(line)
    base = problem.listing.starts[line - 1]
    places = [m.start() for m in re.finditer(r"\\", text) if problem.listing.in_code(base + m.start())]
    if re.search(r"\\[\"']", text) and places and re.search(r"\\([\"'])", problem.source):
        unescaped = re.sub(r"\\([\"'])", r"\1", problem.source)
        only = "\n".join(
            re.sub(r"\\([\"'])", r"\1", item) if place == line - 1 else item
            for place, item in enumerate(problem.lines)
        )
        yield reading(
            "Quotes outside a string are written without a backslash.",
            (only, "Remove the backslashes on this line."),
            (unescaped, "Remove the backslashes before all quotes of the cell."),
            weight=0.95,
            certain=True,
        )
    if not places:
        return
    yield from _at_backslash(problem, base + places[0], text[places[0] + 1 :])


def _at_backslash(problem: Problem, at: int, rest: str) -> Iterator[Reading]:
    """Yield readings of a backslash by what follows it on its line."""
    end = at + 1 + len(rest)
    left_out = (problem.put((at, end, "")), "Remove the backslash.")
    if not rest:
        yield reading(
            "A backslash at the end of a line must be followed by another line.", left_out, weight=0.94
        )
    elif not rest.strip():
        stripped = (problem.put((at + 1, end, "")), "Remove the spaces after the backslash.")
        claim = "A backslash must be the last character of its line."
        yield reading(claim, stripped, left_out, weight=0.94, certain=True)
    elif rest.lstrip().startswith("#"):
        yield reading(
            "Nothing may follow a backslash on its line, not even a comment.",
            (problem.put((at + 1, end, "")), "Remove the comment."),
            weight=0.94,
            certain=True,
        )
    elif found := re.match(r"[nt]\b", rest):
        options = list(_lost_escape(problem, at, found[0]))
        yield reading(f"`\\{found[0]}` is outside a string.", *options, weight=0.9)
    else:
        removed = (problem.put((at, at + 1, "")), "Remove the backslash.")
        divided = (problem.put((at, at + 1, "/")), "Use `/` to divide.")
        broken = (problem.put((at + 1, at + 1, "\n")), "Break the line after the backslash.")
        options = [removed, divided, broken]
        operand = problem.listing.index_at(at) - 1
        if problem.ends_operand(operand) and re.match(r"\s*[\w(]", rest):
            options = [divided, removed]
        elif rest.strip() in CLOSERS:
            options = [removed]
        yield reading("Nothing may follow a backslash on its line.", *options, weight=0.88)


def _lost_escape(problem: Problem, at: int, letter: str) -> Iterator[tuple[str, str]]:
    r"""`"text" \n`: an escape sequence outside the string."""
    escape, tail = "\\" + letter, at + 1 + len(letter)
    why = f"Move `{escape}` into the string."
    following = problem.tokens[problem.listing.index_at(at + 1) + 1]
    if following.kind is TokenKind.STRING:
        quote = problem.source[following.start]
        yield problem.put((at, following.start + 1, quote + escape)), why
    before = problem.tokens[problem.listing.index_at(at) - 1]
    if before.kind is TokenKind.STRING:
        yield problem.put((before.end - 1, before.end - 1, escape), (at, tail, "")), why
    yield problem.put((at, tail, "")), f"Remove `{escape}`."
    yield problem.put((at, tail, f'"{escape}"')), f"Make `{escape}` a string of its own."


SLIPS = (
    Slip(
        code="syntax.shell-command",
        lesson="Shell commands are not Python. In a notebook, put `!` before them, and install packages with "
        "`%pip install`.",
        find=_shell,
    ),
    Slip(
        code="syntax.foreign-comment",
        lesson="A comment begins with `#` and ends at the end of the line. Python has no comments over "
        "several lines.",
        find=_comments,
    ),
    Slip(
        code="syntax.backslash",
        lesson="Outside a string, a backslash joins its line with the next. It must be the last character of "
        "the line.",
        find=_continuation,
    ),
)
