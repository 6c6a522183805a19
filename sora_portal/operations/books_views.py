"""Reconciliation, for admins: whether the books add up, what has waited how long, and what came after all."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from sora_portal.accounts.http import Request
from sora_portal.accounts.policies import require_admin
from sora_portal.credits import reconciling
from sora_portal.generations import queries
from sora_portal.operations import verifying

SHOWN = 50


@login_required
@require_GET
def reconciliation(request: Request) -> HttpResponse:
    """What the last look at the books found, what is open by age, and the videos that were recovered."""
    require_admin(request.user)
    recovered = queries.recovered_rows(request.user)
    context = {
        "last": reconciling.last(),
        "waiting": verifying.waiting(timezone.now()),
        "recovered": recovered[:SHOWN],
        "recovered_count": recovered.count(),
        "watched_count": queries.watched_count(),
    }
    return render(request, "operations/reconciliation.html", context)
