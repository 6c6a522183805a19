"""The list of failpoints and the crash table against the code: none is dead, none is missing, none is left untested."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from pytest_django import Settings

from sora_portal import failpoints
from sora_portal.failpoints import CRASHES, FAILPOINTS, arm, armed, reach
from tests.operations.installation import ROOT

NAMES = [point.name for point in FAILPOINTS]


def reached() -> Iterator[tuple[str, str]]:
    """Yield each failpoint that the code reaches, and the function that does, found in the syntax trees."""
    for path in (ROOT / "sora_portal").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT / "sora_portal").with_suffix("").parts)
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and ast.unparse(node.func) == "failpoints.reach":
                        yield ast.literal_eval(node.args[0]), f"{module}.{function.name}"


def test_failpoints_are_listed_where_the_code_reaches_them_each_in_one_place() -> None:
    assert sorted(reached()) == sorted((point.name, point.where) for point in FAILPOINTS)


def test_every_failpoint_belongs_to_a_crash_and_every_crash_has_one() -> None:
    assert {name for crash in CRASHES for name in crash.points} == set(NAMES)
    assert [crash.what for crash in CRASHES if not crash.points or not crash.tests] == []


@pytest.mark.parametrize("test", sorted({test for crash in CRASHES for test in crash.tests}))
def test_crash_table_names_tests_that_exist(test: str) -> None:
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text())
    assert name in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def test_every_failpoint_is_armed_by_a_test_with_real_processes() -> None:
    code = "\n".join(
        path.read_text() for path in (ROOT / "tests" / "crashes").glob("test_*.py") if path != Path(__file__)
    )
    assert [name for name in NAMES if f'"{name}"' not in code] == []


def test_failpoint_does_nothing_outside_test_mode(settings: Settings) -> None:
    arm(NAMES[0], "database")
    settings.SORA_PORTAL_TEST_MODE = False
    reach(NAMES[0])
    assert armed() == [NAMES[0]]


def test_failpoint_acts_when_its_turn_comes_and_once() -> None:
    arm(NAMES[0], "database", nth=3)
    reach(NAMES[0])
    reach(NAMES[0])
    with pytest.raises(OperationalError):
        reach(NAMES[0])
    assert armed() == []
    reach(NAMES[0])


def test_failpoint_of_a_full_disk_raises_what_a_full_disk_raises() -> None:
    arm(NAMES[0], "disk")
    with pytest.raises(OSError, match="disk is full"):
        reach(NAMES[0])


@pytest.mark.parametrize(("action", "status"), [("kill", -9), ("sleep:0", 0)])
def test_failpoint_acts_on_its_own_process(data_dir: Path, action: str, status: int) -> None:
    arm(NAMES[0], action)
    script = (
        "import django; from django.conf import settings; from pathlib import Path\n"
        f"settings.configure(SORA_PORTAL_TEST_MODE=True, DATA_DIR=Path({str(data_dir)!r}))\n"
        f"from sora_portal import failpoints; failpoints.reach({NAMES[0]!r})"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == status
    assert armed() == []


def test_who_is_stopped_and_finds_the_failpoint_armed_again_stops_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stops = []

    def stop(_: str) -> None:
        stops.append(armed())
        if len(stops) == 1:
            arm(NAMES[0], "stop")

    monkeypatch.setitem(failpoints.ACTIONS, "stop", stop)
    arm(NAMES[0], "stop")
    reach(NAMES[0])
    assert stops == [[], []]


@pytest.mark.parametrize(
    ("name", "action", "nth"), [("nowhere", "kill", 1), (NAMES[0], "bake", 1), (NAMES[0], "kill", 0)]
)
def test_failpoint_that_does_not_exist_cannot_be_armed(name: str, action: str, nth: int) -> None:
    with pytest.raises(ValueError, match="no"):
        arm(name, action, nth=nth)


def test_command_lists_each_failpoint_with_where_it_is_and_what_must_hold() -> None:
    said = StringIO()
    call_command("failpoints", stdout=said)
    text = said.getvalue()
    assert [point for point in FAILPOINTS if f"{point.name}\n    in {point.where}: {point.moment}" not in text] == []
    assert [crash.holds for crash in CRASHES if crash.holds not in text] == []


def test_command_arms_in_test_mode_only(settings: Settings) -> None:
    call_command("failpoints", arm="claimed", action="stop", nth=2, stdout=StringIO())
    assert (failpoints.folder() / "claimed").read_text() == "stop 2"
    settings.SORA_PORTAL_TEST_MODE = False
    with pytest.raises(CommandError, match="test mode"):
        call_command("failpoints", arm="claimed", stdout=StringIO())
