"""Secrets of many kinds, made when a test runs from random parts, so that none stands in the repository."""

import base64
import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

WINDOW = 8  # so many characters in a row of a secret's random part must not be seen
ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
LOWER = string.ascii_lowercase + string.digits
HEX = "0123456789abcdef"
URLSAFE = ALNUM + "-_"


@dataclass(frozen=True)
class Secret:
    """A secret as it is written, and its random part, no piece of which may be seen anywhere."""

    kind: str
    text: str
    core: str

    def leaks_into(self, text: str) -> bool:
        """Whether a text shows the secret, or a piece of its random part, also in base64 or escaped."""
        if self.text in text or json.dumps(self.text)[1:-1] in text:
            return True
        whole = base64.b64encode(self.text.encode()).decode().rstrip("=")[:-2]
        if whole in text:
            return True
        pieces = [self.core[at : at + WINDOW] for at in range(max(1, len(self.core) - WINDOW + 1))]
        return any(piece in text for piece in pieces)


def word(rng: random.Random, letters: str, size: int) -> str:
    """Random characters among which letters and digits change, as in real keys."""
    while True:
        found = "".join(rng.choices(letters, k=size))
        mixed = sum(a.isdigit() != b.isdigit() for a, b in pairwise(found))
        if (mixed >= 2 or not any(map(str.isdigit, letters))) and found[0].isalnum() and found[-1].isalnum():
            return found


def prefixed(
    kind: str, prefix: str, letters: str, size: int, suffix: str = ""
) -> Callable[[random.Random], Secret]:
    def make(rng: random.Random) -> Secret:
        core = word(rng, letters, size)
        return Secret(kind, prefix + core + suffix, core)

    return make


