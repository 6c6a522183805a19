"""How the answer to an administrator's test is judged: what all vendors share."""

from __future__ import annotations

import re

from sora_portal.providers import reading, taxonomy
from sora_portal.providers.base import Check, CheckResult, ErrorKind, NoReply, Reply
from sora_portal.providers.reading import Envelope

INVENTED_TASK = "portal-test-0000000000000"
"""A task id that no vendor has given out: asking for it costs nothing, and who knows our key says "no such task"."""

_BY_KIND = {
    ErrorKind.BAD_KEY: CheckResult.BAD_KEY,
    ErrorKind.NO_BALANCE: CheckResult.NO_BALANCE,
    ErrorKind.RATE_LIMITED: CheckResult.RATE_LIMITED,
    ErrorKind.MISCONFIGURED: CheckResult.WRONG_ADDRESS,
    ErrorKind.MODEL_UNAVAILABLE: CheckResult.VENDOR_TROUBLE,
    ErrorKind.TRANSIENT: CheckResult.VENDOR_TROUBLE,
    ErrorKind.TIMED_OUT: CheckResult.VENDOR_TROUBLE,
}
_NETWORK = (
    (re.compile(r"time-?out|deadline of the call|timed out", re.IGNORECASE), CheckResult.TIMED_OUT),
    (
        re.compile(r"name or service|name resolution|nodename|getaddrinfo|no address associated", re.IGNORECASE),
        CheckResult.NO_HOST,
    ),
    (re.compile(r"\bssl\b|\[ssl|certificate|\btls\b|violation of protocol", re.IGNORECASE), CheckResult.NO_TLS),
)


def of_unknown_task(answer: Reply | NoReply) -> Check:
    """Judge the answer to a question for `INVENTED_TASK`: "no such task" is what a healthy vendor says."""
    if isinstance(answer, NoReply):
        return _network(answer)
    envelope = reading.envelope(answer)
    if taxonomy.says_no_such_task(envelope.message) and envelope.code in {200, 400, 404, 422, 500, None}:
        return _check(CheckResult.OK, answer, envelope)
    if 404 in {answer.status, envelope.code} and taxonomy.says_no_such_address(envelope.message):
        return _check(CheckResult.WRONG_ADDRESS, answer, envelope)
    if envelope.formed and envelope.code == 404:
        # Neither the task nor the address is named, so it may mean either.
        return _check(CheckResult.ODD, answer, envelope)
    return _check(_judged(answer, envelope), answer, envelope)


def of_known_address(answer: Reply | NoReply, *, well: bool) -> Check:
    """Judge the answer of an address that the vendor documents; `well`: it held what was asked for."""
    if isinstance(answer, NoReply):
        return _network(answer)
    envelope = reading.envelope(answer)
    result = _judged(answer, envelope)
    if result is CheckResult.OK and not well:
        result = CheckResult.ODD
    return _check(result, answer, envelope)


def _judged(answer: Reply, envelope: Envelope) -> CheckResult:
    """Judge by HTTP status and body code; 2xx with code 200 is OK."""
    fine = 200 <= answer.status < 300
    if fine and not envelope.formed:
        return CheckResult.NOT_JSON
    if fine and envelope.code == 200:
        return CheckResult.OK
    if answer.status == 404 or envelope.code == 404 or 300 <= answer.status < 400:
        return CheckResult.WRONG_ADDRESS
    kind = taxonomy.classify(http=answer.status, code=envelope.code, word=envelope.word, text=envelope.message)
    return _BY_KIND.get(kind, CheckResult.ODD)


def _network(answer: NoReply) -> Check:
    found = next((result for pattern, result in _NETWORK if pattern.search(answer.reason)), CheckResult.UNREACHABLE)
    return Check(found, message=answer.reason)


def _check(result: CheckResult, answer: Reply, envelope: Envelope) -> Check:
    return Check(result, envelope.word or str(answer.status), reading.outline(answer, envelope))
