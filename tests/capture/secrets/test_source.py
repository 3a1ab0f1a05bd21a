"""Sources with secrets: keys without quotes, strings of several lines, odd ends of lines, no Python at all."""

import ast
import random
import warnings

import pytest
import secrets_planted

from cot_magic.capture.secrets.redactor import Redactor

PASSWORD = secrets_planted.password(random.Random(8))


@pytest.mark.parametrize("kind", ["openai", "github", "huggingface", "aws id", "stripe", "slack user"])
@pytest.mark.parametrize(
    "template", ["api_key = {}\nprint(1)\n", "client = Client({})\n", "x = {{'a': {}}}\n"]
)
def test_a_key_whose_quotes_were_forgotten_is_withheld_and_the_source_stays_python(
    kind: str, template: str
) -> None:
    secret = secrets_planted.KNOWN_FORMS[kind](random.Random(2))
    source = template.format(secret.text)
    redactor = Redactor({})
    redacted = redactor.source(source)
    assert not secret.leaks_into(redacted)
    assert redactor.restore(redacted, source) == source
    try:
        ast.parse(source)
    except SyntaxError:
        return
    ast.parse(redacted)


@pytest.mark.parametrize(
    "source",
    [
        "API_KEY=abc\nDB_PASSWORD={}\nuser=ann\n",
        "password: {}\nuser: ann\n",
        "print('a'\npassword = '{}'\n",
        "db.connect('ann', password='{}'\n",
        "machine example.org login ann password {}\n",
    ],
)
def test_what_is_no_python_is_redacted_as_text(source: str) -> None:
    whole = source.format(PASSWORD.text)
    redactor = Redactor({})
    redacted = redactor.source(whole)
    assert not PASSWORD.leaks_into(redacted)
    assert redactor.restore(redacted, whole) == whole


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0b", "\x0c", "\x1c"])
def test_signs_that_end_a_line_for_python_strings_alone_do_not_shift_the_masks(sign: str) -> None:
    source = f"label = 'a{sign}b'; other = '''c{sign}d'''\npassword = '{PASSWORD.text}'\n"
    redacted = Redactor({}).source(source)
    assert redacted == source.replace(PASSWORD.text, "<redacted: password>")


@pytest.mark.parametrize(
    "text",
    [
        "[pypi]\npassword = {}",
        "user,password\nann,{}",
        "ann\nmachine a login b password {}",
        "a: b\npassword: {}",
    ],
)
def test_a_file_that_is_written_as_a_string_is_read_as_a_file(text: str) -> None:
    whole = text.format(PASSWORD.text)
    for source in (f'data = """{whole}"""\nprint(1)\n', f"data = {whole!r}\nprint(1)\n"):
        redacted = Redactor({}).source(source)
        assert not PASSWORD.leaks_into(redacted)
        assert redacted.count("\n") == source.count("\n")
        ast.parse(redacted)


@pytest.mark.parametrize(
    "source",
    [
        "for line in open(path): password = line.split()[1]\n",
        "password = get_password(user\n",
        "if token == next_token2023: return token_value1\nx = (\n",
        "def seek(self, cookie, whence=0):\n    return whence\n",
        'NO_CREDENTIALS = "no_credentials"\nINVALID_PASSWORD = "the password is wrong"\n',
        'password_prompt = "Password: "\ndocumentation = "`password = \\"…\\"`"\n',
        "names = headers.keys() & {'authorization', 'x-api-key'}\n",
        "df[['user', 'password', 'age']].head()\n",
        "user, password = load(path)\nhost, port = where\n",
        "pw = 3.5\npw_name = 'glycolysis'\n",
        "kde = stats.gaussian_kde(hf_distribution_of_values_by_region)\n",
        'class CredentialProvider:\n    """Gives credentials.\n\n    In two ways.\n    """\n',
        'class AccessToken(Base): ...\ndef new(name) -> AccessToken:\n    "One more: number-2."\n',
        'def ask(prompt="Password: ", stream=None):\n    """Ask for it, and for user-1."""\n',
        "if not password:\n    count+=1; tries=3\n",
        'kept = ["Authorization", "Content-Type"]\nif name in ("authorization", "proxy-tries"): pass\n',
        'schema = {"password": {"type": "string", "description": "Eight letters, as in rule-1"}}\n',
        'credentials = {"project": "my-project-1", "region": "eu-west-1"}\n',
        'ACCESS_TOKEN_URL = "https://oauth2.example.org/token"\nTEST_URL = "https://oauth2.example.org/x"\n',
        'GRANT_TYPE_REFRESH_TOKEN = "refresh_token"\nform["type"] = "refresh_token"\n',
        'os.environ["OPENAI_API_KEY"] = "sk-..."\nHF_TOKEN = "hf_xxxxxxxxxxxxxxxxxxxx"\n',
        'api_key = "YOUR_API_KEY"\npassword = "<your-password-here>"\n',
        'os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = "keys/service-account-1.json"\n',
        'conn_str = f"postgresql://{user}:{pw}@{host}:5432/shop"\n',
        'client = Client("tcp://127.0.0.1:8786", name="worker-a1b2c3d4e5f6")\n',
        'title = "Basic statistics_of_2023_and_2024"\n',
    ],
)
def test_ordinary_code_stays(source: str) -> None:
    redactor = Redactor({})
    assert redactor.source(source) == source
    assert redactor.count == 0


