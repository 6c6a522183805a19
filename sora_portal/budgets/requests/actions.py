"""Asking for budget, and the answers. The video that waits goes on by itself when there is enough.

Every answer first takes the request's row: of two admins who press at once the second finds it answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from sora_portal.accounts.models import User
from sora_portal.accounts.policies import require_admin
from sora_portal.budgets.models import Ask, RequestState
from sora_portal.catalog.models import VideoModel
from sora_portal.catalog.spec.domain import InvalidChoices
from sora_portal.errors import NotAllowed, Refused
from sora_portal.generations import actions as generations
from sora_portal.generations.models import Generation
from sora_portal.generations.transitions import note
from sora_portal.ledger import actions as credits
from sora_portal.ledger import spending as budgets
from sora_portal.ledger.errors import OverBudget, credits_words
from sora_portal.ledger.models import Scope
from sora_portal.ledger.periods import long_day_text
from sora_portal.projects.models import Project
from sora_portal.references import actions as references
from sora_portal.references import using
from sora_portal.web.text import one_line_end, stripped

# Whoever has not been answered for this long has made other plans.
EXPIRES_AFTER = timedelta(days=14)

ONCE, UNTIL, RAISE = "once", "until", "raise"


class EnoughNow(Refused):
    """There is no need to ask any more."""

    def __init__(self) -> None:
        super().__init__("There is enough budget now. Press Generate.")


class CannotGo(Refused):
    """A kept video can no longer be made as it was written down."""


class AlreadyAnswered(Refused):
    """Somebody else has answered, or the request is over."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(_why_closed(ask))


def _why_closed(ask: Ask) -> str:
    if ask.state == RequestState.WITHDRAWN:
        return f"{ask.author.display_name} has withdrawn this request."
    if ask.decided_by is None:
        return "This request is no longer open. Load the page again."
    who = ask.decided_by.display_name
    if ask.state == RequestState.WAITING:
        return f"{who} has answered this request meanwhile; now {ask.scope.label} lacks credits. Look at it once more."
    word = "declined" if ask.state == RequestState.DECLINED else "granted"
    return f"{who} has {word} this request already."


@transaction.atomic
def request_budget(
    *,
    by: User,
    project: Project,
    model: VideoModel,
    prompt: str,
    choices: Mapping[str, str],
    submit_key: str,
    amount: int | None,
    reason: str,
    now: datetime,
) -> Ask:
    """Keep a video that a budget has refused, and ask the admins for what it lacks; once for each `submit_key`.

    `amount` is in milli-credits, None for just what is missing. The pictures that the video names are kept with it.
    Raises EnoughNow when nothing refuses any more, KeyUsed for another video with the same key, Unusable for a picture
    that has gone.
    """
    prompt = stripped(one_line_end(prompt))
    chosen = model.rules.resolve(choices, prompt=prompt)
    wish = {"project": project, "model": model, "prompt": prompt, "choices": chosen}
    earlier = _earlier(by, submit_key, wish)
    if earlier is not None:
        return earlier
    price = model.priced(now).price(chosen)
    tight = budgets.tightest(by, project, model.connection, now)
    if tight is None or tight.available >= price:
        raise EnoughNow
    row, created = Ask.objects.get_or_create(
        author=by,
        submit_key=submit_key,
        defaults={
            **wish,
            "scope": Scope.objects.kept(tight.scope),
            "amount": max(amount or 0, price - tight.available),
            "reason": reason.strip(),
            "price_milli": price,
            "created_at": now,
            "expires_at": now + EXPIRES_AFTER,
        },
    )
    if created:
        references.need(for_what=row.needs, values=chosen.values(), now=now)
    return row


def _earlier(by: User, submit_key: str, wish: Mapping[str, object]) -> Ask | None:
    """Return the request that has kept this very video; raises KeyUsed if the key was used for another one."""
    found = Ask.objects.filter(author=by, submit_key=submit_key).first()
    if found is not None and any(getattr(found, name) != value for name, value in wish.items()):
        raise generations.KeyUsed(found.prompt)
    made = Generation.objects.filter(author=by, submit_key=submit_key).first() if found is None else None
    if made is not None:
        raise generations.KeyUsed(made.prompt)
    return found


@dataclass(frozen=True)
class Answer:
    """How an admin grants: `way` is ONCE, UNTIL (the day `last`) or RAISE; `version` is what their page showed."""

    way: str
    amount: int
    version: int
    last: date | None = None


@transaction.atomic
def grant(*, by: User, ask: Ask, answer: Answer, now: datetime) -> Ask:
    """Give the budget what was asked for, and submit the video that waits for it; returns the request.

    Where another budget now binds, the request stays open and names that one. Where something else is in the way, it
    is granted and says what. Raises AlreadyAnswered for whoever comes second, NotAllowed.
    """
    require_admin(by)
    ask = _take(ask, now, answer.version)
    ask.answer = _give(by, ask, answer, now)
    ask.decided_by, ask.decided_at, ask.version = by, now, ask.version + 1
    _go_on(ask, now, quoted=ask.price_milli)
    if ask.generation is not None:
        note(ask.generation, now=now, by=by, kind="budget", text=f"{by.display_name} granted {ask.answer}")
    ask.save()
    return ask


def _take(ask: Ask, now: datetime, version: int) -> Ask:
    """Return the open request, locked until the end of the transaction; raises AlreadyAnswered."""
    Ask.objects.select_for_update(no_key=True).get(pk=ask.pk)
    fresh = Ask.objects.for_pages().get(pk=ask.pk)
    if fresh.state != RequestState.WAITING or fresh.expires_at <= now or fresh.version != version:
        raise AlreadyAnswered(fresh)
    return fresh


