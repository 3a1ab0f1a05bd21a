"""Withholds what looks like a secret, in every text that enters a Case or leaves for a model.

The sources in `Case.cell` and `Case.cells` stay verbatim, since edits are made on them: whoever sends a
source away passes it through `Redactor.text` first.
"""

import ast
import functools
import importlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

SHORTEST_VALUE = 8  # of an environment variable or a learned value: shorter ones occur by chance
LONGEST_WORD = 16  # a withheld value of fewer letters and nothing else may be a word of any text
CUT_MARGIN = 8_192  # how much text is read beyond a cut, so that a secret is never seen in half
REMEMBERED_TEXTS = 20_000
SHORTEST_SECRET = 8

# Detectors of detect-secrets that look for one exact form. Left out: those by entropy, by keyword (names are
# judged here), IP addresses, Artifactory (its `AP…` fits ordinary upper-case words), and JWT and npm (their
# patterns take quadratic time; ours below are linear).
_DETECTORS = (
    ("aws", "AWSKeyDetector"),
    ("azure_storage_key", "AzureStorageKeyDetector"),
    ("cloudant", "CloudantDetector"),
    ("discord", "DiscordBotTokenDetector"),
    ("github_token", "GitHubTokenDetector"),
    ("gitlab_token", "GitLabTokenDetector"),
    ("ibm_cloud_iam", "IbmCloudIamDetector"),
    ("ibm_cos_hmac", "IbmCosHmacDetector"),
    ("mailchimp", "MailchimpDetector"),
    ("openai", "OpenAIDetector"),
    ("pypi_token", "PypiTokenDetector"),
    ("sendgrid", "SendGridDetector"),
    ("slack", "SlackDetector"),
    ("softlayer", "SoftlayerDetector"),
    ("square_oauth", "SquareOAuthDetector"),
    ("stripe", "StripeDetector"),
    ("telegram_token", "TelegramBotTokenDetector"),
    ("twilio", "TwilioKeyDetector"),
)

