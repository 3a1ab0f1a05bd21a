"""Secrets told by their place: after a name that says so, in URLs, headers, calls, commands and tables."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cot_magic.capture.secrets import names as secret_names
from cot_magic.capture.secrets.forms import FoundSecret

MOST_ROWS = 2_000  # of a table, below one header
SHORTEST_CELL = 4  # of a table


def find(text: str, low: str) -> Iterator[FoundSecret]:
    """The secrets that the surroundings give away; they may overlap. `low` is `forms.lowered(text)`."""
    asked = _Text(text, low, secret_names.may_hold(low))
    for search, possible in SEARCHES:
        if possible(asked):
            yield from search(text)


@dataclass(frozen=True, slots=True)
class _Text:
    """A string, the same in lower case, and whether it may hold a name whose value is secret."""

    whole: str
    low: str
    named: bool


def _found(match: re.Match[str], kind: str) -> FoundSecret:
    return FoundSecret(match.start("secret"), match.end("secret"), kind)


def _chosen(match: re.Match[str], kind: str) -> Iterator[FoundSecret]:
    secret = match["secret"]
    if secret_names.looks_chosen(secret) and not secret_names.is_placeholder(secret):
        yield _found(match, kind)


# --- URLs and headers ---------------------------------------------------------------------------------------

_USER = re.compile(r"://[^\s:/@'\"]{0,200}+:")
_TOKEN_AS_USER = re.compile(r"://(?P<secret>[^\s:/@'\"<>]{16,200}+)@")
_AFTER_USER = re.compile(r"[^\s'\"<>]{1,500}+")
_PORT = re.compile(r"\d{1,5}(?:/|$)")


def _passwords_in_urls(text: str) -> Iterator[FoundSecret]:
    """What is between the user and the last `@` of a URL; the password may itself contain `@` and `/`."""
    place = 0
    while (user := _USER.search(text, place)) is not None:
        place = user.end()
        rest = _AFTER_USER.match(text, place)
        size = rest[0].rfind("@") if rest is not None else -1
        secret = text[place : place + max(size, 0)]
        if secret and not secret_names.is_placeholder(secret) and not _PORT.match(secret):
            yield FoundSecret(place, place + size, "password in a URL")
            place += size
    for match in _TOKEN_AS_USER.finditer(text) if "@" in text else ():
        if secret_names.looks_generated(match["secret"]):
            yield _found(match, "token in a URL")


_QUERY = re.compile(r"[?&;](?P<name>[A-Za-z][\w.-]*+)=(?P<secret>[^\s&\"'<>;{}]{8,})")
_SIGNED = frozenset(
    {"sig", "signature", "x-amz-signature", "x-amz-security-token", "x-goog-signature", "code"}
)


def _queries(text: str) -> Iterator[FoundSecret]:
    """Values in the query of a URL whose names say that they are secret or sign the URL."""
    for match in _QUERY.finditer(text):
        name, secret = match["name"].lower(), match["secret"]
        if (name in _SIGNED and len(secret) >= 16) or secret_names.hides(name, secret):
            yield _found(match, match["name"])


_AUTHORIZATION = re.compile(
    r"authorization[\"']?\]?\s*(?P<sign>[:=,])\s*(?P<quote>[rbfuRBFU]{0,2}[\"'])?(?P<scheme>(?:basic|bearer|token|digest|apikey|bot)\s+)?"
    r"(?P<secret>[A-Za-z0-9._~+/=:-]{8,})(?![\w(.\[])",
    re.IGNORECASE,
)


def _authorizations(text: str) -> Iterator[FoundSecret]:
    for match in _AUTHORIZATION.finditer(text):
        secret = match["secret"]
        quoted = bool(match["quote"]) and not secret.isalpha() and not secret_names.name_weight(secret)
        if match["sign"] == ",":  # usually a list of header names, not a call
            quoted = quoted and any(map(str.isdigit, secret))
        if match["scheme"] or quoted or secret_names.looks_generated(secret):
            yield _found(match, "credential")


_BEARER = re.compile(
    r"\b(?P<scheme>bearer|basic)\s+(?P<secret>(?=[A-Za-z._~+/=-]*\d)[\w.~+/=-]{16,}|[A-Za-z0-9+/]{8,}={1,2})",
    re.I,
)


def _bearers(text: str) -> Iterator[FoundSecret]:
    for match in _BEARER.finditer(text):
        secret = match["secret"]  # `basic statistics_of_2023` is prose
        if (
            match["scheme"].lower() == "bearer"
            or secret.endswith("=")
            or secret_names.looks_generated(secret)
        ):
            yield _found(match, "credential")


_COOKIE = re.compile(
    r"\bcookie(?:[\"']?\]?\s*[:=]|[\"']\s*,)\s*[\"']?(?P<secret>[\w.-]+=[^\"'\r\n]+)", re.IGNORECASE
)


def _cookies(text: str) -> Iterator[FoundSecret]:
    for match in _COOKIE.finditer(text):
        if not all(
            secret_names.is_placeholder(part.partition("=")[2]) for part in match["secret"].split(";")
        ):
            yield _found(match, "cookie")


# --- values after names -------------------------------------------------------------------------------------

# `password = "…"`, `"api_key": "…"`, also on a line of a diff
_QUOTED = re.compile(
    r"(?:(?<![\w.-])|(?m:(?<=^-)))(?P<name>[A-Za-z_][\w.-]*+)"
    r"(?P<sign>[\"']?\]?\s*(?::\s*[A-Za-z_][\w.\[\]| ]*\s*)?(?:==|!=|:=|=>|=|:)\s*\(?\s*[rbfuRBFU]{0,2})"
    r"(?P<quote>(?P<long>\"\"\"|''')|[\"'])"
    r"(?P<secret>(?:\\.|(?!(?P=quote))(?(long)[^\\]|[^\\\n]))*)(?P<end>(?P=quote))?",
    re.DOTALL,
)
_MORE = re.compile(
    r"(?:\s|\\\n)*+(?:\+(?:\s|\\\n)*+)?[rbfuRBFU]{0,2}"
    r"(?P<quote>[\"'])(?P<secret>(?:\\.|(?!(?P=quote))[^\\\n])*)(?P=quote)"
)


def _quoted(text: str) -> Iterator[FoundSecret]:
    """Strings after a name that says they are secret."""
    place = 0
    while (quoted := _QUOTED.search(text, place)) is not None:
        name, secret = quoted["name"], quoted["secret"]
        whole = quoted["end"] is not None or secret_names.looks_chosen(secret)  # else truncated, or prose
        hidden = whole and not _is_docstring(quoted) and secret_names.hides(name, secret)
        if hidden:
            yield _found(quoted, name)
        if hidden and quoted["end"] is not None:
            yield from _continued(text, quoted.end(), name)
        place = quoted.end() if hidden else quoted.end("name")  # a string may contain source or JSON


def _is_docstring(quoted: re.Match[str]) -> bool:
    """Whether the name ends the header of a block (`class Password:`) and the string starts its body."""
    if re.match(r":\s*\n", quoted["sign"]) is None:
        return False
    start = quoted.string.rfind("\n", 0, quoted.start()) + 1
    return quoted.string[start : quoted.start()].strip(" \t-+") != ""  # else a key in YAML, or in a diff


def _continued(text: str, place: int, name: str) -> Iterator[FoundSecret]:
    """Strings concatenated to a withheld one, also on the next line: `"…" "…"`, `"…" + "…"`."""
    while (more := _MORE.match(text, place)) is not None:
        if more["secret"]:
            yield _found(more, name)
        place = more.end()


# JSON inside a string: `{\\"password\\": \\"…\\"}`
_ESCAPED = re.compile(
    r"(?P<name>[A-Za-z_][\w.-]{0,100}+)(?:\\+[\"'])?\s*[:=]\s*\\+[\"'](?P<secret>[^\"'\\\n]{1,500}+)\\+[\"']"
)


def _escaped(text: str) -> Iterator[FoundSecret]:
    for match in _ESCAPED.finditer(text):
        if secret_names.hides(match["name"], match["secret"]):
            yield _found(match, match["name"])


_LISTS = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]*+)[\"']?\s*(?::\s*[A-Za-z_][\w.\[\]| ]*\s*)?[=:]\s*[\[({]"
)
_LIST_PART = re.compile(
    r"\s*(?:[\"']?(?P<key>\w+)[\"']?\s*:\s*)?(?:[rbuRBU]?(?P<quote>[\"'])(?P<secret>(?:\\.|(?!(?P=quote))[^\\\n])*)(?P=quote)|\d+|None)\s*,?"
)


def _listed(text: str) -> Iterator[FoundSecret]:
    """Strings in a list, tuple or set whose name says they are secret: `passwords = ["…", "…"]`.

    Also in a dictionary whose keys are numbers (a column as JSON) or whose name is a plural. Any other
    dictionary describes a secret: `"password": {"type": "string"}`, `credentials = {"region": "…"}`.
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


