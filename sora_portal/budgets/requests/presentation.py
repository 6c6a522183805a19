"""Requests in words: what their author sees of them, and what an admin needs for an answer."""

from dataclasses import dataclass
from datetime import datetime

from sora_portal.budgets.models import Ask, RequestState
from sora_portal.budgets.requests.actions import obstacle
from sora_portal.ledger.errors import credits_words
from sora_portal.ledger.spending import Budget
from sora_portal.web.words import credits_text


@dataclass(frozen=True)
class Kept:
    """A kept video as its author sees it. `price` is what it costs now (milli-credits), None if it cannot be made."""

    pk: int
    prompt: str
    tone: str
    icon: str
    label: str
    text: str
    reason: str
    at: datetime
    waiting: bool
    price: int | None
    price_text: str


def kept(ask: Ask, now: datetime) -> Kept:
    """Return the card of a request that is neither submitted nor put away."""
    waiting = ask.state == RequestState.WAITING and ask.expires_at > now
    who = ask.decided_by.display_name if ask.decided_by else ""
    if ask.state == RequestState.DECLINED:
        tone, icon, label, text = "bad", "x", "Declined", f"{who} declined: {ask.answer}"
    elif ask.state == RequestState.GRANTED:
        tone, icon, label = "ok", "check", "Granted"
        text = f"{who} granted {ask.answer}, but the video could not go out: {ask.trouble}"
    elif waiting:
        tone, icon, label = "queued", "hourglass", "Waiting for budget"
        text = f"You asked for {credits_words(ask.amount)}. The video goes out by itself when an admin grants them."
        if ask.trouble:
            text = f"{who} granted {ask.answer}. Now another budget is in the way. {ask.trouble}"
    else:
        tone, icon, label = "muted", "clock", "Not answered"
        text = f"Nobody has answered your request for {credits_words(ask.amount)}. You can ask again."
    problem = obstacle(ask)
    if problem and problem not in text:
        text = f"{text} As it stands it cannot be made: {problem}"
    price = None if problem else ask.model.priced(now).price(ask.model.rules.resolve(ask.choices, prompt=ask.prompt))
    return Kept(
        ask.pk, ask.prompt, tone, icon, label, text, ask.reason, ask.created_at, waiting, price, credits_text(price)
    )


@dataclass(frozen=True)
class Request:
    """An open request as an admin sees it."""

    ask: Ask
    amount_text: str
    price_text: str
    budget_label: str
    budget_text: str
    raise_text: str


def request_view(ask: Ask, budget: Budget | None) -> Request:
    """Return the card of an open request; `budget` is where the one that refused stands now, None without a limit."""
    label = ask.scope.label
    if ask.scope.member_id == ask.author_id:
        label = f"{ask.author.display_name}'s own budget"
    text, more = "It has no limit any more.", ""
    if budget is not None:
        text = f"{budget.available_text} {budget.left_text}, {budget.span_text}. {budget.resets_text}"
        more = f"The quota is {credits_text(budget.scope.quota)} {budget.rhythm_text}."
    return Request(ask, credits_words(ask.amount), credits_text(ask.price_milli), label, text, more)
