"""Serving an application from a thread: its beginning and its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from monitor.serving import serve


async def _hello(_: Request) -> Response:
    return PlainTextResponse("hello")


def test_any_application_is_served_on_a_free_port_until_the_block_ends() -> None:
    with serve(Starlette(routes=[Route("/", _hello)])) as base:
        assert base.startswith("http://127.0.0.1:")
        assert httpx.get(base, trust_env=False).text == "hello"
    with pytest.raises(httpx.ConnectError):
        httpx.get(base, trust_env=False)


def test_a_port_is_free_again_at_once() -> None:
    with serve(Starlette(routes=[Route("/", _hello)])) as base:
        port = int(base.rpartition(":")[2])
        httpx.get(base, trust_env=False)
    with serve(Starlette(routes=[Route("/", _hello)]), port) as again:
        assert again == base
        assert httpx.get(again, trust_env=False).text == "hello"


def test_a_failure_in_the_block_ends_the_server_and_is_passed_on() -> None:
    asked: list[str] = []

    def fail(base: str) -> None:
        asked.append(base)
        raise KeyError

    with pytest.raises(KeyError), serve(Starlette()) as base:
        fail(base)
    with pytest.raises(httpx.ConnectError):
        httpx.get(asked[0], trust_env=False)


def test_a_port_in_use_is_one_clear_line() -> None:
    with serve(Starlette()) as base:
        port = int(base.rpartition(":")[2])
        line = rf"^cannot listen on 127\.0\.0\.1:{port}: Address already in use; choose another port$"
        with pytest.raises(OSError, match=line), serve(Starlette(), port):
            pytest.fail("two servers on one port")


def test_a_port_that_is_none_is_one_clear_line() -> None:
    line = r"^cannot listen on 127\.0\.0\.1:99999: .*; choose another port$"
    with pytest.raises(OSError, match=line), serve(Starlette(), 99999):
        pytest.fail("a server on no port")


def test_an_application_that_does_not_start_is_one_clear_line() -> None:
    @asynccontextmanager
    async def broken(_: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    line = r"^the web application did not start on 127\.0\.0\.1: RuntimeError: no database$"
    with pytest.raises(OSError, match=line), serve(Starlette(lifespan=broken)):
        pytest.fail("started")


def test_the_lifespan_of_an_application_is_begun_and_ended() -> None:
    told: list[str] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        told.append("begun")
        yield
        told.append("ended")

    with serve(Starlette(lifespan=lifespan)):
        assert told == ["begun"]
    assert told == ["begun", "ended"]
