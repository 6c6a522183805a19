"""Every write to the people of this portal. Admins make accounts; there is no sign-up."""

import logging
from functools import partial

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from sora_portal.accounts import letters, passwords
from sora_portal.accounts.models import Role, User
from sora_portal.accounts.policies import require_admin
from sora_portal.errors import NotAllowed, Refused

log = logging.getLogger(__name__)


class NameTaken(Refused):
    """Somebody signs in with that user name or e-mail address already; `field` says which of the two."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class LastAdmin(Refused):
    """Nobody could administer the portal any more."""


def add_person(*, by: User, username: str, name: str, email: str, role: str) -> tuple[User, str]:
    """Make an account; return the person and their first password, which is stored nowhere in clear.

    Raises NameTaken when the user name or e-mail address leads to somebody already, in any case of letters.
    """
    require_admin(by)
    password = passwords.generate()
    address = User.objects.normalize_email(email)
    person = User(username=User.normalize_username(username), email=address, name=name, role=Role(role).value)
    # Before the transaction: hashing takes long on purpose.
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        if email and User.objects.filter(email__iexact=email).exists():
            raise NameTaken("email", "Somebody with this address has an account already.") from error
        raise NameTaken("username", "Somebody has this user name already.") from error
    log.info("account %s made by %s as %s", person.username, by.username, role)
    return person, password


@transaction.atomic
def change_role(*, by: User, person: User, role: str) -> None:
    """Give a person another role; who stops being an admin loses the back office as well.

    Raises LastAdmin when nobody else administers the portal.
    """
    wanted = Role(role)
    _require_power_over(by, person, own="You cannot change your own role. Ask another admin.")
    if wanted is not Role.ADMIN:
        _keep_an_admin(by, person)
        User.objects.filter(pk=person.pk).update(role=wanted.value, is_staff=False, is_superuser=False)
    else:
        User.objects.filter(pk=person.pk).update(role=wanted.value)
    log.info("role of %s changed to %s by %s", person.username, wanted.value, by.username)


@transaction.atomic
def deactivate(*, by: User, person: User) -> None:
    """Close a person's account: sessions end at once, their work stays. Raises LastAdmin as `change_role` does."""
    _require_power_over(by, person, own="You cannot deactivate your own account. Ask another admin.")
    _keep_an_admin(by, person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    log.info("account %s deactivated by %s", person.username, by.username)


@transaction.atomic
def reactivate(*, by: User, person: User) -> None:
    """Open a closed account again, with the password it had."""
    _require_power_over(by, person, own="Your account is open.")
    User.objects.filter(pk=person.pk).update(is_active=True)
    log.info("account %s reactivated by %s", person.username, by.username)


@transaction.atomic
def change_address(*, by: User, person: User, email: str) -> None:
    """Let a person sign in with another e-mail address from now on, and tell the one before.

    `by` is the person themselves, whose password the caller has asked for, or a back office account. Links for a new
    password that were sent to the address before end with it. Raises NameTaken when another account has the address.
    """
    if by.pk != person.pk and not by.is_superuser:
        raise NotAllowed("Only the person themselves, or the back office, can change this address.")
    before, wanted = person.email, User.objects.normalize_email(email)
    if before == wanted:
        return
    try:
        with transaction.atomic():
            User.objects.filter(pk=person.pk).update(email=wanted)
    except IntegrityError as error:
        raise NameTaken("email", "Another account has this address already.") from error
    # allauth would go on signing people in by an address that it had noted itself.
    EmailAddress.objects.filter(user=person).delete()
    person.email = wanted
    log.info("address of %s changed by %s", person.username, by.username)
    transaction.on_commit(partial(letters.send, "account/email/email_changed", before, {"user": person}))


def reset_password(*, by: User, person: User) -> str:
    """Give a person a new password and return it; it is stored nowhere in clear, and their sessions end."""
    _require_power_over(by, person, own="For your own password there is “Change password” in your menu.")
    password = passwords.generate()
    person.set_password(password)
    person.save(update_fields=["password"])
    log.info("password of %s reset by %s", person.username, by.username)
    told = {"user": person, "by": by}
    transaction.on_commit(partial(letters.send, "account/email/password_changed", person.email, told))
    return password


def _require_power_over(by: User, person: User, *, own: str) -> None:
    """Raise NotAllowed unless `by` may change the account of `person`; `own` is said to who tries it on themselves."""
    require_admin(by)
    if by.pk == person.pk:
        raise NotAllowed(own)
    # Whoever may set the password of a back office account owns the back office.
    if person.is_superuser and not by.is_superuser:
        raise NotAllowed("This account runs the back office. Only another such account can change it.")


def _keep_an_admin(by: User, person: User) -> None:
    """Raise unless an active admin other than `person` remains and `by` still is one, held until the commit.

    Two admins who take the role from one another at the same moment would leave none; the row locks put them in line.
    """
    admins = User.objects.select_for_update(no_key=True).filter(role=Role.ADMIN, is_active=True).order_by("pk")
    present = {admin.pk for admin in admins}
    if by.pk not in present:
        raise NotAllowed("You are not an admin of this portal any more.")
    if not present - {person.pk}:
        raise LastAdmin("This is the last admin. Make somebody else an admin first.")
