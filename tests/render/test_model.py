"""The text of a model as it arrives: bounded and readable while it grows, whole at the end."""

import json

import sessions

from cot_magic.core.events import Finding, PhaseEnded, Streamed, Withdrawn
from cot_magic.core.findings import Phase
from cot_magic.core.session import Session
from cot_magic.core.streaming import EMPTY, Transcript
from cot_magic.render.accordion import bundle
from cot_magic.render.blocks import Fold, Stream, Text
from cot_magic.render.model import StreamReader, readable
from cot_magic.render.outline import LiveOutline, outline

ANSWER = {
    "headline": "the key is misspelt",
    "findings": [{"topic": "pattern", "text": 'a "KeyError" on a dict\nof two keys'}],
    "hypotheses": [{"claim": "a typo in cell [5]", "prediction": "no record has it"}],
}


def transcript(*pieces: str) -> Transcript:
    found = EMPTY
    for piece in pieces:
        found = found.add(piece)
    return found


def pieces(text: str, size: int = 7) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def analyzed(*events: object) -> Session:
    start = sessions.analyze(sessions.key_error_case())[:2]
    return sessions.fold([*start, *events])


def test_a_transcript_is_the_same_however_its_text_came() -> None:
    text = "".join(f"word{n} " for n in range(5_000))
    assert transcript(text) == transcript(*pieces(text)) == transcript(*pieces(text, 4_096))
    assert str(transcript(*pieces(text))) == text
    for size in (0, 1, 4_095, 4_096, 4_097, 20_000, len(text), len(text) + 5):
        assert transcript(*pieces(text)).tail(size) == (text[-size:] if size else "")
        assert transcript(*pieces(text)).head(size) == text[:size]
        assert transcript(*pieces(text)).cut(size) == transcript(text[:size])


def test_what_is_shown_of_a_long_text_is_bounded_and_says_how_much_is_above() -> None:
    reader, written = StreamReader(), EMPTY
    for number in range(20_000):
        written = written.add(f"w{number} ")
        if number % 500 == 0:
            shown = reader.read(written)
            assert shown is not None
            assert len(shown.text) <= 3_000
            assert str(written).endswith(shown.text)
            assert shown.above + len(shown.text) == written.length
            assert not shown.above or shown.text.startswith("w"), "it begins with a whole word"


def test_the_beginning_of_what_is_shown_moves_in_steps_so_that_lines_stay_in_place() -> None:
    reader, written, starts = StreamReader(), EMPTY, []
    for number in range(3_000):
        written = written.add(f"w{number} ")
        shown = reader.read(written)
        assert shown is not None
        starts.append(shown.above)
    assert len(set(starts)) < 24


def test_a_structured_answer_is_never_shown_as_json() -> None:
    text = json.dumps(ANSWER, indent=1)
    reader, written = StreamReader(), EMPTY
    for piece in pieces(text, 3):
        written = written.add(piece)
        shown = reader.read(written)
        for sign in ("{", "}", '":', '"topic'):
            assert sign not in (shown.text if shown is not None else "")
    assert shown is not None
    assert shown.text.splitlines()[0] == "headline: the key is misspelt"
    assert 'text: a "KeyError" on a dict\nof two keys' in shown.text


def test_prose_before_a_structured_answer_is_shown_until_the_answer_says_something() -> None:
    reader = StreamReader()
    assert reader.read(transcript("I look at the keys.")) == Stream(text="I look at the keys.")
    with_start = transcript("I look at the keys.", '{"head')
    assert reader.read(with_start) == Stream(text="I look at the keys.")
    assert reader.read(with_start.add('line": "a typo')) == Stream(text="headline: a typo")


def test_a_fenced_answer_is_recognised_and_a_dict_in_prose_is_not() -> None:
    fenced = transcript("Here it is:\n", "```json\n", '{"headline": "x"}\n```')
    assert StreamReader().read(fenced) == Stream(text="headline: x")
    prose = 'The row is {"item": "tea"} here.'
    assert StreamReader().read(transcript(prose)) == Stream(text=prose)


def test_an_answer_that_is_cut_in_an_escape_is_readable() -> None:
    assert readable('{"claim": "caf\\u00') == "claim: caf\\u00"
    assert readable('{"claim": "a\\') == "claim: a"
    assert readable('{"empty": "", "n": 3, "x": null}') == ""


def test_an_attempt_that_is_withdrawn_leaves_the_screen() -> None:
    text = '{"headline": "wrong"'
    live = LiveOutline()
    first = analyzed(Streamed(phase=Phase.ANALYZE, text=text))
    assert live.draw(first, "").sections[0].streams == (Stream(text="headline: wrong"),)
    again = analyzed(
        Streamed(phase=Phase.ANALYZE, text=text),
        Withdrawn(phase=Phase.ANALYZE, text=len(text)),
        Streamed(phase=Phase.ANALYZE, text="Anew."),
    )
    assert live.draw(again, "").sections[0].streams == (Stream(text="Anew."),)


def test_at_the_end_everything_that_was_written_is_there_but_for_the_answer() -> None:
    words = [f"w{n}" for n in range(20_000)]
    events = [Streamed(phase=Phase.ANALYZE, text=f"{word} ") for word in words]
    events.append(Streamed(phase=Phase.ANALYZE, text="\n" + json.dumps(ANSWER)))
    found = Finding(phase=Phase.ANALYZE, topic="pattern", text="A typo.")
    ended = analyzed(*events, found, PhaseEnded(phase=Phase.ANALYZE, headline="a typo"))
    for name, text in bundle(ended).items():
        assert set(words) <= set(text.replace(">", " ").replace("<", " ").split()), name
        assert "hypotheses" not in text, name


def test_a_phase_that_was_cut_shows_what_can_be_read_of_its_answer() -> None:
    session = analyzed(Streamed(phase=Phase.ANALYZE, text=json.dumps(ANSWER)[:60])).stopped()
    text = bundle(session)["text/plain"]
    assert "headline: the key is misspelt" in text
    assert '"headline"' not in text


def test_short_prose_without_findings_stays_open() -> None:
    said = Streamed(phase=Phase.ANALYZE, text="I look at the keys.")
    ended = PhaseEnded(phase=Phase.ANALYZE, headline="done")
    assert Text(text="I look at the keys.") in outline(analyzed(said, ended)).sections[0].blocks
    long = Streamed(phase=Phase.ANALYZE, text="I look at the keys. " * 400)
    blocks = outline(analyzed(long, ended)).sections[0].blocks
    assert "what the model wrote (8,000 characters)" in [b.title for b in blocks if isinstance(b, Fold)]
