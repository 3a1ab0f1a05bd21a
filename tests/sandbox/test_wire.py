"""Messages between processes survive being cut, and noise is no message."""

import json

from cot_magic.sandbox.wire import Lines, pack, plain, shorten


def test_a_message_comes_out_however_it_is_cut():
    data = pack({"a": 1}) + pack({"b": "ü\n\ud800"})
    for size in range(1, len(data)):
        lines = Lines()
        found = [m for start in range(0, len(data), size) for m in lines.feed(data[start : start + size])]
        assert found == [{"a": 1}, {"b": "ü\n\ud800"}]


def test_a_message_that_was_cut_off_spoils_only_itself():
    lines = Lines()
    assert lines.feed(pack({"first": 1})[:-4] + pack({"second": 2})) == [{"second": 2}]


def test_noise_is_no_message():
    deep = b"[" * 100_000
    assert Lines().feed(b"\xff\xfe\n3\n[1]\nnull\n" + deep + b"\n" + pack({})) == [{}]


def test_texts_are_shortened_in_the_middle_and_can_be_written():
    assert shorten("abc", 3) == "abc"
    short = shorten("a" * 50 + "z" * 50, 20)
    assert len(short) == 20
    assert short.startswith("aaa")
    assert short.endswith("zzz")
    assert plain("a\ud800") == "a\\ud800"
    json.dumps(plain("a\ud800"), ensure_ascii=False).encode()
