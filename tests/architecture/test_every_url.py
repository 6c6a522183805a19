"""Every address of ours: closed to visitors, and every link a person sees leads somewhere."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from sora_portal.accounts.models import User
from sora_portal.generations.domain import State
from tests import factories

pytestmark = pytest.mark.django_db

PUBLIC = {"drafts:keep", "generations:callback", "references:public"}
SAMPLES = {"int": 1, "slug": "sample", "str": "sample"}


def _ours(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _ours(entry, f"{entry.namespace}:" if entry.namespace else space)
        elif getattr(entry.callback, "__module__", "").startswith("sora_portal") and entry.name:
            yield f"{space}{entry.name}", entry


URLS = dict(_ours(get_resolver()))


def _address(name: str) -> str:
    converters = URLS[name].pattern.converters
    kinds = {key: re.sub("Converter$", "", type(converter).__name__).lower() for key, converter in converters.items()}
    return reverse(
        name, kwargs={key: SAMPLES.get(kind.replace("string", "str"), "sample") for key, kind in kinds.items()}
    )


def test_there_are_addresses_to_walk() -> None:
    assert len(URLS) > 30
    assert set(URLS) >= PUBLIC


@pytest.mark.parametrize("name", sorted(name for name in URLS if name not in PUBLIC))
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_a_visitor_gets_no_further_than_the_sign_in_page(client: Client, name: str, method: str) -> None:
    answer = getattr(client, method)(_address(name))
    closed = answer.status_code == 302 and answer.headers["Location"].startswith("/accounts/login/")
    assert closed or answer.status_code == 405, (name, answer.status_code)


def _links(page: str) -> set[str]:
    found = re.findall(r'(?:href|hx-get|src|poster)="([^"#]+)', page)
    return {link.replace("&amp;", "&") for link in found if link.startswith(("/", "?")) and not link.startswith("//")}


def _kind(target: str) -> str:
    """Return a link without the values of its filters: one stands for the others."""
    path, _, query = target.partition("?")
    return f"{path}?{'&'.join(sorted(part.partition('=')[0] for part in query.split('&')))}"


@pytest.mark.parametrize("person", [factories.ada, factories.rae, factories.mo, factories.eve])
def test_no_link_leads_nowhere(client: Client, person: Callable[[], User]) -> None:
    for state in State:
        factories.generation(state=state)
    client.force_login(person())
    seen: set[str] = set()
    waiting = ["/"]
    broken = []
    while waiting and len(seen) < 120:
        address = waiting.pop()
        answer = client.get(address)
        # The rows of this test have no files on disk, so their pictures are missing.
        if answer.status_code not in (200, 302, 304) and not re.search(r"\.(mp4|webp)", address):
            broken.append((address, answer.status_code))
        if "html" in answer.headers.get("Content-Type", "") and answer.status_code == 200:
            here = address.split("?")[0]
            for link in _links(answer.content.decode()):
                target = here + link if link.startswith("?") else link
                if _kind(target) not in seen and not target.startswith(("/static/", "/admin/")):
                    seen.add(_kind(target))
                    waiting.append(target)
    assert broken == []
    assert len(seen) > 5
