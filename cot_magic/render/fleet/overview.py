"""A self-contained page about a sweep: the causes, and the notebooks under each."""

import os
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cot_magic.render.fleet.rows import RESULTS, Group, SweptRows, cause, counts_of, groups_of, sentence

STYLE = """
body {
  font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1f24; background: #fff;
}
h1 { font-size: 1.5rem }
h2 { font-size: 1.1rem; margin: 2rem 0 .25rem }
table { border-collapse: collapse }
td, th { padding: .25rem .6rem; border-bottom: 1px solid #d6dae0; text-align: left }
code, pre { font: 13px/1.45 ui-monospace, monospace }
pre { background: #f4f6f8; padding: .6rem; overflow: auto; margin: .3rem 0 }
summary { cursor: pointer }
.verified { color: #116329 }
.plausible { color: #7a4d00 }
.bad { color: #a40e26 }
@media (prefers-color-scheme: dark) {
  body { color: #e6e9ee; background: #15181c }
  td, th { border-color: #3a4048 }
  pre { background: #20252b }
  .verified { color: #6fdd8b }
  .plausible { color: #f0b848 }
  .bad { color: #ff8f9b }
  a { color: #8ab4ff }
}
"""


def overview(rows: SweptRows, page: Path) -> Iterator[str]:
    """The pieces of the page at `page`, from where its links lead; `rows` is called more than once."""
    counts, groups = counts_of(rows()), groups_of(rows())
    total = sum(counts.values())
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield "<title>Notebooks and why they fail</title>"
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield f"<style>{STYLE}</style></head><body><main><h1>{_title(total, counts, groups)}</h1><table>"
    yield '<tr><th scope="col">Notebooks</th><th scope="col">Result</th></tr>'
    yield from (
        f"<tr><td>{number:,}</td><td>{RESULTS[name]}</td></tr>" for name, number in counts.items() if number
    )
    yield "</table>"
    for group in groups:
        yield f"<section><h2>{group.notebooks:,} × <code>{escape(group.name)}</code></h2>"
        yield f"<p>{_fixed(group)}</p>"
        yield from (_entry(row, page) for row in rows(group.name))
        yield "</section>"
    yield "</main></body></html>"


def _title(total: int, counts: dict[str, int], groups: list[Group]) -> str:
    failed = total - counts["no-failure"]
    if not failed:
        return f"{total:,} notebooks: every cell of each passed"
    causes = "one cause" if len(groups) == 1 else f"{len(groups):,} causes"
    return f"{failed:,} of {total:,} notebooks fail, for {causes}"


def _fixed(group: Group) -> str:
    if not group.verified:
        return "No verified fix."
    said = f"A fix is verified in {group.verified:,} of {group.notebooks:,}."
    if not group.one_fix:
        return said
    return f"{said} Run in copies: {escape(group.one_fix)}."


def _entry(row: dict[str, Any], page: Path) -> str:
    tone = row["result"] if row["result"] in ("verified", "plausible") else "bad"
    links = [_link(row["notebook"], "notebook", page)]
    if row.get("report"):
        links.append(_link(row["report"], "report", page))
    parts = [f"<p>{escape(part)}</p>" for part in (sentence(row), cause(row)) if part]
    if row.get("fix"):
        fix = row["fix"]
        parts.append(f"<p>{escape(fix['why'])} <span class={tone}>({fix['verdict'].lower()})</span></p>")
        parts += [
            f"<p>Cell {edit['cell_index'] + 1}:</p><pre>{escape(edit['source'])}</pre>"
            for edit in fix["edits"]
        ]
    if row.get("certificate"):
        held = row["certificate"]
        word = "holds" if held["holds"] else "does not hold"
        parts.append(
            f"<p>The certificate {word}: {held['passed']} of {held['cells']} cells pass with the fix.</p>"
        )
    head = f"{escape(row['notebook'])} <span class={tone}>{RESULTS[row['result']]}</span>"
    return f"<details><summary>{head}</summary>{''.join(parts)}<p>{' · '.join(links)}</p></details>"


def _link(path: str, text: str, page: Path) -> str:
    try:
        where = os.path.relpath(path, page.parent)
    except ValueError:  # on another drive
        where = path
    return f'<a href="{quote(where.replace(os.sep, "/"))}">{text}</a>'
