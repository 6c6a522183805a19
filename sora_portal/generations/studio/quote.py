"""The line beside the button: what it costs, how long it takes, what is left."""

from dataclasses import dataclass
from datetime import datetime

from sora_portal.accounts.models import User
from sora_portal.catalog.models import VideoModel
from sora_portal.ledger import spending as credits
from sora_portal.projects.models import Project
from sora_portal.web.words import about, credits_text


@dataclass(frozen=True)
class Quote:
    """A price and what it means for this member."""

    milli: int
    credits_text: str
    minutes_text: str
    left_text: str
    enough: bool
    refusal: str


def quote(*, user: User, project: Project | None, model: VideoModel, choices: dict[str, str], now: datetime) -> Quote:
    """Return the price line for one video with these choices, from the same function that bills."""
    price = model.priced(now).price(choices)
    left = credits.available_for(user, project, model.connection, now)
    enough = left is None or left >= price
    return Quote(
        milli=price,
        credits_text=credits_text(price),
        minutes_text=about(model.rules.typical * model.connection.pace),
        left_text="no limit set" if left is None else f"{credits_text(left)} left for you",
        enough=enough,
        refusal="" if enough else f"{_little(left or 0)}; ask an admin for more",
    )


def _little(left: int) -> str:
    return f"only {credits_text(left)} left for you" if left else "nothing left for you"
