"""JUnit XML of a sweep: a notebook is a test case."""

import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cot_magic.render.fleet.rows import ENDED_ITSELF, SweptRows, cause, counts_of, sentence

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Control characters and lone surrogates."""


def junit(rows: SweptRows) -> Iterator[str]:
    """The lines of the file; `rows` is called once for the counts and once for the cases."""
    counts = counts_of(rows())
    total, passed = sum(counts.values()), counts["no-failure"]
    errors = total - sum(counts[name] for name in ENDED_ITSELF)
    numbers = f'tests="{total}" failures="{total - errors - passed}" errors="{errors}"'
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield f'<testsuites {numbers}><testsuite name="cot-magic sweep" {numbers}>'
    for row in rows():
        yield _case(row)
    yield "</testsuite></testsuites>"


def _case(row: dict[str, Any]) -> str:
    folder, _, name = row["notebook"].replace("\\", "/").rpartition("/")
    head = f"<testcase classname={_quoted(folder or '.')} name={_quoted(name)}"
    head += f' time="{row.get("seconds", 0.0):.3f}"'
    if row["result"] == "no-failure":
        return f"{head}/>"
    tag = "failure" if row["result"] in ENDED_ITSELF else "error"
    kind = row["failure"]["ename"] if row.get("failure") else row["result"]
    said = (
        f"<{tag} type={_quoted(kind)} message={_quoted(sentence(row))}>{escape(_plain(_told(row)))}</{tag}>"
    )
    return f"{head}>{said}</testcase>"


def _told(row: dict[str, Any]) -> str:
    fix = row.get("fix")
    lines = [f"group: {row['group']}", cause(row)]
    if fix:
        lines += [f"{fix['verdict']} fix: {fix['why']}"]
        lines += [f"cell {edit['cell_index'] + 1}:\n{edit['source']}" for edit in fix["edits"]]
    return "\n".join(line for line in lines if line)


def _quoted(text: str) -> str:
    return quoteattr(_plain(text))


def _plain(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return _NOT_IN_XML.sub("\ufffd", text)
