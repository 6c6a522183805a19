"""Why the ledger says no, each in a sentence for the person who asked."""

from datetime import date

from sora_portal.errors import Refused
from sora_portal.ledger import domain, periods
from sora_portal.ledger.models import Hold, Scope
from sora_portal.web.words import credits_text


def credits_words(milli: int) -> str:
    """Return milli-credits with their unit: 40000 -> "40 credits", 1000 -> "1 credit"."""
    return f"{credits_text(milli)} credit{'' if milli == domain.MILLI else 's'}"


class OverBudget(Refused):
    """A budget has less left than a hold needs. Amounts in milli-credits; `missing` is what it would take."""

    def __init__(
        self, scope: Scope, *, label: str, left: int, granted: int, overhang: int, needed: int, day: date, ask: str
    ):
        terms = scope.terms
        state = f"{credits_words(left)} left of {credits_text(granted)} {periods.within_text(terms)}"
        if overhang:
            state = (
                f"nothing left {periods.within_text(terms)}: {credits_words(granted)} are spent or reserved, and the"
                f" quota has been lowered to {credits_text(terms.quota)}"
            )
        elif not granted and not periods.period_at(terms, day).pays:
            state = "nothing to spend now"
        super().__init__(
            f"{label}: {state}, this video needs {credits_text(needed)}. {periods.resets_text(terms, day)} {ask}"
        )
        self.scope = scope
        self.left = left
        self.granted = granted
        self.needed = needed

    @property
    def missing(self) -> int:
        """What the budget lacks."""
        return self.needed - self.left


class AlreadySettled(Refused):
    """A hold has ended, and not in the way that was asked for now."""

    def __init__(self, hold: Hold) -> None:
        super().__init__(
            f"This is settled already: {credits_words(hold.captured)} spent, {credits_text(hold.released)} given back."
        )
        self.hold = hold


class ReasonTooShort(Refused):
    """A correction without a reason that somebody else could follow."""

    def __init__(self) -> None:
        super().__init__(f"Give a reason of at least {domain.REASON_MIN} characters: it stays in the ledger.")


class NothingToTake(Refused):
    """A correction that takes more than is available."""

    def __init__(self, scope: Scope, *, left: int) -> None:
        super().__init__(f"{scope.label} has {credits_words(left)} available; no more than that can be taken away.")
        self.left = left


class TooMuchBack(Refused):
    """A refund beyond what was spent and not yet given back."""

    def __init__(self, *, left: int) -> None:
        super().__init__(f"At most {credits_words(left)} can still be refunded for this video.")
        self.left = left


class Unlimited(Refused):
    """A grant or correction to a scope that has no budget."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"{scope.label} has no limit, so there is nothing to add to. Set a quota first.")


class KeyUsed(Refused):
    """The same form was sent before, with something else in it."""

    def __init__(self) -> None:
        super().__init__(
            "This form was sent already with other values, and those count. Press the button again to send these too."
        )


class DateIsOver(Refused):
    """A grant that would have ended before it began."""

    def __init__(self, last: date) -> None:
        super().__init__(f"{periods.long_day_text(last)} has passed. Choose today or a later day.")
