"""What a person can do after a fault where there are no magics: on the command line, in a program."""

import re

# a sentence of its own tells how `%cot_resume` goes on with what was found, and a new run does not
_SENTENCE = re.compile(r"(?<=\. )%cot_resume\b[^.;]*")
_CLAUSE = re.compile(r"(?:(try|run) )?%cot_resume\b", re.IGNORECASE)
AGAIN = (
    "Run it again to start anew. `cot-magic replay FILE` shows what was found until now, if it was recorded "
    "by --save FILE."
)


def without_magics(message: str) -> str:
    """A fault's line that says to run it again where it names `%cot_resume`."""
    return _CLAUSE.sub(_run_it_again, _SENTENCE.sub("Run it again", message))


def _run_it_again(clause: re.Match[str]) -> str:
    return "Run it again" if clause[0][0].isupper() else "run it again"
