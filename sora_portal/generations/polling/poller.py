"""The sweep: finds every row whose time has come, whoever was meant to wake it.

The lease *is* the schedule. Each tick takes the rows due before the next tick ends and, in one short transaction,
moves their `due_at` on: a running video by its poll interval (keeping its phase), other rows by a lease. Polls then
fire at their own due time, concurrently, from one asyncio loop; other work is queued for the work cluster. A poll that
finds nothing new writes nothing. A second sweeper beside the first is harmless: what one has leased is no longer due
for the other, and what one leaves behind when it is killed the other makes, see `diary`. Measured in docs/adr/0003.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from django.db import DatabaseError, connections

from sora_portal import clock
from sora_portal.catalog import breaker_state
from sora_portal.catalog.credentials import Closed
from sora_portal.catalog.models import Connection
from sora_portal.generations import admission
from sora_portal.generations.callbacks.inbox import prune
from sora_portal.generations.models import Attempt
from sora_portal.generations.polling.lease import Poll, again, lease
from sora_portal.generations.polling.lease_file import LeaseFile
from sora_portal.generations.polling.overdue import bring_back
from sora_portal.generations.polling.probe import Probe, due, settle
from sora_portal.generations.polling.requeue import requeue_inbox, requeue_late_tasks
from sora_portal.generations.restored import check
from sora_portal.generations.restored.replay import catch_up
from sora_portal.generations.vendor.client import renewed, repin, status_call, unasked
from sora_portal.generations.vendor.create_result import import_receipts
from sora_portal.generations.vendor.health import HealthCounter, quiet
from sora_portal.generations.vendor.response_log import keep_query
from sora_portal.generations.vendor.status_result import record, says_something
from sora_portal.heartbeat import beat
from sora_portal.installation import safe_mode
from sora_portal.providers.base import Endpoint, ErrorKind, Job, NoReply, Reply
from sora_portal.providers.http import Pool
from sora_portal.providers.registry import provider
from sora_portal.uptime.counted import Keeper

log = logging.getLogger(__name__)
T = TypeVar("T")

TICK = 1.0
HEIR = 0.25  # seconds between two looks at what a killed neighbour left behind
SPOOL_EVERY = 60.0
POLLERS = 2  # how many there are at a time, one for each row of PollerSlot; each takes its share of a connection's cap
DRAIN = 5.0  # for the looks under way at the end of a slice; whoever waits longer is asked again anyway


def _rests() -> bool:
    """Return whether the portal is in safe mode: then nothing is asked or woken, and what waits says so."""
    try:
        rests = check.closed(clock.now())
    except OSError:
        log.exception("the send journal cannot be read, so nothing is done")
        return True
    if rests:
        check.tell_waiting()
    return rests


class Lines:
    """What one sweeper may have open to one connection: whoever hangs keeps only their own lines busy."""

    def __init__(self, max_polls: int) -> None:
        self.pool = Pool()
        self.free = asyncio.Semaphore(max(1, max_polls // POLLERS))


class Poller:
    """One sweep loop. `diary` is open and its own; `on_look` is told each look's lag in seconds, for the benchmark."""

    def __init__(self, diary: LeaseFile, *, on_look: Callable[[Poll, float], None] | None = None) -> None:
        self._diary, self._on_look = diary, on_look
        # Django's connections belong to threads: all database work of the loop is done by this one.
        self._database = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sweep-db")
        self._running: dict[asyncio.Task[None], int] = {}
        self._lines: dict[int, Lines] = {}
        self._tally = HealthCounter()
        self._at_work = Keeper()
        self._quiet: Collection[int] = ()

    def run(self, seconds: float, keep_going: Callable[[], bool] = lambda: True) -> None:
        """Sweep for `seconds`, or until `keep_going` (asked once a tick) says no; then finish what is under way."""
        try:
            asyncio.run(self._loop(seconds, keep_going))
        finally:
            self._database.submit(connections.close_all).result()
            self._database.shutdown()

    async def _loop(self, seconds: float, keep_going: Callable[[], bool]) -> None:
        end = time.monotonic() + seconds
        spool_at = 0.0
        self._quiet = quiet(await self._in_database(breaker_state.tripped), clock.now())
        heir = asyncio.create_task(self._inherit())
        try:
            while time.monotonic() < end:
                began = time.monotonic()
                if not await self._in_database(keep_going):
                    break
                beat()
                if await self._in_database(_rests):
                    await asyncio.sleep(TICK)
                    continue
                # First of all: the looks that are due soonest wait for it.
                self._make(await self._in_database(lambda: lease(clock.now(), TICK, self._quiet)))
                self._try(await self._in_database(self._news))
                await self._in_database(self._keep_time)
                await self._in_database(lambda: admission.call_where_free(clock.now()))
                await self._in_database(lambda: requeue_inbox(clock.now()))
                await self._in_database(lambda: requeue_late_tasks(clock.now()))
                if began >= spool_at:
                    spool_at = began + SPOOL_EVERY
                    await self._in_database(import_receipts)
                    await self._in_database(catch_up)
                    await self._in_database(lambda: prune(clock.now()))
                    await self._in_database(lambda: bring_back(clock.now()))
                await asyncio.sleep(max(0.0, TICK - (time.monotonic() - began)))
            heir.cancel()
            await self._drain(keep_going)
            await self._in_database(lambda: self._tally.write(clock.now()))
        finally:
            heir.cancel()
            for lines in self._lines.values():
                await lines.pool.aclose()

    def _keep_time(self) -> None:
        """Note that the portal is at work, and mend what a clock that was wrong left behind."""
        clock.settle()
        now = clock.now()
        if self._at_work(now):
            bring_back(now)

    def _news(self) -> list[Probe]:
        """Write down what the vendors' answers said of them; return the queries that test who was unwell."""
        now = clock.now()
        self._tally.write(now)
        unwell = breaker_state.tripped()
        self._quiet = quiet(unwell, now)
        return due(unwell, now)

    def _try(self, probes: list[Probe]) -> None:
        """Start the queries that find out whether a vendor works again."""
        for probe in probes:
            task = asyncio.create_task(self._probe(probe))
            self._running[task] = 0
            task.add_done_callback(self._running.pop)

    def _make(self, looks: list[Poll]) -> None:
        """Start the looks, each of which waits for its time, and write down all that are under way."""
        under_way = set(self._running.values())
        for look in looks:
            if look.attempt.pk in under_way:
                # Its last look still waits for a slow vendor; another one behind it would only make the line longer.
                continue
            task = asyncio.create_task(self._look(look))
            self._running[task] = look.attempt.pk
            task.add_done_callback(self._running.pop)
        self._diary.note(pk for pk in self._running.values() if pk)

    async def _inherit(self) -> None:
        """Make the looks that a killed sweeper left behind: the one before this in its slot, or one beside it."""
        left = self._diary.read()
        while True:
            try:
                if left := left + self._diary.inherit():
                    log.warning("making %d looks that a killed sweeper left behind", len(left))
                    self._make(await self._in_database(partial(again, left, clock.now())))
                    left = []
            except (OSError, DatabaseError):
                log.exception("what a killed sweeper left behind could not be read")
            await asyncio.sleep(HEIR)

    async def _drain(self, keep_going: Callable[[], bool]) -> None:
        """Wait for the looks under way, showing life meanwhile; drop those that wait for a vendor that hangs.

        Nothing is lost with them: their rows are due again, while a sweep that waits leaves all other rows alone.
        """
        end = time.monotonic() + DRAIN
        while self._running and time.monotonic() < end:
            await asyncio.wait(self._running, timeout=TICK)
            beat()
            await self._in_database(keep_going)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _to(self, connection: Connection) -> Lines:
        if connection.pk not in self._lines:
            self._lines[connection.pk] = Lines(connection.max_polls)
        return self._lines[connection.pk]

    async def _in_database(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._database, work)

    async def _look(self, look: Poll) -> None:
        """Make one status query at its time; hand what changes anything to the database thread."""
        await asyncio.sleep(max(0.0, (look.at - clock.now()).total_seconds()))
        if safe_mode.holds():
            return
        if self._on_look:
            self._on_look(look, (clock.now() - look.at).total_seconds())
        attempt = look.attempt
        try:
            lines = self._to(attempt.connection)
            async with lines.free:
                if attempt.connection_id in self._quiet:
                    return
                began = clock.now()
                answer, job = await self._ask(lines, attempt, None)
                if job.kind is ErrorKind.BAD_KEY and (endpoint := renewed(attempt)):
                    again, fresh = await self._ask(lines, attempt, endpoint)
                    if fresh.usable and fresh.found:
                        await self._in_database(lambda: repin(attempt, clock.now()))
                        answer, job = again, fresh
            now = clock.now()
            self._tally.note(attempt, job, began_at=began, now=now)
            if says_something(attempt, attempt.generation, job, now):
                await self._in_database(lambda: record(attempt_id=attempt.pk, job=job, now=now))
                await self._in_database(lambda: keep_query(attempt, answer, job))
        except Exception:
            # One row's trouble must not end the watch over all others; the row is due again anyway.
            log.exception("looking after attempt %s failed", attempt.pk)

    async def _ask(self, lines: Lines, attempt: Attempt, endpoint: Endpoint | None) -> tuple[Reply | NoReply, Job]:
        try:
            call = status_call(attempt, attempt.vendor_task_id or "", endpoint)
        except Closed as closed:
            return unasked(closed)
        answer = await lines.pool.send(call)
        return answer, provider(attempt.connection.vendor).read_status(answer)

    async def _probe(self, probe: Probe) -> None:
        """Find out whether a vendor works again. It waits for no free line: those may all hang."""
        try:
            answer = await self._to(probe.connection).pool.send(probe.call)
            job = provider(probe.connection.vendor).read_status(answer)
            await self._in_database(lambda: settle(probe, job, clock.now()))
        except Exception:
            # The next try is planned already.
            log.exception("asking whether %s works again failed", probe.connection)
