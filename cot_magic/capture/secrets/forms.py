"""Secrets told by their own form: a prefix, a length, a block."""

import functools
import importlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FoundSecret:
    """A part of a string to withhold. With `learn`, the same value is withheld elsewhere too."""

    start: int
    end: int
    kind: str
    learn: bool = True


class Form:
    """One form of a secret; its patterns are compiled or imported when a string may hold one.

    Parameters
    ----------
    words
        Every match contains one of them, in lower case. A search for words is much cheaper than a pattern.
    unbroken
        Every match is a word of at least `SHORTEST_UNBROKEN` characters, with no whitespace, quote or comma.
    kind, pattern
        Of our own forms. The group `secret` is withheld; without one, all groups that are long enough, else
        the whole match.
    detector
        Module and class of a detector of detect-secrets, which has a kind and patterns.
    shape
        What every match contains in lower case, if the words alone are common.
    """

    def __init__(
        self,
        words: tuple[str, ...],
        unbroken: bool,
        *,
        kind: str = "",
        pattern: str = "",
        detector: tuple[str, str] = ("", ""),
        shape: str = "",
    ) -> None:
        self.words, self.unbroken, self._shape = words, unbroken, shape
        self._kind, self._pattern, self.detector = kind, pattern, detector

    def fits(self, low: str) -> bool:
        """Whether the string in lower case may hold a match, given that it holds one of the words."""
        return not self._shape or re.search(self._shape, low) is not None

    @functools.cached_property
    def patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Pairs of a kind and a pattern."""
        if self._pattern:
            return ((self._kind, re.compile(self._pattern)),)
        module, name = self.detector
        # importing any of them costs 40 ms, as it imports an HTTP client: most sessions need none
        detector: Any = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)()
        return tuple((detector.secret_type, pattern) for pattern in detector.denylist)


SHORTEST_UNBROKEN = 16
SHORTEST_GROUP = 8  # a shorter group of a detector is only the prefix of a token
# Letters that `re.IGNORECASE` matches with an ASCII letter, though `str.lower` does not change them
_ODD_LETTERS = (("\u0130", "i"), ("\u0131", "i"), ("\u017f", "s"))

_ALONE = r"(?<![A-Za-z0-9])"
# Kind, words, pattern
_UNBROKEN: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (  # the second alternative skips a word that is no JWT, which would be read again from each `eyJ` in it
        "JWT",
        ("eyj",),
        r"(?P<secret>eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3})|eyJ[A-Za-z0-9_-]*+",
    ),
    ("AWS key", ("a3t", "abia", "acca", "akia", "asia"), r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{16}"),
    ("token", ("sk-",), _ALONE + r"sk-(?:proj|ant|svcacct|admin|or|None)-[A-Za-z0-9_-]{16,}"),
    ("token", ("sk-",), _ALONE + r"sk-(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}"),
    (
        "token",
        ("gsk_", "xai-", "pplx-", "r8_", "figd_", "lin_api_", "ntn_"),
        _ALONE + r"(?:gsk_|xai-|pplx-|r8_|figd_|lin_api_|ntn_)[A-Za-z0-9_-]{20,}",
    ),
    ("token", ("k_live_", "k_test_", "whsec_"), _ALONE + r"(?:[rsp]k_(?:live|test)|whsec)_[A-Za-z0-9]{10,}"),
    ("token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{20,}"),
    ("token", ("github_pat_",), r"github_pat_\w{20,}"),
    ("token", ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-"), r"gl(?:pat|dt|rt|cbt|ptt)-[\w.-]{16,}"),
    ("token", ("aiza",), r"AIza[\w-]{35}"),
    ("token", ("ya29.", "gocspx-"), r"ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"),
    ("token", ("1//0",), _ALONE + r"1//0[\w-]{20,}"),
    ("token", ("hf_", "npm_", "api_org_"), _ALONE + r"(?:hf|npm|api_org)_(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}"),
    ("token", ("hf_", "api_org_"), _ALONE + r"(?:hf|api_org)_[A-Za-z]{34}(?![A-Za-z0-9])"),  # often no digit
    ("token", ("pypi-age",), r"pypi-AgE[\w-]{20,}"),
    ("token", ("sg.",), r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    (
        "token",
        ("dckr_pat_", "dop_v1_", "doo_v1_", "shpat_", "shpca_", "shppa_", "shpss_", "pmak-"),
        _ALONE + r"(?:dckr_pat_|dop_v1_|doo_v1_|shp(?:at|ca|pa|ss)_|PMAK-)[A-Za-z0-9_=-]{20,}",
    ),
    (
        "token",
        ("gl_", "gls_", "glc_", "gla_", "glsc_", "glsa_", "glca_", "glsca_"),
        _ALONE + r"gls?c?a?_[A-Za-z0-9_=-]{20,}",
    ),
    (
        "token",
        ("dapi", "dose", "dkea", "dsapi", "hvs.", "nrak-", "atatt3"),
        _ALONE
        + r"(?:(?:dapi|dose|dkea|dsapi)[0-9a-f]{32}|hvs\.[\w-]{24,}|NRAK-[A-Z0-9]{20,}|ATATT3[\w=-]{20,})",
    ),
    ("token", ("pat",), _ALONE + r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    ("token", ("age-secret-key-1",), r"AGE-SECRET-KEY-1[A-Z0-9]{40,}"),
    ("token", ("key-",), _ALONE + r"key-[0-9a-f]{32}(?![A-Za-z0-9])"),
    (
        "token",
        ("pcsk_", "tvly-", "lsv2_", "sntrys_", "sntryu_", "npg_", "nvapi-", "tgp_v1_", "xkeysib-", "sq0atp-"),
        _ALONE
        + r"(?:pcsk_|tvly-|lsv2_(?:pt|sk)_|sntry[su]_|nvapi-|tgp_v1_|xkeysib-|sq0atp-)[A-Za-z0-9_=-]{20,}|"
        + _ALONE
        + r"npg_(?=[A-Za-z]*\d)[A-Za-z0-9]{12,}",
    ),
    (
        "token",
        ("sbp_", "pscale_", "dp."),
        _ALONE + r"(?:sbp_[0-9a-f]{40}|pscale_(?:tkn|pw|oauth)_[\w.-]{20,}|dp\.[a-z]{2,5}\.[A-Za-z0-9]{40,})",
    ),
    ("token", ("secret_",), _ALONE + r"secret_(?=[A-Za-z]*\d)[A-Za-z0-9]{43}(?![A-Za-z0-9_])"),
    ("token", ("s.",), r"(?<![\w.])s\.(?=[A-Za-z]*\d)[A-Za-z0-9]{24}(?![\w.])"),
    ("token", ("q~",), r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}"),
    ("token", (":aa",), _ALONE + r"\d{8,10}:AA[\w-]{33}(?![\w-])"),
    ("webhook", ("hooks.slack.com/",), r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[\w/]{20,})"),
    ("webhook", (".webhook.office.com/",), r"\.webhook\.office\.com/\w+/(?P<secret>[\w@/-]{20,})"),
    ("webhook", ("/api/webhooks/",), r"discord(?:app)?\.com/api/webhooks/(?P<secret>\d+/[\w-]{20,})"),
)
_BROKEN: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "private key",
        ("---- begin ", "-----begin "),
        r"(?s:-----? ?BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-----?"
        r".*?(?:-----? ?END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-----?|\Z))",
    ),
    (
        "password hash",
        ("$",),
        r"\$(?:apr1|2[abxy]|[1567y]|argon2(?:id|i|d)|scrypt|pbkdf2(?:-sha\d+)?)\$(?P<secret>[\w./$=,+-]{20,})",
    ),
    (
        "password hash",
        ("pbkdf2", "scrypt:"),
        r"(?:pbkdf2_\w+|pbkdf2:[\w:]+|scrypt:[\d:]+)\$(?P<secret>[\w./$=+-]{20,})",
    ),
    ("private key", ("putty-user-key-file",), r"(?s:PuTTY-User-Key-File-\d.*?(?:Private-MAC: ?\w*|\Z))"),
    ("token", ("xox", "xapp-"), r"xox[a-z]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]+"),
    ("token", ("akc",), _ALONE + r"AKC[A-Za-z0-9]{10,}"),
    ("token", (":_auth", ":_password"), r":_(?:authToken|auth|password)\s*=\s*(?P<secret>[^\s\"'<>]{8,})"),
)

# Detectors of detect-secrets for one exact form, the words that their matches contain, and a shape. Left
# out: those by entropy, by keyword (names.py judges names), IP addresses, Artifactory (its `AP…` matches
# words in upper case), and JWT, npm and OpenAI (their patterns take quadratic time; ours are linear).
_UNBROKEN_DETECTORS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("azure_storage_key", "AzureStorageKeyDetector", ("accountkey=",), ""),
    ("discord", "DiscordBotTokenDetector", (".",), r"(?<![\w-])[\w-]{24,}+\.[\w-]{6}\."),
    ("github_token", "GitHubTokenDetector", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), ""),
    (
        "gitlab_token",
        "GitLabTokenDetector",
        (
            *("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "gr1348941"),
            *("glcbt-", "glimt-", "glptt-", "glagent-", "gloas-"),
        ),
        "",
    ),
    ("mailchimp", "MailchimpDetector", ("-us",), r"[0-9a-z]{32}-us\d"),
    ("pypi_token", "PypiTokenDetector", ("pypi-age",), ""),
    ("sendgrid", "SendGridDetector", ("sg.",), ""),
    ("square_oauth", "SquareOAuthDetector", ("sq0csp-",), ""),
    ("stripe", "StripeDetector", ("k_live_",), ""),
    ("telegram_token", "TelegramBotTokenDetector", (":",), r"(?<!\d)\d{8,}+:[\w-]{35}"),
    ("twilio", "TwilioKeyDetector", ("ac", "sk"), r"(?:ac|sk)[a-z0-9]{32}"),
)
# The patterns of the last three match too much: only strings that name the service are searched.
_BROKEN_DETECTORS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("aws", "AWSKeyDetector", ("a3t", "abia", "acca", "akia", "asia", "aws"), ""),
    ("slack", "SlackDetector", ("xox", "hooks.slack"), ""),
    ("cloudant", "CloudantDetector", ("cloudant",), ""),
    ("ibm_cloud_iam", "IbmCloudIamDetector", ("ibm",), ""),
    ("ibm_cos_hmac", "IbmCosHmacDetector", ("secret",), "[a-f0-9]{48}"),
    ("softlayer", "SoftlayerDetector", ("softlayer",), ""),
)


def lowered(text: str) -> str:
    """The string in lower case as `re.IGNORECASE` compares it, to search it for words."""
    if not text.isascii():
        for odd, plain in _ODD_LETTERS:
            text = text.replace(odd, plain)
    return text.lower()


def find(text: str, low: str) -> Iterator[FoundSecret]:
    """The secrets that their form gives away. `low` is `lowered(text)`."""
    return search(text, likely(low))


def likely(low: str) -> Iterable[Form]:
    """The forms that may occur in a string, in their order; the others cannot."""
    anywhere, unbroken = _words()
    found = {form for word, form in anywhere if word in low}
    if long_words := _long_words(low):
        found |= {form for word, form in unbroken if word in long_words}
    return sorted((form for form in found if form.fits(low)), key=_places().__getitem__) if found else ()


def _long_words(low: str) -> str:
    """The words that are long enough for an unbroken form: none in ordinary prose."""
    for sign in "\"',":
        low = low.replace(sign, " ")
    return " ".join([word for word in low.split() if len(word) >= SHORTEST_UNBROKEN])


def search(text: str, among: Iterable[Form]) -> Iterator[FoundSecret]:
    """The secrets of these forms."""
    for kind, pattern in (pair for form in among for pair in form.patterns):
        done = 0
        for match in pattern.finditer(text):
            for group in _groups(match):
                if match.end(group) > done:  # else it is in the word that was found last
                    done = _end_of_word(text, match.end(group))
                    yield FoundSecret(match.start(group), done, kind)


@functools.cache
def forms() -> tuple[Form, ...]:
    """All forms."""
    found: list[Form] = []
    for own, unbroken in ((_BROKEN, False), (_UNBROKEN, True)):
        found += [Form(words, unbroken, kind=kind, pattern=pattern) for kind, words, pattern in own]
    for detectors, unbroken in ((_BROKEN_DETECTORS, False), (_UNBROKEN_DETECTORS, True)):
        found += [
            Form(words, unbroken, detector=(module, name), shape=shape)
            for module, name, words, shape in detectors
        ]
    return tuple(found)


@functools.cache
def _words() -> tuple[tuple[tuple[str, Form], ...], tuple[tuple[str, Form], ...]]:
    """Pairs of a word and a form that contains it: those to find anywhere, and those in long words only."""
    anywhere = tuple((word, form) for form in forms() if not form.unbroken for word in form.words)
    return anywhere, tuple((word, form) for form in forms() if form.unbroken for word in form.words)


@functools.cache
def _places() -> dict[Form, int]:
    return {form: place for place, form in enumerate(forms())}


def _groups(match: re.Match[str]) -> tuple[int | str, ...]:
    """The group `secret`, else the groups that matched (as detect-secrets reads its patterns), else all."""
    if "secret" in match.re.groupindex:
        return ("secret",) if match["secret"] else ()
    whole = range(1, match.re.groups + 1)
    groups = tuple(place for place in whole if match[place] and len(match[place]) >= SHORTEST_GROUP)
    return groups or (0,)


def _end_of_word(text: str, end: int) -> int:
    """The end of the word: a form that ends inside a word is part of a longer secret."""
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return end
