"""The client of all systems elsewhere: whom it believes, how long it waits, what it says."""

import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from graph.errors import Misconfigured, Unavailable
from tests.fakes.faulty_server import FaultyServer, Reply, Request
from tools.limiter import Limiter
from tools.pipelines.remote import Remote, Unclear

TOKEN = "planted-0123456789"


class Echo(FaultyServer):
    """Says what it is told to."""

    says = Reply(document={"well": True})

    def answer(self, request: Request) -> Reply:
        return self.says


@pytest.fixture
def server() -> Iterator[Echo]:
    with Echo().running() as running:
        yield running


def remote(url: str, **options) -> Remote:
    values = {"login": {"Authorization": f"Bearer {TOKEN}"}, "secrets": (TOKEN,), "limiter": Limiter(), **options}
    return Remote("fraud-v1", "Jenkins", url, **values)


def test_an_answer_brings_the_time_of_its_system(server):
    answer = remote(server.url).get("/x")
    assert answer.document() == {"well": True}
    assert answer.at is not None
    assert answer.at.tzinfo is UTC


def test_the_environment_names_no_proxy_and_no_authority(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    assert remote(server.url).get("/x").status == 200


def test_a_token_is_not_sent_to_where_an_answer_points(server):
    with Echo().running() as elsewhere:
        server.says = Reply(302, headers={"Location": f"{elsewhere.url}/x"})
        with pytest.raises(Misconfigured, match="answers 302 Found") as error:
            remote(server.url).get("/x")
        assert "http://127.0.0.1" in error.value.hint
        assert elsewhere.asked == []


def test_nobody_there_is_unavailable_and_not_unclear():
    with pytest.raises(Unavailable, match="cannot be reached") as error:
        remote("http://127.0.0.1:1").post("/x", {})
    assert not isinstance(error.value, Unclear)


def test_a_server_without_tls_gets_nothing_to_read(server):
    with pytest.raises(Unavailable, match="cannot be reached"):
        remote(server.url.replace("http:", "https:")).get("/x")
    assert server.asked == []


def test_a_certificate_is_believed_from_the_named_authority_only(server, tmp_path):
    own, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = server.url.replace("http:", "https:")
    with pytest.raises(Misconfigured, match="a certificate that is not trusted here") as error:
        remote(url).get("/x")
    assert "pipeline.ca" in error.value.hint
    assert server.asked == []
    assert remote(url, ca=own).get("/x").status == 200


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate of 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ci")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    public, secret = folder / "ci.pem", folder / "ci.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain, form = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return public, secret


def test_a_file_that_holds_no_certificate_is_said(tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(Misconfigured, match="cannot be read as a file of certificates"):
        remote("https://ci.example", ca=tmp_path / "ca.pem")


def test_an_endless_answer_is_cut_off(server):
    server.says = Reply(text="x" * 5_000_001)
    with pytest.raises(Unclear, match="more than 5 MB"):
        remote(server.url).get("/x")


@pytest.mark.parametrize("body", ["", "<html>Sign in</html>", '{"half":', "null"])
def test_what_is_no_json_is_unavailable(server, body):
    server.says = Reply(text=body)
    with pytest.raises(Unavailable, match="no JSON"):
        remote(server.url).get("/x")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_a_person_must_change_is_said_without_the_token(server, status):
    server.says = Reply(status, {"message": f"bad login\n{TOKEN}", "x": 1})
    with pytest.raises(Misconfigured, match=rf"answers {status} .*: bad login \*\*\*$") as error:
        remote(server.url).get("/x")
    assert error.value.hint


def test_all_models_of_a_process_keep_the_distance_that_one_was_asked_for(server):
    passed: list[float] = []
    limiter = Limiter(lambda: sum(passed), passed.append)
    server.retry_after = "30"
    server.fail("429 before", "GET")
    assert remote(server.url, limiter=limiter).get("/x").status == 200
    assert passed == [30.0]
    server.fail("429 before", "GET", times=3)
    with pytest.raises(Unavailable, match="asks us to wait"):
        remote(server.url, limiter=limiter).get("/x")
    remote(server.url, limiter=limiter).get("/x")
    assert passed == [30.0, 30.0, 30.0, 30.0]


@pytest.mark.parametrize(("given", "waited"), [("0", 0.0), ("", 5.0), ("soon", 5.0), ("-3", 5.0)])
def test_a_distance_in_another_form_is_the_usual_one(server, given, waited):
    passed: list[float] = []
    server.retry_after = given
    server.fail("429 before", "GET")
    remote(server.url, limiter=Limiter(lambda: sum(passed), passed.append)).get("/x")
    assert sum(passed) == waited


def test_a_distance_given_as_a_date_is_counted_by_the_servers_clock(server):
    passed: list[float] = []
    soon = datetime.now(UTC) + timedelta(seconds=50)
    server.retry_after = soon.strftime("%a, %d %b %Y %H:%M:%S GMT")
    server.fail("429 before", "GET")
    remote(server.url, limiter=Limiter(lambda: sum(passed), passed.append)).get("/x")
    assert 0 < sum(passed) <= 50


def test_what_represents_it_holds_no_token():
    assert repr(remote("https://ci.example/")) == "Remote(Jenkins at https://ci.example, for fraud-v1)"
