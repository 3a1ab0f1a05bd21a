"""The outline as static HTML: folds that need no script, and inline styles that survive a sanitizer."""

from html import escape

from cot_magic.render.blocks import Outline, Section, State
from cot_magic.render.html_blocks import block_html, block_pieces, inline, stream_html

_LINE = "1px solid rgba(128,128,128,0.28)"
_CAPS = "font-weight:600;letter-spacing:0.5px;font-size:12px"
_RIGHT = "margin-left:auto;font-variant-numeric:tabular-nums"
_PANEL = (
    f"max-width:880px;border:{_LINE};border-radius:6px;margin:4px 0;overflow:hidden;"
    "font-size:13px;line-height:1.5;text-align:left;overflow-wrap:anywhere;word-break:break-word"
)
_TINTS = {
    "verified": "46,160,67",
    "plausible": "219,154,4",
    "unresolved": "219,154,4",
    "interrupted": "128,128,128",
}
OPEN = ("VALIDATE", "IMPLEMENT", "CONFIRM")  # the phases whose folds are open in the final page


def html(outline: Outline) -> str:
    """The whole session as one `<section>`. Every text is escaped; nothing in it can add markup.

    It stands on one line: in an export to Markdown, an empty line in code would end the HTML.
    """
    folds = "".join(_section(section, _is_open(outline, section)) for section in outline.sections)
    label = escape(f"{outline.name}: {outline.title}, {outline.badge.word}")
    page = f'<section role="region" aria-label="{label}" style="{_PANEL}">{header(outline)}{folds}</section>'
    return page.replace("\n", "&#10;")


def header(outline: Outline) -> str:
    """The verdict line and the notes below it."""
    meta = escape(" · ".join(outline.meta))
    notes = "".join(f'<div style="padding:0 14px 8px 14px">{inline(note)}</div>' for note in outline.notes)
    return (
        '<div style="display:flex;flex-wrap:wrap;align-items:baseline;column-gap:12px;padding:9px 14px">'
        f'<b style="font-size:14px">{escape(outline.name)}</b> '
        f"<span>{inline(outline.title)}</span> {_badge(outline)} "
        f'<span style="{_RIGHT};opacity:0.65">{meta}</span></div>{notes}'
    )


def body(section: Section) -> str:
    """The blocks of one phase, without its fold."""
    return "".join((*map(block_html, section.blocks), *map(stream_html, section.streams)))


def pieces(section: Section) -> tuple[str, ...]:
    """The same without what still arrives, in parts that stand by themselves: what did not change can stay on
    a screen as it is, with the folds that a person opened."""
    return tuple(piece for block in section.blocks for piece in block_pieces(block))


def _badge(outline: Outline) -> str:
    tint = _TINTS.get(outline.badge.word, "128,128,128")
    return (
        f'<span style="background-color:rgba({tint},0.18);padding:1px 9px;border-radius:9px;font-weight:600;'
        f'font-size:12px;white-space:nowrap"><b>{escape(outline.badge.text)}</b></span>'
    )


def _is_open(outline: Outline, section: Section) -> bool:
    if outline.running is not None:
        return section is outline.running
    wanted = section.phase in OPEN or section.state is State.INTERRUPTED  # what was cut off is looked for
    return wanted and bool(section.blocks)


def _section(section: Section, is_open: bool) -> str:
    icon = "" if section.state is State.DONE else f"{section.state.icon} "
    faint = ";opacity:0.55" if section.state is State.WAITING else ""
    return (
        f'<details{" open" if is_open else ""} style="border-top:{_LINE};margin:0;padding:0">'
        f'<summary style="cursor:pointer;padding:7px 14px{faint}">'
        '<span style="display:inline-flex;width:96%;vertical-align:top;align-items:baseline;column-gap:12px">'
        f'<b style="{_CAPS};min-width:86px">{escape(section.phase.value)}</b> '
        f"<span>{icon}{inline(section.headline)}</span> "
        f'<span style="{_RIGHT};white-space:nowrap;margin-right:-12px;opacity:0.6">{section.time}</span>'
        f'</span></summary><div style="padding:0 14px 10px 34px">{body(section)}</div></details>'
    )