def _give(by: User, ask: Ask, answer: Answer, now: datetime) -> str:
    """Move the credits and return in words what was given."""
    amount, words = answer.amount, credits_words(answer.amount)
    scope = Scope.objects.get(pk=ask.scope_id)
    if not scope.limits:
        return "a budget without a limit"
    given = {"by": by, "scope": scope, "amount": amount, "now": now}
    why = {"reason": f"{ask.author.display_name}: {ask.reason}", "key": f"ask:{ask.pk}:{ask.version}"}
    if answer.way == RAISE:
        credits.raise_quota(**given)  # type: ignore[arg-type]
        return f"{words} more for good"
    if answer.way == UNTIL and answer.last is not None:
        credits.grant_until(**given, **why, last=answer.last)  # type: ignore[arg-type]
        return f"{words} until {long_day_text(answer.last)}"
    credits.grant(**given, **why)  # type: ignore[arg-type]
    return f"{words} once"


def _go_on(ask: Ask, now: datetime, *, quoted: int | None) -> None:
    """Submit the video of `ask`, or write on it what is in the way; the caller saves."""
    try:
        ask.generation = _submitted(ask, now, quoted)
        ask.state, ask.trouble = RequestState.SUBMITTED.value, ""
    except OverBudget as refusal:
        ask.scope = Scope.objects.get(pk=refusal.scope.pk)
        ask.amount, ask.trouble = refusal.missing, str(refusal)
    except Refused as problem:
        ask.state, ask.trouble = RequestState.GRANTED.value, str(problem)[:500]


def _submitted(ask: Ask, now: datetime, quoted: int | None) -> Generation:
    """Return the video of `ask`, submitted; raises Refused with a sentence for whatever is in the way."""
    if problem := obstacle(ask):
        raise CannotGo(problem)
    try:
        return _submit(ask, ask.submit_key, now, quoted)
    except generations.KeyUsed:
        # The form has gone on to make another video since; this one was promised all the same.
        return _submit(ask, f"ask-{ask.pk}", now, quoted)


def _submit(ask: Ask, submit_key: str, now: datetime, quoted: int | None) -> Generation:
    try:
        made = generations.submit(
            by=ask.author,
            project=ask.project,
            model=ask.model,
            prompt=ask.prompt,
            choices=ask.choices,
            submit_key=submit_key,
            quoted_milli=quoted,
            now=now,
        ).generation
    except InvalidChoices as problem:
        raise CannotGo(" ".join(problem.errors.values())) from problem
    references.need_no_more(for_what=ask.needs)
    return made


def obstacle(ask: Ask) -> str:
    """Return why the kept video cannot be submitted as it stands, whatever the budgets say; or nothing."""
    author = ask.author
    if not author.is_active or not Project.objects.visible_to(author).open().filter(pk=ask.project_id).exists():
        return f"{author.display_name} can make no videos in {ask.project.name} any more."
    if not ask.model.takes_new:
        return ask.model.closed_text
    if ask.model.connection.is_closed:
        return f"{ask.model.connection.label} has no usable key, so {ask.model.label} is closed. Ask an admin."
    try:
        chosen = ask.model.rules.resolve(ask.choices, prompt=ask.prompt)
    except InvalidChoices as problem:
        return " ".join(problem.errors.values())
    model = ask.model
    problems = using.problems(by=author, rules=model.rules, connection=model.connection, choices=chosen)
    return " ".join(problems.values())


@transaction.atomic
def decline(*, by: User, ask: Ask, version: int, reason: str, now: datetime) -> Ask:
    """Say no, with a reason that the author reads. Raises AlreadyAnswered, NotAllowed."""
    require_admin(by)
    ask = _take(ask, now, version)
    ask.state, ask.answer = RequestState.DECLINED.value, reason.strip()
    ask.decided_by, ask.decided_at, ask.version = by, now, ask.version + 1
    ask.save()
    return ask


@transaction.atomic
def withdraw(*, by: User, ask: Ask) -> Ask:
    """Take a request back, or put the answer to it away; changes nothing once its video has been submitted."""
    fresh = _own(by, ask)
    if fresh.state != RequestState.SUBMITTED:
        fresh.state = RequestState.WITHDRAWN.value
        fresh.save(update_fields=["state"])
        references.need_no_more(for_what=fresh.needs)
    return fresh


@transaction.atomic
def resume(*, by: User, ask: Ask, quoted: int, now: datetime) -> Ask:
    """Submit the kept video after all, at the price `quoted` on the button; a second press finds it submitted.

    Raises what `generations.submit` does: OverBudget, PriceChanged, ModelNotOffered.
    """
    fresh = _own(by, ask)
    if fresh.state == RequestState.SUBMITTED:
        return fresh
    if fresh.state == RequestState.WITHDRAWN:
        raise AlreadyAnswered(fresh)
    fresh.generation = _submitted(fresh, now, quoted)
    fresh.state, fresh.trouble, fresh.version = RequestState.SUBMITTED.value, "", fresh.version + 1
    fresh.save()
    return fresh


def _own(by: User, ask: Ask) -> Ask:
    """Return the request of `by`, locked; raises NotAllowed for somebody else's."""
    if ask.author_id != by.pk:
        raise NotAllowed("Only the person who asked can do that.")
    Ask.objects.select_for_update(no_key=True).get(pk=ask.pk)
    return Ask.objects.for_pages().get(pk=ask.pk)
