"""Where secrets stand in a text, told by their own form or by what stands around them."""

import functools
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cot_magic.capture import secret_names


@dataclass(frozen=True, slots=True)
class Found:
    """A part of a text that is to be withheld. With `learn`, the same value is withheld elsewhere too."""

    start: int
    end: int
    kind: str
    learn: bool = True


# Detectors of detect-secrets that look for one exact form. Left out: those by entropy, by keyword (names are
# judged here), IP addresses, Artifactory (its `AP…` fits ordinary upper-case words), and JWT, npm and OpenAI
# (their patterns take quadratic time; ours below are linear). Last, a word that their matches hold.
_DETECTORS = (
    ("aws", "AWSKeyDetector", "a"),
    ("azure_storage_key", "AzureStorageKeyDetector", "accountkey="),
    ("cloudant", "CloudantDetector", "cloudant"),
    ("discord", "DiscordBotTokenDetector", "."),
    ("github_token", "GitHubTokenDetector", "gh"),
    ("gitlab_token", "GitLabTokenDetector", ""),
    ("ibm_cloud_iam", "IbmCloudIamDetector", "ibm"),
    ("ibm_cos_hmac", "IbmCosHmacDetector", "cos"),
    ("mailchimp", "MailchimpDetector", "-us"),
    ("pypi_token", "PypiTokenDetector", "pypi-"),
    ("sendgrid", "SendGridDetector", "sg."),
    ("slack", "SlackDetector", ""),
    ("softlayer", "SoftlayerDetector", "softlayer"),
    ("square_oauth", "SquareOAuthDetector", "sq0csp"),
    ("stripe", "StripeDetector", "k_live_"),
    ("telegram_token", "TelegramBotTokenDetector", ":"),
    ("twilio", "TwilioKeyDetector", ""),
)

SHORTEST_GROUP = 8  # a shorter group of a detector is only the prefix of its token

