"""Nobody but this machine's own browser, with the token, on the playground's own page, is answered."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import pytest

from querykit.playground import running
from querykit.playground.app import PAGE
from tests.playground.client import ask

QUESTIONS = ("tables", "show", "run", "plan")
ROOT = Path(__file__).parents[2]
PERSON = {"table": "person", "rows": {"columns": ["id"]}}


@pytest.fixture(scope="module")
async def demo():
    async with running() as made:
        yield made


@pytest.mark.parametrize("question", QUESTIONS)
async def test_with_the_token_it_answers(demo, question):
    assert (await ask(demo, question, PERSON)).status == 200
    assert (await ask(demo, question, PERSON, origin=None, sec_fetch_site=None)).status == 200  # a program


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic {}", "{}", "Bearer {}x", "bearer {}", "Bearer \xe9"],
)
async def test_without_the_token_it_does_not(demo, question, authorization):
    given = None if authorization is None else authorization.format(demo.token)
    answer = await ask(demo, question, PERSON, authorization=given)
    assert answer.status == 401
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("path", ["/", "/api/tables"])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{}",
        "127.0.0.1.evil.example:{}",
        "localhost.evil.example",
        "127.0.0.2:{}",
        "[::1]:{}",
        "0.0.0.0:{}",
        "evil.example@127.0.0.1:{}",
        "127.0.0.1:x",
        "[",
        "",
    ],
)
async def test_another_host_is_refused_even_with_the_token(demo, path, host):
    port = demo.origin.rpartition(":")[2]
    assert (
        await ask(demo, path, method="GET" if path == "/" else "POST", host=host.format(port), origin=None)
    ).status == 421


@pytest.mark.parametrize("host", ["localhost:{}", "127.0.0.1:9000", "LOCALHOST"])
async def test_a_forwarded_port_and_localhost_are_this_machine(demo, host):
    given = host.format(demo.origin.rpartition(":")[2])
    assert (await ask(demo, "tables", host=given, origin=f"http://{given}")).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://evil.example",
        "https://{}",
        "http://{}.evil.example",
        "http://127.0.0.1",
        "http://localhost:3000",
        "{}",
        "",
    ],
)
async def test_another_origin_is_refused_even_with_the_token(demo, origin):
    given = origin.format(demo.origin.removeprefix("http://"))
    assert (await ask(demo, "tables", origin=given)).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_request_of_another_site_is_refused(demo, site):
    assert (await ask(demo, "tables", origin=None, sec_fetch_site=site)).status == 403
    assert (await ask(demo, "/", method="GET", origin=None, sec_fetch_site=site)).status == 403


async def test_what_a_form_can_send_is_refused(demo):
    for kind in ("text/plain", "application/x-www-form-urlencoded", None):
        assert (await ask(demo, "tables", content_type=kind)).status == 415


async def test_other_methods_and_paths_are_none(demo):
    assert (await ask(demo, "tables", method="GET")).status == 405
    assert (await ask(demo, "tables", method="OPTIONS", authorization=None)).status == 401
    assert (await ask(demo, "/", method="POST")).status == 405
    for path in (
        "/index.html",
        "/../session.py",
        "/%2e%2e/session.py",
        "/page/index.html",
        "/api/",
        "/api/tables/",
        "//",
    ):
        assert (await ask(demo, path, method="GET")).status in (404, 405), path


@pytest.mark.parametrize("path", [*PAGE, "/api/tables", "/none"])
async def test_every_answer_tells_the_browser_what_it_may_do(demo, path):
    answer = await ask(demo, path, method="POST" if "api" in path else "GET")
    policy = dict(each.strip().partition(" ")[::2] for each in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers
    assert "set-cookie" not in answer.headers


async def test_the_page_holds_nothing_before_the_token_is_known(demo):
    for path in PAGE:
        body = (await ask(demo, path, method="GET", authorization=None, origin=None)).body
        assert body
        assert demo.token.encode() not in body
        assert b"Beatrice" not in body


def test_no_file_of_the_page_makes_html_of_a_text_or_loads_from_elsewhere():
    folder = files("querykit.playground").joinpath("page")
    names = {each.name for each in folder.iterdir()}
    assert names == {name for name, _ in PAGE.values()}
    for name in names:
        text = folder.joinpath(name).read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|Function\(", text
        )
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), name
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|style=", text), name
        assert len(text) < 30_000


def test_it_listens_on_this_machine_alone(demo):
    port = f":{int(demo.origin.rpartition(':')[2]):04X} "
    listening = [
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()
        if port in line and line.split()[3] == "0A"
    ]
    assert [each.partition(":")[0] for each in listening] == ["0100007F"]


def test_tokens_are_long_and_new():
    async def token():
        async with running() as made:
            return made.token, made.address

    first, second = asyncio.run(token()), asyncio.run(token())
    assert first[0] != second[0]
    assert len(first[0]) >= 40
    assert first[1].endswith(f"/#{first[0]}")


def test_without_its_packages_it_says_what_to_install():
    program = """
import sys
for name in ("starlette", "uvicorn"):
    sys.modules[name] = None
import querykit
from querykit.cli import main
try:
    import querykit.playground
except querykit.ConfigurationError as error:
    print(error)
main(["playground", "--demo"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert "pip install 'querykit[playground]'" in done.stdout
    assert (done.returncode, done.stderr.startswith("Error: the playground needs the package")) == (1, True), (
        done.stderr
    )


class Found(NamedTuple):
    origin: str
    token: str


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_an_address_that_answers_until_it_is_ended(tmp_path, ending):
    words = [sys.executable, "-c", "from querykit.cli import main; main()", "playground", "--demo"]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as command:
        address = command.stdout.readline().split()[-1]
        found = Found(*address.split("/#"))
        assert asyncio.run(ask(found, "tables")).json()["is_demo"]
        command.send_signal(ending)
        _, errors = command.communicate(timeout=10)
    assert (command.returncode, errors) == (0, "")
    assert list(tmp_path.iterdir()) == []
