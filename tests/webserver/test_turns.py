"""Visitors take turns at the threads."""

from types import SimpleNamespace

import pytest

from sora_portal.webserver.turns import Turns, visitor


class Waiting:
    """A request of a visitor."""

    def __init__(self, visitor: str, number: int) -> None:
        self.visitor, self.number = visitor, number
        self.answered = False

    def service(self) -> None:
        self.answered = True

    def cancel(self) -> None:
        pass


def test_visitors_take_turns_and_leave_one_thread() -> None:
    ended: list[str] = []
    turns = Turns(2, ended.append)
    many = [Waiting("many", number) for number in range(4)]
    one = Waiting("one", 0)
    for task in (*many, one):
        turns.append(task)
    taken = [turns.popleft() for _ in range(3)]
    for task in taken:
        task.service()
    assert [task.answered for task in (*many, one)] == [True, True, False, False, True]
    assert (len(turns), bool(turns)) == (2, False), "two of its own are under way"
    with pytest.raises(IndexError):
        turns.popleft()
    assert ended == ["many", "one", "many"]
    for name in ended:
        turns.end(name)
    assert bool(turns)


@pytest.mark.parametrize(
    ("path", "cookie", "who"),
    [
        ("/", "csrftoken=a; sessionid=b", "session b"),
        ("/", "", "address 192.0.2.1"),
        ("/healthz", "sessionid=b", "health"),
    ],
)
def test_visitor_is_a_session_or_an_address(path: str, cookie: str, who: str) -> None:
    assert visitor(SimpleNamespace(path=path, headers={"COOKIE": cookie}), "192.0.2.1") == who
