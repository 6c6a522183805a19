"""Reconciliation, for admins: whether books and clock are right, what waits how long, and what came after all."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from sora_portal import clock
from sora_portal.accounts.http import Request
from sora_portal.accounts.policies import require_admin
from sora_portal.generations import queries
from sora_portal.generations.models import Generation
from sora_portal.ledger import reconciliation as ledger_reconciliation
from sora_portal.operations.reconciliation import checks
from sora_portal.outputs.media import integrity

log = logging.getLogger(__name__)

SHOWN = 50


@login_required
@require_GET
def reconciliation(request: Request) -> HttpResponse:
    """What the last look at the books found, what is open by age, and the videos that were recovered."""
    require_admin(request.user)
    recovered = queries.recovered_rows(request.user)
    context = {
        "last": ledger_reconciliation.last(),
        "clock": clock.jump(),
        "now": clock.now(),
        "waiting": checks.waiting(clock.now()),
        "files": integrity.summary(),
        "broken": Generation.objects.filter(broken_at__isnull=False).select_related("output", "author")[:SHOWN],
        "recovered": recovered[:SHOWN],
        "recovered_count": recovered.count(),
        "watched_count": queries.watched_count(),
    }
    return render(request, "operations/reconciliation.html", context)


@login_required
@require_POST
def follow_clock(request: Request) -> HttpResponse:
    """Take this machine's clock as it is, although it jumped."""
    require_admin(request.user)
    clock.follow()
    log.warning("%s told the portal to follow the clock of this machine", request.user.username)
    messages.success(request, "The portal follows this machine's clock.")
    return redirect("operations:reconciliation")
