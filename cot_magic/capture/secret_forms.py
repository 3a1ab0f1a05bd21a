"""Secrets that are told by their own form: prefixes, lengths and blocks."""

import functools
import importlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Found:
    """A part of a text that is to be withheld. With `learn`, the same value is withheld elsewhere too."""

    start: int
    end: int
    kind: str
    learn: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """One form of a secret.

    Attributes
    ----------
    pattern
        Its group `secret` is withheld, else all of its groups that are long enough, else all of the match.
    words
        Every match holds one of them, in lower case. A search for words is much cheaper than the pattern.
    service
        Where not empty: the pattern tells little, so that only texts which name the service are searched.
    """

    kind: str
    pattern: re.Pattern[str]
    words: tuple[str, ...]
    service: str = ""


SHORTEST_GROUP = 8  # a shorter group of a detector is only the prefix of its token
# Letters that `re.IGNORECASE` takes for one of ASCII, though `str.lower` leaves them as they are
_ODD_LETTERS = (("\u0130", "i"), ("\u0131", "i"), ("\u017f", "s"))

# Detectors of detect-secrets that look for one exact form, the words that their matches hold, and a service.
# Left out: those by entropy, by keyword (names are judged here), IP addresses, Artifactory (its `AP…` fits
# ordinary upper-case words), and JWT, npm and OpenAI (their patterns take quadratic time; ours are linear).
_DETECTORS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("aws", "AWSKeyDetector", ("a3t", "abia", "acca", "akia", "asia", "aws"), ""),
    ("azure_storage_key", "AzureStorageKeyDetector", ("accountkey=",), ""),
    ("cloudant", "CloudantDetector", ("",), "cloudant"),
    ("discord", "DiscordBotTokenDetector", (".",), ""),
    ("github_token", "GitHubTokenDetector", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), ""),
    (
        "gitlab_token",
        "GitLabTokenDetector",
        ("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "gr1348941", "glcbt-", "glimt-", "glptt-", "glagent-",
         "gloas-"),
        "",
    ),
    ("ibm_cloud_iam", "IbmCloudIamDetector", ("",), "ibm"),
    ("ibm_cos_hmac", "IbmCosHmacDetector", ("",), "cos"),
    ("mailchimp", "MailchimpDetector", ("-us",), ""),
    ("pypi_token", "PypiTokenDetector", ("pypi-",), ""),
    ("sendgrid", "SendGridDetector", ("sg.",), ""),
    ("slack", "SlackDetector", ("xox", "hooks.slack"), ""),
    ("softlayer", "SoftlayerDetector", ("",), "softlayer"),
    ("square_oauth", "SquareOAuthDetector", ("sq0csp-",), ""),
    ("stripe", "StripeDetector", ("k_live_",), ""),
    ("telegram_token", "TelegramBotTokenDetector", (":",), ""),
    ("twilio", "TwilioKeyDetector", ("ac", "sk"), ""),
)  # fmt: skip

