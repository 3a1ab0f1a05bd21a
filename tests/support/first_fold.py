"""What a page shows before its first fold, read from the HTML as a browser would."""

from html.parser import HTMLParser


class _Above(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.folded = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.folded = self.folded or tag == "details"
        block = tag in ("div", "p", "td", "tr", "pre") or "display:block" in (dict(attrs).get("style") or "")
        self.text.append(" " if block else "")

    def handle_data(self, data: str) -> None:
        if not self.folded:
            self.text.append(data)


def words_above(page: str) -> list[str]:
    """The words before the first `<details>`; a sign alone is none."""
    above = _Above()
    above.feed(page)
    return [word for word in "".join(above.text).split() if any(map(str.isalnum, word))]
