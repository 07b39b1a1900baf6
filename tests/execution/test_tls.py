"""Connections with TLS: to servers of the test's own, with certificates made for it."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from querykit import sql
from querykit.errors import ConfigurationError, ConnectError
from querykit.execution.database import Database
from tests.certificates import Authority, Certificate
from tests.servers import PrivateServer
from tests.servers.process import OPTIONS, give_to_server_user

pytestmark = pytest.mark.databases("postgres", "mysql", "mariadb")

SERVER_OPTIONS = {
    "postgres": "--ssl=on --ssl_cert_file={cert} --ssl_key_file={key} --ssl_ca_file={ca} --hba_file={hba}",
    "mysql": "--ssl-cert={cert} --ssl-key={key} --ssl-ca={ca}",
    "mariadb": "--ssl-cert={cert} --ssl-key={key} --ssl-ca={ca}",
}
HBA = "hostssl all certified 127.0.0.1/32 trust clientcert=verify-ca\nhost all all 127.0.0.1/32 trust\n"
CERTIFIED = {
    "postgres": ["CREATE ROLE certified LOGIN"],
    "mysql": ["CREATE USER certified REQUIRE X509", "GRANT ALL ON *.* TO certified"],
}
CERTIFIED["mariadb"] = CERTIFIED["mysql"]


@dataclass(frozen=True)
class Servers:
    """A server that has TLS and one that has not, and who vouches for the first.

    Attributes:
        secure: The URL of the first.
        plain: The URL of the second.
        authority: Who signed the first one's certificate.
        stranger: Who did not.
        client: A certificate for a client.
    """

    secure: str
    plain: str
    authority: Path
    stranger: Path
    client: Certificate


@pytest.fixture(scope="module")
async def servers(database_name: str, driven: Callable[[str], str]) -> AsyncIterator[Servers]:
    folder = Path(tempfile.mkdtemp(prefix="querykit-tls-"))
    give_to_server_user(folder)
    authority, stranger = Authority(folder / "authority"), Authority(folder / "stranger")
    own = authority.certify("server")
    hba = folder / "pg_hba.conf"
    hba.write_text(HBA)
    options = SERVER_OPTIONS[database_name].format(cert=own.file, key=own.key, ca=authority.file, hba=hba)
    try:
        with PrivateServer(database_name, **{OPTIONS: options}) as secure, PrivateServer(database_name) as plain:
            urls = [driven(await asyncio.to_thread(server.url)) for server in (secure, plain)]
            async with Database(urls[0]) as db:
                for statement in CERTIFIED[database_name]:
                    await db.execute(sql.raw(statement))
            yield Servers(urls[0], urls[1], authority.file, stranger.file, authority.certify("client"))
    finally:
        shutil.rmtree(folder)


async def is_encrypted(db: Database) -> bool:
    if db.dialect.name == "postgres":
        return bool(await db.fetch_value(sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")))
    (status,) = await db.fetch_all(sql("SHOW STATUS LIKE 'Ssl_cipher'"))
    return bool(status["Value"])


async def test_what_sslmode_says_is_so(servers: Servers) -> None:
    url, authority = servers.secure, servers.authority
    for options in (
        "sslmode=prefer",
        "sslmode=require",
        f"sslmode=verify-ca&sslrootcert={authority}",
        f"sslmode=verify-full&sslrootcert={authority}",
    ):
        async with Database(f"{url}?{options}") as db:
            assert await is_encrypted(db), options
    async with Database(f"{url}?sslmode=disable") as db:
        assert not await is_encrypted(db)


async def test_a_certificate_that_nobody_known_signed_is_refused(servers: Servers) -> None:
    url = servers.secure
    for mode in ("verify-ca", "verify-full"):
        for root in ("", f"&sslrootcert={servers.stranger}"):
            with pytest.raises(ConnectError, match=r"(?i)certificate verify failed"):
                await Database(f"{url}?sslmode={mode}{root}").connect()


async def test_a_certificate_for_another_host_is_refused_by_verify_full(servers: Servers) -> None:
    url = servers.secure.replace("127.0.0.1", "localhost")
    root = f"sslrootcert={servers.authority}"
    with pytest.raises(ConnectError, match=r"(?i)certificate"):
        await Database(f"{url}?sslmode=verify-full&{root}").connect()
    async with Database(f"{url}?sslmode=verify-ca&{root}") as db:
        assert await is_encrypted(db)


async def test_a_server_without_tls_is_refused_where_tls_is_required(servers: Servers) -> None:
    url, root = servers.plain, f"sslrootcert={servers.authority}"
    for options in ("sslmode=require", f"sslmode=verify-ca&{root}", f"sslmode=verify-full&{root}"):
        with pytest.raises(ConnectError, match=r"TLS|SSL"):
            await Database(f"{url}?{options}").connect()
    for mode in ("prefer", "disable"):
        async with Database(f"{url}?sslmode={mode}") as db:
            assert not await is_encrypted(db)


async def test_a_client_shows_its_certificate(servers: Servers) -> None:
    url, client = f"{servers.secure}?sslmode=require", servers.client
    with pytest.raises(ConnectError):
        await Database(url, user="certified").connect()
    shown = f"{url}&sslcert={client.file}&sslkey={client.key}"
    async with Database(shown, user="certified") as db:
        assert await is_encrypted(db)


async def test_a_file_of_certificates_that_cannot_be_read_is_told(servers: Servers) -> None:
    with pytest.raises(ConfigurationError, match="sslrootcert"):
        Database(f"{servers.secure}?sslmode=verify-full&sslrootcert=/no/such/file")


async def test_large_results_and_cancellation_work_encrypted(servers: Servers) -> None:
    async with Database(f"{servers.secure}?sslmode=require", pool_size=1) as db:
        assert await db.fetch_value(sql("SELECT REPEAT('x', 5000000) AS long_text")) == "x" * 5_000_000
        sleep = sql("SELECT pg_sleep(30)") if db.dialect.name == "postgres" else sql("SELECT SLEEP(30)")
        task = asyncio.create_task(db.fetch_all(sleep))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 2)
        assert await is_encrypted(db)
