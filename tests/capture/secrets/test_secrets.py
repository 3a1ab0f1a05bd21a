"""Secrets of many kinds are found wherever they occur; what only resembles one is left alone."""

import ast
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import secrets_planted
from hypothesis import given, settings
from hypothesis import strategies as st

from cot_magic.capture.describe.values import mention, variable
from cot_magic.capture.secrets.redactor import Redactor, bounded
from cot_magic.capture.secrets.values import forms
from cot_magic.core.withheld import MASK, holds_mask

KINDS = [*secrets_planted.KNOWN_FORMS, *secrets_planted.SURROUNDED]


def planted(kind: str, seed: int) -> tuple[Any, str]:
    """A secret of this kind, and a string whose surroundings give it away."""
    rng = random.Random(seed)
    if kind in secrets_planted.KNOWN_FORMS:
        secret = secrets_planted.KNOWN_FORMS[kind](rng)
        return secret, secret.text
    template, make = secrets_planted.SURROUNDED[kind]
    secret = make(rng)
    return secret, template.format(secret.text)


# --- found ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_counted_and_then_known(kind: str) -> None:
    for seed in range(5):
        secret, text = planted(kind, seed)
        redactor = Redactor({})
        redacted = redactor.text(f"before {text} after")
        assert not secret.leaks_into(redacted)
        assert redacted.startswith("before ")
        assert redactor.count >= 1
        assert sum(redactor.withheld.values()) == redactor.count
        assert not secret.leaks_into(redactor.text(f"later it is {secret.text} again"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_in_python_source_that_stays_python(kind: str) -> None:
    secret, text = planted(kind, 7)
    for source in (
        f"value = {text!r}\nprint(value)\n",
        f"first = [1, {text!r}]; second = {{'a': f{text!r}}}\n" if "{" not in text else "first = 1\n",
        f'value = """\n{text}\n"""\nprint(len(value))\n',
        f"x = 1  # {text}\ny = 2\n".replace(text, text.partition(chr(10))[0]),
        f"!curl -H {text!r} https://example.org\n%env A={text!r}\nz = 3\n",
    ):
        redactor = Redactor({})
        redacted = redactor.source(source)
        if text in source or repr(text) in source:
            assert not secret.leaks_into(redacted)
        assert redacted.count("\n") == source.count("\n")
        ast.parse(redacted.replace("!curl", "#").replace("%env", "#"))
        assert redactor.restore(redacted, source) == source


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_in_values(kind: str) -> None:
    secret, text = planted(kind, 11)
    for name, value in {
        "value": text,
        "items": [1, (text, {"a": text})],
        "data": text.encode(),
        "frame": pd.DataFrame({"note": ["-", text], "n": [1, 2]}),
        "array": np.array([text, "-"], dtype=object),
        "error": ValueError(f"failed: {text}"),
    }.items():
        for describe in (variable, mention):
            described = describe(name, value, Redactor({}))
            assert not secret.leaks_into(repr(described)), described


@pytest.mark.parametrize(
    "template",
    [
        "+api_key = '{}'",
        "-api_key = '{}'",
        " api_key = '{}'",
        "- password: {}",
        "passwords = ['{}', 'other-1']",
        "creds = (\n    'user-1',\n    '{}',\n)",
        "client.login(\n    password='{}',\n)",
        'requests.get(url, auth=("ann", password := "{}"))',
        "session.headers['X-Api-Key'] = '{}'",
        "request.add_header('X-Api-Key', '{}')",
        "monkeypatch.setenv('API_KEY', '{}')",
        "run(['deploy', '--password', '{}'])",
        "export DB_PASSWORD={}",
        "password = '''{}'''",
        "password = ('{}')",
        "if password == '{}':",
        "machine example.org login ann password {}",
        "Login failed for user 'ann' (password: {})",
        "https://ann:{}@example.org/a@b",
        "db_password: '{}'",
        "password => '{}'",
        '{{"password": "{}", "a": 1}}',
        '{{\\"password\\": \\"{}\\"}}',
    ],
)
def test_a_chosen_password_is_found_by_its_surroundings(template: str) -> None:
    secret = secrets_planted.password(random.Random(5))
    assert not secret.leaks_into(Redactor({}).text(template.format(secret.text)))


def test_columns_lists_and_fields_with_secret_names_are_known_beyond_what_is_shown() -> None:
    rng = random.Random(3)
    column = [secrets_planted.password(rng).text for _ in range(40)]
    listed = [secrets_planted.password(rng).text for _ in range(40)]
    redactor = Redactor({})
    mention("people", pd.DataFrame({"user": range(40), "password": column}), redactor)
    mention("passwords", listed, redactor)
    for value in (*column, *listed):
        assert value not in redactor.text(f"printed: {value} and {value!r}")


# --- in other forms, in parts -------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["hunter2-é\"'\\x/+ y", "Abc123def456Ghi789jk", "p@ss/w0rd#1"])
def test_a_known_value_is_found_in_every_usual_encoding(value: str) -> None:
    redactor = Redactor({})
    redactor.learn("password", value)
    assert len(forms(value)) > 5
    for form in forms(value):
        assert form not in redactor.text(f"<<{form}>>"), form


def test_a_known_value_is_found_inside_longer_base64() -> None:
    import base64

    redactor = Redactor({})
    redactor.learn("token", "Abc123def456Ghi789jk")
    for front in (b"", b"u:", b"ab:", b"abc:", b"user-name:"):
        text = base64.b64encode(front + b"Abc123def456Ghi789jk" + b":tail").decode()
        assert redactor.text(f"Basic {text}") != f"Basic {text}"
        assert text[len(text) // 2 : len(text) // 2 + 12] not in redactor.text(f"sent {text}")


def test_a_piece_of_a_generated_value_is_withheld_as_well() -> None:
    secret, text = planted("github", 2)
    redactor = Redactor({})
    redactor.text(text)
    for piece in (secret.text[:14], secret.text[-14:], secret.text[10:24]):
        shown = redactor.text(f"| {piece}... |")
        assert not any(secret.text[at : at + 8] in shown for at in range(len(secret.text) - 8)), shown


def test_words_of_a_chosen_phrase_are_not_withheld_one_by_one() -> None:
    redactor = Redactor({})
    redactor.named("passphrase", "'correct horse database staple'")
    assert redactor.text("the database of the horse") == "the database of the horse"
    assert holds_mask(redactor.text("it was correct horse database staple"))


def test_equal_values_get_equal_masks_and_different_values_different_ones() -> None:
    redactor = Redactor({})
    first, again, other = (
        redactor.named("token", repr(planted("assignment", seed)[0].text)) for seed in (1, 1, 2)
    )
    assert first == again == "<redacted: token>"
    assert other == "<redacted: token 2>"
    assert redactor.withheld == {"token": 2}


@pytest.mark.parametrize("most", [60, 200, 400, 2_000])
def test_a_cut_lets_no_piece_of_a_secret_through(most: int) -> None:
    for kind in ("github", "jwt", "pem rsa", "anthropic"):
        secret, text = planted(kind, most)
        for around in (0, most // 2 - 20, most, 9_000, 30_000):
            whole = "x " * (around // 2) + text + " y" * (around // 2)
            assert not secret.leaks_into(bounded(Redactor({}), whole, most))


# --- left alone -------------------------------------------------------------------------------------------

ORDINARY = [
    "df['token_count'] = df['text'].str.split().str.len()",
    "df.sort_values('sort_key', key=lambda column: column.str.lower())",
    "key = 'customer_2023_revenue_q1'",
    "sort_key = 'region/2023/part-00012.parquet'",
    "primary_key = 'order_id_2'",
    "cache_key = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'",
    "key = 'd41d8cd98f00b204e9800998ecf8427e'",
    "session_id = '550e8400-e29b-41d4-a716-446655440000'",
    "sha = '4257f44a1b2c3d4e5f60718293a4b5c6d7e8f901'",
    "commit 4257f44a1b2c3d4e5f60718293a4b5c6d7e8f901 (HEAD -> main)",
    "md5 5d41402abc4b2a76b9719d911017c592  data.csv",
    "image = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJ",
    "tokens = tokenizer(text, max_length=512, truncation=True)",
    "tokenizer.pad_token = '[PAD]'; tokenizer.eos_token = '</s>'",
    "max_tokens=4096, stop_token='\\n', token_type_ids=None",
    "for key, value in mapping.items(): print(key, value)",
    "assert set(keys) == {'a', 'b', 'key'}",
    "password = getpass.getpass('Password: ')",
    "password = os.environ['DB_PASSWORD']",
    "api_key = os.getenv('API_KEY')",
    "connect(user=user, password=password, host='localhost')",
    "engine = create_engine(f'postgresql://{user}:{password}@{host}/shop')",
    "headers = {'Authorization': f'Bearer {token}'}",
    "def login(user: str, password: str = '') -> Session: ...",
    "password: Optional[str] = None",
    "raise ValueError('password must have 8 characters')",
    "parser.add_argument('--password', help='the password of the user')",
    "parser.add_argument('--token', default=None, required=False)",
    "columns = ['user', 'password_hash', 'token_count', 'key']",
    "df.drop(columns=['password', 'email', 'address1'])",
    "print('the secret of good coffee is fresh beans')",
    "secret_word = 'banana'; guesses = []",
    "author = 'Ann Smith'; authority = 0.87; bypass = True",
    "monkey = 'chimpanzee'; donkey_count = 12; passengers = 250",
    "https://example.org:8080/path?x=1&page=2&sort=key",
    "https://medium.com/@ann/how-to-plot-3f2a1b9c8d7e",
    "http://localhost:8888/lab/tree/notebooks/analysis-2024.ipynb",
    "git clone git@github.com:ann/project.git",
    "pip install scikit-learn==1.5.2 torch==2.4.0+cu121",
    "sk-learn-contrib and task-management-system-overview-2024",
    "array([0.12345678901234567, 1e-300, -9007199254740993])",
    "x = 3.141592653589793238462643383279",
    "Timestamp('2026-01-02 03:04:05.678901+0000', tz='UTC')",
    "2026-01-02 03:04:05,678 INFO worker-12 started in 12.5 s",
    "   user  price  token_count\n0   ann    1.5           12\n1   bob    2.5           40",
    "DataFrame of 3 rows × 4 columns: 'key', 'token_count', 'sort_key', 'value'",
    "KeyError: 'total_amount' not in index ['a', 'b']",
    "FileNotFoundError: [Errno 2] No such file or directory: 'data/raw/2024/key-figures.csv'",
    "ModuleNotFoundError: No module named 'secretstorage'",
    "0x7f3b2c1d4e5f <object at 0x7f3b2c1d4e60>",
    "model = 'bert-base-uncased-finetuned-sst-2-english'",
    "model_key = 'resnet50_imagenet1k_v2_epoch90'",
    "s3_key = 's3://bucket/raw/2023/events/part-00012-of-00016.parquet'",
    "a_rather_long_identifier_with_numbers_2023_and_more_words_v2 = 1",
    "MyVeryLongClassNameWithNumbers2023AndMoreWords()",
    "APARTMENTS12 AND MORE UPPER CASE WORDS",
    "PCADECOMPOSITION2 = PCA(n_components=2)",
    "192.168.0.1 ann@example.org 00:1b:44:11:3a:b7",
    "ISBN 978-3-16-148410-0, DOI 10.1038/s41586-020-2649-2",
    "seq = 'ATGCGTACGTTAGCATCGATCGATCGGCTAGCTAGCTAGCATCG'",
    "smiles = 'CC(=O)OC1=CC=CC=C1C(=O)O'",
    "protein = 'MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQFEVV'",
    "hash(key) % 1024, zlib.crc32(b'key'), hashlib.sha256(data).hexdigest()",
    "<table border=\"1\" class=\"dataframe\">\n  <thead>\n    <tr style=\"text-align: right;\">",
    "token: str; key: bytes; cookie: dict[str, str]",
    "def f(key=None, *, token='', auth=()): return key",
    "pytest tests/test_key.py::test_token -k 'password and not slow'",
    "date -u +%Y-%m-%dT%H:%M:%S.%3N && docker run -u 1000:1000 image:1.2 && git push -u origin main:main-2",
    "user, password\nfirst we read the user, then we ask for the password-1 of the user",
    "the password\n\nis wrong; passwords  and  keys\nare  not  here-1",
    "def seek(self, cookie, whence=0): return self.position + offset_2",
    "NO_CREDENTIALS = 'no_credentials-1'",
    "$1$ and $2 cost $3, or 'US$ 1.500,00'",
    "client('get', '/items/1'); Client(timeout=30.5); api('users/17')",
    "user  sessions  key\nann   12        north-1\nbob   7         south-2",
]  # fmt: skip


def test_there_are_sixty_ordinary_strings() -> None:
    assert len(set(ORDINARY)) >= 60


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_texts_of_data_science_stay(text: str) -> None:
    redactor = Redactor({})
    assert redactor.text(text) == text
    assert redactor.source(text) == text
    assert redactor.named("value", repr(text)) == repr(text)
    assert redactor.count == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token_count", 12),
        ("key", "customer_2023_revenue_q1"),
        ("sort_key", ["a", "b"]),
        ("keys", {"key": "4257f44a1b2c3d4e5f60718293a4b5c6d7e8f901"}),
        ("session_id", "550e8400-e29b-41d4-a716-446655440000"),
        ("account_key", [1, 2, 3]),
        ("tokens", ["the", "secret", "of", "coffee"]),
        ("frame", pd.DataFrame({"key": ["a1", "b2"], "token_count": [1, 2], "sort_key": [3, 4]})),
        ("digest", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("image", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"),
    ],
)
def test_ordinary_values_stay(name: str, value: object) -> None:
    redactor = Redactor({})
    assert not holds_mask(repr(variable(name, value, redactor)))
    assert redactor.count == 0


@pytest.mark.slow
def test_the_standard_library_is_nearly_untouched() -> None:
    """Real code of many hands: what is withheld in it is withheld wrongly."""
    folder = Path(ast.__file__).parent
    names = ["argparse", "ast", "configparser", "csv", "getpass", "json/decoder", "logging/__init__", "netrc"]
    names += [
        "secrets",
        "shelve",
        "smtplib",
        "sqlite3/__init__",
        "string",
        "tokenize",
        "urllib/request",
        "uuid",
    ]
    wrong = []
    for name in names:
        source = (folder / f"{name}.py").read_text(encoding="utf-8")
        redacted = Redactor({}).source(source)
        wrong += [
            old for old, new in zip(source.splitlines(), redacted.splitlines(), strict=True) if old != new
        ]
    assert len(wrong) <= 2, wrong


# --- properties -------------------------------------------------------------------------------------------

NEIGHBOURS = st.text(st.characters(codec="utf-8", exclude_characters="<>"), max_size=40)
PIECES = [*"ab1 '\"=:@/\\-_.,;()[]{}<>#\n&?%$+*", "password", "token", "key", "://", "eyJ", "sk-", "Bearer "]
PIECES += [
    "authorization",
    "cookie",
    "-----BEGIN PRIVATE" + " KEY-----",
    "<redacted: a>",
    "<redacted: ",
    "A1b2C3d4E5",
]
EDGES = st.sampled_from([" ", "\n", "'", '"', "(", "[", ", ", "\t", "`", "|"])


@pytest.mark.slow
@settings(max_examples=3 * settings().max_examples)
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**32),
    before=NEIGHBOURS,
    after=NEIGHBOURS,
    edge=EDGES,
    most=st.integers(40, 500),
)
def test_no_secret_survives_between_any_neighbours(
    kind: str, seed: int, before: str, after: str, edge: str, most: int
) -> None:
    secret, text = planted(kind, seed)
    redactor = Redactor({})
    whole = f"{before}{edge}{text}{edge}{after}"
    redacted = redactor.text(whole)
    assert not secret.leaks_into(redacted)
    assert redacted.count("\n") == whole.count("\n")
    assert redactor.text(redacted) == redacted
    assert not secret.leaks_into(bounded(redactor, whole, most))
    assert not secret.leaks_into(redactor.text(before + secret.text + after))


@pytest.mark.slow
@settings(max_examples=3 * settings().max_examples)
@given(text=st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_redaction_never_raises_and_a_second_time_changes_nothing(text: str) -> None:
    redactor = Redactor({})
    for redact in (redactor.text, redactor.source):
        once = redact(text)
        assert redact(once) == once
        assert once.count("\n") == text.count("\n")
    assert redactor.restore(redactor.source(text), text) == text or MASK.search(text)
