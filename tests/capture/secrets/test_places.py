"""The search for secrets finds what running every pattern finds, in linear time."""

import random
from pathlib import Path

import pytest
import secrets_planted
from hypothesis import given, settings
from hypothesis import strategies as st

from cot_magic.capture.secrets import forms as secret_forms
from cot_magic.capture.secrets import places as secret_places
from cot_magic.capture.secrets.forms import FoundSecret

ROOT = Path(__file__).parents[3]
# Their patterns fit much more than their keys: they are run only where the service is named
SERVICES = ("Cloudant Credentials", "IBM Cloud IAM Key", "IBM COS HMAC Credentials", "SoftLayer Credentials")


def planted(kind: str, seed: int) -> str:
    """A text with a secret of that kind."""
    rng = random.Random(seed)
    if kind in secrets_planted.KNOWN_FORMS:
        return str(secrets_planted.KNOWN_FORMS[kind](rng).text)
    template, make = secrets_planted.SURROUNDED[kind]
    return str(template.format(make(rng).text))


def find(text: str) -> list[FoundSecret]:
    """What the product finds, by form and by place."""
    low = secret_forms.lowered(text)
    return [*secret_forms.find(text, low), *secret_places.find(text, low)]


def by_every_pattern(text: str) -> list[FoundSecret]:
    """What is found if every pattern is run, without the cheap tests before."""
    low = secret_forms.lowered(text)
    among = [
        form for form in secret_forms.forms() if form.patterns[0][0] not in SERVICES or form.words[0] in low
    ]
    return [
        *secret_forms.search(text, among),
        *(found for search, _ in secret_places.SEARCHES for found in search(text)),
    ]


PIECES = [
    *"ab1 '\"=:@/\\-_.,;()[]{}<>\n&?%$+*",
    *(
        "password",
        "token",
        "key",
        "pa_ss-word",
        "API key",
        "user ",
        "login ",
        "--",
        "://",
        "eyJ",
        "sk-",
        "hf_",
    ),
    *(
        "authorization",
        "Basic ",
        "bearer ",
        "cookie",
        "aws",
        "ibm",
        "is ",
        "A1b2C3d4E5f6G7h8I9",
        "0a1b2c3d" * 6,
    ),
    *("\u0130", "\u0131", "\u017f", "\u212a", "é", "passé", "ſecret: a1-b2-c3"),
]
KINDS = [*secrets_planted.KNOWN_FORMS, *secrets_planted.SURROUNDED]
TEXTS = st.lists(
    st.one_of(st.sampled_from(PIECES), st.builds(planted, st.sampled_from(KINDS), st.integers(0, 99))),
    max_size=30,
).map("".join)


@settings(max_examples=3 * settings().max_examples)
@given(text=TEXTS, change=st.sampled_from([str, str.upper, str.lower, repr]))
def test_a_search_finds_exactly_what_every_pattern_finds(text: str, change: type[str]) -> None:
    changed = change(text)
    assert find(changed) == by_every_pattern(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_every_planted_kind_is_found_as_every_pattern_finds_it(kind: str) -> None:
    for seed in range(20):
        text = planted(kind, seed)
        assert find(text) == by_every_pattern(text) != []


@pytest.mark.slow
def test_in_the_sources_of_this_project_the_same_is_found() -> None:
    found = 0
    for path in sorted([*ROOT.glob("cot_magic/**/*.py"), *ROOT.glob("tests/**/*.py"), *ROOT.glob("**/*.md")]):
        text = path.read_text(encoding="utf-8")
        expected = by_every_pattern(text)
        assert find(text) == expected, path
        found += len(expected)
    assert found > 20


@pytest.mark.parametrize(
    "unit",
    ["a", "=", '"', "-", "://", "\\", " ", "eyJ", "eyJa.", "ghp_", "AKIA", "xoxb-1-", "-----BEGIN ", "key=", "a='",
     "password='", "://a:b@", "cookie: a=", "authorization: ", "passwords=['", 'password\\":\\"', "{'key':['a',"],
)  # fmt: skip
def test_no_part_of_a_text_is_found_again_and_again(unit: str) -> None:
    """Else the time grows with the square of the length: it did for words that are full of prefixes."""
    text = (unit * 60_000)[:60_000]
    assert sum(found.end - found.start for found in find(text)) <= 6 * len(text)
