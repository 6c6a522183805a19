"""Usage: what I may spend, where credits went, and the same for a spreadsheet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from sora_portal.accounts.http import Request
from sora_portal.accounts.models import User
from sora_portal.budgets.usage import report as usage_report
from sora_portal.budgets.usage import vendor_costs
from sora_portal.budgets.usage.report import GROUPS, Report, Span
from sora_portal.generations.models import Generation
from sora_portal.ledger import forecast, periods, posting
from sora_portal.ledger import spending as credits
from sora_portal.ledger.domain import work_of
from sora_portal.ledger.models import Journal, Kind
from sora_portal.ledger.pages import charts, history
from sora_portal.web import spreadsheets
from sora_portal.web.spreadsheets import Credits, Money

VENDOR_HEADER = ("Vendor cost", "Currency")
HEADER = ("Day", "Video", "Person", "Project", "Vendor", "Model", "What", "Credits", "Seconds", "By", "Reason")


@dataclass(frozen=True)
class Wish:
    """What an address asks for: whose videos, which days, grouped by what."""

    whose: str
    by: str
    span: Span
    today: date

    @classmethod
    def read(cls, asked: Mapping[str, str], user: User, today: date) -> "Wish":
        """Return the wish in an address; what makes no sense, or is not for `user`, counts as not asked."""
        whose = asked.get("who", "")
        if not (whose == "led" or (whose == "everyone" and user.is_portal_admin)):
            whose = ""
        by = asked.get("by", "")
        span = Span.read(asked.get("from", ""), asked.get("to", ""), today)
        return cls(whose, by if by in GROUPS else "day", span, today)

    def address(self, **changes: object) -> str:
        """Return the query string of this wish with `changes`."""
        merged = {**self.__dict__, **changes}
        span = merged["span"]
        query = {"who": merged["whose"], "by": "" if merged["by"] == "day" else merged["by"]}
        if span != Span.of_month(self.today):
            query |= {"from": span.first.isoformat(), "to": span.last.isoformat()}
        return f"?{urlencode({name: value for name, value in query.items() if value})}"

    @property
    def span_text(self) -> str:
        """The days in words."""
        if self.span == Span.of_month(self.today):
            return periods.month_text(self.today)
        return f"{periods.long_day_text(self.span.first)} to {periods.long_day_text(self.span.last)}"

    def tabs(self, user: User) -> dict[str, list[dict[str, object]]]:
        """Return the links by which it can be changed."""
        people = [("", "Mine")]
        people += [("led", "My projects'")] if usage_report.leads(user) else []
        people += [("everyone", "Everyone's")] if user.is_portal_admin else []
        last_month = self.today.replace(day=1).toordinal() - 1
        spans = [
            (Span.of_month(self.today), "This month"),
            (Span.of_month(date.fromordinal(last_month)), "Last month"),
            (Span(date.fromordinal(self.today.toordinal() - 89), self.today), "90 days"),
        ]
        return {
            "people": [_tab(label, self.address(whose=key), key == self.whose) for key, label in people],
            "spans": [_tab(label, self.address(span=span), span == self.span) for span, label in spans],
            "groups": [
                _tab(f"By {label.lower()}", self.address(by=key), key == self.by) for key, label in GROUPS.items()
            ],
        }


def _tab(label: str, url: str, current: bool) -> dict[str, object]:
    return {"label": label, "url": url, "current": current}


@login_required
@require_GET
def page(request: Request) -> HttpResponse:
    """What I have to spend and where it went; leads may look at their projects, admins at everything."""
    now = timezone.now()
    wish = Wish.read(request.GET.dict(), request.user, posting.today(now))
    holds = usage_report.holds_for(request.user, wish.whose)
    report = usage_report.report(holds, wish.span, wish.by, now, with_vendor=request.user.is_portal_admin)
    days = report if wish.by == "day" else usage_report.report(holds, wish.span, "day", now)
    budgets = credits.budgets_for(request.user, None, now)
    context = {
        "wish": wish,
        "tabs": wish.tabs(request.user),
        "report": report,
        "group": GROUPS[wish.by],
        "held": usage_report.held(holds),
        "with_left": request.user.is_portal_admin and wish.by in ("person", "project", "vendor"),
        "with_vendor": request.user.is_portal_admin,
        "shares": charts.share_chart([(line.label, line.spent) for line in report.lines]) if wish.by != "day" else [],
        "chart": _chart(days, wish.span),
        "budgets": [(budget, forecast.forecast(budget, now)) for budget in budgets],
        "alerts": forecast.alerts_for(request.user, now),
        "lines": history.movements_of(request.user),
    }
    return render(request, "budgets/usage.html", context)


def _chart(days: Report, span: Span) -> charts.DayChart:
    return charts.day_chart([credits.Day(day, line.spent) for day, line in zip(span.days, days.lines, strict=True)])


@login_required
@require_GET
def download(request: Request) -> HttpResponseBase:
    """Every movement behind the page, one line each, for a spreadsheet."""
    wish = Wish.read(request.GET.dict(), request.user, posting.today(timezone.now()))
    holds = usage_report.holds_for(request.user, wish.whose)
    rows: Iterator[tuple[spreadsheets.Cell, ...]] = _rows(usage_report.movements(holds, wish.span))
    header: tuple[str, ...] = HEADER
    if request.user.is_portal_admin:
        header = (*HEADER, *VENDOR_HEADER)
        charged = vendor_costs.charged(holds, *wish.span.bounds())
        rows = chain(((*row, "", "") for row in rows), (_charge(attempt) for attempt in charged))
    name = f"usage-{wish.span.first.isoformat()}-{wish.span.last.isoformat()}.csv"
    return spreadsheets.answer(name, header, rows)


def _charge(attempt: Any) -> tuple[spreadsheets.Cell, ...]:
    """Return the line of one attempt (of `vendor_costs.attempts`) at a vendor: no credits, but what it cost us."""
    video = attempt.generation
    cost = vendor_costs.NOT_KNOWN if attempt.cost is None else Money(attempt.cost)
    return (
        _day_of(attempt.ended_at),
        video.public_id,
        video.author.display_name,
        video.project.name,
        attempt.connection.label,
        video.model.label,
        "Vendor",
        "",
        "",
        "",
        "",
        cost,
        attempt.vendor_currency,
    )


def _rows(journals: Iterator[Journal]) -> Iterator[tuple[spreadsheets.Cell, ...]]:
    for batch in _batches(journals):
        videos = {
            video.hold_id: video
            for video in Generation.objects.filter(hold__in=[each.hold_id for each in batch]).select_related("model")
        }
        for journal in batch:
            hold = journal.hold
            assert hold is not None
            video = videos.get(hold.pk)
            spent = journal.kind == Kind.CAPTURE
            yield (
                _day_of(journal.at),
                work_of(journal.ref),
                hold.member.display_name,
                hold.project.name,
                hold.connection.label,
                video.model.label if video else "",
                "Spent" if spent else "Refund",
                Credits(journal.amount if spent else -journal.amount),
                Credits(video.duration_ms) if spent and video else "",
                journal.by.display_name if journal.by else "",
                journal.reason,
            )


def _day_of(moment: datetime) -> str:
    return posting.today(moment).isoformat()


def _batches(journals: Iterator[Journal], size: int = 200) -> Iterator[list[Journal]]:
    batch = []
    for journal in journals:
        batch.append(journal)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
