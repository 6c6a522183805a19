"""Blankness, length and folding, by signs that other programs send."""

import pytest

from sora_portal.web import text

UNSEEN = [
    "", " \n\t", "\u200b", "\u200b\u200d", "\u2060", "\ufeff", "\ufe0f", "\u00ad", "\u2800", "\u3164", "\u115f\u1160",
    "\uffa0", "\u0301", "\u0301\u20dd", "\u034f", "\u061c\u202e", "\U000e0041", "\U000e0100", "\u180e", "\0", "\x7f",
    "\u2028",
]  # fmt: skip


@pytest.mark.parametrize("blank", UNSEEN)
def test_what_shows_nothing_is_blank(blank: str) -> None:
    assert text.is_blank(blank)
    assert text.stripped(blank) == ""
    assert not text.is_blank(f"{blank}a")


@pytest.mark.parametrize("shown", ["狐", "🦊", "❤️", "👩‍🚀", "نص", "é", ".", "\U0001fae9"])
def test_what_shows_something_is_not_blank(shown: str) -> None:
    assert not text.is_blank(shown)


def test_only_what_is_seen_counts_as_seen() -> None:
    assert text.seen("a\u200bb\u0301 c\ufe0f") == 3


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("ЛИСА", "лиса"),
        ("Café", "CAFE"),
        ("cafe\u0301", "café"),
        ("STRASSE", "straße"),
        ("ΟΔΟΣ", "οδος"),
        ("İstanbul ISPARTA", "istanbul ısparta"),
        ("ｆｏｘ", "fox"),
        ("fox\r\nbridge", "fox bridge"),
        ("co\u00adoperate", "cooperate"),
        ("Łódź", "lodz"),
    ],
)
def test_texts_that_a_reader_takes_for_one_fold_to_one(written: str, asked: str) -> None:
    assert text.folded(written) == text.folded(asked) != ""


@pytest.mark.parametrize(("one", "other"), [("가", "각"), ("किताब", "कताब"), ("fox", "box")])
def test_other_words_stay_other_words(one: str, other: str) -> None:
    assert text.folded(one) != text.folded(other)


def test_what_no_database_holds_is_taken_out() -> None:
    assert text.clean("a\0b\ud800c") == "ab\ufffdc"
    assert text.one_line_end("a\r\nb\rc\u2028d") == "a\nb\nc\nd"
