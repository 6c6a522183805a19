"""What `up` looks at before it starts anything."""

import os
import socket
from pathlib import Path

import pytest
from pytest_django import Settings

from sora_portal.operations.bootstrap import prepare
from sora_portal.operations.bootstrap.prepare import Address, CannotStart


def listening() -> socket.socket:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken


def test_address_is_port_8000_on_this_machine_unless_asked_otherwise() -> None:
    assert prepare.read_address({}) == Address("127.0.0.1", 8000, 8001)
    assert prepare.read_address({"PORT": "", "HOST": ""}) == Address("127.0.0.1", 8000, 8001)


def test_address_puts_the_sandbox_above_the_port_unless_it_has_its_own() -> None:
    assert prepare.read_address({"PORT": "8010"}).sandbox_url == "http://127.0.0.1:8011"
    own = {"PORT": "8010", "SORA_PORTAL_SANDBOX_PORT": "9000", "HOST": "0.0.0.0"}
    assert prepare.read_address(own) == Address("0.0.0.0", 8010, 9000)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_address_names_an_origin_that_a_browser_on_this_machine_can_open(host: str) -> None:
    assert Address(host, 8000, 8001).url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "80.5"])
def test_address_refuses_what_is_no_port(port: str) -> None:
    with pytest.raises(CannotStart, match="a port is a number from 1 to 65535"):
        prepare.read_address({"PORT": port})


def test_taken_port_is_refused_by_number_with_a_way_out() -> None:
    with listening() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"Port {port}, wanted for the portal.*PORT={port + 10} make run"):
            prepare.require_free_ports(Address("127.0.0.1", port, 1))
        with listening() as briefly:
            free = briefly.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"Port {port}, wanted for the sandbox.*SANDBOX_PORT={port + 10} make"):
            prepare.require_free_ports(Address("127.0.0.1", free, port))


def test_data_folder_belongs_to_one_supervisor_at_a_time(data_dir: Path) -> None:
    with prepare.take_data_folder(data_dir), pytest.raises(CannotStart, match=f"is using {data_dir}"):
        prepare.take_data_folder(data_dir)
    prepare.take_data_folder(data_dir).close()


def test_static_files_are_collected_again_only_after_a_change(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, stamp = tmp_path / "source", tmp_path / "stamp"
    source.mkdir()
    (source / "page.css").write_text("p { color: red }")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    from django.contrib.staticfiles import finders

    finders.get_finder.cache_clear()
    assert not prepare.static_is_current(stamp)
    prepare.collect_static(stamp)
    assert prepare.static_is_current(stamp)
    assert list((tmp_path / "static").glob("page.*.css"))
    os.utime(source / "page.css", (1, 1))
    assert not prepare.static_is_current(stamp)
    finders.get_finder.cache_clear()
