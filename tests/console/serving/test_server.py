"""Who gets an answer from the server behind the browser's page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from console.serving.admission import is_loopback
from console.serving.server import ConsoleServer, Serving

Client = TestClient[Request, Application]


def serving(*, host: str = "127.0.0.1", key: str = "") -> Serving:
    return Serving(command=("false",), title="a <run>", host=host, port=0, key=key)


async def client_of(one: Serving) -> Client:
    client = TestClient(TestServer(await ConsoleServer(one).application(), host="127.0.0.1"))
    await client.start_server()
    return client


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Of a server on loopback, without a key."""
    found = await client_of(serving())
    yield found
    await found.close()


@pytest.fixture
async def guarded() -> AsyncIterator[Client]:
    """Of a server that asks for a key."""
    found = await client_of(serving(key="secret"))
    yield found
    await found.close()


async def text_of(answer: ClientResponse) -> str:
    return await answer.text()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_what_only_this_machine_reaches(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


async def test_the_page_connects_to_where_it_was_asked_for(client: Client) -> None:
    # As through ssh -L with another port at this end.
    answer = await client.get("/", headers={"Host": "localhost:9999"})
    page = await text_of(answer)
    assert answer.status == 200
    assert 'data-session-websocket-url="ws://localhost:9999/ws"' in page
    assert "a &lt;run&gt;" in page
    assert "http://" not in page.replace("ws://", "")
    assert "https://" not in page
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/static/js/textual.js", "/static/css/xterm.css", "/page.js"])
async def test_what_the_page_needs_is_here(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 200


@pytest.mark.parametrize(
    ("asked", "size"),
    [("20", 20), ("1", 8), ("9999", 40), ("x", 16), ("", 16), ("²", 16), ("9" * 5000, 16)],
)
async def test_the_size_of_the_font_is_bounded(client: Client, asked: str, size: int) -> None:
    page = await text_of(await client.get("/", params={"fontsize": asked}))
    assert f'data-font-size="{size}"' in page


@pytest.mark.parametrize("path", ["/", "/page.js", "/static/js/textual.js", "/ws"])
async def test_a_name_that_somebody_else_let_point_here_is_refused(
    client: Client, path: str
) -> None:
    answer = await client.get(path, headers={"Host": "evil.example:8000"})
    assert answer.status == 403
    assert "expected this machine's name" in await text_of(answer)


async def test_a_page_from_elsewhere_may_not_connect(client: Client) -> None:
    for origin in ("https://evil.example", "http://127.0.0.1:1", "null"):
        with pytest.raises(WSServerHandshakeError) as caught:
            await client.ws_connect("/ws", headers={"Origin": origin})
        assert caught.value.status == 403


async def test_without_the_key_there_is_nothing(guarded: Client) -> None:
    for path in ("/", "/?key=wrong", "/?key=", "/page.js", "/page.js?key=secret", "/ws?key=secret"):
        answer = await guarded.get(path)
        assert answer.status == 403, path
        assert "the whole address" in await text_of(answer)


async def test_the_key_is_taken_once_and_leaves_the_address(guarded: Client) -> None:
    answer = await guarded.get("/?key=secret", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (302, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    kept = {"Cookie": cookie.partition(";")[0]}
    assert (await guarded.get("/", headers=kept)).status == 200
    assert (await guarded.get("/page.js", headers=kept)).status == 200


async def test_what_makes_no_sense_is_refused(client: Client, guarded: Client) -> None:
    assert (await client.get("/", headers={"Host": "["})).status == 403
    assert (await client.get("/", headers={"Host": "127.0.0.1:x"})).status == 403
    # As only a raw connection sends it: a cookie that is no text.
    reader, writer = await asyncio.open_connection(guarded.host, guarded.port)
    host = f"{guarded.host}:{guarded.port}".encode()
    cookie = f"rlscale-console-{guarded.port}=".encode() + b"\xff"
    writer.write(b"GET / HTTP/1.1\r\nHost: %b\r\nCookie: %b\r\n\r\n" % (host, cookie))
    assert (await asyncio.wait_for(reader.readline(), 10.0)).split()[1] == b"403"
    writer.close()


async def test_servers_beside_each_other_keep_their_keys(guarded: Client) -> None:
    names = set()
    for host in ("127.0.0.1:8000", "127.0.0.1:8001", "127.0.0.1"):
        headers = {"Host": host}
        answer = await guarded.get("/?key=secret", headers=headers, allow_redirects=False)
        names.add(answer.headers["Set-Cookie"].partition("=")[0])
    assert len(names) == 3


async def test_an_address_that_others_reach_has_any_name() -> None:
    client = await client_of(serving(host="0.0.0.0"))
    assert (await client.get("/", headers={"Host": "demo.example"})).status == 200
    await client.close()


async def test_there_may_only_be_so_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.serving.server._MOST_PAGES", 0)
    client = await client_of(serving())
    with pytest.raises(WSServerHandshakeError) as caught:
        await client.ws_connect("/ws")
    assert caught.value.status == 503
    await client.close()
