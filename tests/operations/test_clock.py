"""The portal's time: even, whatever happens to the wall clock, in every process of the machine."""

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from sora_portal import clock

wall = timezone.now
FOUR_DAYS = timedelta(days=4)
NEAR = timedelta(seconds=3)


class Wall:
    """A wall clock that can be set, and the time since the machine started."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.off = timedelta(0)
        self.up = 1000.0
        self.real = wall()
        monkeypatch.setattr("django.utils.timezone.now", self.now)
        monkeypatch.setattr(clock, "_up", lambda: self.up)

    def now(self) -> datetime:
        return self.real + self.off

    def passes(self, seconds: float) -> None:
        """Let time pass, as all clocks see it."""
        self.up += seconds
        self.real += timedelta(seconds=seconds)
        clock.settle()

    @staticmethod
    def another_process() -> None:
        """Forget what this process knows."""
        clock._known.clear()


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Wall:
    """The hands of the wall clock; the portal has seen it once."""
    hands = Wall(monkeypatch)
    clock.now()
    return hands


@pytest.mark.parametrize("off", [FOUR_DAYS, -FOUR_DAYS, timedelta(seconds=30)])
def test_a_jump_is_not_followed_and_forgotten_when_it_is_over(hands: Wall, off: timedelta) -> None:
    hands.off = off
    hands.passes(25)
    hands.another_process()
    assert abs(clock.now() - hands.real) < NEAR, "nor by a process that starts meanwhile"
    told = clock.jump()
    assert told is not None
    assert abs(told.by - off) < NEAR
    hands.off = timedelta(0)
    hands.passes(1)
    assert (clock.now(), clock.jump()) == (hands.real, None)


@pytest.mark.parametrize("off", [FOUR_DAYS, -FOUR_DAYS])
def test_a_clock_that_stays_is_followed_in_the_end(hands: Wall, off: timedelta) -> None:
    hands.off = off
    hands.passes(1)
    for _ in range(8):
        hands.passes(100)
        assert abs(clock.now() - hands.real) < NEAR
    hands.passes(101)
    assert clock.now() == hands.real + off
    hands.another_process()
    assert clock.now() == hands.real + off


def test_a_clock_that_jumps_again_has_to_stay_anew(hands: Wall) -> None:
    for number in range(1, 40):
        hands.off = number * timedelta(minutes=1)
        hands.passes(60)
        assert abs(clock.now() - hands.real) < NEAR


def test_an_admin_may_say_that_the_clock_is_right(hands: Wall) -> None:
    hands.off = FOUR_DAYS
    hands.passes(1)
    clock.follow()
    assert (clock.now(), clock.jump()) == (hands.real + FOUR_DAYS, None)


def test_small_corrections_are_followed_however_many_they_are(hands: Wall) -> None:
    for number in range(20):
        hands.off = timedelta(seconds=2) * number
        hands.passes(60)
        assert clock.now() == hands.real + hands.off


def test_an_unreadable_file_is_written_anew(hands: Wall) -> None:
    clock._path().write_text("{")
    hands.another_process()
    assert clock.now() == hands.real
    assert json.loads(clock._path().read_text())


def test_processes_agree_by_the_file(data_dir: Path) -> None:
    began = clock.now()
    known = json.loads(clock._path().read_text())
    clock._path().write_text(json.dumps({**known, "started": known["started"] + 86_400}))
    code = "import django; django.setup(); from sora_portal import clock; print(clock.now().isoformat())"
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "SORA_PORTAL_TEST_DATA_DIR": str(data_dir),
            "PATH": "/usr/bin",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert timedelta(hours=23) < datetime.fromisoformat(said.strip()) - began < timedelta(hours=25)