# Kind and pattern; the group `secret` is withheld, or all of the match.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "private key",
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
            r".*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
    ),
    ("password in a URL", re.compile(r"://[^\s:/@'\"]*+:(?P<secret>[^\s/'\"<>]+)@")),
    ("JWT", re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?")),
    (
        "credential",
        re.compile(
            r"authorization[\"']?\s*[:=]\s*[\"']?(?:(?:basic|bearer|token|digest|apikey)\s+)?"
            r"(?P<secret>[A-Za-z0-9._~+/=-]{8,})(?![\w(.])",
            re.IGNORECASE,
        ),
    ),
    (
        "credential",
        re.compile(r"\b(?:bearer|basic)\s+(?P<secret>(?=[A-Za-z._~+/=-]*\d)[\w.~+/=-]{16,})", re.I),
    ),
    ("cookie", re.compile(r"\bcookie[\"']?\s*[:=]\s*[\"']?(?P<secret>[\w.-]+=[^\"'\r\n]+)", re.IGNORECASE)),
    ("token", re.compile(r":_(?:authToken|auth|password)\s*=\s*(?P<secret>[^\s\"'<>]{8,})")),
    ("AWS key", re.compile(r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{16}")),
    ("token", re.compile(r"(?<![A-Za-z0-9])sk-(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{16,}")),
    ("token", re.compile(r"(?<![A-Za-z0-9])[rsp]k_(?:live|test)_[A-Za-z0-9]{10,}")),
    ("token", re.compile(r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}")),
    ("token", re.compile(r"xox[abeoprs]-[A-Za-z0-9-]{10,}|AIza[\w-]{35}|ya29\.[\w-]{20,}")),
    ("token", re.compile(r"(?<![A-Za-z0-9])(?:hf|npm)_(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}|pypi-AgE[\w-]{20,}")),
    ("token", re.compile(r"SG\.[\w-]{16,}\.[\w-]{16,}|(?<![A-Za-z0-9])AKC[A-Za-z0-9]{10,}")),
)

# `password = "…"`, `"api_key": "…"`; and unquoted in `…;Pwd=…;…`, `?token=…&…`, `host=h password=…`
_QUOTED = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]*+)(?P<sign>[\"']?\]?\s*(?::\s*[A-Za-z_]\w*\s*)?(?:=|:|=>)\s*[rbfuRBFU]{0,2})"
    r"(?P<quote>\"\"\"|'''|\"|')(?P<secret>.*?)(?P=quote)",
    re.DOTALL,
)
_BARE = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]*+)(?P<sign>=)(?P<secret>[^\s\"'&;,()<>\[\]{}=]{4,})(?=[;&\s]|$)"
)
_MASK = re.compile(r"<redacted: [^<>]*>")

_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SECRET_WORD = re.compile(
    r"password|passwd|passphrase|passcode|contrasen|apikey|secretkey|authtoken|accesstoken|connstr"
    r"|(?:^|_)(?:pwd|passw|dsn|secrets?|credentials?|creds)(?:_|$)|secret$"
    r"|(?:^|_)(?:api|access|auth|private|client|service|account|encryption|signing|signature|master|session|storage"
    r"|subscription|bearer|refresh|id|csrf|bot|github|gitlab|slack|hf|openai|anthropic|aws)_(?:key|token|pass|auth)s?(?:_|$)"
    r"|(?:^|_)(?:db|database|user|admin|root|smtp|ftp|ssh|mysql|postgres|pg|redis|mail|email)_pass(?:_|$)"
    r"|(?:^|_)(?:connection|conn)_(?:string|str)(?:_|$)"
)
# Words that name a secret in some programs and ordinary data in most others (`token` in a parser).
_DOUBTFUL_WORD = re.compile(r"(?:^|_)(?:token|key|auth|bearer|cookie|session|pass|jwt|pat)s?(?:_|$)")
# `password_length` and `secret_word` are about a secret, or about a game: not one by themselves.
_ABOUT = re.compile(
    r"_(?:len|length|count|size|min|max|policy|regex|pattern|valid|ok|strength|name|field|path|file|word|number|error"
    r"|errors|attempts|type|id|ids|index)$"
)
_ENVIRONMENT_NOT = frozenset({"PWD", "OLDPWD"})


class Redactor:
    """Withholds secrets and counts them.

    Parameters
    ----------
    environ
        Environment whose secret-looking values are withheld wherever they occur; `os.environ` if not given.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, str] = {}
        self._longest_first: tuple[str, ...] = ()
        self._withheld: set[str] = set()
        self._seen: dict[str, str] = {}
        for name, value in (os.environ if environ is None else environ).items():
            if name not in _ENVIRONMENT_NOT and name_weight(name) > 0 and not _is_path(value):
                self.learn(name, value)

    @property
    def count(self) -> int:
        """How many different values were withheld."""
        return len(self._withheld)

    def learn(self, name: str, value: str) -> None:
        """Withhold that value wherever it occurs from now on, also escaped as in a repr or URL."""
        if len(value) < SHORTEST_VALUE or value.isspace() or value in self._values:
            return
        for form in {
            value,
            repr(value)[1:-1],
            value.replace('"', '\\"'),
            quote(value, safe=""),
            quote(value),
        }:
            self._values[form] = name
        self._longest_first = tuple(sorted(self._values, key=len, reverse=True))
        self._seen.clear()

    @property
    def known(self) -> int:
        """How many values it knows by now; a text that was redacted before may hold one learned since."""
        return len(self._values)

    def text(self, s: str) -> str:
        """The text with every secret in it replaced by `<redacted: kind>`; its number of lines stays."""
        if len(s) < SHORTEST_SECRET:
            return s
        known = self._seen.get(s)
        if known is None:
            known = self._redact(s)
            if len(self._seen) < REMEMBERED_TEXTS:
                self._seen[s] = known
        return known

    def named(self, name: str, text: str) -> str:
        """The text of the value of that name or expression: withheld whole where the name says that it is
        secret."""
        if self.hides(name, text):
            value = _literal(text)
            if _MASK.fullmatch(value):
                return mask(name)
            self._withheld.add(value)
            if not value.isalpha() or len(value) >= LONGEST_WORD:
                self.learn(name, value)
            return mask(name)
        return self.text(text)

    def hides(self, name: str, text: str) -> bool:
        """Whether `named` would withhold the value as a whole."""
        if text in ("None", "True", "False", "''", '""', "", "...") or _MASK.fullmatch(text):
            return False
        weight = name_weight(name)
        return weight == 2 or (weight == 1 and looks_random(text))

    def _redact(self, s: str) -> str:
        for value in self._longest_first:
            if value in s:
                s = s.replace(value, self._hide(value, self._values[value]))
        for kind, pattern in _PATTERNS:
            s = pattern.sub(functools.partial(self._hide_match, kind), s)
        for pattern in (_QUOTED, _BARE):
            s = pattern.sub(self._hide_assigned, s)
        for kind, find in _detectors():
            for found in find(s):
                if found and not _MASK.search(found):
                    s = s.replace(found, self._hide(found, kind))
        return s

    def _hide(self, secret: str, kind: str) -> str:
        self._withheld.add(secret)
        return mask(kind) + "\n" * secret.count("\n")

    def _hide_match(self, kind: str, match: re.Match[str]) -> str:
        group: int | str = "secret" if "secret" in match.re.groupindex else 0
        secret = match[group]
        if _MASK.fullmatch(secret):
            return match[0]
        start, end = match.start(group) - match.start(), match.end(group) - match.start()
        return match[0][:start] + self._hide(secret, kind) + match[0][end:]

    def _hide_assigned(self, match: re.Match[str]) -> str:
        secret = match["secret"]
        if not self.hides(match["name"], secret) or _MASK.search(secret):
            return match[0]
        if match.re is _BARE and secret.replace(".", "").isidentifier() and secret == match["name"]:
            return match[0]  # `password=password` passes a name on
        return self._hide_match(match["name"], match)


def mask(kind: str) -> str:
    """What stands in the place of a withheld value."""
    return f"<redacted: {re.sub(r'[<>]', '', kind)[:60]}>"


@functools.lru_cache(maxsize=4096)
def name_weight(name: str) -> int:
    """2 if a name or expression says that its value is secret, 1 if it may be (`token`, `key`), else 0."""
    best = 0
    for word in re.findall(r"[A-Za-zÀ-ÿ_][\wÀ-ÿ]*", name[:500].replace("-", "_")):
        parts = "_".join(_PARTS.findall(word)).lower() or word.lower()
        joined = parts.replace("_", "")
        secret = _SECRET_WORD.search(parts) or re.search(r"password|passwd|passphrase", joined)
        if secret and not _ABOUT.search(parts):
            return 2
        if secret or _DOUBTFUL_WORD.search(parts):
            best = 1
    return best


def looks_random(text: str) -> bool:
    """Whether a text looks generated: one long word of letters and digits."""
    word = text.strip("b'\"")
    return (
        len(word) >= 16
        and re.fullmatch(r"[\w.~+/=|:-]+", word) is not None
        and any(sign.isdigit() for sign in word)
        and any(sign.isalpha() for sign in word)
    )


def bounded(redactor: Redactor, s: str, most: int) -> str:
    """The redacted text with its middle left out, at most so many characters.

    More than is kept is read at both ends, so that no secret is cut in half and slips through.
    """
    if len(s) <= most + 2 * CUT_MARGIN:
        return cut_middle(redactor.text(s), most)
    head, tail = redactor.text(s[: most + CUT_MARGIN]), redactor.text(s[-(most + CUT_MARGIN) :])
    left_out = f" …[{len(s):,} characters]… "
    half = max((most - len(left_out)) // 2, 1)
    return (head[:half] + left_out + tail[-half:])[:most]


def cut_middle(s: str, most: int) -> str:
    """At most so many characters: both ends of a longer text, with a note of its length between."""
    if len(s) <= most:
        return s
    left_out = f" …[{len(s):,} characters]… " if most >= 80 else "…"
    half = max((most - len(left_out)) // 2, 1)
    return (s[: most - len(left_out) - half] + left_out + s[-half:])[:most]


@functools.cache
def _detectors() -> tuple[tuple[str, Callable[[str], Iterable[str]]], ...]:
    found: list[tuple[str, Any]] = []
    for module, name in _DETECTORS:
        detector = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)()
        found.append((detector.secret_type, detector.analyze_string))
    return tuple(found)


def _literal(text: str) -> str:
    """The string that a text is the repr of, else the text."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return value if type(value) is str else text


def _is_path(value: str) -> bool:
    return os.path.isabs(value) and os.path.lexists(value)
