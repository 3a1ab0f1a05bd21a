"""A session as the data of one display: HTML, Markdown and plain text, from the same outline."""

from cot_magic.core.session import Session
from cot_magic.render.blocks import Outline
from cot_magic.render.markdown import markdown
from cot_magic.render.outline import outline
from cot_magic.render.plain import plain
from cot_magic.render.static_html import html


def bundle(session: Session) -> dict[str, str]:
    """What a saved notebook keeps of the session: MIME type to text. No widget is in it."""
    return bundle_of(outline(session))


def bundle_of(drawn: Outline) -> dict[str, str]:
    """The same for an outline that is there already."""
    return {"text/html": html(drawn), "text/markdown": markdown(drawn), "text/plain": plain(drawn)}
