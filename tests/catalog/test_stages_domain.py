"""catalog.stages: a day decides by itself, and members are told beforehand."""

from datetime import date

import pytest

from sora_portal.catalog.lifecycle import closed_text, day_text, news_text, stage_on

DAY = date(2026, 9, 24)


@pytest.mark.parametrize(
    ("today", "stage"),
    [(date(2026, 9, 23), "degraded"), (DAY, "retired"), (date(2027, 1, 1), "retired")],
)
def test_a_model_is_retired_from_its_day_on(today: date, stage: str) -> None:
    assert stage_on(today, lifecycle="degraded", retires_on=DAY) == stage


def test_without_a_day_the_row_decides() -> None:
    assert stage_on(DAY, lifecycle="paused", retires_on=None) == "paused"


def test_a_day_names_its_year_when_it_is_another_one() -> None:
    assert (day_text(DAY, today=DAY), day_text(DAY, today=date(2025, 1, 1))) == ("24 Sep", "24 Sep 2026")


def _news(**values: object) -> tuple[str, ...]:
    usual = {"label": "Sora 2", "lifecycle": "active", "note": "", "retires_on": None, "successor": ""}
    return news_text(**{**usual, **values}, today=date(2026, 9, 1))  # type: ignore[arg-type]


def test_an_end_is_announced_with_what_follows() -> None:
    assert _news(retires_on=DAY, successor="Veo 3.1") == ("Sora 2 ends on 24 Sep; Veo 3.1 follows it.",)
    assert _news(retires_on=DAY) == ("Sora 2 ends on 24 Sep.",)


def test_a_degraded_model_shows_its_note_and_an_active_one_keeps_it() -> None:
    assert _news(lifecycle="degraded", note="slow until Monday") == ("Sora 2 is not at its best: slow until Monday",)
    assert _news(lifecycle="degraded") == ("Sora 2 is not at its best at the moment.",)
    assert _news(note="bought in March") == ()


def test_a_closed_model_says_what_to_do() -> None:
    assert closed_text(label="Sora 2", stage="retired", successor="Veo 3.1") == "Sora 2 has ended. Veo 3.1 follows it."
    assert closed_text(label="Sora 2", stage="retired", successor="") == "Sora 2 has ended. Choose another model."
    assert closed_text(label="Sora 2", stage="paused", successor="Veo").startswith("Sora 2 takes no new videos")
