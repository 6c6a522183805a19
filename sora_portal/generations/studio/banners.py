"""The lines above the studio: what waits for whom; an admin also learns why, and where to mend it."""

from collections.abc import Iterator, Sequence

from django.urls import reverse

from sora_portal import clock
from sora_portal.accounts.models import User
from sora_portal.catalog.models import Connection, Lifecycle
from sora_portal.catalog.queries import balance_text
from sora_portal.generations import queries
from sora_portal.generations.studio import delays
from sora_portal.ledger import reconciliation

Banner = dict[str, str]


def banners(user: User, projects: list[int] | None, every: Sequence[Connection]) -> list[Banner]:
    """Return the lines for `user`, who follows these `projects` (None: all); `every` is all connections."""
    lines = []
    if books := reconciliation.notice(user):
        lines.append(_line(books, "triangle-alert"))
    if projects == []:
        lines.append(_line("You are in no project yet. Ask an admin to add you to one.", "users"))
    if undecided := queries.undecided_count(user):
        text = f"{undecided} video{' needs' if undecided == 1 else 's need'} your decision."
        lines.append(_line(text, "triangle-alert", f"{reverse('generations:studio')}?show=doubt", "Show them"))
    connections = [row for row in every if row.paused_at or row.balance_is_low]
    if user.is_portal_admin:
        lines += _for_admins(connections)
    # An admin has read why the portal itself has paused one.
    told = user.is_portal_admin
    paused = [row.label for row in connections if row.paused_at and not (told and row.latched)]
    if paused:
        lines.append(_line(f"New videos for {' and '.join(paused)} wait. Nothing is lost.", "hourglass"))
    return lines


def _for_admins(connections: list[Connection]) -> Iterator[Banner]:
    """Yield what has to be mended at a vendor, or decided on the board."""
    board = reverse("board:show")
    if jumped := clock.jump():
        text = f"This machine's clock is {jumped.words} the portal's time. Nothing is written off because of it."
        yield _line(text, "triangle-alert", reverse("operations:reconciliation"), "Look at it")
    for row in connections:
        if row.latched:
            yield _line(f"{row.label} is paused: {row.pause_reason}", "plug", board, "Open Providers")
        if row.balance_is_low:
            text = f"Only {balance_text(row)} is left on our account at {row.label}."
            yield _line(text, "coins", board, "Open Providers")
    for model in queries.closed_models():
        if model.stage is Lifecycle.PAUSED:
            yield _line(f"{model} is paused: {model.lifecycle_note}", "plug", board, "Open Providers")
        else:
            url = reverse("board:waiting_model", args=[model.slug])
            yield _line(f"{model} has ended, and videos still wait for it.", "hourglass", url, "Decide")
    for text in delays.delays(clock.now()):
        yield _line(text, "hourglass", board, "Open Providers")


def _line(text: str, icon: str, url: str = "", action: str = "") -> Banner:
    return {"text": text, "icon": icon, "url": url, "action": action}
