"""What a model is called on each platform, and by which names its price is looked up.

The forms are those of https://platform.claude.com/docs/en/about-claude/models/model-ids-and-versions: since
the 4.6 generation an id has no date, and on Bedrock no version since Sonnet 4.6.
"""

import re
from collections.abc import Iterator

from cot_magic.reasoners.claude.messages.credentials import Platform

# the dates of earlier models
_SNAPSHOTS = {
    "claude-opus-4-5": "20251101",
    "claude-sonnet-4-5": "20250929",
    "claude-haiku-4-5": "20251001",
}
_DATED = re.compile(r"(claude-[a-z]+-\d-\d)-(\d{8})")
_PLAIN = re.compile(r"claude-[a-z]+-\d+(-\d{1,2})?")
_AROUND = re.compile(r"(?:[@-]\d{8}|@[a-z]+)?(?:-v\d+(?::\d+)?)?(?::[a-z]+)?$")


def model_on(platform: Platform, model: str) -> str:
    """The id of a model on the platform; one that is not in the form of the Claude API stays as it is.

    On Bedrock it is the id of the global inference profile, which every region accepts.
    """
    dated = _DATED.fullmatch(model)
    name, date = (dated[1], dated[2]) if dated else (model, _SNAPSHOTS.get(model, ""))
    if not _PLAIN.fullmatch(name):
        return model
    match platform:
        case "bedrock":
            version = f"-{date}-v1:0" if date else "-v1" if name == "claude-opus-4-6" else ""
            return f"global.anthropic.{name}{version}"
        case "vertex":
            return f"{name}@{date}" if date else name
        case _:
            return model


def plain_name(model: str) -> str:
    """A model's id without what platforms and gateways add to it: region, maker and route before it, date,
    version and variant after it, and dots in its version."""
    name = model.rpartition("anthropic.")[2].rpartition("/")[2]
    if not name.startswith("claude-"):
        return name
    return re.sub(r"(?<=\d)\.(?=\d)", "-", _AROUND.sub("", name))


def priced_names(model: str) -> Iterator[str]:
    """The names under which a price list may have the model, the exact one first."""
    yield from dict.fromkeys((model, plain_name(model)))
