"""Asking a vendor how things stand: the admins' Test button and the balance. One call each, outside any transaction."""

from datetime import datetime

from sora_portal import clock
from sora_portal.accounts.models import User
from sora_portal.accounts.policies import require_admin
from sora_portal.catalog.models import Connection
from sora_portal.errors import Refused
from sora_portal.providers import http
from sora_portal.providers.base import Balance, Check, CheckResult, Endpoint, Provider
from sora_portal.providers.redaction import redact
from sora_portal.providers.registry import names, provider

# Somebody waits in front of the page; a healthy vendor answers such a question in well under a second.
TIMEOUT = 8.0

# What the page says of each result: what it is, and what to do.
SENTENCES: dict[str, str] = {
    CheckResult.OK: "It answers, and it accepts the key.",
    CheckResult.BAD_KEY: "It does not accept the key. Set the key that the vendor's site shows, then test again.",
    CheckResult.NO_BALANCE: "It accepts the key, but our account there is empty. Top it up at the vendor.",
    CheckResult.WRONG_ADDRESS: (
        "Somebody answers at this address, but nothing of this vendor's kind is there."
        " Look at the address and, in the settings, at the path prefix."
    ),
    CheckResult.NO_HOST: "No such host: the name in the address leads nowhere. Look at the address, then at this"
    " server's DNS.",
    CheckResult.NO_TLS: (
        "No secure connection came about: the host's certificate is not trusted, or it speaks no TLS at this port."
        " Look at the address; if it is right, something between here and the vendor interferes."
    ),
    CheckResult.UNREACHABLE: (
        "The connection was refused or broken off. The vendor is down, the port is wrong, or a firewall is in between."
    ),
    CheckResult.TIMED_OUT: f"No answer within {TIMEOUT:.0f} seconds. The vendor is slow or down: try again in a while.",
    CheckResult.NOT_JSON: (
        "Something answers, but not in the vendor's form: most likely a web page. Look at the address."
    ),
    CheckResult.RATE_LIMITED: "It wants us to slow down; address and key are most likely right. Try again in a minute.",
    CheckResult.VENDOR_TROUBLE: "The vendor itself is in trouble or under maintenance. Nothing to mend here: wait.",
    CheckResult.ODD: "It answered something that the portal cannot judge. Read the vendor's words below.",
}


class NoAdapter(Refused):
    """A connection names a vendor that the portal does not speak to."""


class NoBalance(Refused):
    """The vendor gave no balance; the sentence says why."""


def asks_balance(connection: Connection) -> bool:
    """Return whether the vendor of `connection` can be asked for our balance there."""
    return connection.vendor in names() and _adapter(connection).balance_call(Endpoint(connection.url, "")) is not None


def _adapter(connection: Connection) -> Provider:
    """Return the adapter; raises NoAdapter for a row whose vendor the portal does not speak to."""
    if connection.vendor not in names():
        raise NoAdapter(f"The portal speaks to {', '.join(names())}; {connection.vendor} is none of them.")
    return provider(connection.vendor)


def check_connection(*, by: User, connection: Connection) -> Check:
    """Make the vendor's cheapest harmless call, keep what came of it, and return it. Never inside a transaction.

    Where that call is the question for the balance, the balance is kept too. Raises NotAllowed unless `by` is an admin.
    """
    require_admin(by)
    adapter = _adapter(connection)
    answer = http.send(adapter.check_call(connection.endpoint()), timeout=TIMEOUT)
    check, now = adapter.read_check(answer), clock.now()
    Connection.objects.filter(pk=connection.pk).update(
        tested_at=now, test_result=check.result.value, test_text=_words(check, connection)
    )
    _keep(connection, adapter.read_balance(answer), now)
    return check


def ask_balance(*, by: User, connection: Connection) -> Balance:
    """Ask the vendor what is left on our account there, keep it, and return it. Never inside a transaction.

    Raises NotAllowed unless `by` is an admin, and NoBalance with a sentence when the vendor documents no such call or
    gave no number.
    """
    require_admin(by)
    adapter, endpoint = _adapter(connection), connection.endpoint()
    call = adapter.balance_call(endpoint)
    if call is None:
        raise NoBalance(f"{connection.label} documents no way to ask for the balance. Look at the vendor's site.")
    answer = http.send(call, timeout=TIMEOUT)
    balance = adapter.read_balance(answer)
    if balance is None:
        raise NoBalance(f"{connection.label} gave no balance. {SENTENCES[adapter.read_check(answer).result]}")
    _keep(connection, balance, clock.now())
    return balance


def _keep(connection: Connection, balance: Balance | None, now: datetime) -> None:
    if balance is not None:
        rows = Connection.objects.filter(pk=connection.pk)
        rows.update(balance_milli=balance.milli, balance_unit=balance.unit, balance_at=now)


def _words(check: Check, connection: Connection) -> str:
    """Return the vendor's own words for staff: its code, unless the text names it, and its text, without secrets."""
    code = "" if check.code in ("", "200") or check.code in check.message else f"{check.code} "
    return redact(f"{code}{check.message}", connection.key)[:400]
