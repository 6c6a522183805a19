"""What a password must be: long, not common, and without the person's name."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from sora_portal.accounts.models import User
from sora_portal.operations.bootstrap.first_run import readable_password

ADA = User(username="ada", name="Ada Möreau-Lund", email="ada.m@northwind.example")
MO = User(username="mo", name="Mo Li", email="mo@northwind.example")


@pytest.mark.parametrize(
    ("person", "password"),
    [
        (ADA, "elevenchars"),
        (ADA, "password1234"),
        (ADA, "829301746512"),
        (ADA, "the-ADA-of-old-7"),
        (ADA, "7moreau-sings-well"),
        (ADA, "sings-well-MÖREAU"),
        (ADA, "xxlundxx-sings-well"),
        (ADA, "quiet-ada.m-harbour"),
        (ADA, "quietada49harbour"),
        (MO, "mo-quiet-harbour"),
        (MO, "quiet harbour Li 49"),
        (MO, "mo1234567890x"),
    ],
)
def test_a_short_or_common_password_or_one_with_the_name_is_refused(person: User, password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, person)


@pytest.mark.parametrize(
    ("person", "password"), [(ADA, "quiet-harbour-49"), (MO, "demolition-list-49"), (None, "x" * 9 + "yz!")]
)
def test_a_long_one_of_their_own_is_taken(person: User | None, password: str) -> None:
    validate_password(password, person)


def test_the_password_of_the_demo_team_is_long_enough() -> None:
    assert len(readable_password()) >= 12
