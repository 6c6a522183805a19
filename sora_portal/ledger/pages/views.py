"""The ledger, budgets, grants, corrections and refunds, for admins; putting alerts away, for everybody."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sora_portal.accounts.http import Request
from sora_portal.accounts.policies import require_admin
from sora_portal.errors import Refused
from sora_portal.ledger import actions, alerts, forecast, own_credits, periods, posting, spending
from sora_portal.ledger.errors import credits_words
from sora_portal.ledger.models import Journal, Kind, Scope, ScopeKind
from sora_portal.ledger.pages import history
from sora_portal.ledger.pages.forms import (
    AdjustForm,
    BudgetForm,
    GrantForm,
    LedgerForm,
    NewcomersForm,
    OnceForm,
    RefundForm,
)
from sora_portal.ledger.periods import Terms
from sora_portal.web import spreadsheets
from sora_portal.web.http import with_toast
from sora_portal.web.query_parameters import number
from sora_portal.web.spreadsheets import Credits

LEDGER = "credits/ledger.html"
# Credits are those of the page; the last column adds up to what is available.
LEDGER_HEADER = ("Line", "When", "What", "Credits", "For", "By", "Reason", "Video", "Change of available")
AnyForm = TypeVar("AnyForm", bound=forms.Form)


@login_required
@require_POST
def put_away(request: Request, pk: int) -> HttpResponse:
    """Show an alert no more to the person who has read it."""
    alert = get_object_or_404(forecast.concerning(request.user), pk=pk)
    alerts.put_away(by=request.user, alert=alert)
    return _alerts_left(request)


@login_required
@require_POST
def put_away_own(request: Request, pk: int) -> HttpResponse:
    """Tell an admin no more of what others did with their own credits, up to the movement `pk`."""
    require_admin(request.user)
    own_credits.put_away(by=request.user, upto=get_object_or_404(Journal, pk=pk).pk)
    return _alerts_left(request)


def _alerts_left(request: Request) -> HttpResponse:
    if not request.htmx:
        return redirect("budgets:usage")
    return render(request, "credits/_alerts.html", {"alerts": forecast.alerts_for(request.user, timezone.now())})


@login_required
@require_GET
def ledger(request: Request) -> HttpResponse:
    """Every budget, and every movement of credits."""
    require_admin(request.user)
    return _board(request, _scope(request.GET.get("scope") or "organisation"))


@login_required
@require_POST
def set_budget(request: Request, address: str) -> HttpResponse:
    """Set what a scope gets, and when."""

    def act(scope: Scope, form: BudgetForm) -> str:
        scope = actions.set_budget(by=request.user, scope=scope, terms=form.terms(), now=timezone.now())
        return f"{scope.label}: {_quota_words(scope.terms)}"

    return _change(request, address, "budget", BudgetForm, act)


@login_required
@require_POST
def set_newcomers(request: Request) -> HttpResponse:
    """Set what people get who make their first video."""

    def act(scope: Scope, form: NewcomersForm) -> str:
        scope = actions.set_default_member_quota(by=request.user, monthly=form.cleaned_data["monthly"])
        return f"Newcomers: {_quota_words(Terms(periods.MONTHLY, scope.default_member_quota))}"

    return _change(request, "organisation", "newcomers", NewcomersForm, act)


@login_required
@require_POST
def grant(request: Request, address: str) -> HttpResponse:
    """Add credits once: to the current period, or until a day."""

    def act(scope: Scope, form: GrantForm) -> str:
        data, now = dict(form.cleaned_data), timezone.now()
        last = data.pop("last")
        if last:
            actions.grant_until(by=request.user, scope=scope, last=last, now=now, **data)
        else:
            actions.grant(by=request.user, scope=scope, now=now, **data)
        until = f" until {periods.long_day_text(last)}" if last else ""
        return f"{credits_words(data['amount'])} granted to {scope.label}{until}"

    return _change(request, address, "grant", GrantForm, act)


@login_required
@require_POST
def adjust(request: Request, address: str) -> HttpResponse:
    """Correct what a scope can spend now."""

    def act(scope: Scope, form: AdjustForm) -> str:
        actions.adjust(by=request.user, scope=scope, now=timezone.now(), **form.cleaned_data)
        return f"{scope.label} corrected by {credits_words(form.cleaned_data['amount'])}"

    return _change(request, address, "adjust", AdjustForm, act)


def _change(
    request: Request, address: str, name: str, form_class: type[AnyForm], act: Callable[[Scope, AnyForm], str]
) -> HttpResponse:
    """Bind one of the forms, act, and show the board again: with what was wrong, or with what was done."""
    require_admin(request.user)
    scope = _scope(address)
    form = form_class(request.POST, auto_id=f"{name}_%s")
    if not form.is_valid():
        return _board(request, scope, status=422, **{name: form})
    try:
        done = act(scope, form)
    except Refused as refusal:
        if isinstance(form, OnceForm):
            form.refuse(refusal)
        else:
            form.add_error(None, str(refusal))
        return _board(request, scope, status=422, **{name: form})
    if request.htmx:
        return with_toast(_board(request, _scope(address)), done)
    messages.success(request, done)
    return redirect(f"{reverse('credits:ledger')}?scope={address}")


def _board(request: Request, scope: Scope, *, status: int = 200, **bound: forms.Form) -> HttpResponse:
    """Render budgets, the forms of the chosen scope and its ledger; `bound` are forms that were sent."""
    now = timezone.now()
    chosen = LedgerForm(request.GET, auto_id="ledger_%s")
    asked = _asked(request, chosen)
    rows = spending.all_budgets(now)
    context = {
        "rows": rows,
        "scope": scope,
        "budget": next((budget for row, budget in rows if row.address == scope.address), None),
        "sheet": history.sheet(scope, asked),
        "kinds": [("", "All"), *Kind.choices],
        "asked": asked,
        "filter_form": chosen,
        "filter_query": _query(request),
        **_forms(scope, bound),
    }
    for form in bound.values():
        _focus_first_error(form)
    template = f"{LEDGER}#board" if request.htmx else LEDGER
    return render(request, template, context, status=status)


def _asked(request: Request, chosen: LedgerForm) -> history.Filter:
    """Return which lines of the ledger an address asks for; what makes no sense counts as not asked."""
    kind = request.GET.get("kind", "")
    # One filter that makes no sense does not take the others along.
    chosen.is_valid()
    data = chosen.cleaned_data
    person = data.get("by")
    return history.Filter(
        kind=kind if kind in Kind.values else "",
        first=data.get("first"),
        last=data.get("last"),
        ref=data.get("video") or "",
        by=person.pk if person else 0,
        before=number(request.GET.get("before", "")),
    )


def _query(request: Request) -> str:
    """Return the filters of the address but kind and page, ready to stand after another parameter."""
    kept = {name: request.GET[name] for name in ("first", "last", "by", "video") if request.GET.get(name)}
    return f"&{urlencode(kept)}" if kept else ""


@login_required
@require_GET
def ledger_csv(request: Request) -> HttpResponseBase:
    """The ledger as the page shows it, every line, for a spreadsheet."""
    require_admin(request.user)
    scope = _scope(request.GET.get("scope") or "organisation")
    chosen = LedgerForm(request.GET)
    if not chosen.is_valid():
        # The page says beside the field what is wrong; a file without that filter would be another one.
        return redirect(f"{reverse('credits:ledger')}?{request.GET.urlencode()}")
    asked = replace(_asked(request, chosen), before=0)
    rows = (
        (
            journal.pk,
            timezone.localtime(journal.at, posting.zone()).isoformat(timespec="seconds"),
            line.label,
            Credits(history.signed(journal)),
            line.about,
            line.who,
            line.reason,
            line.ref,
            Credits(history.change_of(journal)),
        )
        for journal, line in history.all_lines(scope, asked)
    )
    return spreadsheets.answer(f"ledger-{scope.address}.csv", LEDGER_HEADER, rows)


@login_required
@require_http_methods(["GET", "POST"])
def refund(request: Request, ref: str) -> HttpResponse:
    """Give back what a video has cost, or a part of it."""
    require_admin(request.user)
    spent = spending.spent_on(ref)
    if spent is None:
        raise Http404("nothing was spent on it")
    form = RefundForm(request.POST) if request.method == "POST" else RefundForm(initial={"amount": spent.left})
    if form.is_valid():
        try:
            actions.refund(by=request.user, ref=spent.hold.ref, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"{credits_words(form.cleaned_data['amount'])} refunded")
            return redirect("credits:refund", ref)
    _focus_first_error(form)
    status = 422 if form.errors else 200
    return render(request, "credits/refund.html", {"spent": spent, "form": form}, status=status)


def _forms(scope: Scope, bound: dict[str, forms.Form]) -> dict[str, forms.Form]:
    """Return the forms for `scope`: those that were sent as they were, the others fresh."""
    fresh: dict[str, forms.Form] = {"budget": BudgetForm(terms=scope.terms, auto_id="budget_%s")}
    if scope.limits:
        fresh |= {"grant": GrantForm(auto_id="grant_%s"), "adjust": AdjustForm(auto_id="adjust_%s")}
    if scope.kind == ScopeKind.ORGANISATION:
        initial = {"monthly": scope.default_member_quota}
        fresh["newcomers"] = NewcomersForm(initial=initial, auto_id="newcomers_%s")
    return {f"{name}_form": form for name, form in {**fresh, **bound}.items()}


def _focus_first_error(form: forms.Form) -> None:
    """Let the first field with an error have the focus when the form is shown again."""
    for name in form.errors:
        if name in form.fields:
            form.fields[name].widget.attrs["autofocus"] = True
            return


def _scope(address: str) -> Scope:
    """Return the scope at `address` or answer 404."""
    scope = spending.scope_at(address)
    if scope is None:
        raise Http404("no such budget")
    return scope


def _quota_words(terms: Terms) -> str:
    if terms.quota is None:
        return "no limit"
    often = {periods.MONTHLY: "a month", periods.ONCE: "once"}
    return f"{credits_words(terms.quota)} {often.get(terms.rhythm) or periods.within_text(terms)}"
