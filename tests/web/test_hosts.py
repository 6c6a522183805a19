"""One rule for hosts in addresses: what vendors are given, what connections and their files may lie on."""

import pytest
from django.core.exceptions import ValidationError

from sora_portal import hosts
from sora_portal.catalog.forms import SettingsForm
from sora_portal.catalog.models import Connection
from sora_portal.catalog.spec.fields import Field
from sora_portal.references.domain import address_problem

GOOD = [
    "https://cdn.example.com/a.jpg",
    "HTTPS://CDN.example.com:8443/a.jpg?x=1#y",
    "https://bücher.example/a.jpg",
    "https://xn--bcher-kva.example/a.jpg",
    "https://my_store.example.com/a@b.jpg",
]
# No host that can be: IDNA, DNS and what urlsplit itself trips over.
UNREADABLE = [
    "https://xn--0.example/a.jpg",
    "https://a..example.com/a.jpg",
    f"https://{'a' * 64}.example.com/a.jpg",
    f"https://{'a.' * 130}example.com/a.jpg",
    "https://-a.example.com/a.jpg",
    "https://\u00ad.example.com/a.jpg",
    "https://☃.example.com/a.jpg",
    "https://ex%61mple.com/a.jpg",
    "https://cdn.example.com:99999/a.jpg",
    "https://cdn.example.com\\@evil.example/a.jpg",
    "https://[bad/a.jpg",
    "https://[::1/a.jpg",
    "https:///a.jpg",
    "https://./a.jpg",
    "https://cdn.exam\nple.com/a.jpg",
]
NOT_FOR_VENDORS = [
    *UNREADABLE,
    "http://cdn.example.com/a.jpg",
    "ftp://cdn.example.com/a.jpg",
    "https://127.0.0.1/a.jpg",
    "https://93.184.216.34/a.jpg",
    "https://[::1]/a.jpg",
    "https://[2606:4700::1111]/a.jpg",
    "https://[::ffff:127.0.0.1]/a.jpg",
    "https://127.1/a.jpg",
    "https://0x7f.0.0.1/a.jpg",
    "https://0177.0.0.1/a.jpg",
    "https://2130706433/a.jpg",
    "https://１２７.０.０.１/a.jpg",
    "https://127。0。0。1/a.jpg",
    "https://127.0.0.1./a.jpg",
    "https://localhost/a.jpg",
    "https://LOCALHOST./a.jpg",
    "https://app.localhost/a.jpg",
    "https://intranet/a.jpg",
    "https://nas.local/a.jpg",
    "https://metadata.google.internal/a.jpg",
    "https://db.svc.cluster.local/a.jpg",
    "https://router.home.arpa/a.jpg",
    "https://user@cdn.example.com/a.jpg",
    "https://user:secret@cdn.example.com/a.jpg",
    "https://@cdn.example.com/a.jpg",
]


@pytest.mark.parametrize("address", GOOD)
def test_an_https_address_at_a_public_name_is_given_to_vendors(address: str) -> None:
    assert hosts.is_for_vendors(address)
    for kind in ("url", "images"):
        assert Field(key="x", label="x", wire="x", kind=kind, most=1).problem(address, {}) == ""


@pytest.mark.parametrize("address", NOT_FOR_VENDORS)
def test_any_other_address_is_refused_with_a_sentence_wherever_it_is_typed(address: str) -> None:
    assert not hosts.is_for_vendors(address)
    assert address_problem(address).startswith("Give an https:// address")
    for kind in ("url", "images"):
        assert Field(key="x", label="x", wire="x", kind=kind, most=1).problem(address, {}).startswith("Give an https")


@pytest.mark.parametrize("address", UNREADABLE)
def test_a_host_that_cannot_be_is_none(address: str) -> None:
    assert hosts.of(address) == ""


@pytest.mark.parametrize(
    ("written", "plain"), [("Bücher.example", "xn--bcher-kva.example"), ("A.example.", "a.example")]
)
def test_a_name_is_compared_in_one_spelling(written: str, plain: str) -> None:
    assert hosts.name(written) == plain


@pytest.mark.parametrize("address", [*UNREADABLE, "https://user:secret@api.example.com"])
def test_a_connection_refuses_an_address_that_no_request_could_go_to(address: str) -> None:
    with pytest.raises(ValidationError, match="Write the vendor's address"):
        Connection(base_url=address).clean()


@pytest.mark.parametrize(
    "host", ["xn--0.example", "a..example", "-a.example", "127.0.0.1", "cdn", "☃.example", "a/b.example"]
)
def test_a_connection_refuses_a_host_of_files_that_cannot_be(host: str) -> None:
    form = SettingsForm({"media_hosts": host}, connection=Connection(slug="x", vendor="ruxa", media_hosts=[]))
    assert "is not the name of a host" in form.errors["media_hosts"][0]


def test_hosts_of_files_are_kept_in_one_spelling() -> None:
    form = SettingsForm(
        {"media_hosts": "Bücher.example\nCDN.example. cdn.example"},
        connection=Connection(slug="x", vendor="ruxa", media_hosts=[]),
    )
    assert form.is_bound
    form.full_clean()
    assert form.cleaned_data["media_hosts"] == ["xn--bcher-kva.example", "cdn.example"]
