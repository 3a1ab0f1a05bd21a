"""What `%%cot+?` shows: usage and options of the magics."""

from cot_magic.options import OPTIONS
from cot_magic.settings import DEFAULT_MODEL, PRESETS

DOC = """Run the cell; when it fails, find out why and offer a fix with tests that were executed.

    %%{name} [free text] [options]      on top of a cell
    %{name} [free text] [options]       after a failure: the last cell that failed

Five phases (ANALYZE, PLAN, VALIDATE, IMPLEMENT, CONFIRM) appear below the cell. Every ✓ was executed in a
confined copy of the kernel as it was before the cell. A cell that passes costs next to nothing; with free
text it is reviewed instead.

The offline reasoner searches for up to {seconds:g} s. If it verifies no fix and there is a credential
(ANTHROPIC_API_KEY, a profile, or ANTHROPIC_BASE_URL for a local server), {model} goes on from there with
{tokens:,} thinking tokens per request and at most {requests} requests. Secrets are withheld from the model:
--preview shows the request and sends nothing. After a fault or Ctrl-C, %cot_resume continues with the
unfinished phase.

Options
{options}

With --teach, a lesson starts instead: before each phase you predict what it will say, in the widgets below
the cell or with %cot_answer TEXT (--hint, --show); your prediction is run.

See also: %cot_insert, %cot_undo, %cot_last, %cot_config, %cot_auto, %cot_resume,
%cot_replay, %cot_export, %cot_answer, %cot_guard.
"""


def help_of(name: str) -> str:
    """The help of one of the three magics."""
    preset = PRESETS[name]
    options = "\n".join(f"    {option.name + ' ' + option.metavar:<20} {option.help}" for option in OPTIONS)
    return DOC.format(
        name=name,
        tokens=preset.thinking_tokens,
        requests=preset.requests,
        seconds=preset.search_s,
        options=options,
        model=DEFAULT_MODEL,
    )
