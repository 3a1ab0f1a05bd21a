"""Personal data told by its form: e-mail addresses, phone numbers, IBANs, card and social security numbers.

Each form has a check beyond its pattern where there is one: the digits of an IBAN (ISO 13616) and of a card
(ISO/IEC 7812, Luhn), and the ranges of social security numbers that were ever given out.
"""

import re
from collections.abc import Iterator

from cot_magic.capture.secrets.forms import FoundSecret

_EMAIL = re.compile(
    r"(?<![\w.+%-])(?P<who>\w[\w.+%-]{0,63})@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?P<end>[A-Za-z]{2,24})"
    r"(?![\w(\[@-]|\.\w)"
)
_ENDS = frozenset({
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "name", "pro", "museum", "coop", "aero",
    "jobs", "mobi", "travel", "test", "example", "invalid", "localhost", "local", "dev", "app", "cloud",
    "online", "shop", "site", "store", "tech", "xyz", "email", "mail", "social", "world", "life",
})  # fmt: skip
# `ann (at) example [dot] org`
_AT, _DOT = r" ?(?:[(\[{]at[)\]}]) ?", r" ?(?:\.|[(\[{](?:dot|punkt|punto)[)\]}]) ?"
_SPELLED_EMAIL = re.compile(
    rf"(?i)(?<![\w.])\w[\w.+-]{{0,63}}{_AT}[\w-]{{1,63}}(?:{_DOT}[\w-]{{2,63}}){{1,4}}(?!\w)"
)
_NOBODY = frozenset({"git", "hg", "svn", "noreply", "no-reply", "donotreply"})
_DIGITS = re.compile(r"\d[\d ()/.-]{5,}\d")  # what every other form contains
_SSN = re.compile(r"(?<![\w.-])(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])")
_CARD = re.compile(
    r"(?<![\w.+-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5})"
    r"(?![\w-]|\.\d)"
)
# issuer, and how long its numbers are
_ISSUERS = (
    (re.compile(r"4"), (13, 16, 19)),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"6011|64[4-9]|65"), (16, 19)),
    (re.compile(r"352[89]|35[3-8]"), (16,)),
    (re.compile(r"30[0-5]|36|38"), (14,)),
)
_PHONE = re.compile(
    r"(?<![\w+.])\+[1-9]\d{0,2}[ ./-]?(?:\(\d{1,4}\)[ ./-]?)?\d(?:[ ./-]?\d){5,12}(?![\w]|\.\d)|"
    r"(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[- ])[2-9]\d\d-\d{4}(?![\w-]|\.\d)|"
    r"(?<![\w.+-])(?:[2-9]\d\d\.[2-9]\d\d\.\d{4}|0\d{2,4} ?/ ?\d{5,8})(?![\w-]|\.\d)|"
    r"(?<![\w.+-])\(0\d{2,4}\) ?\d{3,8}(?:-\d{1,4})?(?![\w-]|\.\d)"
)
# kinds of number that have no check of their own: the words that say them, and their form
_SAID = (
    (
        "phone number",
        r"(?:tel|phone|telefon|fon|mobile?|mobil|handy|cell|fax|whatsapp)(?:ephone)?",
        r"\+?\(?\d(?:[ ()./-]{0,3}\d){6,14}",
    ),
    ("social security number", r"(?:ssn|social security)", r"\d{3}[ -]?\d{2}[ -]?\d{4}"),
    (
        "identity number",
        r"(?:passport|reisepass|tax[ -]?id|steuer-?(?:id|nummer)|national[ -]id|identity card|id card"
        r"|driving licen[cs]e|driver'?s licen[cs]e|nhs|ahv|nino|aadhaar|cpf|dni|bsn|pesel|codice fiscale)",
        r"(?=[A-Z]*\d)[A-Z0-9](?:[ .-]?[A-Z0-9]){5,17}",
    ),
)
_NUMBER_OF = r"(?:[ _.-]?(?:no|nr|num(?:ber)?))?[\"']?[.:=]{0,2}\s*[\"']?"
_LABELLED = tuple(
    (kind, re.compile(rf"(?i)(?<!\w){words}{_NUMBER_OF}(?P<number>{form})(?![\w.]\w|\w)"))
    for kind, words, form in _SAID
)
_IBAN = re.compile(r"(?i)(?<![A-Za-z0-9])[A-Z]{2}\d{2} ?[A-Z0-9]{4}")
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29,
    "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TN": 24, "TR": 26,
    "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip


def find(text: str) -> Iterator[FoundSecret]:
    """The personal data in a string. It is not learned: the same value has the same form elsewhere."""
    if "@" in text:
        yield from _emails(text)
    for match in _SPELLED_EMAIL.finditer(text):
        yield FoundSecret(*match.span(), "e-mail address", learn=False)
    for kind, pattern in _LABELLED:
        for match in pattern.finditer(text):
            yield FoundSecret(*match.span("number"), kind, learn=False)
    if _DIGITS.search(text) is not None:
        yield from _numbers(text)
    if _IBAN.search(text) is not None:
        yield from _ibans(text)


def _emails(text: str) -> Iterator[FoundSecret]:
    for match in _EMAIL.finditer(text):
        end = match["end"].lower()
        if (end in _ENDS or len(end) == 2) and match["who"].lower() not in _NOBODY:
            yield FoundSecret(*match.span(), "e-mail address", learn=False)


def _numbers(text: str) -> Iterator[FoundSecret]:
    for match in _SSN.finditer(text):
        yield FoundSecret(*match.span(), "social security number", learn=False)
    for match in _CARD.finditer(text):
        if _is_card(re.sub(r"\D", "", match[0])):
            yield FoundSecret(*match.span(), "card number", learn=False)
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        plain = match[0][1:].isdigit()  # `+` and a number may be a line of a diff, or arithmetic
        american = match[0].startswith("+1") and len(digits) != 11  # its numbers all have one length
        if (11 if plain else 8) <= len(digits) <= 15 and not american:
            yield FoundSecret(*match.span(), "phone number", learn=False)


def _is_card(digits: str) -> bool:
    known = any(issuer.match(digits) and len(digits) in lengths for issuer, lengths in _ISSUERS)
    return known and len(set(digits)) > 1 and _luhn(digits)


def _luhn(digits: str) -> bool:
    """The check digit of a card (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(map(int, digits[::-2])) + sum(value - 9 * (value > 9) for value in doubled)) % 10 == 0


def _ibans(text: str) -> Iterator[FoundSecret]:
    for match in _IBAN.finditer(text):
        length, end, compact = _IBAN_LENGTHS.get(match[0][:2].upper(), 0), match.start(), ""
        while len(compact) < length and end < len(text):
            sign = text[end]
            if sign.isascii() and sign.isalnum():
                compact += sign
            elif sign != " " or text[end - 1] == " ":
                break
            end += 1
        follows = text[end : end + 1].isalnum()
        if length and len(compact) == length and not follows and _is_iban(compact):
            yield FoundSecret(match.start(), end, "IBAN", learn=False)


def _is_iban(compact: str) -> bool:
    """The check digits of an IBAN (ISO 13616-1)."""
    return int("".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])) % 97 == 1