# unquoted in `…;Pwd=…;…`, `?token=…&…`, `host=h password=…`
_BARE = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]*+)=(?P<secret>(?:[^\s\"'&;,()<>\[\]{}=\\]|\\(?![nrt\"']))"
    r"{4,}={0,2})(?P<next>[;&\s\"'\\]|$)?"
)


def _bare(text: str) -> Iterator[FoundSecret]:
    for match in _BARE.finditer(text):
        if _passes_a_name_on(match["name"], match["secret"]):
            continue
        if match["next"] is None and not secret_names.looks_generated(match["secret"]):
            continue  # `password=get(…)`, `password=pw,`: code
        if secret_names.hides(match["name"], match["secret"]):
            yield _found(match, match["name"])


def _passes_a_name_on(name: str, secret: str) -> bool:
    """Whether it is code that only passes a variable on: `password=password`, `token=cfg.token`."""
    plain = secret.replace(".", "").isidentifier()
    return plain and (secret == name or "." in secret or secret_names.name_weight(secret) > 0)


# `X-Api-Key: …`, `password: …` in headers, YAML, logs and comments
_COLON = re.compile(
    r"(?<![\w.])(?P<name>[A-Za-z][\w.-]{2,40})[ \t]*:[ \t]+(?P<secret>[^\s\"'<>(){}\[\],;`]{6,})"
)


def _after_colons(text: str) -> Iterator[FoundSecret]:
    for match in _COLON.finditer(text):
        name, secret = match["name"], match["secret"]
        if secret_names.looks_chosen(secret) and secret_names.hides(name, secret):
            yield _found(match, name)


_SPOKEN = re.compile(
    r"\b(?P<name>passwor[dt]|passwd|passphrase|pwd|secret|token|(?:api|access|secret)[ _-]key|kennwort"
    r"|mot de passe|contraseña|identified by)\b"
    r"(?:(?: [a-z]+){0,2}?(?: \([^()\n]{1,30}\))?(?: is| was| ?:|=)\s*[\"'`]?|\s+[\"'`])"
    r"(?P<secret>[^\s\"'`<>(){}\[\],;|]{6,})",
    re.IGNORECASE,
)
_SPOKEN_WORDS = (
    *("passw", "passp", "passe", "pwd", "secret", "token", "api", "access", "wort", "contrase", "ied by"),
)


def _spoken(text: str) -> Iterator[FoundSecret]:
    for match in _SPOKEN.finditer(text):
        secret, name = match["secret"], match["name"].lower()
        code = "=" in secret and "\n" in match[0]  # `if not password:`, and a statement below it
        sure = secret_names.looks_chosen(secret) and name not in ("token", "secret") and not code
        if sure or secret_names.looks_generated(secret):
            yield _found(match, name)


_LOGIN = re.compile(r"\b(?:login|user)\s+\S+\s+password\s+(?P<secret>[^\s\"']{6,})")


def _logins(text: str) -> Iterator[FoundSecret]:
    for match in _LOGIN.finditer(text):
        if secret_names.looks_chosen(match["secret"]):
            yield _found(match, "password")


_OPTION = re.compile(
    r"-(?<![\w-]-)-?(?P<name>[A-Za-z][\w-]+)(?:\s+|=|[\"']\s*,\s*[\"'])(?P<secret>[^\s\"'<>{}$-][^\s\"'<>{}]{5,})"
)


def _options(text: str) -> Iterator[FoundSecret]:
    for match in _OPTION.finditer(text):
        if secret_names.name_weight(match["name"]) and (
            secret_names.looks_chosen(match["secret"]) and secret_names.hides(match["name"], match["secret"])
        ):
            yield _found(match, match["name"])


# `setenv("API_KEY", "…")`, `add_header('X-Api-Key', '…')`, `("password", "…")`
_PAIR = re.compile(
    r"(?P<call>\w+\(\s*(?:\w+,\s*)?)?[\"'](?P<name>[A-Za-z][\w.-]*+)[\"']\s*,\s*[rbfuRBFU]{0,2}"
    r"(?P<quote>[\"'])(?P<secret>(?:\\.|(?!(?P=quote))[^\\\n])*)(?P=quote)"
)
_SETTERS = re.compile(r"(?:set|put|add|get|update|replace|environ)", re.IGNORECASE)


def _pairs(text: str) -> Iterator[FoundSecret]:
    for match in _PAIR.finditer(text):
        set_by_call = match["call"] is not None and _SETTERS.search(match["call"]) is not None
        weight = secret_names.name_weight(match["name"])
        told = (weight == 2 and set_by_call) or secret_names.looks_generated(match["secret"])
        if told and match["secret"].strip() and secret_names.hides(match["name"], match["secret"]):
            yield _found(match, match["name"])


# --- calls, commands and files ------------------------------------------------------------------------------

# not possessive: in early releases of Python 3.11 a possessive repetition takes no notice of its lookahead
_STRING = r"[rbfuRBFU]{0,2}(?P<quote>[\"'])(?P<secret>(?:\\.|(?!(?P=quote))[^\\\n])*)(?P=quote)"
_STRINGS = re.compile(_STRING)
# Every call below contains one of these words
_CALL_WORDS = (
    *("auth", "login", "secretstr", "secretbytes", "fernet", "otp(", "hmac.new", "b64decode", "client("),
    *("bot(", "github(", "openai(", "anthropic(", '"username"'),
)
# `auth=("ann", "…")`, `HTTPBasicAuth("ann", "…")`, `smtp.login("ann", "…")`
_USER_AND = re.compile(
    r"(?:auth\s*=\s*|auth|login|authenticate)\(\s*[\w.@\"'-]{1,80}+\s*,\s*" + _STRING, re.IGNORECASE
)
# `SecretStr("…")`, `Fernet(b"…")`, `TOTP("…")`: their argument is always a secret
_WRAPPED = re.compile(r"\b(?:secret(?:str|bytes)|fernet|[th]otp|hmac\.new)\(\s*" + _STRING, re.IGNORECASE)
# `Client("AC…", "…")`: only positional arguments that look generated
_CLIENT = re.compile(r"(?:client|bot|github|openai|anthropic)\((?P<arguments>[^()\n]{8,400})", re.IGNORECASE)
# `wandb.login(key="…")`, and `kaggle.json`
_KEY_OF_LOGIN = re.compile(
    r"(?:login\(\s*|\"username\"\s*:\s*\"[^\"\n]*\"\s*,\s*)[\"']?(?:key|token)[\"']?\s*[:=]\s*" + _STRING
)
_DECODED = re.compile(
    r"(?P<name>[A-Za-z_][\w.]{0,100}+)\s*=\s*[\w.]{0,60}(?:b64decode|fromhex|unhexlify)\(\s*" + _STRING
)


def _calls(text: str) -> Iterator[FoundSecret]:
    """String arguments of calls that take a secret at that position."""
    for match in _USER_AND.finditer(text):
        yield from _chosen(match, "password")
    for match in _WRAPPED.finditer(text):
        if len(match["secret"]) >= 6 and not secret_names.is_placeholder(match["secret"]):
            yield _found(match, "secret")
    for match in _CLIENT.finditer(text):
        for string in _STRINGS.finditer(text, match.start("arguments"), match.end("arguments")):
            named = text[match.start("arguments") : string.start()].rstrip().endswith("=")
            if not named and secret_names.looks_generated(string["secret"]):
                yield _found(string, "key")
    for match in _KEY_OF_LOGIN.finditer(text):
        if secret_names.looks_generated(match["secret"]):
            yield _found(match, "key")
    for match in _DECODED.finditer(text):
        if secret_names.name_weight(match["name"]) == 2 and len(match["secret"]) >= 6:
            yield _found(match, match["name"])


# `("password", "…")`, an item of a dictionary
_ITEM = re.compile(r"(?<!\w)\(\s*[\"'](?P<name>[A-Za-z][\w.-]*+)[\"']\s*,\s*" + _STRING + r"\s*\)")


def _items(text: str) -> Iterator[FoundSecret]:
    """Pairs of a name and a value, as `dict.items()` gives them."""
    for match in _ITEM.finditer(text):
        if secret_names.name_weight(match["name"]) == 2 and not secret_names.name_weight(match["secret"]):
            yield from _chosen(match, match["name"])


_COMMAND = re.compile(
    r"(?:\bcurl\b[^\n;|]{0,200}?\s-u\s*|--(?:proxy-)?user[\s=]+)[\"']?[^\s:\"']{1,100}+:(?P<secret>[^\s\"']{6,})"
    r"|\b(?:mysql\w*+|sshpass|login)\b[^\n;|]{0,80}?\s-p\s*[\"']?(?P<after_p>[^\s\"'-][^\s\"']{5,})"
)


def _commands(text: str) -> Iterator[FoundSecret]:
    """`curl -u ann:…`, `mysql -p…`, `docker login -p …`."""
    for match in _COMMAND.finditer(text):
        group = "secret" if match["secret"] else "after_p"
        if secret_names.looks_chosen(match[group]) and not secret_names.is_placeholder(match[group]):
            yield FoundSecret(match.start(group), match.end(group), "password")


# pydantic writes the name of the field on its own line
_FIELD = re.compile(r"(?m:^)(?P<name>[A-Za-z_][\w.]*+)\n[ \t]+[^\n]{0,500}?input_value=" + _STRING)


def _validation_errors(text: str) -> Iterator[FoundSecret]:
    """The input values that pydantic shows for fields with secret names."""
    for match in _FIELD.finditer(text):
        if secret_names.hides(match["name"], match["secret"]):
            yield _found(match, match["name"])


_PGPASS = re.compile(r"(?m:^)[\w.*-]++:(?:\d{2,5}|\*):[\w.*-]++:[\w.*@-]++:(?P<secret>\S{6,})(?m:$)")
_ORACLE = re.compile(r":thin:[\w.]{1,60}+/(?P<secret>[^\s/@]{4,200}+)@")


def _password_files(text: str) -> Iterator[FoundSecret]:
    """Lines of `.pgpass`, and Oracle JDBC URLs."""
    for pattern in (_PGPASS, _ORACLE):
        for match in pattern.finditer(text):
            yield from _chosen(match, "password")


# `password = …` in a settings file: the whole line, and not code
_SETTING = re.compile(
    r"(?m:^)[ \t]*+(?P<name>[A-Za-z_][\w.-]*+)[ \t]*+=[ \t]+(?P<secret>[^\s\"'()\[\]{},;<>]{6,}+)[ \t]*(?m:$)"
)


def _settings(text: str) -> Iterator[FoundSecret]:
    """Unquoted settings: `password = …` in `.pypirc` or `~/.aws/credentials`."""
    for match in _SETTING.finditer(text):
        name, secret = match["name"], match["secret"]
        code = secret.replace(".", "").isidentifier() and not secret_names.looks_generated(secret)
        if not code and secret_names.looks_chosen(secret) and secret_names.hides(name, secret):
            yield _found(match, name)


# --- tables -------------------------------------------------------------------------------------------------

_HEADER = re.compile(r"[\w.%-]+")
_LIKE_A_HEADER = re.compile(
    r"(?m:^)[ \t|]*+[\"'`]?[\w.%-]++(?:[\"'`]?(?:[ \t]*+[,|;]|\t|  )[ \t]*+[\"'`]?[\w.%-]++)*+"
    r"[\"'`]?[ \t|]*+\r?\n"
)
_ALIGNED = re.compile(r"(?: {2,}|(?=\S+ {2}))[\w.%-]+(?: {2,}[\w.%-]+)*\s*")
_WORD = re.compile(r"\S+")
_AROUND = " \t\r\n\"'`"
_Cell = tuple[int, int, str]  # start and end in its line, and its text without whitespace and quotes


def _tables(text: str) -> Iterator[FoundSecret]:
    """Values in CSV, Markdown or printed DataFrames below a header that is surely secret."""
    done = 0
    for header in _LIKE_A_HEADER.finditer(text):
        if header.start() < done or not secret_names.may_hold(header[0].lower()):
            continue
        for place, (start, end, value), name in _below(header[0], text, header.end()):
            done = place + end
            if len(value) >= SHORTEST_CELL and secret_names.hides(name, value):
                yield FoundSecret(place + start, place + end, name)


def _lines(text: str, place: int) -> Iterator[tuple[int, str]]:
    """Start and text of each line of a table, up to the first empty line."""
    for _ in range(MOST_ROWS):
        end = text.find("\n", place) + 1 or len(text)
        line = text[place:end]
        if not line.strip():
            return
        yield place, line
        place = end


def _below(header: str, text: str, below: int) -> Iterator[tuple[int, _Cell, str]]:
    """Start of the row, cell, and header for each cell in a secret column."""
    separator = next((sign for sign in ",\t|;" if sign in header), None)
    if separator is not None:
        yield from _separated(header, separator, text, below)
    elif _ALIGNED.fullmatch(header):
        yield from _aligned(header, text, below)


def _separated(header: str, separator: str, text: str, below: int) -> Iterator[tuple[int, _Cell, str]]:
    names = _split(header, separator)
    inner = names[1:-1] if header.strip().startswith("|") else names
    if len(inner) < 2 or not all(_HEADER.fullmatch(name) for _, _, name in inner):
        return
    secret = [place for place, (_, _, name) in enumerate(names) if secret_names.name_weight(name) == 2]
    for place, line in _lines(text, below) if secret else ():
        cells = _split(line, separator)
        if len(cells) != len(names) and not set(line.strip()) <= set("-+=|: "):
            return
        for column in secret if len(cells) == len(names) else ():
            if separator != "," or " " not in cells[column][2]:  # else prose
                yield place, cells[column], names[column][2]


def _split(line: str, separator: str) -> list[_Cell]:
    cells, at = [], 0
    for part in line.split(separator):
        value = part.strip(_AROUND)
        start = at + (part.find(value) if value else 0)
        cells.append((start, start + len(value), value))
        at += len(part) + 1
    return cells


def _aligned(header: str, text: str, below: int) -> Iterator[tuple[int, _Cell, str]]:
    """pandas right-aligns columns: a cell ends where its header ends."""
    names = [(match.start(), match.end(), match[0]) for match in _WORD.finditer(header)]
    for column, (_, end, name) in enumerate(names):
        if secret_names.name_weight(name) < 2:
            continue
        left = names[column - 1][1] if column else 0
        for place, line in _lines(text, below):
            if not line[end - 1 : end].strip() or line[end : end + 1].strip():
                break
            value = line[left:end].strip()
            if not column and "  " in value:  # the index precedes the first column
                value = value.rpartition("  ")[2]
            yield place, (end - len(value), end, value), name


# --- the searches -------------------------------------------------------------------------------------------

# A pattern above can only match where its sign is; each sign starts with a character that is rare in prose
_QUOTED_SIGN = re.compile(r"[=:>]\s*\(?\s*[rbfuRBFU]{0,2}[\"']")
_ESCAPED_SIGN = re.compile(r"[:=]\s*\\+[\"']")
_LIST_SIGN = re.compile(r"[=:]\s*[\[({]")
_BARE_SIGN = re.compile(r"=(?<=[\w.-]=)[^\s\"'&;,()<>\[\]{}=]{4}")
_COLON_SIGN = re.compile(r":[ \t]+[^\s\"'<>(){}\[\],;`]{6}")
_PAIR_SIGN = re.compile(r"[\"']\s*,\s*[rbfuRBFU]{0,2}[\"']")
_CALL_SIGN = re.compile(r"\([^()\n]{0,400}?[\"']|\"username\"")
_FILE_SIGN = re.compile(r":(?:\d{2,5}|\*|thin):")
_SETTING_SIGN = re.compile(r"=[ \t]+[^\s\"'()\[\]{},;<>]{6}")


def _has(text: _Text, words: tuple[str, ...]) -> bool:
    return any(word in text.low for word in words)


# Each search, and a cheap test that is true wherever the search finds something
SEARCHES: tuple[tuple[Callable[[str], Iterator[FoundSecret]], Callable[[_Text], object]], ...] = (
    (_passwords_in_urls, lambda text: "://" in text.whole),
    (_authorizations, lambda text: "authorization" in text.low),
    (_bearers, lambda text: "bearer" in text.low or "basic" in text.low),
    (_cookies, lambda text: "cookie" in text.low),
    (_queries, lambda text: "=" in text.whole),
    (_listed, lambda text: text.named and _LIST_SIGN.search(text.whole)),
    (_quoted, lambda text: text.named and _QUOTED_SIGN.search(text.whole)),
    (_escaped, lambda text: text.named and _ESCAPED_SIGN.search(text.whole)),
    (_bare, lambda text: text.named and _BARE_SIGN.search(text.whole)),
    (_after_colons, lambda text: text.named and _COLON_SIGN.search(text.whole)),
    (_spoken, lambda text: _has(text, _SPOKEN_WORDS)),
    (_logins, lambda text: "password" in text.whole),
    (_options, lambda text: text.named and "-" in text.whole),
    (_pairs, lambda text: text.named and _PAIR_SIGN.search(text.whole)),
    (_calls, lambda text: _CALL_SIGN.search(text.whole) and _has(text, _CALL_WORDS)),
    (_items, lambda text: text.named and "(" in text.whole and _PAIR_SIGN.search(text.whole)),
    (_commands, lambda text: "-u" in text.whole or "-p" in text.whole),
    (_validation_errors, lambda text: text.named and "input_value=" in text.whole),
    (_password_files, lambda text: _FILE_SIGN.search(text.whole)),
    (_settings, lambda text: text.named and _SETTING_SIGN.search(text.whole)),
    (_tables, lambda text: text.named and "\n" in text.whole),
)