_ALONE = r"(?<![A-Za-z0-9])"
# Kind, words of which every match holds one, pattern
_OWN: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "private key",
        ("-----begin ",),
        r"(?s:-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r".*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z))",
    ),
    ("JWT", ("eyj",), r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}"),
    (
        "AWS key",
        ("a3t", "abia", "acca", "akia", "asia"),
        r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{16}",
    ),
    (
        "token",
        ("sk-",),
        _ALONE + r"sk-(?:proj|ant|svcacct|admin|or|None)-[A-Za-z0-9_-]{16,}|"
        + _ALONE + r"sk-(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}",
    ),
    (
        "token",
        ("gsk_", "xai-", "pplx-", "r8_", "figd_", "lin_api_", "ntn_"),
        _ALONE + r"(?:gsk_|xai-|pplx-|r8_|figd_|lin_api_|ntn_)[A-Za-z0-9_-]{20,}",
    ),
    (
        "token",
        ("k_live_", "k_test_", "whsec_"),
        _ALONE + r"(?:[rsp]k_(?:live|test)|whsec)_[A-Za-z0-9]{10,}",
    ),
    (
        "token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "glrt-", "glcbt-",
         "glptt-"),
        r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|dt|rt|cbt|ptt)-[\w.-]{16,}",
    ),
    (
        "token",
        ("xox", "xapp-", "aiza"),
        r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]+|AIza[\w-]{35}",
    ),
    (
        "token",
        ("ya29.", "gocspx-", "1//0"),
        r"ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|" + _ALONE + r"1//0[\w-]{20,}",
    ),
    (
        "token",
        ("hf_", "npm_", "api_org_", "pypi-"),
        _ALONE + r"(?:hf|npm|api_org)_(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}|pypi-AgE[\w-]{20,}",
    ),
    (
        "token",
        ("sg.", "akc"),
        r"SG\.[\w-]{16,}\.[\w-]{16,}|" + _ALONE + r"AKC[A-Za-z0-9]{10,}",
    ),
    (
        "token",
        ("dckr_pat_", "dop_v1_", "doo_v1_", "shpat_", "shpca_", "shppa_", "shpss_", "pmak-", "gl_", "gls_",
         "glc_", "gla_", "glsc_", "glsa_", "glca_", "glsca_"),
        _ALONE + r"(?:dckr_pat_|dop_v1_|doo_v1_|shp(?:at|ca|pa|ss)_|gls?c?a?_|PMAK-)[A-Za-z0-9_=-]{20,}",
    ),
    (
        "token",
        ("dapi", "hvs.", "nrak-", "atatt3"),
        _ALONE + r"(?:dapi[0-9a-f]{32}|hvs\.[\w-]{24,}|NRAK-[A-Z0-9]{20,}|ATATT3[\w=-]{20,})",
    ),
    (
        "token",
        ("pat", "age-secret-key-1"),
        _ALONE + r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}|AGE-SECRET-KEY-1[A-Z0-9]{40,}",
    ),
    ("token", ("q~",), r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}"),
    ("token", (":aa",), _ALONE + r"\d{8,10}:AA[\w-]{33}(?![\w-])"),
    (
        "webhook",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[\w/]{20,})",
    ),
    (
        "webhook",
        ("/api/webhooks/",),
        r"discord(?:app)?\.com/api/webhooks/(?P<secret>\d+/[\w-]{20,})",
    ),
    (
        "token",
        (":_auth", ":_password"),
        r":_(?:authToken|auth|password)\s*=\s*(?P<secret>[^\s\"'<>]{8,})",
    ),
)  # fmt: skip


def lowered(text: str) -> str:
    """The text in lower case as `re.IGNORECASE` compares it, for searches of words in it."""
    if not text.isascii():
        for odd, plain in _ODD_LETTERS:
            text = text.replace(odd, plain)
    return text.lower()


def find(text: str, low: str) -> Iterator[Found]:
    """The secrets that a text shows by their form; `low` is its `lowered`."""
    return search(text, likely(low))


def likely(low: str) -> Iterable[Form]:
    """The forms, in their order, that may stand in a text; of the others there is none."""
    services, words = _words()
    found = [form for word, form in words if word in low]
    found += [form for service, form in services if service in low]
    return sorted(set(found), key=_places().__getitem__) if found else ()


def search(text: str, among: Iterable[Form]) -> Iterator[Found]:
    """The secrets of those forms."""
    for form in among:
        for match in form.pattern.finditer(text):
            for group in _groups(match):
                yield Found(match.start(group), _end_of_word(text, match.end(group)), form.kind)


@functools.cache
def forms() -> tuple[Form, ...]:
    """All forms that are looked for."""
    found = [Form(kind, re.compile(pattern), words) for kind, words, pattern in _OWN]
    for module, name, words, service in _DETECTORS:
        detector: Any = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)()
        found += [Form(detector.secret_type, pattern, words, service) for pattern in detector.denylist]
    return tuple(found)


@functools.cache
def _words() -> tuple[tuple[tuple[str, Form], ...], tuple[tuple[str, Form], ...]]:
    """Services and words, each with a form that needs it."""
    services = tuple((form.service, form) for form in forms() if form.service)
    return services, tuple((word, form) for form in forms() if not form.service for word in form.words)


@functools.cache
def _places() -> dict[Form, int]:
    return {form: place for place, form in enumerate(forms())}


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
