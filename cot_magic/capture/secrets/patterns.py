"""Where secrets stand in a text, told by their own form or by what stands around them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cot_magic.capture.secrets import (
    forms as secret_forms,
)
from cot_magic.capture.secrets import (
    names as secret_names,
)
from cot_magic.capture.secrets import (
    places as secret_places,
)
from cot_magic.capture.secrets import (
    tables as secret_tables,
)
from cot_magic.capture.secrets.forms import Found

_USER = re.compile(r"://[^\s:/@'\"]{0,200}+:")
_TOKEN_AS_USER = re.compile(r"://(?P<secret>[^\s:/@'\"<>]{16,200}+)@")
_AFTER_USER = re.compile(r"[^\s'\"<>]{1,500}+")
_PORT = re.compile(r"\d{1,5}(?:/|$)")
_AUTHORIZATION = re.compile(
    r"authorization[\"']?\]?\s*(?P<sign>[:=,])\s*(?P<quote>[rbfuRBFU]{0,2}[\"'])?(?P<scheme>(?:basic|bearer|token|digest|apikey|bot)\s+)?"
    r"(?P<secret>[A-Za-z0-9._~+/=:-]{8,})(?![\w(.\[])",
    re.IGNORECASE,
)
_BEARER = re.compile(
    r"\b(?P<scheme>bearer|basic)\s+(?P<secret>(?=[A-Za-z._~+/=-]*\d)[\w.~+/=-]{16,}|[A-Za-z0-9+/]{8,}={1,2})",
    re.I,
)
_COOKIE = re.compile(
    r"\bcookie(?:[\"']?\]?\s*[:=]|[\"']\s*,)\s*[\"']?(?P<secret>[\w.-]+=[^\"'\r\n]+)", re.IGNORECASE
)
_QUERY = re.compile(r"[?&;](?P<name>[A-Za-z][\w.-]*+)=(?P<secret>[^\s&\"'<>;{}]{8,})")
_SIGNED = frozenset(
    {"sig", "signature", "x-amz-signature", "x-amz-security-token", "x-goog-signature", "code"}
)

# `password = "…"`, `"api_key": "…"`, also on a line of a diff
_QUOTED = re.compile(
    r"(?:(?<![\w.-])|(?m:(?<=^-)))(?P<name>[A-Za-z_][\w.-]*+)"
    r"(?P<sign>[\"']?\]?\s*(?::\s*[A-Za-z_][\w.\[\]| ]*\s*)?(?:==|!=|:=|=>|=|:)\s*\(?\s*[rbfuRBFU]{0,2})"
    r"(?P<quote>(?P<long>\"\"\"|''')|[\"'])"
    r"(?P<secret>(?:\\.|(?!(?P=quote))(?(long)[^\\]|[^\\\n]))*+)(?P<end>(?P=quote))?",
    re.DOTALL,
)
_MORE = re.compile(
    r"(?:\s|\\\n)*+(?:\+(?:\s|\\\n)*+)?[rbfuRBFU]{0,2}"
    r"(?P<quote>[\"'])(?P<secret>(?:\\.|(?!(?P=quote))[^\\\n])*+)(?P=quote)"
)
# JSON within a string: `{\\"password\\": \\"…\\"}`
_ESCAPED = re.compile(
    r"(?P<name>[A-Za-z_][\w.-]{0,100}+)(?:\\+[\"'])?\s*[:=]\s*\\+[\"'](?P<secret>[^\"'\\\n]{1,500}+)\\+[\"']"
)
_LISTS = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]*+)[\"']?\s*(?::\s*[A-Za-z_][\w.\[\]| ]*\s*)?[=:]\s*[\[({]"
)
_LIST_PART = re.compile(
    r"\s*(?:[\"']?(?P<key>\w+)[\"']?\s*:\s*)?(?:[rbuRBU]?(?P<quote>[\"'])(?P<secret>(?:\\.|(?!(?P=quote))[^\\\n])*+)(?P=quote)|\d+|None)\s*,?"
)
# unquoted in `…;Pwd=…;…`, `?token=…&…`, `host=h password=…`
_BARE = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]*+)=(?P<secret>(?:[^\s\"'&;,()<>\[\]{}=\\]|\\(?![nrt\"']))"
    r"{4,}+={0,2})(?P<next>[;&\s\"'\\]|$)?"
)
# `X-Api-Key: …`, `password: …` in headers, YAML, logs and comments
_COLON = re.compile(
    r"(?<![\w.])(?P<name>[A-Za-z][\w.-]{2,40})[ \t]*:[ \t]+(?P<secret>[^\s\"'<>(){}\[\],;`]{6,})"
)
_SPOKEN = re.compile(
    r"\b(?P<name>passwor[dt]|passwd|passphrase|pwd|secret|token|(?:api|access|secret)[ _-]key|kennwort"
    r"|mot de passe|contraseña|identified by)\b"
    r"(?:(?: [a-z]+){0,2}?(?: \([^()\n]{1,30}\))?(?: is| was| ?:|=)\s*[\"'`]?|\s+[\"'`])"
    r"(?P<secret>[^\s\"'`<>(){}\[\],;|]{6,})",
    re.IGNORECASE,
)
_SPOKEN_WORDS = (
    "passw",
    "passp",
    "pwd",
    "secret",
    "token",
    "api",
    "access",
    "wort",
    "passe",
    "contrase",
    "ied by",
)
_LOGIN = re.compile(r"\b(?:login|user)\s+\S+\s+password\s+(?P<secret>[^\s\"']{6,})")
_OPTION = re.compile(
    r"-(?<![\w-]-)-?(?P<name>[A-Za-z][\w-]+)(?:\s+|=|[\"']\s*,\s*[\"'])(?P<secret>[^\s\"'<>{}$-][^\s\"'<>{}]{5,})"
)
# `setenv("API_KEY", "…")`, `add_header('X-Api-Key', '…')`, `("password", "…")`
_PAIR = re.compile(
    r"(?P<call>\w+\(\s*(?:\w+,\s*)?)?[\"'](?P<name>[A-Za-z][\w.-]*+)[\"']\s*,\s*[rbfuRBFU]{0,2}"
    r"(?P<quote>[\"'])(?P<secret>(?:\\.|(?!(?P=quote))[^\\\n])*+)(?P=quote)"
)
_SETTERS = re.compile(r"(?:set|put|add|get|update|replace|environ)", re.IGNORECASE)
_TOKEN_TAIL = re.compile(r"[A-Za-z0-9_]*+(?:[+/=-]*+(?![\s\w]))?")


# Signs without which the patterns that need a name find nothing; each begins with what is rare in prose
_QUOTED_SIGN = re.compile(r"[=:>]\s*\(?\s*[rbfuRBFU]{0,2}[\"']")
_ESCAPED_SIGN = re.compile(r"[:=]\s*\\+[\"']")
_LIST_SIGN = re.compile(r"[=:]\s*[\[({]")
_BARE_SIGN = re.compile(r"=(?<=[\w.-]=)[^\s\"'&;,()<>\[\]{}=]{4}")
_COLON_SIGN = re.compile(r":[ \t]+[^\s\"'<>(){}\[\],;`]{6}")
_PAIR_SIGN = re.compile(r"[\"']\s*,\s*[rbfuRBFU]{0,2}[\"']")


_CALL_SIGN = re.compile(r"\([^()\n]{0,400}?[\"']|\"username\"")
_FILE_SIGN = re.compile(r":(?:\d{2,5}|\*|thin):")
_SETTING_SIGN = re.compile(r"=[ \t]+[^\s\"'()\[\]{},;<>]{6}")


@dataclass(frozen=True, slots=True)
class _Text:
    """A text, the same in lower case, and whether it may hold a name that says that its value is secret."""

    whole: str
    low: str
    named: bool


def _has(text: _Text, words: tuple[str, ...]) -> bool:
    return any(word in text.low for word in words)


def find(text: str) -> Iterator[Found]:
    """All secrets that a text shows by their form or by their surroundings; they may overlap."""
    low = secret_forms.lowered(text)
    yield from secret_forms.find(text, low)
    asked = _Text(text, low, secret_names.may_hold(low))
    for search, possible in SEARCHES:
        if possible(asked):
            yield from search(text)


def _found(match: re.Match[str], kind: str, learn: bool = True) -> Found:
    return Found(match.start("secret"), match.end("secret"), kind, learn)


def _authorizations(text: str) -> Iterator[Found]:
    for match in _AUTHORIZATION.finditer(text):
        secret = match["secret"]
        quoted = bool(match["quote"]) and not secret.isalpha() and not secret_names.name_weight(secret)
        if match["sign"] == ",":  # a list of names of headers, more often than a call
            quoted = quoted and any(map(str.isdigit, secret))
        if match["scheme"] or quoted or secret_names.looks_generated(secret):
            yield _found(match, "credential")


def _bearers(text: str) -> Iterator[Found]:
    for match in _BEARER.finditer(text):
        secret = match["secret"]  # `basic statistics_of_2023` is prose
        if (
            match["scheme"].lower() == "bearer"
            or secret.endswith("=")
            or secret_names.looks_generated(secret)
        ):
            yield _found(match, "credential")


def _cookies(text: str) -> Iterator[Found]:
    for match in _COOKIE.finditer(text):
        if not all(
            secret_names.is_placeholder(part.partition("=")[2]) for part in match["secret"].split(";")
        ):
            yield _found(match, "cookie")


def _queries(text: str) -> Iterator[Found]:
    """Values in the query of a URL whose names say that they are secret, or that they sign it."""
    for match in _QUERY.finditer(text):
        name, secret = match["name"].lower(), match["secret"]
        if (name in _SIGNED and len(secret) >= 16) or secret_names.hides(name, secret):
            yield _found(match, match["name"])


def _passwords_in_urls(text: str) -> Iterator[Found]:
    """What stands between the user and the last `@` of a URL; a password may hold `@` and `/` itself."""
    place = 0
    while (user := _USER.search(text, place)) is not None:
        place = user.end()
        rest = _AFTER_USER.match(text, place)
        size = rest[0].rfind("@") if rest is not None else -1
        secret = text[place : place + max(size, 0)]
        if secret and not secret_names.is_placeholder(secret) and not _PORT.match(secret):
            yield Found(place, place + size, "password in a URL")
            place += size
    for match in _TOKEN_AS_USER.finditer(text) if "@" in text else ():
        if secret_names.looks_generated(match["secret"]):
            yield _found(match, "token in a URL")


def _quoted(text: str) -> Iterator[Found]:
    """Strings behind a name which says that they are secret."""
    place = 0
    while (quoted := _QUOTED.search(text, place)) is not None:
        name, secret = quoted["name"], quoted["secret"]
        whole = quoted["end"] is not None or secret_names.looks_chosen(secret)  # else cut off, or prose
        hidden = whole and not _is_docstring(quoted) and secret_names.hides(name, secret)
        if hidden:
            yield _found(quoted, name)
        if hidden and quoted["end"] is not None:
            yield from _continued(text, quoted.end(), name)
        place = quoted.end() if hidden else quoted.end("name")  # a string may hold source or JSON itself


def _is_docstring(quoted: re.Match[str]) -> bool:
    """Whether the name ends the header of a block (`class Password:`), and the string begins its body."""
    if re.match(r":\s*\n", quoted["sign"]) is None:
        return False
    start = quoted.string.rfind("\n", 0, quoted.start()) + 1
    return quoted.string[start : quoted.start()].strip(" \t-+") != ""  # else a key of YAML, or of a diff


def _continued(text: str, place: int, name: str) -> Iterator[Found]:
    """Further strings that are joined to a withheld one: `"…" "…"`, `"…" + "…"`, also on the next line."""
    while (more := _MORE.match(text, place)) is not None:
        if more["secret"]:
            yield _found(more, name)
        place = more.end()


def _escaped(text: str) -> Iterator[Found]:
    for match in _ESCAPED.finditer(text):
        if secret_names.hides(match["name"], match["secret"]):
            yield _found(match, match["name"])


def _bare(text: str) -> Iterator[Found]:
    for match in _BARE.finditer(text):
        if _passes_a_name_on(match["name"], match["secret"]):
            continue
        if match["next"] is None and not secret_names.looks_generated(match["secret"]):
            continue  # `password=get(…)`, `password=pw,`: code
        if secret_names.hides(match["name"], match["secret"]):
            yield _found(match, match["name"])


def _behind_colons(text: str) -> Iterator[Found]:
    for match in _COLON.finditer(text):
        name, secret = match["name"], match["secret"]
        if secret_names.looks_chosen(secret) and secret_names.hides(name, secret):
            yield _found(match, name)


def _listed(text: str) -> Iterator[Found]:
    """Strings in brackets behind a name that says that they are secret: `passwords = ["…", "…"]`.

    In a dictionary too, if its keys are numbers (a column as JSON) or its name is a plural. Else it describes
    one: `"password": {"type": "string"}`, `credentials = {"region": "…"}`.
    """
    for match in _LISTS.finditer(text):
        if secret_names.name_weight(match["name"]) < 2:
            continue
        plural = re.search(r"(?i)(?<!credential)(?<!cred)s$", match["name"]) is not None
        place, stop = match.end(), len(text)
        while (part := _LIST_PART.match(text, place, stop)) is not None:
            apart = part["key"] is None or part["key"].isdigit() or plural
            if apart and part["secret"] and secret_names.hides(match["name"], part["secret"]):
                yield _found(part, match["name"])
            place = part.end()


def _passes_a_name_on(name: str, secret: str) -> bool:
    """`password=password`, `token=cfg.token`: code that holds no secret itself."""
    plain = secret.replace(".", "").isidentifier()
    return plain and (secret == name or "." in secret or secret_names.name_weight(secret) > 0)


def _spoken(text: str) -> Iterator[Found]:
    for match in _SPOKEN.finditer(text):
        secret, name = match["secret"], match["name"].lower()
        code = "=" in secret and "\n" in match[0]  # `if not password:`, and a statement below it
        sure = secret_names.looks_chosen(secret) and name not in ("token", "secret") and not code
        if sure or secret_names.looks_generated(secret):
            yield _found(match, name)


def _logins(text: str) -> Iterator[Found]:
    for match in _LOGIN.finditer(text):
        if secret_names.looks_chosen(match["secret"]):
            yield _found(match, "password")


def _options(text: str) -> Iterator[Found]:
    for match in _OPTION.finditer(text):
        if secret_names.name_weight(match["name"]) and (
            secret_names.looks_chosen(match["secret"]) and secret_names.hides(match["name"], match["secret"])
        ):
            yield _found(match, match["name"])


def _pairs(text: str) -> Iterator[Found]:
    for match in _PAIR.finditer(text):
        set_by_call = match["call"] is not None and _SETTERS.search(match["call"]) is not None
        weight = secret_names.name_weight(match["name"])
        told = (weight == 2 and set_by_call) or secret_names.looks_generated(match["secret"])
        if told and match["secret"].strip() and secret_names.hides(match["name"], match["secret"]):
            yield _found(match, match["name"])


# Each search, and whether it can find anything: cheap, sure, and never needed for what is found
SEARCHES: tuple[tuple[Callable[[str], Iterator[Found]], Callable[[_Text], object]], ...] = (
    (_passwords_in_urls, lambda text: "://" in text.whole),
    (_authorizations, lambda text: "authorization" in text.low),
    (_bearers, lambda text: "bearer" in text.low or "basic" in text.low),
    (_cookies, lambda text: "cookie" in text.low),
    (_queries, lambda text: "=" in text.whole),
    (_listed, lambda text: text.named and _LIST_SIGN.search(text.whole)),
    (_quoted, lambda text: text.named and _QUOTED_SIGN.search(text.whole)),
    (_escaped, lambda text: text.named and _ESCAPED_SIGN.search(text.whole)),
    (_bare, lambda text: text.named and _BARE_SIGN.search(text.whole)),
    (_behind_colons, lambda text: text.named and _COLON_SIGN.search(text.whole)),
    (_spoken, lambda text: _has(text, _SPOKEN_WORDS)),
    (_logins, lambda text: "password" in text.whole),
    (_options, lambda text: text.named and "-" in text.whole),
    (_pairs, lambda text: text.named and _PAIR_SIGN.search(text.whole)),
    (secret_places.in_calls, lambda text: _CALL_SIGN.search(text.whole) and _has(text, secret_places.CALLS)),
    (secret_places.in_items, lambda text: text.named and "(" in text.whole and _PAIR_SIGN.search(text.whole)),
    (secret_places.in_commands, lambda text: "-u" in text.whole or "-p" in text.whole),
    (secret_places.in_validation_errors, lambda text: text.named and "input_value=" in text.whole),
    (secret_places.in_password_files, lambda text: _FILE_SIGN.search(text.whole)),
    (secret_places.in_settings, lambda text: text.named and _SETTING_SIGN.search(text.whole)),
    (secret_tables.find, lambda text: text.named and "\n" in text.whole),
)
