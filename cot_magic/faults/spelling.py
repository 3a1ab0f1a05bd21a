"""Words that are spelt nearly right."""

import builtins
import keyword
from collections.abc import Iterator

SHORTEST = 4  # a slip in a shorter word is seen at once
_TAKEN = frozenset(vars(builtins))


def slips(word: str, taken: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Misspellings of a word that are still a name, in a fixed order; none for a short word.

    Two neighbours exchanged, a letter left out, the last `s` lost or added. `taken` are names that exist.
    """
    if len(word) < SHORTEST:
        return ()
    found = dict.fromkeys(_slips(word))
    return tuple(
        slip
        for slip in found
        if slip != word
        and slip.isidentifier()
        and not keyword.iskeyword(slip)
        and slip not in taken
        and slip not in _TAKEN
    )


def _slips(word: str) -> Iterator[str]:
    places = range(1, len(word) - 1)
    for place in places:
        one, other = word[place], word[place + 1]
        if one != other and one.isalpha() and other.isalpha():
            yield word[:place] + other + one + word[place + 2 :]
    for place in places:
        if word[place].isalpha():
            yield word[:place] + word[place + 1 :]
    yield word[:-1] if word.endswith("s") else f"{word}s"
