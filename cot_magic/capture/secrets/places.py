"""Secrets told by their place: arguments of calls and commands, and lines of well-known files."""

import re
from collections.abc import Iterator

from cot_magic.capture.secrets import names as secret_names
from cot_magic.capture.secrets.forms import Found

_STRING = r"[rbfuRBFU]{0,2}(?P<quote>[\"'])(?P<secret>(?:\\.|(?!(?P=quote))[^\\\n])*+)(?P=quote)"
_STRINGS = re.compile(_STRING)

# Words of the calls below, without which none of them is there
CALLS = (
    *("auth", "login", "secretstr", "secretbytes", "fernet", "otp(", "hmac.new", "b64decode", "client("),
    *("bot(", "github(", "openai(", "anthropic(", '"username"'),
)
# `auth=("ann", "…")`, `HTTPBasicAuth("ann", "…")`, `smtp.login("ann", "…")`
_USER_AND = re.compile(
    r"(?:auth\s*=\s*|auth|login|authenticate)\(\s*[\w.@\"'-]{1,80}+\s*,\s*" + _STRING, re.IGNORECASE
)
# `SecretStr("…")`, `Fernet(b"…")`, `TOTP("…")`: it can be nothing else
_WRAPPED = re.compile(r"\b(?:secret(?:str|bytes)|fernet|[th]otp|hmac\.new)\(\s*" + _STRING, re.IGNORECASE)
# `Client("AC…", "…")`: only what looks generated, and has no name of its own to tell it
_CLIENT = re.compile(r"(?:client|bot|github|openai|anthropic)\((?P<arguments>[^()\n]{8,400})", re.IGNORECASE)
# `wandb.login(key="…")`, and the file of Kaggle
_KEY_OF_LOGIN = re.compile(
    r"(?:login\(\s*|\"username\"\s*:\s*\"[^\"\n]*\"\s*,\s*)[\"']?(?:key|token)[\"']?\s*[:=]\s*" + _STRING
)
_DECODED = re.compile(
    r"(?P<name>[A-Za-z_][\w.]{0,100}+)\s*=\s*[\w.]{0,60}(?:b64decode|fromhex|unhexlify)\(\s*" + _STRING
)
# `("password", "…")`, an item of a dictionary
_ITEM = re.compile(r"(?<!\w)\(\s*[\"'](?P<name>[A-Za-z][\w.-]*+)[\"']\s*,\s*" + _STRING + r"\s*\)")
_COMMAND = re.compile(
    r"(?:\bcurl\b[^\n;|]{0,200}?\s-u\s*|--(?:proxy-)?user[\s=]+)[\"']?[^\s:\"']{1,100}+:(?P<secret>[^\s\"']{6,})"
    r"|\b(?:mysql\w*+|sshpass|login)\b[^\n;|]{0,80}?\s-p\s*[\"']?(?P<after_p>[^\s\"'-][^\s\"']{5,})"
)
# pydantic: the name of the field stands on a line of its own
_FIELD = re.compile(r"(?m:^)(?P<name>[A-Za-z_][\w.]*+)\n[ \t]+[^\n]{0,500}?input_value=" + _STRING)
_PGPASS = re.compile(r"(?m:^)[\w.*-]++:(?:\d{2,5}|\*):[\w.*-]++:[\w.*@-]++:(?P<secret>\S{6,})(?m:$)")
_ORACLE = re.compile(r":thin:[\w.]{1,60}+/(?P<secret>[^\s/@]{4,200}+)@")
# `password = …` in files of settings: all of the line, and nothing that could be code
_SETTING = re.compile(
    r"(?m:^)[ \t]*+(?P<name>[A-Za-z_][\w.-]*+)[ \t]*+=[ \t]+(?P<secret>[^\s\"'()\[\]{},;<>]{6,}+)[ \t]*(?m:$)"
)


def in_calls(text: str) -> Iterator[Found]:
    """Strings in calls that take a secret at that place."""
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


def in_items(text: str) -> Iterator[Found]:
    """Pairs of a name and a value, as in `dict.items()`."""
    for match in _ITEM.finditer(text):
        if secret_names.name_weight(match["name"]) == 2 and not secret_names.name_weight(match["secret"]):
            yield from _chosen(match, match["name"])


def in_commands(text: str) -> Iterator[Found]:
    """`curl -u ann:…`, `mysql -p…`, `docker login -p …`."""
    for match in _COMMAND.finditer(text):
        group = "secret" if match["secret"] else "after_p"
        if secret_names.looks_chosen(match[group]) and not secret_names.is_placeholder(match[group]):
            yield Found(match.start(group), match.end(group), "password")


def in_validation_errors(text: str) -> Iterator[Found]:
    """The inputs that pydantic shows of fields with secret names."""
    for match in _FIELD.finditer(text):
        if secret_names.hides(match["name"], match["secret"]):
            yield _found(match, match["name"])


def in_password_files(text: str) -> Iterator[Found]:
    """Lines of `.pgpass`, and of JDBC for Oracle."""
    for pattern in (_PGPASS, _ORACLE):
        for match in pattern.finditer(text):
            yield from _chosen(match, "password")


def in_settings(text: str) -> Iterator[Found]:
    """Lines of settings without quotes: `password = …` in `.pypirc` or the file of credentials of AWS."""
    for match in _SETTING.finditer(text):
        name, secret = match["name"], match["secret"]
        code = secret.replace(".", "").isidentifier() and not secret_names.looks_generated(secret)
        if not code and secret_names.looks_chosen(secret) and secret_names.hides(name, secret):
            yield _found(match, name)


def _chosen(match: re.Match[str], kind: str) -> Iterator[Found]:
    secret = match["secret"]
    if secret_names.looks_chosen(secret) and not secret_names.is_placeholder(secret):
        yield _found(match, kind)


def _found(match: re.Match[str], kind: str) -> Found:
    return Found(match.start("secret"), match.end("secret"), kind)