def part(data: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def jwt(rng: random.Random) -> Secret:
    signature = word(rng, URLSAFE, 43)
    return Secret(
        "jwt",
        f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': word(rng, LOWER, 12)})}.{signature}",
        signature,
    )


def private_key(label: str) -> Callable[[random.Random], Secret]:
    def make(rng: random.Random) -> Secret:
        lines = [word(rng, ALNUM + "+/", 64) for _ in range(4)]
        dashes = "-" * 5
        head, foot = f"{dashes}BEGIN {label}{dashes}", f"{dashes}END {label}{dashes}"
        return Secret(f"pem {label}", "\n".join([head, *lines, foot]), "\n".join(lines))

    return make


def telegram(rng: random.Random) -> Secret:
    core = word(rng, URLSAFE, 33)
    return Secret("telegram", f"{rng.randrange(10**9, 10**10)}:AA{core}", core)


def slack_hook(rng: random.Random) -> Secret:
    core = word(rng, ALNUM, 24)
    return Secret(
        "slack webhook",
        f"hooks.slack.com/services/T{word(rng, UPPER, 8)}/B{word(rng, UPPER, 8)}/{core}",
        core,
    )


def sendgrid(rng: random.Random) -> Secret:
    core = word(rng, URLSAFE, 43)
    return Secret("sendgrid", f"SG.{word(rng, URLSAFE, 22)}.{core}", core)


def password(rng: random.Random) -> Secret:
    core = f"{word(rng, string.ascii_lowercase, 5)}-{word(rng, LOWER, 5)}!{rng.randrange(10, 99)}"
    return Secret("password", core, core)


# Told by their own form
KNOWN_FORMS: dict[str, Callable[[random.Random], Secret]] = {
    "aws id": prefixed("aws id", "AK" + "IA", UPPER, 16),
    "aws session id": prefixed("aws session id", "AS" + "IA", UPPER, 16),
    "github": prefixed("github", "gh" + "p_", ALNUM, 36),
    "github app": prefixed("github app", "gh" + "s_", ALNUM, 36),
    "github fine": prefixed("github fine", "github" + "_pat_", ALNUM + "_", 82),
    "gitlab": prefixed("gitlab", "gl" + "pat-", ALNUM, 20),
    "slack bot": prefixed("slack bot", "xo" + "xb-123456789012-", ALNUM, 24),
    "slack user": prefixed("slack user", "xo" + "xp-123456789012-", ALNUM, 24),
    "slack webhook": slack_hook,
    "stripe": prefixed("stripe", "sk" + "_live_", ALNUM, 24),
    "stripe restricted": prefixed("stripe restricted", "rk" + "_live_", ALNUM, 24),
    "twilio": prefixed("twilio", "S" + "K", HEX, 32),
    "sendgrid": sendgrid,
    "openai": prefixed("openai", "sk" + "-", ALNUM, 48),
    "openai project": prefixed("openai project", "sk" + "-proj-", URLSAFE, 48),
    "anthropic": prefixed("anthropic", "sk" + "-ant-api03-", URLSAFE, 93, "AA"),
    "huggingface": prefixed("huggingface", "h" + "f_", ALNUM, 34),
    "pypi": prefixed("pypi", "pypi" + "-AgEIcHlwaS5vcmc", URLSAFE, 100),
    "npm": prefixed("npm", "np" + "m_", ALNUM, 36),
    "google api": prefixed("google api", "AI" + "za", ALNUM, 35),
    "google oauth": prefixed("google oauth", "ya" + "29.", URLSAFE, 60),
    "google client": prefixed("google client", "GOC" + "SPX-", URLSAFE, 28),
    "databricks": prefixed("databricks", "da" + "pi", HEX, 32),
    "docker": prefixed("docker", "dckr" + "_pat_", ALNUM, 27),
    "digitalocean": prefixed("digitalocean", "dop" + "_v1_", HEX, 64),
    "shopify": prefixed("shopify", "shp" + "at_", HEX, 32),
    "mailchimp": prefixed("mailchimp", "", HEX, 32, "-us12"),
    "telegram": telegram,
    "vault": prefixed("vault", "hv" + "s.", ALNUM, 90),
    "jwt": jwt,
    "huggingface letters": prefixed("huggingface letters", "h" + "f_", string.ascii_letters, 34),
    "mailgun": prefixed("mailgun", "ke" + "y-", HEX, 32),
    "databricks old": prefixed("databricks old", "do" + "se", HEX, 32),
    "slack cookie": prefixed("slack cookie", "xo" + "xd-", ALNUM, 60),
    "pinecone": prefixed("pinecone", "pc" + "sk_", ALNUM, 60),
    "tavily": prefixed("tavily", "tv" + "ly-", ALNUM, 32),
    "langsmith": prefixed("langsmith", "lsv" + "2_pt_", HEX, 32),
    "supabase": prefixed("supabase", "sb" + "p_", HEX, 40),
    "planetscale": prefixed("planetscale", "pscale" + "_pw_", URLSAFE, 43),
    "sentry": prefixed("sentry", "sntr" + "ys_", ALNUM, 60),
    "doppler": prefixed("doppler", "dp" + ".pt.", ALNUM, 43),
    "notion": prefixed("notion", "secr" + "et_", ALNUM, 43),
    "vault old": prefixed("vault old", "s" + ".", ALNUM, 24),
    "bcrypt": prefixed("bcrypt", "$2" + "y$10$", ALNUM + "./", 53),
    "argon2": prefixed("argon2", "$argon2" + "id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$", ALNUM, 43),
    "django hash": prefixed("django hash", "pbkdf2" + "_sha256$260000$saltsalt$", ALNUM + "+/", 43, "="),
    "pem rsa": private_key("RSA PRIVATE" + " KEY"),
    "pem ec": private_key("EC PRIVATE" + " KEY"),
    "pem openssh": private_key("OPENSSH PRIVATE" + " KEY"),
}
# Told only by what stands around them
SURROUNDED: dict[str, tuple[str, Callable[[random.Random], Secret]]] = {
    "url password": ("postgresql://ann:{}@db.example.org:5432/shop", password),
    "redis url": ("redis://:{}@cache.example.org:6379/0", prefixed("redis url", "", ALNUM, 24)),
    "odbc": ("Driver=x;Server=db;Uid=ann;Pwd={};", password),
    "azure storage": (
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=core.windows.net",
        prefixed("azure storage", "", ALNUM + "+/", 86, "=="),
    ),
    "azure bus": (
        "Endpoint=sb://a.example.net/;SharedAccessKeyName=Root;SharedAccessKey={}",
        prefixed("azure bus", "", ALNUM + "+/", 43, "="),
    ),
    "signed url": ("https://a.example.net/c/b?sv=2024&sig={}&se=2026", prefixed("signed url", "", ALNUM, 43)),
    "libpq": ("host=db password={} dbname=shop", password),
    "bearer header": ("Authorization: Bearer {}", prefixed("bearer header", "", URLSAFE, 40)),
    "basic header": ("authorization: Basic {}", prefixed("basic header", "", ALNUM, 24)),
    "api header": ("X-Api-Key: {}", prefixed("api header", "", HEX, 32)),
    "cookie": ("Cookie: sessionid={}", prefixed("cookie", "", LOWER, 32)),
    "npmrc": ("//registry.example.org/:_authToken={}", prefixed("npmrc", "", ALNUM, 30)),
    "option": ("deploy --password {} --dry-run", password),
    "sentence": ("the password is {}", password),
    "aws secret": ("aws_secret_access_key = '{}'", prefixed("aws secret", "", ALNUM + "+/", 40)),
    "assignment": ("api_key = '{}'", prefixed("assignment", "", ALNUM, 20)),
    "annotated": ("client_secret: str = '{}'", password),
    "dictionary": ("{{'password': '{}', 'user': 'ann'}}", password),
    "json": ('{{"private_key_password": "{}"}}', password),
    "subscript": ("config['db']['password'] = '{}'", password),
    "setter": ("os.environ.setdefault('DB_PASSWORD', '{}')", password),
    "kaggle": ("{{'username': 'ann', 'token': '{}'}}", prefixed("kaggle", "", HEX, 32)),
    "pypirc": ("[pypi]\nusername = ann\npassword = {}\n", password),
    "aws file": (
        "[default]\naws_secret_access_key = {}\nregion = eu-west-1\n",
        prefixed("aws file", "", ALNUM + "+/", 40),
    ),
    "pgpass": ("\ndb.example.org:5432:shop:ann:{}\n", password),
    "sentry url": ("https://{}@o12.ingest.example.org/34", prefixed("sentry url", "", HEX, 32)),
    "git url": ("https://{}@git.example.org/ann/a.git", prefixed("git url", "", ALNUM, 20)),
    "teams hook": (
        "https://acme.webhook.office.com/webhookb2/a1@b2/IncomingWebhook/{}/c3",
        prefixed("teams hook", "", HEX, 32),
    ),
    "auth pair": ("requests.get(url, auth=('ann', '{}'))", password),
    "mail login": ("server.login('ann', '{}')", password),
    "wrapped": ("SecretStr('{}')", password),
    "fernet": ("Fernet(b'{}')", prefixed("fernet", "", URLSAFE, 43, "=")),
    "client": ("Client('AC', '{}')", prefixed("client", "", HEX, 32)),
    "item": ("[('user', 'ann'), ('password', '{}')]", password),
    "curl": ("curl -u ann:{} https://example.org", password),
    "sshpass": ("sshpass -p {} ssh ann@example.org", password),
    "pydantic": (
        "1 validation error for S\npassword\n  Too short [type=short, input_value='{}', input_type=str]",
        password,
    ),
    "refused": ("AuthError: invalid password '{}' for user ann", password),
    "in brackets": ("password (staging): {}", password),
    "passwort": ("Passwort: {}", password),
    "decoded": ("password = base64.b64decode('{}')", prefixed("decoded", "", ALNUM, 20, "=")),
    "joined": ("password = 'ab1' '{}'", password),
    "added": ("api_key = 'ab1' + \\\n    '{}'", prefixed("added", "", ALNUM, 20)),
    "csv": ("\nuser,password,age\nann,{},3\n", password),
    "markdown": ("\n| user | password |\n|---|---|\n| ann | {} |\n", password),
    "table": ("\n   user        password\n0   ann  {}\n1   bob             x-2\n", password),
    "frame as json": ('{{"user": {{"0": "ann"}}, "password": {{"0": "{}"}}}}', password),
    "kaggle file": ('{{"username": "ann", "key": "{}"}}', prefixed("kaggle file", "", HEX, 32)),
    "query": ("https://example.org/?access_token={}&page=2", prefixed("query", "", ALNUM, 30)),
}
