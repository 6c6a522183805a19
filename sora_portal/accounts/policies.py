"""Who may do what beyond owning a thing: roles. Every check of a role goes through a `policies` module.

What a person may see is another question, answered by each QuerySet's `visible_to`.
"""

from sora_portal.accounts.models import User
from sora_portal.errors import NotAllowed


def require_admin(user: User) -> None:
    """Raise NotAllowed unless `user` is an admin."""
    if not user.is_portal_admin:
        raise NotAllowed("Only an admin of this portal can do that.")


def require_reviewer(user: User) -> None:
    """Raise NotAllowed unless `user` is a reviewer or an admin."""
    if not user.is_reviewer:
        raise NotAllowed("Only a reviewer can do that. Ask an admin to make you one.")
