"""What was pasted along with the code: prompts, line numbers, Markdown fences, prose."""

import itertools
import re
from collections.abc import Iterator

from cot_magic.reasoners.offline.syntax.lexer import TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, Reading, Slip, attempt, reading

_PROMPT = re.compile(r"^([ \t]*)(?:>>>|\.\.\.(?=[ \t]|$)|In\s?\[\s?\d*\s?\]:|\s*\.{3,}:)[ \t]?")
_OUT = re.compile(r"^[ \t]*Out\s?\[\s?\d*\s?\]:.*$")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[ \t]*[\w-]*[ \t]*$")


def _prompts(problem: Problem) -> Iterator[Reading]:
    lines = problem.lines
    marked = [i for i, line in enumerate(lines) if _PROMPT.match(line)]
    # prompts in a docstring are examples, and stay
    if not any(
        problem.listing.in_code(problem.listing.starts[i] + len(lines[i]) - len(lines[i].lstrip()))
        for i in marked
    ):
        return
    if not re.search(r"(?m)^[ \t]*(?:>>>|In\s?\[)", problem.source):
        return
    kept, commented = [], []
    started = False
    for line in lines:
        found = _PROMPT.match(line)
        if found:
            started = True
            kept.append(found[1] + line[found.end() :])
            commented.append(kept[-1])
        elif (started and line.strip() and not _looks_like_code(line)) or _OUT.match(line):
            commented.append(f"# {line}")
        else:
            kept.append(line)
            commented.append(line)
    outputs = [
        f"# {line}" if not _PROMPT.match(line) and line.strip() else _PROMPT.sub(r"\1", line)
        for line in lines
    ]
    yield reading(
        "The cell contains the prompts of an interactive session.",
        ("\n".join(commented), "Remove the prompts."),
        weight=0.96,
        certain=True,
    )
    yield reading(
        "The cell contains the prompts and output of an interactive session.",
        ("\n".join(outputs), "Remove the prompts, and comment the output out."),
        weight=0.95,
        certain=True,
    )


def _looks_like_code(line: str) -> bool:
    return attempt(line.strip()) is None and not re.match(r"^\s*(?:[\d\[({'\"]|True|False|None)", line)


def _numbers(problem: Problem) -> Iterator[Reading]:
    """A line number at the beginning of each line."""
    lines = problem.lines
    found = [
        re.match(r"^[ \t]*(\d+)(?:[.:|)]|[ \t])[ ]?(.*)$|^[ \t]*(\d+)[ \t]*$", line)
        for line in lines
        if line.strip()
    ]
    if len(found) < 2 or not all(found):
        return
    numbers = [int(item[1] or item[3]) for item in found if item]
    if any(b != a + 1 for a, b in itertools.pairwise(numbers)):
        return
    rest = iter([item[2] or "" for item in found if item])
    after = "\n".join(next(rest) if line.strip() else line for line in lines)
    yield reading(
        "Each line begins with its line number.",
        (after, "Remove the line numbers."),
        weight=0.96,
        certain=True,
    )


def _fences(problem: Problem) -> Iterator[Reading]:
    lines = problem.lines
    fences = [i for i, line in enumerate(lines) if _FENCE.match(line)]
    if not fences:
        return
    without = [line for i, line in enumerate(lines) if i not in fences]
    inside, commented = False, []
    for i, line in enumerate(lines):
        if i in fences:
            inside = not inside
        elif inside or not line.strip():
            commented.append(line)
        else:
            commented.append(f"# {line}")
    yield reading(
        "The cell contains Markdown code fences.",
        ("\n".join(without), "Remove the fences."),
        weight=0.96,
        certain=True,
    )
    if len(fences) % 2 == 0:
        yield reading(
            "The cell contains Markdown text around its code.",
            ("\n".join(commented), "Remove the fences, and comment the text out."),
            weight=0.94,
        )


def _prose(problem: Problem) -> Iterator[Reading]:
    """A line of prose."""
    line = problem.failure.line
    text = problem.listing.line_text(line)
    indices = problem.listing.on_line(line)
    if not indices or problem.tokens[indices[0]].opener >= 0:
        return
    words = [
        i for i in indices if problem.tokens[i].kind is TokenKind.NAME and problem.text(i) not in KEYWORDS
    ]
    signs = [
        i
        for i in indices
        if problem.tokens[i].kind is TokenKind.OP and problem.text(i) not in (",", ".", "-", ":", ";")
    ]
    pairs = sum(problem.ends_operand(i) and problem.starts_operand(i + 1) for i in indices[:-1])
    base = problem.listing.starts[line - 1]
    at = base + len(problem.listing.indent(line))
    options = [(problem.put((at, at, "# ")), "Comment the line out.")]
    lines = problem.lines
    block = list(lines)
    for place in range(line - 1, len(lines)):
        if not lines[place].strip() or attempt(lines[place].strip()) is None:
            break
        block[place] = "# " + lines[place]
    options.append(("\n".join(block), "Comment the lines out."))
    if pairs >= 2 and len(words) >= 3 and len(signs) <= 1 and problem.text(indices[1]) != "=":
        weight = 0.94 if pairs >= 3 and not signs else 0.8
        yield reading(f"`{text.strip()[:60]}` is a sentence, not Python.", *options, weight=weight)
    elif re.match(r"\s*(?:\*|-|•|\d+[.)])\s+\w+(?:\s+\w+)+", text) and len(words) >= 2:
        yield reading(f"`{text.strip()[:60]}` is a Markdown list item, not Python.", *options, weight=0.7)
    elif re.match(r"\s*</?\w+[^>]*>", text):
        yield reading("The line is HTML, not Python.", *options, weight=0.7)


SLIPS = (
    Slip(
        code="syntax.pasted-prompt",
        lesson="`>>>` and `In [1]:` are prompts that Python and IPython print, not part of the code.",
        find=_prompts,
    ),
    Slip(
        code="syntax.pasted-line-numbers",
        lesson="Line numbers belong to the page that the code was copied from, not to the code.",
        find=_numbers,
    ),
    Slip(
        code="syntax.pasted-markdown",
        lesson="Three backticks mark code in Markdown. They do not belong in a code cell.",
        find=_fences,
    ),
    Slip(
        code="syntax.prose",
        lesson="Python reads every line as code. Text for people goes after `#` or in a Markdown cell.",
        find=_prose,
    ),
)
