"""The vendors' own limits: calls a minute and tasks at once. Beyond them the answer is 429."""

import math
import threading
from collections import defaultdict, deque


class Limits:
    """Remembers when each vendor was called; a minute is `minute` seconds long, so that it can run faster."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def wait(self, vendor: str, kind: str, *, most: int | None, minute: float, now: float) -> int | None:
        """Count one call and return None, or return the whole seconds to wait when `most` were made in a minute."""
        if most is None:
            return None
        with self._lock:
            calls = self._calls[vendor, kind]
            while calls and calls[0] <= now - minute:
                calls.popleft()
            if len(calls) >= most:
                return max(1, math.ceil(calls[0] + minute - now)) if calls else max(1, math.ceil(minute))
            calls.append(now)
            return None

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            self._calls.clear()
