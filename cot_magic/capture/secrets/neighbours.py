"""Secrets that only the words beside them or their shape give away: withheld from what leaves.

A string in memory keeps them, as what is withheld here may be harmless: a digest looks like a token.
"""

import re
from collections.abc import Iterator

from cot_magic.capture.secrets import names as secret_names
from cot_magic.capture.secrets.forms import FoundSecret

_SAID = r"(?:password|passwd|passphrase|passcode|pwd|passwort|secret|token|(?:api|access)[ _-]?key)"
_PROSE = re.compile(rf"(?i)\b{_SAID}\b(?:\s+(?:is|was|of|to|now))?\s+[\"'`(]?(?P<secret>[^\s\"'`<>]{{8,}})")
_BESIDE = re.compile(
    rf"(?i)[\"'][^\"'\n]{{0,40}}\b{_SAID}\s*[:=]?\s*[\"']\s*,\s*[rbuf]?[\"'](?P<secret>[^\"'\n<>]{{8,}})[\"']"
)
_SALT = re.compile(r"(?i)\b\w*(?:salt|pepper)\b[\"']?\s*[:=]\s*[rb]{0,2}[\"'](?P<secret>[^\"'\n<>]{8,})[\"']")
_HEX = re.compile(r"(?<![0-9A-Za-z@/_-])(?:0x)?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})(?![0-9A-Za-z_-])")
_COMMIT = re.compile(
    r"(?i)\b(?:commit|(?:sha|md)-?\d*|rev(?:ision)?|tree|parent|blob|checksum|digest|git|hash|etag)\W{0,3}$"
)
_FEWEST_DIGITS = 8  # different ones, of a hexadecimal number that was generated
# what a generator makes, as one word: not a part of a path, a name or an address
_GENERATED = re.compile(r"(?<![\w/.+-])[A-Za-z0-9+-]{20,200}={0,2}(?![\w/.+-])")
# what a careful person chooses: letters, digits, and a sign between them that no word has there
_CAREFUL = re.compile(r"(?<![^\s\"'`<>()\[\]{},;|\\:=])[A-Za-z0-9][^\s\"'`<>()\[\]{},;|\\/:=]{7,40}")
_SIGN = re.compile(r"(?<=[A-Za-z0-9])[!#$%@^?~](?=[A-Za-z0-9])")
# a format, an escaped URL, an address, a version or an issue: `tool@4257f44`, `tool#123`
_FORMATTED = re.compile(
    r"%[-#0 +]?\d*(?:\.\d+)?[A-Za-z]|(?:%[0-9A-Fa-f]{2}){2}"
    r"|@[\w-]+\.|@(?:[0-9a-f]+|[A-Za-z]+)$|^[A-Za-z-]+#\d{3,}$"
)
_PEM = re.compile(r"(?<![\w+/=])(?:MII[A-Za-z0-9+/]{37,}={0,2}|[A-Za-z0-9+/]{64})(?![\w+/=])")
_WORDS = ("pass", "pwd", "secret", "token", "key")


def find(text: str, low: str) -> Iterator[FoundSecret]:
    """The secrets in a string; `low` is the string in lower case."""
    if any(word in low for word in _WORDS):
        for match in _PROSE.finditer(text):
            value = match["secret"].rstrip(".,;:!?)]}")
            if len(value) >= 8 and _is_mixed(value) and not _is_code(value):
                yield FoundSecret(match.start("secret"), match.start("secret") + len(value), "password")
        for match in _BESIDE.finditer(text):
            if _is_mixed(match["secret"]):
                yield FoundSecret(*match.span("secret"), "token")
    if "salt" in low or "pepper" in low:
        for match in _SALT.finditer(text):
            yield FoundSecret(*match.span("secret"), "salt")
    yield from _shaped(text)
    for match in _PEM.finditer(text):
        if match[0].startswith("MII") or _has_all_kinds(match[0]):
            yield FoundSecret(*match.span(), "private key", learn=False)


def _shaped(text: str) -> Iterator[FoundSecret]:
    """Words that look generated, or like the password of a careful person, wherever they are."""
    for match in _HEX.finditer(text):
        named = _COMMIT.search(text, max(0, match.start() - 20), match.start())
        if not named and not match[0].isdigit() and len(set(match[0])) >= _FEWEST_DIGITS:
            yield FoundSecret(*match.span(), "token", learn=False)
    for match in _GENERATED.finditer(text):
        if _has_all_kinds(match[0]) and secret_names.looks_generated(match[0]):
            yield FoundSecret(*match.span(), "token", learn=False)
    for match in _CAREFUL.finditer(text) if _SIGN.search(text) else ():
        if _is_careful(match[0]):
            yield FoundSecret(*match.span(), "password", learn=False)


def _is_careful(word: str) -> bool:
    letters, digits = sum(map(str.isalpha, word)), sum(map(str.isdigit, word))
    cased = word != word.lower() and word != word.upper()
    return (
        letters >= 4
        and digits >= 2 - cased
        and _SIGN.search(word) is not None
        and _FORMATTED.search(word) is None
    )


def _is_mixed(value: str) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))


def _is_code(value: str) -> bool:
    """Whether it is an expression, a path or a mask rather than a word that somebody chose."""
    return any(sign in value for sign in "()[]{}=<>") or value.startswith(("/", "./", "http", "--"))


def _has_all_kinds(value: str) -> bool:
    return _is_mixed(value) and value != value.lower() and value != value.upper()
