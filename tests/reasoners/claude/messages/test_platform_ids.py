"""What a model is called on each platform, what it costs there, and what is missing to ask it."""

import pytest

from cot_magic.core.errors import UsageError
from cot_magic.reasoners.claude.messages.connection import MessagesConnection
from cot_magic.reasoners.claude.messages.cost import list_price
from cot_magic.reasoners.claude.messages.credentials import PLATFORMS, what_is_missing
from cot_magic.reasoners.claude.messages.platform_ids import model_on
from cot_magic.run.choose_reasoner import choose_reasoner, chosen
from cot_magic.settings import DEFAULT_MODEL, Settings

IDS = [
    ("bedrock", "claude-opus-5-5", "global.anthropic.claude-opus-5-5"),
    ("bedrock", "claude-sonnet-4-6", "global.anthropic.claude-sonnet-4-6"),
    ("bedrock", "claude-opus-4-6", "global.anthropic.claude-opus-4-6-v1"),
    ("bedrock", "claude-haiku-4-5", "global.anthropic.claude-haiku-4-5-20251001-v1:0"),
    ("bedrock", "claude-sonnet-4-5-20250929", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("vertex", "claude-opus-5-5", "claude-opus-5-5"),
    ("vertex", "claude-haiku-4-5", "claude-haiku-4-5@20251001"),
    ("foundry", "claude-opus-5-5", "claude-opus-5-5"),
    ("anthropic", "claude-haiku-4-5", "claude-haiku-4-5"),
]
OWN = [
    "eu.anthropic.claude-opus-5-5",
    "arn:aws:bedrock:eu-central-1:1:x/y",
    "my-deployment",
    "claude-x@default",
]


@pytest.mark.parametrize(("platform", "model", "there"), IDS)
def test_a_model_has_the_id_of_the_platform(platform, model: str, there: str) -> None:
    assert model_on(platform, model) == there
    assert MessagesConnection(model=model, platform=platform).model == there


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("model", OWN)
def test_an_id_that_the_person_wrote_for_the_platform_stays(platform, model: str) -> None:
    assert model_on(platform, model) == model


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("model", [DEFAULT_MODEL, "claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-6"])
def test_a_model_has_a_price_on_every_platform(platform, model: str) -> None:
    there = model_on(platform, model)
    price = list_price(there, platform=platform, uncached=1_000_000)
    assert price == pytest.approx(list_price(model, uncached=1_000_000))  # global profiles cost no more


@pytest.mark.parametrize(
    "model",
    [
        "anthropic/claude-opus-5.5",
        "openrouter/anthropic/claude-opus-5-5",
        "bedrock/global.anthropic.claude-opus-5-5",
        "vertex_ai/claude-opus-5-5@default",
        "claude-opus-5-5:beta",
    ],
)
def test_the_id_of_a_gateway_has_the_price_of_the_model(model: str) -> None:
    assert list_price(model, output=1_000) == list_price("claude-opus-5-5", output=1_000)


def test_a_model_that_no_list_has_has_no_price() -> None:
    assert list_price("gateway/some-other-model", output=1_000) is None


MISSING = [
    ("anthropic", {}, "ANTHROPIC_API_KEY"),
    ("bedrock", {}, "aws configure"),
    ("vertex", {}, "CLOUD_ML_REGION"),
    ("vertex", {"CLOUD_ML_REGION": "global"}, "gcloud auth application-default login"),
    ("foundry", {"ANTHROPIC_FOUNDRY_API_KEY": "k"}, "ANTHROPIC_FOUNDRY_RESOURCE"),
    ("foundry", {"ANTHROPIC_FOUNDRY_RESOURCE": "r"}, "ANTHROPIC_FOUNDRY_API_KEY"),
]


@pytest.mark.parametrize(("platform", "environ", "named"), MISSING)
def test_what_is_missing_names_its_own_remedy(platform: str, environ, named: str, monkeypatch) -> None:
    assert named in what_is_missing(platform, environ)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=named):
        choose_reasoner(Settings(reasoner="claude", platform=platform))
    name, why = chosen(Settings(platform=platform))
    assert name == "offline"
    assert platform == "anthropic" or named in why
    assert platform == "anthropic" or "ANTHROPIC_API_KEY" not in why


def test_nothing_is_missing_where_a_credential_and_its_settings_are_there() -> None:
    assert what_is_missing("anthropic", {"ANTHROPIC_API_KEY": "k"}) == ""
    assert what_is_missing("bedrock", {"AWS_PROFILE": "p"}) == ""
    assert (
        what_is_missing("foundry", {"ANTHROPIC_FOUNDRY_API_KEY": "k", "ANTHROPIC_FOUNDRY_RESOURCE": "r"})
        == ""
    )
