"""The catalogue that a setting means, loaded for those who do not read English."""

import os
from functools import cache
from pathlib import Path

from cot_magic.core.language import AUTO, ENGLISH, LANGUAGES, Catalogue

FOLDER = Path(__file__).parents[1] / "locale"
DOMAIN = "cot_magic"


def language_of(setting: str) -> str:
    """Return the language that a setting means: `auto` is that of the environment, else English."""
    if setting != AUTO:
        return setting or ENGLISH
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            code = value.partition(".")[0].partition("_")[0].lower()
            return code if code in LANGUAGES else ENGLISH
    return ENGLISH


@cache
def catalogue_of(language: str) -> Catalogue | None:
    """Return the catalogue of one of LANGUAGES; None for English, which needs none."""
    if language == ENGLISH:
        return None
    from gettext import translation  # who reads English never needs it

    return translation(DOMAIN, FOLDER, [language])
