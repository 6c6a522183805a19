"""The connection goes to a checked address, yet the certificate has to be that of the name."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sora_portal.outputs.domain import Gate, Reason, Trouble
from sora_portal.outputs.fetching import download as downloads
from sora_portal.outputs.fetching.download import Downloaded, Limits, download
from tests.certificates import self_signed
from tests.outputs.fetching.media_server import MediaServer, running

NAME = "media.localhost"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate with its key, for NAME and nothing else, signed by itself."""
    return self_signed(tmp_path_factory.mktemp("tls"), NAME)


@pytest.fixture
def host(certificate: Path) -> Iterator[MediaServer]:
    """A media host that speaks TLS with that certificate."""
    with running() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        yield server


@pytest.fixture
def bring(
    host: MediaServer, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Downloaded]:
    """Download from the host under a name, with that one certificate trusted."""
    host.serve("/a.mp4", b"\x00" * 1000)
    monkeypatch.setattr(downloads, "_tls", lambda: ssl.create_default_context(cafile=str(certificate)))

    def ask(name: str) -> Downloaded:
        return download(
            f"https://{name}:{host.port}/a.mp4",
            tmp_path / "a.part",
            gate=Gate(hosts=(), loopback=True),
            limits=Limits(max_bytes=10_000),
            resolve=lambda host, port: ["127.0.0.1"],
        )

    return ask


def test_download_over_tls_presents_and_checks_the_name(host: MediaServer, bring: Callable[..., Downloaded]) -> None:
    assert bring(NAME).size == 1000
    assert host.asked[0].headers["Host"] == f"{NAME}:{host.port}"


@pytest.mark.parametrize("name", ["other.localhost", "127.0.0.1"])
def test_download_over_tls_refuses_a_certificate_for_another_name(
    name: str, host: MediaServer, bring: Callable[..., Downloaded]
) -> None:
    with pytest.raises(Trouble) as trouble:
        bring(name)

    assert trouble.value.reason is Reason.UNREACHABLE
    assert "CERTIFICATE_VERIFY_FAILED" in trouble.value.detail
    assert host.asked == []
