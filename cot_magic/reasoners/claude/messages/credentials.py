"""Whether there is a credential for a model's server: looked up as the SDK does, without importing it."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from cot_magic.core.errors import UsageError

Platform: TypeAlias = Literal["anthropic", "bedrock", "vertex", "foundry"]
PLATFORMS: tuple[Platform, ...] = ("anthropic", "bedrock", "vertex", "foundry")
# this machine, also as seen from inside a container
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal")  # noqa: S104 - compared, not bound

_AWS_VARIABLES = (
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def has_credentials(platform: str = "anthropic", environ: Mapping[str, str] | None = None) -> bool:
    """Whether there is a credential to send, or a local server that needs none."""
    return credential_source(platform, environ) is not None


def credential_source(
    platform: str = "anthropic", environ: Mapping[str, str] | None = None, *, base_url: str | None = None
) -> str | None:
    """Where the credential comes from, in words for people; None if there is none.

    Follows the order of the SDK: key, token, named profile, workload identity, active profile. It only looks
    at which variables are set and which files exist; it reads no secret and asks no server.

    Raises
    ------
    UsageError
        If there is no platform with that name.
    """
    given = os.environ if environ is None else environ
    checked = platform_named(platform)
    if checked == "bedrock":
        return _bedrock(given)
    if checked == "vertex":
        return _vertex(given)
    if checked == "foundry":
        return "ANTHROPIC_FOUNDRY_API_KEY" if given.get("ANTHROPIC_FOUNDRY_API_KEY") else None
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE"):
        if given.get(name):
            return name
    if _has_workload_identity(given):
        return "ANTHROPIC_IDENTITY_TOKEN (workload identity)"
    if has_credential_header(given):
        return "ANTHROPIC_CUSTOM_HEADERS"
    profile = _active_profile(given)
    if profile is not None:
        return f"profile {profile}"
    address = base_url or given.get("ANTHROPIC_BASE_URL", "")
    return f"local server at {address}" if is_local(address) else None


def what_is_missing(platform: str = "anthropic", environ: Mapping[str, str] | None = None) -> str:
    """What to do so that a request can be sent, in one sentence; "" if nothing is known to be missing.

    Raises
    ------
    UsageError
        If there is no platform with that name.
    """
    given = os.environ if environ is None else environ
    checked = platform_named(platform)
    if checked == "vertex" and not given.get("CLOUD_ML_REGION"):
        return "Set CLOUD_ML_REGION to the region of Vertex AI, for example global."
    if checked == "foundry" and not (
        given.get("ANTHROPIC_FOUNDRY_RESOURCE") or given.get("ANTHROPIC_FOUNDRY_BASE_URL")
    ):
        return "Set ANTHROPIC_FOUNDRY_RESOURCE to the name of the Foundry resource."
    return "" if credential_source(checked, given) is not None else _REMEDIES[checked]


_REMEDIES: Mapping[Platform, str] = {
    "anthropic": "Set ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL for a local server.",
    "bedrock": "Run `aws configure`, or set AWS_BEARER_TOKEN_BEDROCK or AWS_PROFILE (and AWS_REGION).",
    "vertex": "Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS.",
    "foundry": "Set ANTHROPIC_FOUNDRY_API_KEY.",
}


def platform_named(name: str) -> Platform:
    """The platform with that name. Raises UsageError with the names of those that exist."""
    for platform in PLATFORMS:
        if name == platform:
            return platform
    raise UsageError(f"unknown platform {name}: expected one of {', '.join(PLATFORMS)}. Nothing was run.")


def is_local(address: str) -> bool:
    """Whether an address is on this machine, where local models are served without a credential."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:  # unbalanced square brackets
        return False
    return host in _LOCAL_HOSTS or host.endswith(".localhost") or host.startswith("127.")


def has_credential_header(given: Mapping[str, str]) -> bool:
    """Whether the custom headers, which go with every request, include a credential, as for a gateway."""
    lines = given.get("ANTHROPIC_CUSTOM_HEADERS", "").split("\n")
    names = {line.partition(":")[0].strip().lower() for line in lines if ":" in line}
    return bool(names & {"authorization", "x-api-key"})


def _has_workload_identity(given: Mapping[str, str]) -> bool:
    token = given.get("ANTHROPIC_IDENTITY_TOKEN_FILE") or given.get("ANTHROPIC_IDENTITY_TOKEN")
    return bool(
        token and given.get("ANTHROPIC_FEDERATION_RULE_ID") and given.get("ANTHROPIC_ORGANIZATION_ID")
    )


def _config_folder(given: Mapping[str, str]) -> Path:
    if given.get("ANTHROPIC_CONFIG_DIR"):
        return Path(given["ANTHROPIC_CONFIG_DIR"])
    if sys.platform == "win32":
        appdata = given.get("APPDATA")
        return (Path(appdata) if appdata else Path.home() / "AppData" / "Roaming") / "Anthropic"
    return Path.home() / ".config" / "anthropic"


def _active_profile(given: Mapping[str, str]) -> str | None:
    """The name of the active profile, if its configuration exists on disk."""
    folder = _config_folder(given)
    try:
        name = (folder / "active_config").read_text(encoding="utf-8").strip() or "default"
    except (OSError, UnicodeDecodeError):  # without this file, the SDK uses the profile `default`
        name = "default"
    if name.startswith(".") or any(mark in name for mark in ("/", "\\", "\0")):
        return None  # the SDK refuses such names too
    try:
        return name if (folder / "configs" / f"{name}.json").is_file() else None
    except OSError:
        return None


def _bedrock(given: Mapping[str, str]) -> str | None:
    for name in _AWS_VARIABLES:
        if given.get(name):
            return name
    path = Path(given.get("AWS_SHARED_CREDENTIALS_FILE") or Path.home() / ".aws" / "credentials")
    return f"AWS credentials file {path}" if path.is_file() else None


def _vertex(given: Mapping[str, str]) -> str | None:
    if not given.get("CLOUD_ML_REGION"):
        return None  # the SDK's client needs a region
    if has_credential_header(given):
        return "ANTHROPIC_CUSTOM_HEADERS"
    if given.get("GOOGLE_APPLICATION_CREDENTIALS"):
        return "GOOGLE_APPLICATION_CREDENTIALS"
    folder = Path(given.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud")
    path = folder / "application_default_credentials.json"
    return f"Google application default credentials {path}" if path.is_file() else None
