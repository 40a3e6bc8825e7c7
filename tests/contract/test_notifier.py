"""Alert channels, against a web server of our own."""

import json
import logging
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import anyio
import pytest

from lineman.adapters.notify import apprise
from lineman.adapters.notify.apprise import AppriseNotifier, masked
from lineman.ports.alerts import BadChannel, Message, NotDelivered, Severity
from lineman.ports.secrets import Secret

pytestmark = pytest.mark.anyio

#: Seconds that nothing here comes near, unless it is to be late; the first message waits for the channels to be loaded.
PLENTY = 60.0

MESSAGE = Message("[CRITICAL] Offline: A1-07", "A1-07: timed out <b>\nA1-08: 90 %", Severity.CRITICAL)


class Hook(ThreadingHTTPServer):
    """Takes JSON; ``/bad`` is refused, ``/slow`` waits for ``go_on``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[dict[str, Any]] = []
        self.go_on = threading.Event()

    def url(self, path: str) -> Secret:
        return Secret(f"json://canary-user:canary%2Dpass@127.0.0.1:{self.server_port}/{path}")


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if "slow" in self.path:
            self.server.go_on.wait(PLENTY)
        self.server.got.append(body)
        self.send_response(500 if "bad" in self.path else 200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hook() -> Generator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join(5)


async def test_a_message_arrives_as_it_was_written(hook: Hook) -> None:
    await AppriseNotifier().send(hook.url("ok"), MESSAGE, deadline=PLENTY)
    [got] = hook.got
    assert (got["title"], got["message"], got["type"]) == (MESSAGE.title, MESSAGE.body, "failure")


async def test_a_failure_says_its_reason_and_no_part_of_the_url_is_said_or_logged(
    hook: Hook, capfd: pytest.CaptureFixture[str]
) -> None:
    # Not caplog: that hears of loggers, too, whose lines go nowhere.
    written, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(written), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    await anyio.to_thread.run_sync(AppriseNotifier().check, hook.url("ok"))
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    try:
        for url, reason in (
            (hook.url("bad/canary-token"), "500"),
            (Secret("json://canary-user:canary@127.0.0.1:1/canary-token"), "127.0.0.1"),
        ):
            with pytest.raises(NotDelivered) as failed:
                await AppriseNotifier().send(url, MESSAGE, deadline=PLENTY)
            assert reason in failed.value.detail
            assert "canary" not in failed.value.detail
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        logging.getLogger("apprise").setLevel(logging.WARNING)
    out, err = capfd.readouterr()
    assert "canary" not in written.getvalue() + out + err


async def test_whoever_takes_too_long_is_left_and_so_many_at_most(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise, "AT_ONCE", 1)
    notifier = AppriseNotifier()
    await anyio.to_thread.run_sync(notifier.check, hook.url("slow"))
    with pytest.raises(NotDelivered, match="within 0 s"):
        await notifier.send(hook.url("slow"), MESSAGE, deadline=0.2)
    with pytest.raises(NotDelivered, match="still on their way"):
        await notifier.send(hook.url("ok"), MESSAGE, deadline=PLENTY)
    hook.go_on.set()
    with anyio.fail_after(PLENTY):
        while True:
            try:
                await notifier.send(hook.url("ok"), MESSAGE, deadline=PLENTY)
                break
            except NotDelivered:
                await anyio.sleep(0.01)


def test_a_url_is_known_by_its_scheme_or_told_what_it_lacks() -> None:
    notifier = AppriseNotifier()
    assert notifier.check(Secret("JSON://host/path")) == "json"
    assert notifier.check(Secret("mailto://user:pass@example.com")) == "mailto"
    for url, reason in (("nothing", "no URL"), ("nope://x", "knows no 'nope'"), ("tgram://canary", "lacks something")):
        with pytest.raises(BadChannel, match=reason) as bad:
            notifier.check(Secret(url))
        assert "canary" not in bad.value.detail


def test_masking_leaves_words_and_the_host_alone() -> None:
    url = "json://anna:p%40ssw0rd@host.example/deep/TOKEN123?key=value99"
    said = "host.example answered 404 to TOKEN123 and value99 of anna:p@ssw0rd\x1b[1m"
    assert masked(said, url, "host.example") == "host.example answered 404 to *** and *** of ***:p@*** [1m"
