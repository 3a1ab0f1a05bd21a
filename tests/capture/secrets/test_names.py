"""Names that say that their value is secret."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cot_magic.capture.secrets.names import may_hold, name_weight

NAME_PARTS = [
    "api", "auth", "client", "db", "access", "pass", "word", "Pass", "Word", "pw", "pwd", "dsn", "secret", "s", "cred",
    "creds", "key", "Key", "id", "sess", "session", "conn", "str", "string", "con", "trasen", "pat", "sig", "jwt",
    "cookie", "bearer", "token", "tokens", "1", "_", "-", ".", "é",
]  # fmt: skip


@settings(max_examples=3 * settings().max_examples)
@given(parts=st.lists(st.sampled_from(NAME_PARTS), max_size=6))
def test_a_name_with_a_weight_is_never_overlooked(parts: list[str]) -> None:
    name = "".join(parts)
    for text in (name, f"the value of {name} = 1"):
        assert name_weight(name) == 0 or may_hold(text.lower())