_ALONE = r"(?<![A-Za-z0-9])"
# Kind and pattern; the group `secret` is withheld, or all of the match.
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "private key",
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
            r".*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
    ),
    ("JWT", re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}")),
    ("AWS key", re.compile(r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{16}")),
    (
        "token",
        re.compile(
            _ALONE
            + r"sk-(?:proj|ant|svcacct|admin|or|None)-[A-Za-z0-9_-]{16,}|"
            + _ALONE
            + r"sk-(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}"
        ),
    ),
    ("token", re.compile(_ALONE + r"(?:gsk_|xai-|pplx-|r8_|figd_|lin_api_|ntn_)[A-Za-z0-9_-]{20,}")),
    ("token", re.compile(_ALONE + r"(?:[rsp]k_(?:live|test)|whsec)_[A-Za-z0-9]{10,}")),
    (
        "token",
        re.compile(r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|dt|rt|cbt|ptt)-[\w.-]{16,}"),
    ),
    ("token", re.compile(r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]+|AIza[\w-]{35}")),
    ("token", re.compile(r"ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|" + _ALONE + r"1//0[\w-]{20,}")),
    ("token", re.compile(_ALONE + r"(?:hf|npm|api_org)_(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}|pypi-AgE[\w-]{20,}")),
    ("token", re.compile(r"SG\.[\w-]{16,}\.[\w-]{16,}|" + _ALONE + r"AKC[A-Za-z0-9]{10,}")),
    (
        "token",
        re.compile(
            _ALONE + r"(?:dckr_pat_|dop_v1_|doo_v1_|shp(?:at|ca|pa|ss)_|gls?c?a?_|PMAK-)[A-Za-z0-9_=-]{20,}"
        ),
    ),
    (
        "token",
        re.compile(_ALONE + r"(?:dapi[0-9a-f]{32}|hvs\.[\w-]{24,}|NRAK-[A-Z0-9]{20,}|ATATT3[\w=-]{20,})"),
    ),
    ("token", re.compile(_ALONE + r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}|AGE-SECRET-KEY-1[A-Z0-9]{40,}")),
    ("token", re.compile(r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}")),
    ("token", re.compile(_ALONE + r"\d{8,10}:AA[\w-]{33}(?![\w-])")),
    ("webhook", re.compile(r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[\w/]{20,})")),
    ("webhook", re.compile(r"discord(?:app)?\.com/api/webhooks/(?P<secret>\d+/[\w-]{20,})")),
    ("token", re.compile(r":_(?:authToken|auth|password)\s*=\s*(?P<secret>[^\s\"'<>]{8,})")),
)

_USER = re.compile(r"://[^\s:/@'\"]{0,200}+:")
_AFTER_USER = re.compile(r"[^\s'\"<>]{1,500}+")
_PORT = re.compile(r"\d{1,5}(?:/|$)")
_AUTHORIZATION = re.compile(
    r"authorization[\"']?\]?\s*[:=,]\s*(?P<quote>[rbfuRBFU]{0,2}[\"'])?(?P<scheme>(?:basic|bearer|token|digest|apikey|bot)\s+)?"
    r"(?P<secret>[A-Za-z0-9._~+/=:-]{8,})(?![\w(.\[])",
    re.IGNORECASE,
)
_BEARER = re.compile(
    r"\b(?:bearer|basic)\s+(?P<secret>(?=[A-Za-z._~+/=-]*\d)[\w.~+/=-]{16,}|[A-Za-z0-9+/]{8,}={1,2})", re.I
)
_COOKIE = re.compile(r"\bcookie[\"']?\]?\s*[:=,]\s*[\"']?(?P<secret>[\w.-]+=[^\"'\r\n]+)", re.IGNORECASE)
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
# JSON within a string: `{\\"password\\": \\"…\\"}`
_ESCAPED = re.compile(
    r"(?P<name>[A-Za-z_][\w.-]{0,100}+)\\+[\"']\s*[:=]\s*\\+[\"'](?P<secret>[^\"'\\\n]{1,500}+)\\+[\"']"
)
_LISTS = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]*+)[\"']?\s*(?::\s*[A-Za-z_][\w.\[\]| ]*\s*)?[=:]\s*[\[(]"
)
_LIST_PART = re.compile(
    r"\s*(?:[rbuRBU]?(?P<quote>[\"'])(?P<secret>(?:\\.|(?!(?P=quote))[^\\\n])*+)(?P=quote)|\d+|None)\s*,?"
)
# unquoted in `…;Pwd=…;…`, `?token=…&…`, `host=h password=…`
_BARE = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]*+)=(?P<secret>[^\s\"'&;,()<>\[\]{}=]{4,}+={0,2})(?P<next>[;&\s\"'\\]|$)?"
)
# `X-Api-Key: …`, `password: …` in headers, YAML, logs and comments
_COLON = re.compile(
    r"(?<![\w.])(?P<name>[A-Za-z][\w.-]{2,40})[ \t]*:[ \t]+(?P<secret>[^\s\"'<>(){}\[\],;`]{6,})"
)
_SPOKEN = re.compile(
    r"\b(?P<name>password|passwd|passphrase|pwd|secret|token|(?:api|access|secret)[ _-]key)\b"
    r"(?: [a-z]+){0,2}?(?: is| was|:|=)\s*[\"'`]?(?P<secret>[^\s\"'`<>(){}\[\],;|]{6,})",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"\b(?:login|user)\s+\S+\s+password\s+(?P<secret>[^\s\"']{6,})")
_OPTION = re.compile(
    r"(?<![\w-])--?(?P<name>[A-Za-z][\w-]+)(?:\s+|=|[\"']\s*,\s*[\"'])(?P<secret>[^\s\"'<>{}$-][^\s\"'<>{}]{5,})"
)
# `setenv("API_KEY", "…")`, `add_header('X-Api-Key', '…')`, `("password", "…")`
_PAIR = re.compile(
    r"(?P<call>\w+\(\s*(?:\w+,\s*)?)?[\"'](?P<name>[A-Za-z][\w.-]*+)[\"']\s*,\s*[rbfuRBFU]{0,2}"
    r"(?P<quote>[\"'])(?P<secret>(?:\\.|(?!(?P=quote))[^\\\n])*+)(?P=quote)"
)
_SETTERS = re.compile(r"(?:set|put|add|get|update|replace|environ)", re.IGNORECASE)
_TOKEN_TAIL = re.compile(r"[A-Za-z0-9_]*+(?:[+/=-]*+(?![\s\w]))?")


def find(text: str) -> Iterator[Found]:
    """All secrets that a text shows by their form or by their surroundings; they may overlap."""
    low = text.lower()
    for kind, pattern, word in (*((kind, pattern, "") for kind, pattern in _FORMS), *_detectors()):
        for match in pattern.finditer(text) if word in low else ():
            for group in _groups(match):
                yield Found(match.start(group), _end_of_word(text, match.end(group)), kind)
    yield from _credentials(text, low)
    if "=" in text or ":" in text:
        yield from _assigned(text)
    yield from _told(text)


def _groups(match: re.Match[str]) -> tuple[int | str, ...]:
    """The group `secret`, else all groups that took part (as detect-secrets reads its patterns), else all."""
    if "secret" in match.re.groupindex:
        return ("secret",)
    whole = range(1, match.re.groups + 1)
    groups = tuple(place for place in whole if match[place] and len(match[place]) >= SHORTEST_GROUP)
    return groups or (0,)


def _end_of_word(text: str, end: int) -> int:
    """A form that ends in the middle of a word is part of a longer secret: the rest of it goes too."""
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return end


def _found(match: re.Match[str], kind: str, learn: bool = True) -> Found:
    return Found(match.start("secret"), match.end("secret"), kind, learn)


def _credentials(text: str, low: str) -> Iterator[Found]:
    """Passwords in URLs, Authorization headers, cookies, signed queries."""
    if "://" in text:
        yield from _passwords_in_urls(text)
    for match in _AUTHORIZATION.finditer(text) if "authorization" in low else ():
        secret = match["secret"]
        quoted = bool(match["quote"])
        if match["scheme"] or (quoted and not secret.isalpha()) or secret_names.looks_generated(secret):
            yield _found(match, "credential")
    for match in _BEARER.finditer(text):
        yield _found(match, "credential")
    for match in _COOKIE.finditer(text) if "cookie" in low else ():
        if not all(
            secret_names.is_placeholder(part.partition("=")[2]) for part in match["secret"].split(";")
        ):
            yield _found(match, "cookie")
    if "=" in text:
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


def _assigned(text: str) -> Iterator[Found]:
    """Values that stand behind a name which says that they are secret."""
    yield from _listed(text)
    place = 0
    while (quoted := _QUOTED.search(text, place)) is not None:
        name, secret = quoted["name"], quoted["secret"]
        whole = quoted["end"] is not None or secret_names.looks_chosen(secret)  # else cut off, or prose
        hidden = whole and secret_names.hides(name, secret)
        if hidden:
            yield _found(quoted, name)
        place = quoted.end() if hidden else quoted.end("name")  # a string may hold source or JSON itself
    for match in _ESCAPED.finditer(text) if "\\" in text else ():
        if secret_names.hides(match["name"], match["secret"]):
            yield _found(match, match["name"])
    for match in _BARE.finditer(text):
        if _passes_a_name_on(match["name"], match["secret"]):
            continue
        if match["next"] is None and not secret_names.looks_generated(match["secret"]):
            continue  # `password=get(…)`, `password=pw,`: code
        if secret_names.hides(match["name"], match["secret"]):
            yield _found(match, match["name"])
    for match in _COLON.finditer(text):
        name, secret = match["name"], match["secret"]
        if secret_names.looks_chosen(secret) and secret_names.hides(name, secret):
            yield _found(match, name)


def _listed(text: str) -> Iterator[Found]:
    """Strings in brackets behind a name that says that they are secret: `passwords = ["…", "…"]`."""
    for match in _LISTS.finditer(text):
        if secret_names.name_weight(match["name"]) < 2:
            continue
        place, stop = match.end(), len(text)
        while (part := _LIST_PART.match(text, place, stop)) is not None:
            if part["secret"] and secret_names.hides(match["name"], part["secret"]):
                yield _found(part, match["name"])
            place = part.end()


def _passes_a_name_on(name: str, secret: str) -> bool:
    """`password=password`, `token=cfg.token`: code that holds no secret itself."""
    plain = secret.replace(".", "").isidentifier()
    return plain and (secret == name or "." in secret or secret_names.name_weight(secret) > 0)


def _told(text: str) -> Iterator[Found]:
    """Values in sentences, command lines and pairs of strings."""
    for match in _SPOKEN.finditer(text):
        secret, name = match["secret"], match["name"].lower()
        sure = secret_names.looks_chosen(secret) and name not in ("token", "secret")
        if sure or secret_names.looks_generated(secret):
            yield _found(match, name)
    for match in _LOGIN.finditer(text):
        if secret_names.looks_chosen(match["secret"]):
            yield _found(match, "password")
    if "-" in text:
        for match in _OPTION.finditer(text):
            if secret_names.name_weight(match["name"]) and (
                secret_names.looks_chosen(match["secret"])
                and secret_names.hides(match["name"], match["secret"])
            ):
                yield _found(match, match["name"])
    if "," in text:
        for match in _PAIR.finditer(text):
            set_by_call = match["call"] is not None and _SETTERS.search(match["call"]) is not None
            weight = secret_names.name_weight(match["name"])
            told = (weight == 2 and set_by_call) or secret_names.looks_generated(match["secret"])
            if told and match["secret"].strip() and secret_names.hides(match["name"], match["secret"]):
                yield _found(match, match["name"])


@functools.cache
def _detectors() -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """Kind, pattern, and a word without which a text need not be searched (lower case)."""
    found: list[tuple[str, Any, str]] = []
    for module, name, word in _DETECTORS:
        detector = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)()
        found += [(detector.secret_type, pattern, word) for pattern in detector.denylist]
    return tuple(found)
