"""A whole lineman with made-up miners and a day of history, and a browser to look at it."""

import math
import os
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import attrs
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from dependency_injector import providers
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, expect, sync_playwright

from lineman.adapters.http.pages import CHARTS, STATIC
from lineman.adapters.http.server import bind, serve, url_of
from lineman.adapters.http.stream import Pace
from lineman.container import House
from lineman.core.identity import UserEdit
from lineman.core.miners.inventory import MinerDraft
from lineman.ports.identity import Actor, Role
from lineman.ports.miners import (
    Answer,
    Availability,
    Board,
    Fingerprint,
    Maker,
    MinerDriver,
    NewContainer,
    Observation,
    Pool,
    PowerKind,
    Reading,
    Sample,
    Shares,
    State,
    Target,
    TimedOut,
    Watch,
)
from lineman.ports.secrets import Secret
from lineman.service import Service, opened_service
from lineman.settings import Settings

ADMIN = Actor("tests", Role.ADMIN)
PASSWORD = "correct horse battery"
HOSTILE = "<img src=x onerror=alert(1)>"
SILENT = "192.0.2.66"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
#: Of everything that a page may take to show on a busy machine, in milliseconds.
PATIENCE = 30_000
#: Northern miners; the southern container holds two more.
NORTHERN = 58


def _chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("CHROMIUM") or next((found for name in names if (found := shutil.which(name))), None)


LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs Chromium or uPlot where there is none, and say so; in CI they must be there."""
    missing = {}
    if _chromium() is None:
        missing["browser"] = "Chromium (install chromium, or set CHROMIUM)"
    if not (STATIC / CHARTS).is_file():
        missing["charts"] = "uPlot (install Node.js, then build again: make install)"
    left_out = [item for item in items if missing.keys() & set(getattr(item, "fixturenames", ()))]
    if left_out and os.environ.get("CI") == "true":
        raise pytest.UsageError(f"CI needs {' and '.join(missing.values())}")
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]
    config.stash[LEFT_OUT] = [f"{len(left_out)} tests of the pages left out: no {what}" for what in missing.values()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture
def charts() -> None:
    """The test needs the chart library."""


# --- the site ----------------------------------------------------------------


def reading(name: str = "", *, rate: float = 1.2e14) -> Reading:
    """What every miner here says of itself, hostile words among it."""
    return Reading(
        vendor=Maker.WHATSMINER, state=State.MINING, model="M50S", firmware="20230803.11.REL", algorithm="sha256",
        hash_rate_hs=rate, hash_rate_windows_hs={"1m": rate, "av": rate}, hash_rate_nominal_hs=1.26e14,
        power_w=3300.0, power_kind=PowerKind.WALL, temp_env_c=21.0, temp_board_max_c=70.0, temp_chip_max_c=81.5,
        fans_rpm=(5400, 5280), fans_expected=2, shares=Shares(1200, 3), hw_errors=0, uptime_s=86400,
        boards=(Board(0, rate / 2, 6.3e13, 68.0, 80.0, 114, 114), Board(1, rate / 2, 6.3e13, 70.0, 81.5, 114, 112, 2)),
        pools=(Pool(0, f"stratum+tcp://{HOSTILE}:3333", f"{HOSTILE}.{name}", "alive", 0, True, 1200, 3),),
        active_pool=0, errors=(HOSTILE,),
    )  # fmt: skip


class Scripted(MinerDriver):
    """Answers for every address but one, which is silent."""

    async def __aenter__(self) -> "Scripted":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def poll(self, target: Target, known: Fingerprint | None = None, *, deadline: float = 5.0) -> Answer:
        if target.host == SILENT:
            raise TimedOut(f"{target.host}:{target.port} did not answer within {deadline:g} s")
        raw = b'{"summary":{"SUMMARY":[{"Elapsed":86400,"Note":"<script>alert(2)</script>"}]}}'
        return Answer(reading("polled", rate=1.21e14), Fingerprint(Maker.WHATSMINER, "M50S"), raw)


@attrs.frozen
class Site:
    """Where it is, and how to do something behind the pages' back: ``site.does(async_function_of_the_house)``."""

    url: str
    house: House
    portal: BlockingPortal

    def does(self, what: Callable[[House], Awaitable[Any]]) -> Any:
        return self.portal.call(what, self.house)