@pytest.mark.parametrize(
    "template",
    [
        "passwords = {{'ann': '{}'}}\n",
        "password:\n    '{}'\n",
        "- password:\n    '{}'\n",
        "credentials = {{'user': 'ann', 'password': '{}'}}\n",
        "headers = ('Authorization', '{}')\n",
        "conn_str = 'postgresql://ann:{}@db.example.org/shop'\nother = 'db.example.org/shop'\n",
        "passwords = {{'number': {{'0': 'ann'}}, 'password': {{'0': '{}'}}}}\n",
        "def ask(prompt='Password: '): ...\npassword = 'ab-1' '{}'\n",
    ],
)
def test_next_to_code_that_stays_the_secret_is_withheld(template: str) -> None:
    assert not PASSWORD.leaks_into(Redactor({}).source(template.format(PASSWORD.text)))


@pytest.mark.parametrize(
    "source",
    [
        'password = """{}\nand more of it\n\n\n"""\nprint(1)\n',
        'password = "{} \\\nand more"\nprint(1)\n',
        'text = """\n[pypi]\npassword = {}\n\n"""\nprint(1)\n',
    ],
)
def test_a_secret_of_several_lines_is_masked_once_and_comes_back(source: str) -> None:
    whole = source.format(PASSWORD.text)
    redactor = Redactor({})
    redacted = redactor.source(whole)
    assert not PASSWORD.leaks_into(redacted)
    assert redacted.count("<redacted: ") == 1
    assert redactor.source(redacted) == redacted
    assert redactor.restore(redacted, whole) == whole


def test_many_strings_with_secrets_in_one_source_are_each_withheld() -> None:
    rng = random.Random(3)
    secrets = [secrets_planted.password(rng) for _ in range(300)]
    source = "".join(f"password_{n} = '{secret.text}'  # row {n}\n" for n, secret in enumerate(secrets))
    redacted = Redactor({}).source(source)
    assert not any(secret.text in redacted for secret in secrets)
    assert redacted.count("<redacted: ") == len(secrets)


def test_a_value_and_a_piece_of_it_come_back_each_as_it_was() -> None:
    secret = secrets_planted.KNOWN_FORMS["github"](random.Random(4)).text
    for source in (
        f"token = '{secret}'\nshort = '{secret[:14]}'  # {secret[:12]}...\nf'{secret}'\n",
        f"use({secret}, '{secret}')\n",
        f"not python at all: {secret} and {secret[5:20]} too\n",
    ):
        redactor = Redactor({})
        redacted = redactor.source(source)
        assert secret[:12] not in redacted
        assert redactor.restore(redacted, source) == source


def test_escapes_in_the_strings_of_a_cell_make_no_warning() -> None:
    source = f"pattern = '\\[a\\]\\n'\npassword = '{PASSWORD.text}'\n"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        redacted = Redactor({}).source(source)
    assert caught == []
    assert redacted == source.replace(PASSWORD.text, "<redacted: password>")
