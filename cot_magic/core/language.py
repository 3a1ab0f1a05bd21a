"""What a person reads, in their language: English is in the code, the rest is in catalogues of gettext."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

ENGLISH, AUTO = "en", "auto"
LANGUAGES = (ENGLISH, "de")


class Catalogue(Protocol):
    """Translates, as the classes of gettext do."""

    def gettext(self, message: str) -> str: ...

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str: ...


_READ: ContextVar[Catalogue | None] = ContextVar("language", default=None)


def worded(message: str, **values: Any) -> str:
    """Return the message in the reader's language; with values, each `{name}` in it is replaced.

    Without a translation it is in English.
    """
    catalogue = _READ.get()
    told = catalogue.gettext(message) if catalogue is not None and message else message
    return told.format(**values) if values else told


def counted_in_words(one: str, many: str, count: int) -> str:
    """Return the message for a number, which is `{count}` in it."""
    catalogue = _READ.get()
    if catalogue is not None:
        return catalogue.ngettext(one, many, count).format(count=count)
    return (one if count == 1 else many).format(count=count)


def marked(message: str) -> str:
    """Return the message itself: `worded` translates it where it is used, and the catalogues find it here."""
    return message


@contextmanager
def reading(catalogue: Catalogue | None) -> Iterator[None]:
    """While entered, messages are in the language of the catalogue; None is English."""
    token = _READ.set(catalogue)
    try:
        yield
    finally:
        _READ.reset(token)
