"""Hubs with TLS, at IPv6 addresses and with several addresses."""

import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult, HubClient
from tests.websub.hub import Handler, Hub, HubFactory, Responder, respond
from tests.websub.responders import STATUS_202, send_slowly
from tests.websub.test_client import DELIVERED, NOW, TOPIC


def test_name_lookup_connection_and_response_share_one_timeout(
    create_hub: HubFactory, certificate_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name lookup and the response each take two thirds of the timeout: neither exceeds it alone."""
    hub = create_hub()
    use_tls(hub, certificate_file)
    getaddrinfo = socket.getaddrinfo

    def slow_getaddrinfo(*arguments: object, **options: object) -> object:
        time.sleep(1)
        return getaddrinfo(*arguments, **options)  # type: ignore[arg-type]

    def respond_late(handler: Handler) -> None:
        handler.server.is_stopping.wait(1)
        respond(202)(handler)

    monkeypatch.setattr(socket, "getaddrinfo", slow_getaddrinfo)
    hub.default_responder = respond_late
    client = HubClient(1.5)
    assert client.publish(hub.url.replace("http:", "https:"), TOPIC, NOW).result is DeliveryResult.DEFERRED
    client.close()


@pytest.fixture
def certificate_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a certificate and its key for this machine to a file, and make this process trust the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "hub.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


def use_tls(hub: Hub, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    hub.socket = context.wrap_socket(hub.socket, server_side=True, do_handshake_on_connect=False)


def test_notifications_over_tls_share_one_connection(hub: Hub, client: HubClient, certificate_file: Path) -> None:
    use_tls(hub, certificate_file)
    address = hub.url.replace("http:", "https:")
    assert [client.publish(address, TOPIC, NOW) for _ in range(3)] == [DELIVERED] * 3
    assert len({request.client_address for request in hub.requests}) == 1


@pytest.mark.parametrize(
    "responder",
    [send_slowly(STATUS_202 + b"X-Slow: ", b"x"), send_slowly(STATUS_202 + b"Content-Length: 100000\r\n\r\n", b"x")],
    ids=["header", "body"],
)
def test_slow_response_over_tls_is_deferred_at_the_timeout(hub: Hub, certificate_file: Path, responder: Responder) -> None:
    use_tls(hub, certificate_file)
    hub.default_responder = responder
    outcome = HubClient(1).publish(hub.url.replace("http:", "https:"), TOPIC, NOW)
    assert outcome == DeliveryOutcome(result=DeliveryResult.DEFERRED, reason="it did not complete its response in time")


def test_hub_with_untrusted_certificate_gets_no_request(
    hub: Hub, client: HubClient, certificate_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    use_tls(hub, certificate_file)
    outcome = client.publish(hub.url.replace("http:", "https:"), TOPIC, NOW)
    assert outcome.result is DeliveryResult.DEFERRED
    assert "certificate" in outcome.reason
    assert hub.requests == []


def test_second_address_of_a_host_name_is_tried(hub: Hub, client: HubClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first address accepts no connection; a part of the timeout remains for the second."""
    with socket.socket() as full_listener:
        full_listener.bind(("127.0.0.1", 0))
        full_listener.listen(0)
        waiting_sockets = []
        for _ in range(3):  # no connection is accepted, so further ones wait
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(full_listener.getsockname())
            waiting_sockets.append(waiting)
        socket_type = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        addresses = [(*socket_type, full_listener.getsockname()), (*socket_type, hub.server_address)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
        assert client.publish("http://hub.example/", TOPIC, NOW) == DELIVERED
        for waiting in waiting_sockets:
            waiting.close()


def test_hub_at_an_ipv6_address_gets_the_notification(client: HubClient) -> None:
    received = []
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                received.append(connection.recv(65536))
                connection.sendall(STATUS_202 + b"Content-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        assert client.publish(f"http://user:secret@[::1]:{port}/a?b#c", TOPIC, NOW) == DELIVERED
        thread.join()
    head = received[0].partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[0] == b"POST /a?b HTTP/1.1"
    assert f"Host: [::1]:{port}".encode() in head
    assert b"secret" not in received[0]
