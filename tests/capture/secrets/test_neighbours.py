"""Secrets told by the words beside them or by their shape are withheld from what leaves, and harmless text is not."""

import ast

import pytest

from cot_magic.capture.secrets.redactor import Redactor

LEAVING = [
    ("log in with password hunter2-Zebra-9.", "hunter2-Zebra-9"),
    ("the passphrase is correct7horse", "correct7horse"),
    ("auth = ('bob', 'tok_8sJ2kqLm90Zx')", "tok_8sJ2kqLm90Zx"),
    ("print('token', 'zx81-QQpp-4471-llma')", "zx81-QQpp-4471-llma"),
    ("log('the api key:', \"qq81zzpp4471\")", "qq81zzpp4471"),
    ('salt = b"9f8a7c6d5e4b3a21"', "9f8a7c6d5e4b3a21"),
    ("value = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    (
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
    ),
    ("line 2: " + "aB3d" * 16, "aB3d" * 16),
    ("connect('db', 'ann', 'Tulpe3yZ7c$22')", "Tulpe3yZ7c$22"),
    ("authentication failed for ann using 'Birne8kW!14'", "Birne8kW!14"),
    ("invalid credentials ann:regenGYFc#71", "regenGYFc#71"),
    ("the old one was P@ssw0rd1", "P@ssw0rd1"),
    ("encode(claims, 'wTr0Px8htH0uXrW4g8lbofEu', 'HS256')", "wTr0Px8htH0uXrW4g8lbofEu"),
    (
        "from_key('0x582b33f8e497668a26cf40fdd1c1b91031dae803dc5867623018ac6cf3cb894e')",
        "0x582b33f8e497668a26cf",
    ),
    ("get(url, appid='ad076ab0c5247fc403ecc256599d995a')", "ad076ab0c5247fc403ecc256599d995a"),
]
HARMLESS = [
    "the password must have at least 12 characters",
    "password reset was requested",
    "a token is a word1 or a sign",
    "commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "token = tokens[index_of_first1]",
    "for token in tokenize(line2): yield token",
    "KeyError: 'total_2024'",
    "3d4f" * 16,
    "add salt and pepper",
    "tokens 1,234,567 of 2,345,678",
    "md5: ad076ab0c5247fc403ecc256599d995a",
    "https://example.org/ann/shop/issues/45501#discussion_r789071825",
    "shop@4257f44 and shop#4257",
    "grew by 12%d, 50%.2f and uni%C3%A9",
    "colour #1f77b4, cell [3], a12!=b34, y ~ x1 + x2",
]


@pytest.mark.parametrize(("said", "secret"), LEAVING)
def test_what_its_neighbours_give_away_does_not_leave(said: str, secret: str) -> None:
    redactor = Redactor({}).leaving(personal=False)
    assert secret not in redactor.text(said)
    assert "<redacted: " in redactor.text(said)
    source = f"note = {said!r}"
    assert secret not in redactor.source(source)
    ast.parse(redactor.source(source))


@pytest.mark.parametrize("said", HARMLESS)
def test_ordinary_text_leaves_unchanged(said: str) -> None:
    assert Redactor({}).leaving().text(said) == said
