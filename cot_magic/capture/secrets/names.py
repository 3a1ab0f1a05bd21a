"""Whether a name says that its value is secret, and whether a value looks generated or like a password."""

import functools
import re
import unicodedata

_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SECRET_WORD = re.compile(
    r"password|passwd|passphrase|passcode|contrasen|apikey|secretkey|authtoken|accesstoken|connstr|sess(?:ion)?id$"
    r"|(?:csrf|xsrf)token|passwort|kennwort|wachtwoord|motdepasse|mot_de_passe|(?:seed|recovery)_phrase|mnemonic"
    r"|(?:^|_)(?:pwd|passw|dsn|secrets?|credentials?|creds)(?:_|$)|secret$"
    r"|(?:^|_)(?:api|access|auth|private|encryption|signing|signature|master|bearer|refresh|csrf|bot|github|gitlab|slack"
    r"|hf|openai|anthropic|aws|subscription)_(?:key|token|pass|auth)s?(?:_|$)"
    r"|(?:^|_)(?:client|service|account|session|storage|subscription|id)_(?:token|pass)s?(?:_|$)"
    r"|(?:^|_)(?:db|database|user|admin|root|smtp|ftp|ssh|mysql|postgres|pg|redis|mail|email)_pass(?:_|$)"
    r"|(?:^|_)(?:connection|conn)_(?:string|str)(?:_|$)"
)
# Words that name a secret in some programs and ordinary data in most others (`token` in a parser).
_DOUBTFUL_WORD = re.compile(r"(?:^|_)(?:token|key|auth|bearer|cookie|session|pass|jwt|pat|sig|pw)s?(?:_|$)")
# `pw` and `pass` mean other things too, but not where the value is a word with digits.
_SHORT_WORD = re.compile(r"(?:^|_)(?:pw|pass)(?:_|$)")
# Of these, the ones whose values may also be hashes or surrogate keys in data.
_DATA_WORD = re.compile(r"(?:^|_)(?:key|session)s?(?:_|$)")
_TOKEN_WORD = re.compile(r"(?:^|_)(?:token|auth|bearer|cookie|jwt|pat)s?(?:_|$)")
# `password_length` and `secret_word` are about a secret, or about a game; their values are no secrets.
_ABOUT = re.compile(
    r"_(?:len|length|count|size|min|max|policy|regex|pattern|valid|ok|strength|name|field|path|file|word|number|error"
    r"|errors|rejected|missing|invalid|expired|prompt|message|msg|attempts|type|id|ids|index|column|columns|col|cols|required|hint|label|envs?|vars?|fn|func|state"
    r"|url|uri|endpoint|headers?)$|^(?:no|missing|invalid|wrong|bad)_"
)
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]{16,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RUN = re.compile(r"[A-Za-z0-9+=~]+")
_WORD_OR_NUMBER = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_PLACEHOLDER = re.compile(
    r"[\s*.…xX_#-]*|\$?\{{1,2}[\w .!()\[\]-]*\}{1,2}|\$\w+|%\(?\w*\)?s|<[^<>]*>"
    r"|None|True|False|null|\[?redacted\]?|<?your(?:[ _-][a-z]+)+>?|[a-z]{2,8}[_-](?:\.{3}|[….*x]+)",
    re.IGNORECASE,
)
_FILLED_IN = re.compile(
    r"\{[\w .!()\[\]-]*\}|%\(\w*\)s|%s|\$\w+|\b(?:bearer|basic|token|apikey|digest)\b ?", re.IGNORECASE
)
_FILE = re.compile(r"(?:~|[\w.-]+)?(?:/[\w.-]+)*\.(?:json|pem|key|p12|txt|csv|ya?ml|toml|ini|env|db|sqlite)")
_FILLED_URL = re.compile(r"://[^\s/@{}]{0,100}\{[^\s/@]{0,200}\}@")
# Every name with a weight contains one of these once `_` and `-` are removed
_STEMS = (
    *(
        "pass",
        "pw",
        "dsn",
        "secret",
        "cred",
        "key",
        "token",
        "auth",
        "bearer",
        "cookie",
        "sess",
        "jwt",
        "pat",
    ),
    *(
        "sig",
        "contrasen",
        "connstr",
        "connectionstr",
        "kennwort",
        "wachtwoord",
        "seedphrase",
        "recoveryphrase",
        "mnemonic",
    ),
)
SHORTEST_GENERATED = 16
LONGEST_PART = (
    4.0  # consecutive characters of one class, on average: more in words, fewer in generated values
)


@functools.lru_cache(maxsize=4096)
def name_weight(name: str) -> int:
    """2 if a name or expression says that its value is secret, 1 if it may be (`token`, `key`), else 0."""
    best = 0
    for word in re.findall(r"[A-Za-zÀ-ÿ_][\wÀ-ÿ]*", name[:500].replace("-", "_")):
        parts = _parts(word)
        joined = parts.replace("_", "")
        secret = _SECRET_WORD.search(parts) or re.search(
            r"password|passwd|passphrase|sessid$|sessionid$", joined
        )
        if secret and not _ABOUT.search(parts):
            return 2
        if secret or _DOUBTFUL_WORD.search(parts):
            best = 1
    return best


def may_hold(low: str) -> bool:
    """False only if no name in this lower-case string has a weight: a cheap test before `name_weight`."""
    squeezed = low.replace("_", "").replace("-", "")
    if not squeezed.isascii():
        squeezed = _plain(squeezed)  # a name may have other letters in between
    return any(stem in squeezed for stem in _STEMS)


@functools.lru_cache(maxsize=4096)
def may_be_data(name: str) -> bool:
    """Whether a doubtful name (`key`, `session_id`) may hold hashes and ids in ordinary data."""
    parts = "_".join(_parts(word) for word in re.findall(r"\w+", name[:500]))
    return bool(_DATA_WORD.search(parts)) and not _TOKEN_WORD.search(parts)


def hides(name: str, value: str) -> bool:
    """Whether to withhold a value, judged by its name and look. `value` is a string or a repr."""
    bare = unquoted(value)
    if not bare or is_placeholder(bare):
        return False
    weight = name_weight(name)
    if weight == 2:
        return not _refers(name, bare)
    if weight == 0:
        return False
    if not looks_generated(bare):
        return _short_for_password(name) and looks_chosen(bare) and _mixed(bare)
    return not (_HEX.fullmatch(bare) and may_be_data(name))


def _refers(name: str, value: str) -> bool:
    """Whether the value only says where the secret is: a directory, a file, a URL with a placeholder for the
    password, or the name again."""
    if value.startswith(("/", "~/")) and name.lower() in ("pwd", "cwd"):
        return True
    if _FILE.fullmatch(value) or _FILLED_URL.search(value):
        return True
    return value.isascii() and value.isidentifier() and _squeezed(name).endswith(_squeezed(value))


def _squeezed(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def _short_for_password(name: str) -> bool:
    return any(_SHORT_WORD.search(_parts(word)) for word in re.findall(r"[A-Za-z_]\w*", name[:500]))


def _mixed(text: str) -> bool:
    """Whether it is one word of letters and digits, and not a number with a unit."""
    return " " not in text and any(map(str.isalpha, text)) and any(map(str.isdigit, text[1:]))


def unquoted(value: str) -> str:
    """The content of a quoted repr; any other string unchanged."""
    for quote in ('"', "'"):
        start = value.find(quote)
        if 0 <= start <= 2 and len(value) > start + 1 and value.endswith(quote):
            return value[start + 1 : -1]
    return value


def looks_generated(text: str) -> bool:
    """Whether it is one long word in which letters and digits alternate more often than in any name."""
    if len(text) < SHORTEST_GENERATED or re.fullmatch(r"[\w.~+/=|:-]+", text) is None:
        return False
    if not any(sign.isdigit() for sign in text) or not any(sign.isalpha() for sign in text):
        return False
    if _HEX.fullmatch(text):
        return True
    runs = _RUN.findall(text)
    parts = [part for run in runs for part in _WORD_OR_NUMBER.findall(run)]
    if len(parts) < 5 or sum(map(len, parts)) / len(parts) > LONGEST_PART:
        return False
    # `part-00-of-16-v2` has many short parts, but no word that mixes letters and digits often
    return any(len(_WORD_OR_NUMBER.findall(run)) >= 4 for run in runs)


def looks_chosen(text: str) -> bool:
    """Whether it may be a password that a person chose: a word with a digit or symbol, not a name or path."""
    if len(text) < 6 or _PLACEHOLDER.fullmatch(text) or text.startswith(("/", "./", "~")):
        return False
    if re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\(?\)?,?|[\d.,:/-]+|[A-Za-z]+[.,;:)!?]*", text):
        return False
    return any(sign.isdigit() or not (sign.isalpha() or sign == "_") for sign in text)


def is_placeholder(text: str) -> bool:
    """Whether it is a placeholder for a secret: `{password}`, `Bearer {token}`, `$TOKEN`, `***`."""
    if _PLACEHOLDER.fullmatch(text):
        return True
    rest = _FILLED_IN.sub("", text)
    return rest != text and not any(map(str.isalnum, rest))


def _parts(word: str) -> str:
    return "_".join(_PARTS.findall(_plain(word))).lower() or word.lower()


def _plain(text: str) -> str:
    """The letters without their accents: `contraseña` is `contrasena`."""
    return text if text.isascii() else unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
