"""Who shoots: at random processes, by SIGKILL and SIGSTOP, at every failpoint in turn, and at the clock."""

import random
import signal
import time
from collections import Counter
from pathlib import Path

from chaos.house import House, send
from sora_portal import clock, failpoints

PARTS = ("web", "worker", "sweep")
CLOCK = 0.15


class Killer:
    """Shoots once for each call of `shoot`. Frozen processes go on after a while, later than their leases last."""

    def __init__(self, house: House, dice: random.Random) -> None:
        self._house, self._dice = house, dice
        self._frozen: list[tuple[float, int]] = []
        self._points = [point.name for point in failpoints.FAILPOINTS]
        self._armed: set[str] = set()
        self._wrong: Path | None = None
        self._right_at = 0.0
        self.jumps = 0
        """How often the wall clock was set wrong by four days, for some seconds."""
        self.shots: Counter[str] = Counter()
        self.reached: Counter[str] = Counter()

    def shoot(self) -> None:
        """Kill or freeze one process now, or arm the next failpoint; at times, set the clock."""
        throw = self._dice.random()
        if self._dice.random() < CLOCK and not self._wrong:
            self._set_clock()
        if throw < 0.4:
            self._arm()
        else:
            self._signal(signal.SIGKILL if throw < 0.8 else signal.SIGSTOP)

    def _set_clock(self) -> None:
        days = self._dice.choice((-4, 4))
        self._wrong = clock.wrong_by(days * 86_400)
        self._right_at = time.monotonic() + self._dice.uniform(5.0, 25.0)
        self.jumps += 1

    def _arm(self) -> None:
        idle = [name for name in self._points if name not in self._armed]
        if idle:
            # The least tried first, so that a short run reaches as many as a long one.
            name = min(idle, key=lambda name: (self.reached[name], self._dice.random()))
            action = "sleep:3" if self._dice.random() < 0.15 else "kill"
            failpoints.arm(name, action)
            self._armed.add(name)

    def _signal(self, signum: signal.Signals) -> None:
        part = self._dice.choice(PARTS)
        victim = self._dice.choice(self._house.targets(part))
        if send(victim, signum):
            self.shots[f"{signum.name} {part}"] += 1
            if signum is signal.SIGSTOP:
                self._frozen.append((time.monotonic() + self._dice.uniform(0.5, 6.0), victim))

    def tend(self, *, all_of_them: bool = False) -> None:
        """Let frozen processes go on whose time is over, and count the failpoints that somebody has reached."""
        now = time.monotonic()
        if self._wrong and (all_of_them or self._right_at < now):
            self._wrong.unlink(missing_ok=True)
            self._wrong = None
        for until, pid in list(self._frozen):
            if all_of_them or until < now:
                send(pid, signal.SIGCONT)
                self._frozen.remove((until, pid))
        still = set(failpoints.armed())
        for name in self._armed - still:
            self.reached[name] += 1
        self._armed &= still

    @property
    def kills(self) -> int:
        """How many processes were killed, frozen or held at a failpoint so far."""
        return self.shots.total() + self.reached.total()

    def cease(self) -> None:
        """Disarm what nobody reached and wake everybody."""
        self.tend(all_of_them=True)
        for name in self._armed:
            (failpoints.folder() / name).unlink(missing_ok=True)
