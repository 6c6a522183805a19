"""What people do with generations: submit, cancel, decide. What workers do is in `submitting` and `watching`."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import Truncator

from sora_portal import failpoints
from sora_portal.accounts.models import User
from sora_portal.catalog.models import VideoModel
from sora_portal.catalog.spec.domain import InvalidChoices
from sora_portal.errors import Refused
from sora_portal.generations import admission
from sora_portal.generations.domain import State
from sora_portal.generations.feed import counter
from sora_portal.generations.ids import public_id
from sora_portal.generations.models import Event, Generation, ReferenceUse, Review
from sora_portal.generations.transitions import move, note
from sora_portal.ledger import actions as credits
from sora_portal.ledger import reconciliation
from sora_portal.ledger.errors import OverBudget
from sora_portal.projects.models import Project
from sora_portal.references import actions as references
from sora_portal.references import using
from sora_portal.web.text import one_line_end, stripped
from sora_portal.web.words import credits_text


class PriceChanged(Refused):
    """The price is no longer what the form showed."""


class ModelNotOffered(Refused):
    """The model takes no new videos."""


class KeyUsed(Refused):
    """The form has made a video already, and something else stands in it now."""

    def __init__(self, earlier: str) -> None:
        title = Truncator(earlier).chars(60)
        super().__init__(
            f"A video was made from this form already: “{title}”. What stands here now is another one. Press the button"
            " again to make it as well."
        )


class TooLate(Refused):
    """The wish came when it could no longer be granted."""


@dataclass(frozen=True)
class Submitted:
    """A generation, and whether this call made it (False: the same form had been sent before)."""

    generation: Generation
    created: bool


def submit(
    *,
    by: User,
    project: Project,
    model: VideoModel,
    prompt: str,
    choices: Mapping[str, str],
    submit_key: str,
    now: datetime,
    quoted_milli: int | None = None,
) -> Submitted:
    """Queue one video and hold its price, in one transaction; the same request with the same `submit_key` always gives
    the same video.

    Raises KeyUsed for another request with a key that has made a video, InvalidChoices for what the model cannot do or
    `by` may not use, PriceChanged when the price is not `quoted_milli`, OverBudget naming the limit that binds,
    ModelNotOffered for a model that takes no new videos.
    """
    prompt = stripped(one_line_end(prompt))
    if earlier := _earlier(by, submit_key, project, model, prompt, choices):
        return Submitted(earlier, created=False)
    reconciliation.require_sound()
    if not model.takes_new:
        raise ModelNotOffered(model.closed_text)
    if model.connection.is_closed:
        raise ModelNotOffered(
            f"{model.label} cannot be used: {model.connection.label} has no usable key. Ask an admin."
        )
    chosen = model.rules.resolve(choices, prompt=prompt)
    problems = using.problems(by=by, rules=model.rules, connection=model.connection, choices=chosen)
    if problems:
        raise InvalidChoices(problems)
    price = model.priced(now).price(chosen)
    if quoted_milli is not None and quoted_milli != price:
        raise PriceChanged(
            f"The price of this video has changed from {credits_text(quoted_milli)} to {credits_text(price)} credits."
            " Look at it once more and press Generate again."
        )
    try:
        with transaction.atomic():
            generation = _create(by, project, model, prompt, chosen, submit_key, price, now)
    except (IntegrityError, OverBudget):
        # Two clicks at the same moment: the unique submit key let one through, or the first took the last credits.
        earlier = _earlier(by, submit_key, project, model, prompt, chosen)
        if earlier is None:
            raise
        return Submitted(earlier, created=False)
    failpoints.reach("submit-committed")
    return Submitted(generation, created=True)


def _earlier(
    by: User, submit_key: str, project: Project, model: VideoModel, prompt: str, choices: Mapping[str, str]
) -> Generation | None:
    """Return the video that this very request has made before; raises KeyUsed if the key has made another one."""
    found = Generation.objects.filter(author=by, submit_key=submit_key).first()
    if found is None:
        return None
    with suppress(InvalidChoices):
        choices = model.rules.resolve(choices, prompt=prompt)
    asked = (project.pk, model.pk, prompt, dict(choices))
    if asked != (found.project_id, found.model_id, found.prompt, found.choices):
        raise KeyUsed(found.prompt)
    return found


def _create(
    by: User,
    project: Project,
    model: VideoModel,
    prompt: str,
    chosen: Mapping[str, str],
    submit_key: str,
    price: int,
    now: datetime,
) -> Generation:
    ref = public_id(now)
    hold = credits.hold(ref=ref, amount=price, project=project, member=by, connection=model.connection, now=now)
    generation = Generation.objects.create(
        public_id=ref,
        project=project,
        author=by,
        model=model,
        connection=model.connection,
        prompt=prompt,
        choices=dict(chosen),
        submit_key=submit_key,
        hold=hold,
        price_milli=price,
        due_at=now,
        created_at=now,
    )
    _note_uses(generation, now)
    Event.objects.create(
        generation=generation,
        at=now,
        by=by,
        kind="state",
        target=State.QUEUED.value,
        text=f"Submitted; {credits_text(price)} credits reserved",
    )
    counter.publish(generation, born=True)
    admission.call(generation.connection_id)
    failpoints.reach("submit-uncommitted")
    return generation


def _note_uses(generation: Generation, now: datetime) -> None:
    """Write down the pictures and characters of a new video; from here on they are kept. Raises Unusable."""
    used = using.named(rules=generation.model.rules, choices=generation.choices)
    rows = [ReferenceUse(generation=generation, image=image) for image in used.images]
    rows += [ReferenceUse(generation=generation, character=character) for character in used.characters]
    if rows:
        ReferenceUse.objects.bulk_create(rows)
        references.mark_used(images=used.images, project=generation.project, now=now)


@transaction.atomic
def cancel(*, by: User, generation: Generation, now: datetime) -> bool:
    """Cancel what is still queued and return its credits; True when it is cancelled.

    Once a request may have left for the vendor, the wish is only noted (False): the video is being paid for, so it is
    fetched, kept and settled. Raises TooLate when the video has already ended.
    """
    if generation.author_id != by.pk and not by.is_portal_admin:
        raise Refused("Only the person who submitted this video, or an admin, can cancel it.")
    # Locked and fresh: what the page showed may have gone out and come back since.
    generation = Generation.objects.select_for_update(no_key=True).get(pk=generation.pk)
    if generation.state == State.QUEUED:
        move(generation, State.CANCELLED, now=now, by=by, text=f"Cancelled by {by.display_name}")
        return True
    if generation.state == State.CANCELLED:
        return True
    if not generation.is_live:
        raise TooLate("This video has already ended, so there is nothing left to cancel.")
    Generation.objects.filter(pk=generation.pk, cancel_wanted_at=None).update(cancel_wanted_at=now)
    note(
        generation, now=now, by=by, kind="cancel", text=f"{by.display_name} asked to cancel; the vendor already has it"
    )
    counter.publish(generation)
    return False


@transaction.atomic
def set_file(*, generation: Generation, broken: str, now: datetime) -> None:
    """Show on the row that its stored file is damaged, and why, or (`broken` empty) that it is whole again.

    Called by the outputs room, inside the transaction that records what was found.
    """
    rows = Generation.objects.filter(pk=generation.pk, broken_at__isnull=bool(broken))
    if not rows.update(broken_at=now if broken else None):
        return
    generation.broken_at = now if broken else None
    text = (
        "The stored file is damaged; an approval of it does not count" if broken else "The stored file is whole again"
    )
    note(generation, now=now, by=None, kind="file", text=text, staff_text=broken)
    counter.publish(generation)


def set_review(*, by: User, generation: Generation, review: Review, expected: str, text: str, now: datetime) -> bool:
    """Show the reviewers' decision on the row; False when the row no longer shows `expected`.

    Called by the reviews room, inside the transaction that records the decision.
    """
    rows = Generation.objects.filter(pk=generation.pk, review=expected).exclude(sha256="")
    if not rows.update(review=review.value):
        return False
    generation.review = review.value
    note(generation, now=now, by=by, kind="review", text=text)
    counter.publish(generation)
    return True