#: Opens a site: ``seed`` furnishes the house, and puts scripted devices into it first.
Serving = Callable[[Callable[[House], Awaitable[None]]], AbstractContextManager[Site]]


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Serving:
    """The whole service on a port of its own, in a thread of its own, doing nothing by itself."""

    @contextmanager
    def served(seed: Callable[[House], Awaitable[None]]) -> Generator[Site]:
        database = f"sqlite:///{tmp_path_factory.mktemp('pages') / 'pages.db'}"
        opened = _served(Settings(database=database, admin_password=Secret(PASSWORD)), seed)
        with start_blocking_portal() as portal, portal.wrap_async_context_manager(opened) as (url, house):
            yield Site(url, house, portal)

    return served


@pytest.fixture(scope="module")
def site(serving: Serving) -> Generator[Site]:
    """A site with miners."""
    with serving(_seed) as site:
        yield site


@asynccontextmanager
async def _served(settings: Settings, seed: Callable[[House], Awaitable[None]]) -> AsyncGenerator[tuple[str, House]]:
    house = House(settings=settings)
    house.miner_driver.override(providers.Object(Scripted()))
    sockets = await bind("127.0.0.1", 0)
    try:
        async with opened_service(settings, works=False, house=house) as service, anyio.create_task_group() as tasks:
            await house.identity().ensure_admin(settings.admin_password)
            hasten(service)
            await seed(house)
            stop, ready = anyio.Event(), anyio.Event()

            async def run() -> None:
                app = service.application()
                await serve(app, "127.0.0.1", 0, sockets=sockets, stop=stop, ready=lambda _: ready.set(), grace=1)

            tasks.start_soon(run)
            with anyio.fail_after(30):
                await ready.wait()
            yield url_of(sockets[0]), house
            service.streams.end()
            stop.set()
    finally:
        for sock in sockets:
            sock.close()


def hasten(service: Service) -> None:
    """What changes is told at once: nobody waits for the pace of a fleet."""
    service.streams.pace = Pace(tick=0.2)
    live, gateways, units = service.house.live(), service.house.live_gateways(), service.house.live_units()
    live.every = live.totals_every = gateways.looks.every = units.looks.every = 0.2


async def _seed(house: House) -> None:
    miners, now = house.miners(), datetime.now(UTC).replace(microsecond=0)
    north = await miners.add_container(ADMIN, NewContainer("North", "By the wall", "Port A"))
    south = await miners.add_container(ADMIN, NewContainer(f"South {HOSTILE}", HOSTILE, HOSTILE))
    await house.users().add(ADMIN, "carla", Secret(PASSWORD), UserEdit(role=Role.CLIENT, container_ids=(south.id,)))
    await house.users().add(ADMIN, "bella", Secret(PASSWORD), UserEdit(role=Role.ACCOUNTANT))
    await house.users().add(ADMIN, "newcomer", Secret(PASSWORD), UserEdit(role=Role.CLIENT, is_active=False))
    drafts = [
        MinerDraft(name=f"N-{n:03}", ip_address=f"10.0.0.{n}", manufacturer="Whatsminer", container_id=north.id)
        for n in range(1, NORTHERN + 1)
    ]
    place = south.id
    drafts += [
        MinerDraft(name=HOSTILE, ip_address="10.0.1.1", manufacturer="AntMiner", model=HOSTILE, container_id=place),
        MinerDraft(name="S-silent", ip_address=SILENT, manufacturer="Avalon", container_id=place),
    ]
    added = [await miners.add(ADMIN, draft) for draft in drafts]
    # The first has a day, with an hour of misses and two hours that nobody watched; all have a quarter of an hour.
    for ago in range(24 * 60, 0, -5):
        if not 600 <= ago < 720:
            polled = added if ago <= 15 else added[:1]
            at, missed = now - timedelta(minutes=ago), 300 <= ago < 360
            await house.watch_store().keep(
                [_observation(one.id, one.container_id, at, missed=missed) for one in polled]
            )
    await house.watch_store().keep([_silent(added[-1].id, place, now)])
    await house.series_store().roll_up(now=now)


