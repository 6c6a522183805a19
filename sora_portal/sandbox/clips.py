"""Clips rendered one after another in a child process, so that a crash or a hang of the encoder stays outside."""

import json
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FULL_FPS, QUICK_FPS, QUICK_SECONDS = 24, 12, 2.0
RENDER_TIMEOUT = 180.0
_QUICK_LONG, _QUICK_SHORT, _QUICK_SQUARE = 640, 360, 480
_ROOT = Path(__file__).resolve().parents[2]

Done = Callable[[str], None]


@dataclass(frozen=True)
class ClipOrder:
    """A file to make: `kind` as in Knobs.clips; seconds and pixels as the task asked for them."""

    path: Path
    kind: str
    caption: str
    seconds: float
    width: int
    height: int
    label: str
    seed: int = 0

    def job(self) -> dict[str, object]:
        """Return what the child is told: the size and length that `kind` makes of the order."""
        if self.kind == "full":
            size, seconds, fps = (self.width, self.height), self.seconds, FULL_FPS
        else:
            size, seconds, fps = _quick_size(self.width, self.height), QUICK_SECONDS, QUICK_FPS
        return {
            "path": str(self.path),
            "caption": self.caption,
            "label": self.label,
            "seed": self.seed,
            "width": size[0],
            "height": size[1],
            "seconds": seconds,
            "fps": fps,
        }


def _quick_size(width: int, height: int) -> tuple[int, int]:
    if width == height:
        return _QUICK_SQUARE, _QUICK_SQUARE
    return (_QUICK_LONG, _QUICK_SHORT) if width > height else (_QUICK_SHORT, _QUICK_LONG)


class Renderer:
    """One child process that makes clips, started on first use and again after it died."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def warm_up(self) -> None:
        """Start the child now: importing the encoder takes about 0.3 s."""
        self._running()

    def render(self, job: dict[str, object]) -> str:
        """Make one clip; return "" or the reason why not."""
        for _ in range(2):  # a child that died idle is not the clip's fault
            child = self._running()
            watchdog = threading.Timer(RENDER_TIMEOUT, child.kill)
            watchdog.start()
            try:
                assert child.stdin
                assert child.stdout
                child.stdin.write(json.dumps(job) + "\n")
                child.stdin.flush()
                line = child.stdout.readline()
            except OSError:
                line = ""
            finally:
                watchdog.cancel()
            if line:
                return str(json.loads(line)["error"])
            self.close()
        return "the renderer stopped"

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def _running(self) -> subprocess.Popen[str]:
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "sora_portal.sandbox.render"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=_ROOT,
            )
        return self._child


class Clips:
    """A queue of clip orders worked off by `workers` threads, each with its own renderer."""

    def __init__(self, *, workers: int = 1) -> None:
        self._orders: queue.SimpleQueue[tuple[int, ClipOrder, Done] | None] = queue.SimpleQueue()
        self._age = 0
        self._shared: dict[tuple[object, ...], Path] = {}
        self._renderers = [Renderer() for _ in range(workers)]
        self._threads = [threading.Thread(target=self._work, args=(r,), daemon=True) for r in self._renderers]
        self._finished = threading.Condition()
        self._names: set[str] = set()
        self._closing = False

    def start(self) -> None:
        """Start the workers."""
        for thread in self._threads:
            thread.start()

    def order(self, order: ClipOrder, done: Done) -> None:
        """Make the file some time soon; `done` is then called with "" or the reason why not."""
        self._orders.put((self._age, order, done))

    def wait_for(self, name: str, *, seconds: float) -> bool:
        """Wait until the file called `name` is made; tell whether it is."""
        with self._finished:
            return self._finished.wait_for(lambda: name in self._names, timeout=seconds)

    def forget_waiting(self) -> None:
        """Drop every order not finished yet, also the one being made."""
        self._age += 1
        with self._finished:
            self._names.clear()

    def close(self) -> None:
        """End the workers and their children."""
        self._closing = True
        for _ in self._threads:
            self._orders.put(None)
        for renderer in self._renderers:
            renderer.close()

    def _work(self, renderer: Renderer) -> None:
        renderer.warm_up()
        while (item := self._orders.get()) is not None:
            age, order, done = item
            if age != self._age:
                continue
            error = self._make(renderer, order)
            if self._closing:
                return
            if age != self._age:
                order.path.unlink(missing_ok=True)
                continue
            done(error)
            with self._finished:
                self._names.add(order.path.name)
                self._finished.notify_all()

    def _make(self, renderer: Renderer, order: ClipOrder) -> str:
        part = order.path.with_suffix(".part")
        job = order.job() | {"path": str(part)}
        error = self._share(renderer, job, part) if order.kind == "one" else renderer.render(job)
        if not error:
            part.replace(order.path)
        return error

    def _share(self, renderer: Renderer, job: dict[str, object], part: Path) -> str:
        """Copy the one clip of this size, made when it is first needed."""
        size = (job["width"], job["height"])
        shared = self._shared.get(size)
        if shared is None or not shared.exists():
            shared = part.parent / f"shared-{size[0]}x{size[1]}.mp4"
            error = renderer.render(job | {"path": str(shared), "caption": "One clip for every task"})
            if error:
                return error
            self._shared[size] = shared
        shutil.copyfile(shared, part)
        return ""
