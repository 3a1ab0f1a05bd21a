"""Secrets among the environment variables: which are withheld from copies and from what comes back."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cot_magic.sandbox import wire

SECRET_NAME = re.compile(
    r"KEY|TOKEN|SECRET|PASS|CRED|AUTH|COOKIE|DSN|DATABASE_URL|CONN(ECTION)?_?STR|WEBHOOK|PRIVATE"
    r"|(?<!OLD)(?<!^)PWD$|(^|_)PAT$",
    re.IGNORECASE,
)
"""Names of environment variables whose values are withheld from copies."""
SECRET_VALUE = re.compile(
    r"://[^/\s:@]*:[^@\s/]+@|hooks\.slack\.com/|/api/webhooks/|-----BEGIN|eyJ[\w-]{8,}\.[\w-]{8,}\."
    r"|\b(AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|sig|access_token|api_key)=[^;&\s]{4,}"
    r"|(?<![A-Za-z0-9])(gh[pousr]_|github_pat_|glpat-|sk-|xox[abeprs]-|AKIA|ASIA|AIza|hf_|npm_|pypi-|dop_v1_|shp\w\w_"
    r"|SG\.)[\w.-]{12,}",
    re.IGNORECASE,
)
"""Values that are withheld whatever their name: addresses with a password, known forms of keys."""


def secret_names(environ: Mapping[str, str]) -> frozenset[str]:
    """The names of the variables whose values are withheld from copies."""
    return frozenset(
        name for name, value in environ.items() if SECRET_NAME.search(name) or SECRET_VALUE.search(value)
    )


def secrets_of_environment() -> tuple[tuple[str, str], ...]:
    """Names and values to withhold from the results of jobs; short values occur by chance."""
    pairs = [(name, value) for name in secret_names(os.environ) if len(value := os.environ[name]) > 7]
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[1]), pair[0])))


def redacted(data: Any, secrets: Sequence[tuple[str, str]]) -> Any:
    """JSON data with these values replaced by their names in all its strings."""
    if isinstance(data, str):
        for name, value in secrets:
            data = data.replace(value, f"[{name}]")
        return wire.plain(data)
    if isinstance(data, list):
        return [redacted(item, secrets) for item in data]
    if isinstance(data, dict):
        return {key: redacted(item, secrets) for key, item in data.items()}
    return data
