"""The playground opens a database to read, leaves it as it was, and keeps its passwords."""

from urllib.parse import urlsplit

import pytest

from querykit import Database, DatabaseError, insert_into, select_from, sql
from querykit.errors import ConfigurationError
from querykit.playground import running
from querykit.playground.demo import PEOPLE, TOYS, create_demo, person
from querykit.playground.session import read_only_url
from tests.playground.client import ask, plain
from tests.playground.queries import VILLAGE, names, people


@pytest.mark.parametrize(
    ("url", "opened"),
    [
        ("sqlite:///shop.db", "sqlite:///shop.db?mode=ro"),
        ("sqlite:///a%20b.db?mode=rwc&busy_timeout=2", "sqlite:///a%20b.db?mode=ro&busy_timeout=2"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://u:p%40@h/d?sslmode=require", "postgresql://u:p%40@h/d?sslmode=require"),
    ],
)
def test_a_file_is_opened_to_read(url, opened):
    assert read_only_url(url) == opened


async def test_a_missing_file_is_not_made(tmp_path):
    with pytest.raises(DatabaseError, match="cannot open"):
        async with running(f"sqlite:///{tmp_path / 'none.db'}"):
            pass
    assert list(tmp_path.iterdir()) == []


async def test_a_file_of_the_demo_stays_as_it_was(tmp_path):
    url = await create_demo(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    async with running(url) as playground:
        assert len(await names(playground, people())) == len(PEOPLE)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


async def test_a_taken_port_is_told():
    async with running() as playground:
        port = int(playground.origin.rpartition(":")[2])
        with pytest.raises(ConfigurationError, match=f"port {port}"):
            async with running(port=port):
                pass


async def test_the_program_names_a_file_and_leaves_a_server_to_the_environment(playground, village):
    program = (await ask(playground, "show", VILLAGE)).json()["python"]
    assert (
        f'Database("{village}")' if village.startswith("sqlite") else 'Database(os.environ["QUERYKIT_URL"])'
    ) in program


async def test_a_password_is_not_in_what_fails():
    with pytest.raises(DatabaseError) as failed:
        async with running("postgresql://someone:h0pscotch@127.0.0.1:1/none"):
            pass
    assert "h0pscotch" not in str(failed.value)


@pytest.mark.databases("postgres")
async def test_a_password_is_on_no_page(village):
    parts = urlsplit(village)
    user, _, host = parts.netloc.rpartition("@")
    secret = parts._replace(netloc=f"{user.partition(':')[0]}:h0pscotch@{host}").geturl()  # the server trusts any
    async with running(secret) as playground:
        answers = [await ask(playground, each, VILLAGE) for each in ("tables", "show", "run", "plan")]
    assert {each.status for each in answers} == {200}
    assert not any(b"h0pscotch" in each.body for each in answers)


@pytest.mark.databases("postgres")
async def test_the_tables_of_another_schema(village):
    async with Database(village) as db:
        await db.execute(sql("CREATE SCHEMA zoo"))
        await db.execute(sql("CREATE TYPE zoo.\"Mood\" AS ENUM ('calm', 'wild')"))
        await db.execute(sql('CREATE TABLE zoo.animal (id INT PRIMARY KEY, mood zoo."Mood", nets INET)'))
        await db.execute(sql("INSERT INTO zoo.animal VALUES (1, 'calm', '10.0.0.1'), (2, 'wild', NULL)"))
    calm = [{"column": "mood", "operator": "eq", "values": ["calm"]}]
    asked = {"table": "animal", "rows": {"columns": ["id", "mood", "nets"], "filters": calm}}
    async with running(village, schema="zoo") as playground:
        assert [each["name"] for each in (await ask(playground, "tables")).json()["tables"]] == ["animal"]
        rows = plain((await ask(playground, "run", asked)).json()["tree"])
        assert rows == [{"id": "1", "mood": "calm", "nets": "10.0.0.1"}]
        program = (await ask(playground, "show", asked)).json()["python"]
        assert 'class Animal(Table, name="animal", schema="zoo"):' in program
    async with Database(village) as db:
        await db.execute(sql("DROP SCHEMA zoo CASCADE"))


@pytest.mark.databases("postgres")
async def test_behind_pgbouncer_the_transaction_refuses_writes(village):
    async with running(f"{village.partition('?')[0]}?pgbouncer=true") as playground:
        assert len(await names(playground, people())) == len(PEOPLE)
        with pytest.raises(DatabaseError, match="read-only"):
            async with playground.session.reading() as trx:
                await trx.execute(sql("DROP TABLE toy"))


@pytest.mark.own_session
async def test_the_server_refuses_writes(playground, village):
    insert = insert_into(person).values(id=9, first_name="Eve")
    for trial in (insert, sql("DELETE FROM toy"), sql("DROP TABLE toy"), sql("CREATE TABLE thing (id INT)")):
        with pytest.raises(DatabaseError, match=r"(?i)read.?only"):
            async with playground.session.reading() as trx:
                await trx.execute(trial)
        with pytest.raises(DatabaseError, match=r"(?i)read.?only"):  # outside of a transaction too
            await playground.session.db.execute(trial)
    async with Database(village) as db:
        assert await db.fetch_value(select_from(person).select(person.id).order_by(person.id.desc()).limit(1)) == 4
        assert await db.fetch_value(sql("SELECT count(*) FROM toy")) == len(TOYS)
