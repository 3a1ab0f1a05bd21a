"""Withholds what looks like a secret in each string that enters a Case or leaves for a model, file or screen.

The sources in `Case.cell` and `Case.cells` stay verbatim because edits are applied to them: pass a source
through `Redactor.source` before it leaves (`withhold.withheld` does so for whole values).
"""

import copy
import functools
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from cot_magic.capture.secrets import forms as secret_forms
from cot_magic.capture.secrets import names as secret_names
from cot_magic.capture.secrets import neighbours
from cot_magic.capture.secrets import personal as personal_data
from cot_magic.capture.secrets import places as secret_places
from cot_magic.capture.secrets.forms import FoundSecret
from cot_magic.capture.secrets.source import literal, redacted_source, restored
from cot_magic.capture.secrets.values import KnownValues
from cot_magic.core.withheld import MASK

SHORTEST_VALUE = 8  # of a value that is withheld everywhere: shorter ones occur by chance
LONGEST_WORD = 16  # a value of fewer letters, and only letters, may be an ordinary word
CUT_MARGIN = 8_192  # characters that are read beyond a cut, so that no secret is cut in half
REMEMBERED_TEXTS = 20_000
LONGEST_REMEMBERED = 20_000
SHORTEST_SECRET = 6
MOST_PASSES = 6
_ENVIRONMENT_NOT = frozenset({"PWD", "OLDPWD"})
_UNSAFE = re.compile(r"[^\w .:/@+-]+")  # would end a string, start an expression or end the mask
_ESCAPE = re.compile(r"\\([nrt\"'\\])")
_ESCAPED_SIGNS = {"n": "\n", "r": "\n", "t": "\t"}
_BLANK = " \t\r\n\\"
_AROUND = " `|()[]{},;.:"  # next to a secret, and not part of it
_STRINGS = re.compile(r"'((?:\\.|[^'\\])*)'|\"((?:\\.|[^\"\\])*)\"")


