"""What a server, or whatever answered for it, says of a fault, in whichever form it says it."""

import html
import json
import re
from typing import Any

_PAGE = re.compile(r"\s*<(!doctype|html|head|body|\?xml)\b", re.I)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.I | re.S)
_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.I | re.S)


def words_of(body: Any) -> str:
    """The words in the body of an error.

    Parameters
    ----------
    body
        What the JSON says, the text where it is none, or None. The Messages API has its words at
        `error.message`; local servers and proxies at `error`, `message` or `detail`; a web server answers
        with a page.
    """
    match body:
        case {"error": {"message": str(said)}}:
            return said
        case {"error": str(said)} | {"message": str(said)} | {"detail": str(said)}:
            return said
        case str() if _PAGE.match(body):
            title = _TITLE.search(body)
            return f"a page: {html.unescape(title[1] if title else _MARKUP.sub(' ', body))}"
        case str():
            return body
        case None:
            return ""
        case _:
            return json.dumps(body, ensure_ascii=False, default=str)
