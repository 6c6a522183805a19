"""CSV cells: text can never become a formula, numbers stay numbers."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_portal.web import spreadsheets
from sora_portal.web.spreadsheets import Credits, text_of


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u00a0=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "|cmd",
        "%0A",
    ],
)
def test_text_that_could_be_a_formula_is_quoted(text: str) -> None:
    assert text_of(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ada Moreau", "1,250 boats", "a=b", "'quoted", "é", "10-12"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert text_of(text) == text


@pytest.mark.parametrize(
    ("milli", "text"), [(0, "0"), (40_000, "40"), (1_250_500, "1250.5"), (-1_001, "-1.001"), (1, "0.001")]
)
def test_amounts_are_plain_numbers(milli: int, text: str) -> None:
    assert text_of(Credits(milli)) == text


@given(st.text())
def test_no_text_begins_like_a_formula(text: str) -> None:
    assert (
        not text_of(text).lstrip(" \u00a0\ufeff").startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    )


@given(st.integers(-(10**12), 10**12))
def test_amounts_can_be_read_back(milli: int) -> None:
    whole, _, part = text_of(Credits(milli)).lstrip("-").partition(".")
    assert int(whole) * 1000 + int(part.ljust(3, "0") or 0) == abs(milli)


def _rows(until: int) -> Iterator[tuple[str]]:
    for number in range(5):
        if number == until:
            raise RuntimeError("the database has gone")
        yield (f"row {number}",)


def test_a_file_that_cannot_begin_is_an_error_like_any_other() -> None:
    with pytest.raises(RuntimeError):
        spreadsheets.answer("x.csv", ("A",), _rows(until=0))


def test_a_file_that_ends_early_says_so_and_breaks_off() -> None:
    parts: list[bytes] = []
    with pytest.raises(RuntimeError):
        parts.extend(spreadsheets.answer("x.csv", ("A",), _rows(until=3)).streaming_content)  # type: ignore[arg-type]
    stream = iter(spreadsheets.answer("x.csv", ("A",), _rows(until=3)).streaming_content)  # type: ignore[arg-type]
    lines = [next(stream).decode() for _ in range(5)]
    assert lines[3] == "row 2\r\n"
    assert lines[4].startswith('"INCOMPLETE')