def _observation(miner_id: int, container_id: int | None, at: datetime, *, missed: bool) -> Observation:
    minute = at.timestamp() / 60
    rate = (1.2 + 0.03 * math.sin(minute / 40) + miner_id / 1000) * 1e14
    heat = 78 + 3 * math.sin(minute / 90)
    watch = Watch(
        miner_id, Availability.ONLINE, state=State.MINING, polled_at=at, seen_at=at, availability_since=at,
        state_since=at, accepted=1200, rejected=3, reject_ratio=0.0025, last_share_at=at,
    )  # fmt: skip
    if missed:
        return Observation(watch, Sample(miner_id, at, error="timed-out"), container_id=container_id)
    sample = Sample(
        miner_id, at, State.MINING, rate, 1.26e14, accepted=1200, rejected=3, temperature=heat,
        fan_speed=5300, power_w=3300.0, uptime_s=86400,
    )  # fmt: skip
    raw = b'{"summary":{"Note":"<script>alert(3)</script>"}}'
    return Observation(watch, sample, reading(rate=rate), raw, container_id)


def _silent(miner_id: int, container_id: int | None, at: datetime) -> Observation:
    watch = Watch(
        miner_id, Availability.OFFLINE, misses=5, state=State.MINING, polled_at=at, seen_at=at - timedelta(minutes=5),
        availability_since=at, state_since=at, error="timed-out", error_detail=f"{SILENT}:4028 did not answer",
    )  # fmt: skip
    return Observation(watch, Sample(miner_id, at, error="timed-out"), container_id=container_id)


# --- the browser -------------------------------------------------------------


@attrs.define
class Visit:
    """A page, and what the browser complained of.  Failed answers are told by the browser too: ``expect`` them."""

    page: Page
    url: str
    complaints: list[str] = attrs.field(factory=list)
    expected: tuple[str, ...] = ()

    def expect(self, *words: str) -> None:
        """Complaints with one of these words are part of the test."""
        self.expected = words

    def open(self, path: str) -> Page:
        """Go to ``/ui/…`` and wait until its content stands."""
        self.page.goto(f"{self.url}/ui/{path}")
        self.page.wait_for_selector("main h1, .login h1", state="attached")
        return self.page

    def heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def alerted(self, dialog: Dialog) -> None:
        self.complaints.append(f"alert: {dialog.message}")
        dialog.dismiss()

    def check(self) -> None:
        """Nothing was complained of but what was expected: no error, no warning, no breach of the content policy."""
        assert [one for one in self.complaints if not any(word in one for word in self.expected)] == []


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """Chromium.  It ends with its module: its event loop would be in the way of the tests that follow."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
        expect.set_options(timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def contexts(browser: Browser, site: Site) -> Callable[[str], BrowserContext]:
    """The browser of a user who is logged in: one login each, since logins are rate limited, and one cache."""
    known: dict[str, BrowserContext] = {}

    def context(name: str) -> BrowserContext:
        if name not in known:
            known[name] = browser.new_context()
            known[name].set_default_timeout(PATIENCE)
            login = {"username": name, "password": PASSWORD}
            answer = known[name].request.post(f"{site.url}/api/auth/session", data=login)
            assert answer.status == 200, answer.text()
        return known[name]

    return context


@pytest.fixture
def visit(
    browser: Browser, site: Site, contexts: Callable[[str], BrowserContext], request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """A page for the user named by the parameter, ``admin`` by default; ``""`` is nobody, with nothing kept."""
    who = getattr(request, "param", "admin")
    context = contexts(who) if who else browser.new_context()
    visit = Visit(context.new_page(), site.url)
    visit.page.set_viewport_size({"width": 1280, "height": 800})
    visit.page.on("console", lambda message: visit.heard(message))
    visit.page.on("pageerror", lambda error: visit.complaints.append(f"uncaught: {error}"))
    visit.page.on("dialog", lambda dialog: visit.alerted(dialog))
    yield visit
    context.set_offline(offline=False)
    visit.page.close()
    if not who:
        context.close()
    visit.check()
