"""A server that is restarted under load, and one that speaks TLS: servers of the test's own."""

import asyncio
import datetime as dt
import ipaddress
import tempfile
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from querykit import sql
from querykit.errors import ConnectError
from querykit.execution.database import Database
from tests.servers import PrivateServer
from tests.servers.process import give_to_server_user
from tests.soak import KEPT, Soak, soak


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_server_restarted_under_load_loses_and_doubles_nothing(database_name: str) -> None:
    kept: list[int] = []
    with PrivateServer(database_name) as server:
        url = await asyncio.to_thread(server.url)

        async def disturb(admin: Database, done: Soak, ends: float) -> None:
            await asyncio.sleep(1.5)
            kept.append(done.outcomes.count(KEPT))
            await asyncio.to_thread(server.restart)
            kept.append(done.outcomes.count(KEPT))

        done = await soak(database_name, url, 7, disturb)
    assert done.counts["ConnectionLostError"] + done.counts["ConnectError"]
    before, after = kept
    assert 0 < before <= after < done.outcomes.count(KEPT)  # it went on by itself


@pytest.mark.databases("postgres")
async def test_a_connection_with_tls_is_made_and_the_certificate_checked(database_name: str) -> None:
    with tempfile.TemporaryDirectory() as folder, PrivateServer(database_name) as server:
        certificate, key = self_signed(Path(folder))
        url = await asyncio.to_thread(server.url)
        async with Database(url) as db:
            assert not await is_encrypted(db)
            for name, file in (("ssl_cert_file", certificate), ("ssl_key_file", key)):
                await db.execute(sql.raw(f"ALTER SYSTEM SET {name} = '{file}'"))
            await db.execute(sql("ALTER SYSTEM SET ssl = on"))
            await db.execute(sql("SELECT pg_reload_conf()"))
            await asyncio.sleep(0.5)
        for options in (
            "sslmode=require",
            f"sslmode=verify-ca&sslrootcert={certificate}",
            f"sslmode=verify-full&sslrootcert={certificate}",
            "sslmode=prefer",
        ):
            async with Database(f"{url}?{options}") as db:
                assert await is_encrypted(db)
        async with Database(f"{url}?sslmode=disable") as db:
            assert not await is_encrypted(db)
        for options in ("sslmode=verify-full", f"sslmode=verify-full&sslrootcert={certificate}"):
            with pytest.raises(ConnectError):  # nobody vouches for it; it is for another host
                await Database(f"{url.replace('127.0.0.1', 'localhost')}?{options}").connect()


async def is_encrypted(db: Database) -> bool:
    found: bool = await db.fetch_value(sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
    return found


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, and its key, as files that a server can read."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "querykit test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    files[1].chmod(0o600)
    for path in (folder, *files):
        give_to_server_user(path)
    return files