class Redactor:
    """Withholds secrets and counts them. Equal values get equal masks; different values, different masks.

    Parameters
    ----------
    environ
        Environment whose secret-looking values are withheld everywhere; `os.environ` if None.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._known = KnownValues()
        self._masks: dict[str, str] = {}  # from a value to its mask
        self._kinds: dict[str, str] = {}  # from a value to its kind
        self._taken: Counter[str] = Counter()  # number of values of each kind
        self._withheld: dict[str, None] = {}
        self._seen: dict[tuple[bool, bool, str], str] = {}
        self._leaves = self._personal = False
        self.read_environment(os.environ if environ is None else environ)

    def read_environment(self, environ: Mapping[str, str]) -> None:
        """Withhold the secret-looking values of an environment. Call it again after a change."""
        for name, value in environ.items():
            weight = (
                secret_names.name_weight(name) if name not in _ENVIRONMENT_NOT and not _is_path(value) else 0
            )
            if weight == 2 or (weight == 1 and any(map(str.isdigit, value))):
                self.learn(name, value)
            elif "=" in value or ":" in value:
                count = dict(self._withheld)
                self.text(value)  # learns the password in a URL or connection string
                self._withheld.clear()
                self._withheld.update(count)

    def leaving(self, *, personal: bool = True) -> "Redactor":
        """The redactor of what leaves for a model, a file or a screen. It also withholds what may be a secret
        by its neighbours and, with `personal`, personal data. It shares all that is known and counted."""
        other = copy.copy(self)
        other._leaves, other._personal = True, personal
        return other

    @property
    def count(self) -> int:
        """The number of distinct values withheld."""
        return len(self._withheld)

    @property
    def withheld(self) -> dict[str, int]:
        """The number of distinct values withheld, by kind (`password`, `JWT`, the name of a variable)."""
        return dict(Counter(self._kinds[value] for value in self._withheld))

    @property
    def known(self) -> int:
        """The number of known values. A string redacted earlier may contain a value learned since."""
        return len(self._known)

    def learn(self, name: str, value: str) -> None:
        """Withhold the value everywhere from now on, also as JSON, URLs and base64 write it."""
        if len(value) < SHORTEST_VALUE or value.isspace() or value in self._known or MASK.search(value):
            return
        self._mask(value, name)
        self._known.add(value, generated=_is_generated(value))
        self._seen.clear()

    def learn_telling(self, name: str, value: str) -> None:
        """Learn a value, or a string literal in a source, unless it is likely to occur by chance."""
        inner = literal(f'"{value}"') if "\\" in value else value
        found = {value, value.strip(_AROUND), *([inner] if type(inner) is str else [])}
        for form in sorted(found, key=len, reverse=True):
            form = form.strip()
            if not form.isalpha() or len(form) >= LONGEST_WORD:
                self.learn(name, form)

    def text(self, s: str) -> str:
        """The string with each secret replaced by `<redacted: kind>`; its number of lines stays."""
        if len(s) < SHORTEST_SECRET:
            return s
        known = self._seen.get((self._leaves, self._personal, s))
        if known is not None:
            return known
        redacted = s
        for _ in range(MOST_PASSES):
            before, redacted = redacted, self._once(redacted)
            if redacted == before:
                break
        if len(self._seen) < REMEMBERED_TEXTS and len(s) <= LONGEST_REMEMBERED:
            self._seen[self._leaves, self._personal, s] = redacted
        return redacted

    def source(self, s: str) -> str:
        """The same for Python source: source that parses still does, and names stay."""
        return redacted_source(self, s)

    def restore(self, edited: str, original: str) -> str:
        """An edit of the redacted `original`, with the withheld parts of the real one put back.

        A mask that replaces no part of `original` stays. Only for edits of the same cell: the result must not
        leave without going through `text` or `source` again.
        """
        return restored(self, edited, original)

    def named(self, name: str, text: str) -> str:
        """The text of the value of a name or expression, all of it withheld if the name says it is secret."""
        if not self.hides(name, text):
            return self.text(text)
        value = literal(text)
        if type(value) is str and MASK.fullmatch(value):
            return value
        texts = [value] if type(value) is str else list(_strings_in(text, value))
        for part in texts:
            self.learn_telling(name, part)
        whole = value if type(value) is str else text
        self._withheld[whole] = None
        return self._mask(whole, name)

    def hides(self, name: str, text: str) -> bool:
        """Whether `named` would withhold the whole value."""
        if text in ("None", "True", "False", "''", '""', "", "...", "[]", "{}") or MASK.fullmatch(text):
            return False
        return secret_names.hides(name, text)

    def spans(self, s: str) -> list[FoundSecret]:
        """The parts of a string to withhold, in order and disjoint.

        Learns what it finds by form or place. Masks that the string already contains stay.
        """
        if "\\n" in s or '\\"' in s:
            self._learn_escaped(s)
        found = [item for item in _shown_secrets(s) if item.end > item.start]
        if self._leaves:
            found += neighbours.find(s, secret_forms.lowered(s))
        if self._personal:
            found += personal_data.find(s)
        masks = [match.span() for match in MASK.finditer(s)] if "<redacted: " in s else []
        found = [part for item in found for part in _outside(item, masks)]
        found = [part for part in found if s[part.start : part.end].strip(_BLANK)]  # as beside a mask
        for item in found:
            if item.learn:
                self.learn_telling(item.kind, s[item.start : item.end])
        known = [
            FoundSecret(start, end, self._kinds[value])
            for start, end, value in self._known.find(s)
            if not any(start < stop and begin < end for begin, stop in masks)
        ]
        return _apart([*found, *known])

    def _learn_escaped(self, s: str) -> None:
        """Learn what only shows once escaped newlines and quotes are unescaped."""
        s = _ESCAPE.sub(lambda match: _ESCAPED_SIGNS.get(match[1], match[1]), s)
        for plain in (s, s.replace('"', "\n").replace("'", "\n")):  # a quote may end the line of a file
            for item in _shown_secrets(plain):
                if item.learn:
                    self.learn_telling(item.kind, plain[item.start : item.end])

    def mask_of(self, found: FoundSecret, s: str) -> str:
        """The mask for a found part of a string; counts the value as withheld."""
        part = s[found.start : found.end]
        value = next((value for _, _, value in self._known.find(part)), part)
        self._withheld[value] = None
        return self._mask(value, found.kind) + "\n" * part.count("\n")

    def _once(self, s: str) -> str:
        pieces, done = [], 0
        for found in self.spans(s):
            pieces += [s[done : found.start], self.mask_of(found, s)]
            done = found.end
        return "".join([*pieces, s[done:]]) if pieces else s

    def _mask(self, value: str, kind: str) -> str:
        known = self._masks.get(value)
        if known is None:
            label = _label(kind)
            self._taken[label] += 1
            number = self._taken[label]
            known = mask(kind) if number == 1 else mask(f"{label} {number}")
            self._masks[value] = known
            self._kinds[value] = label
        return known


@functools.lru_cache(maxsize=2_000)  # the same sources and values are searched repeatedly
def _shown_secrets(s: str) -> tuple[FoundSecret, ...]:
    low = secret_forms.lowered(s)
    return (*secret_forms.find(s, low), *secret_places.find(s, low))


def mask(kind: str) -> str:
    """The mask of the first withheld value of a kind."""
    return f"<redacted: {_label(kind)}>"


def bounded(redactor: Redactor, s: str, most: int) -> str:
    """The redacted string, at most `most` characters, with the middle left out.

    Reads more than it keeps at both ends, so that no secret is cut in half and slips through.
    """
    if len(s) <= most + 2 * CUT_MARGIN:
        return cut_middle(redactor.text(s), most)
    head, tail = redactor.text(s[: most + CUT_MARGIN]), redactor.text(s[-(most + CUT_MARGIN) :])
    left_out = f" …[{len(s):,} characters]… "
    half = max((most - len(left_out)) // 2, 1)
    return (head[:half] + left_out + tail[-half:])[:most]


def cut_middle(s: str, most: int) -> str:
    """At most `most` characters: the two ends of a longer string around a note of its length."""
    if len(s) <= most:
        return s
    left_out = f" …[{len(s):,} characters]… " if most >= 80 else "…"
    half = max((most - len(left_out)) // 2, 1)
    return (s[: most - len(left_out) - half] + left_out + s[-half:])[:most]


def _label(kind: str) -> str:
    return _UNSAFE.sub(" ", kind).strip()[:60] or "secret"


def _outside(found: FoundSecret, masks: list[tuple[int, int]]) -> Iterable[FoundSecret]:
    """The parts of a secret that no mask covers yet."""
    start = found.start
    for begin, stop in masks:
        if stop <= start or begin >= found.end:
            continue
        if begin > start:
            yield FoundSecret(start, begin, found.kind, learn=False)
        start = stop
    if start < found.end:
        yield found if start == found.start else FoundSecret(start, found.end, found.kind, learn=False)


def _apart(found: list[FoundSecret]) -> list[FoundSecret]:
    """Merge overlapping secrets, in order; the longest gives the kind."""
    merged: list[tuple[FoundSecret, int]] = []
    for item in sorted(found, key=lambda item: (item.start, -item.end)):
        size = item.end - item.start
        if merged and item.start < merged[-1][0].end:
            last, longest = merged[-1]
            kind = item.kind if size > longest else last.kind
            merged[-1] = FoundSecret(last.start, max(last.end, item.end), kind), max(size, longest)
        else:
            merged.append((item, size))
    return [item for item, _ in merged]


def _is_generated(value: str) -> bool:
    return not any(sign in value for sign in (" ", "://")) and (  # parts of an address may occur in others
        secret_names.looks_generated(value) or (len(value) >= 20 and any(map(str.isdigit, value)))
    )


def _strings_in(text: str, value: object) -> Iterable[str]:
    """The strings in the repr of a container, even if its middle was left out."""
    if isinstance(value, bytes):
        yield value.decode("latin-1")
        return
    yield text
    for match in _STRINGS.finditer(text):
        part = match[1] if match[1] is not None else match[2]
        if part and not MASK.search(part):
            yield part


def _is_path(value: str) -> bool:
    return os.path.isabs(value) and os.path.lexists(value)
