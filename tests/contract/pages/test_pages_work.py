"""The pages over a service that works: it finds simulated miners, polls them, and tells them what to do."""

import re
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from playwright.sync_api import Page, Route, expect

from lineman.adapters.devices.simulators.miners import SimulatedFarm
from lineman.ports.secrets import Secret
from lineman.service import Service, run
from lineman.settings import Settings

from .conftest import hasten

if TYPE_CHECKING:
    from tests.contract.pages.conftest import Visit

PASSWORD = "correct horse battery"
KINDS = {"a1346": 1, "m30s": 1, "s19pro": 1, "s9": 1}


class Town:
    """A service at work, beside simulated miners that it does not know yet."""

    def __init__(self, url: str, service: Service, farm: SimulatedFarm, portal: BlockingPortal) -> None:
        self.url, self.service, self.farm, self.portal = url, service, farm, portal

    @property
    def block(self) -> str:
        """The addresses of the miners, and a few where nobody is."""
        first = self.farm.miners[0].host
        return f"{first}-{int(first.rpartition('.')[2]) + 7}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Town]:
    """In the place of the quiet service of the other tests."""
    folder = tmp_path_factory.mktemp("work")
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_working(folder)) as (url, service, farm):
        yield Town(url, service, farm, portal)


@asynccontextmanager
async def _working(folder: Path) -> AsyncGenerator[tuple[str, Service, SimulatedFarm]]:
    settings = Settings(
        database=f"sqlite:///{folder}/lineman.db",
        port=0,
        admin_password=Secret(PASSWORD),
        polling_interval=1,
        connection_timeout=1,
    )
    stop, ready = anyio.Event(), anyio.Event()
    told: dict[str, Any] = {}

    def serving(url: str) -> None:
        told["url"] = url
        ready.set()

    async def beside(service: Service) -> None:
        hasten(service)
        told["service"] = service

    async def work() -> None:
        await run(settings, stop=stop, ready=serving, beside=beside)

    async with SimulatedFarm(KINDS, len(KINDS)) as farm, anyio.create_task_group() as tasks:
        tasks.start_soon(work)
        with anyio.fail_after(30):
            await ready.wait()
        yield told["url"], told["service"], farm
        stop.set()


def find_all(page: Page, visit: "Visit", town: Town) -> None:
    """Search the block from the page, and take all that is new into a container."""
    page = visit.open("discovery")
    page.get_by_label("Where to look").fill(town.block)
    page.get_by_text("Login and ports").click()
    page.get_by_label("Web port").fill(str(town.farm.miners[0].web_port))
    page.get_by_label("User name").fill("root")
    page.get_by_label("Password").fill("root")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_label("Progress", exact=True)).to_contain_text("8 of 8 addresses looked at")


def test_a_search_shows_what_is_there_and_adds_what_is_chosen(visit: "Visit", site: Town) -> None:
    visit.expect("422")
    page = visit.open("discovery")
    page.get_by_label("Where to look").fill("10.0.0.0/8")
    page.get_by_role("button", name="Search").click()
    where = page.get_by_label("Where to look")
    expect(where).to_have_attribute("aria-invalid", "true")
    expect(where).to_have_accessible_description(re.compile("10.0.0.0/8"))
    made = page.request.post(
        f"{visit.url}/miners/api/containers",
        data={"name": "Hall"},
        headers={"X-CSRF-Token": page.request.get(f"{visit.url}/api/auth/me").json()["csrf"], "Origin": visit.url},
    )
    assert made.status == 201, made.text()
    find_all(page, visit, site)
    results = page.get_by_label("Results")
    expect(results.locator("tbody tr")).to_have_count(4)
    expect(results.get_by_role("checkbox", checked=True)).to_have_count(4)
    take = page.get_by_role("region", name="Take over")
    take.get_by_label("Container").select_option("Hall")
    take.get_by_role("button", name="Take over").click()
    expect(page.get_by_role("status").filter(has_text="4 miners added")).to_be_visible()
    expect(results.locator("tbody tr").first).to_contain_text("Known")
    expect(take).to_be_hidden()


def test_what_polls_show_appears_by_itself_without_asking(visit: "Visit", site: Town) -> None:
    page = visit.open("containers/1")
    expect(page.locator("tbody tr[data-is=online]")).to_have_count(4)
    # Whatever the page asks for from now on is not answered: what it shows is what it was told.
    held: list[Route] = []
    page.route("**/api/miners?*", lambda asked: held.append(asked))
    site.farm.set(0, mute=True)
    expect(page.locator("tbody tr[data-is=stale], tbody tr[data-is=offline]")).to_have_count(1)
    expect(page.get_by_label("Totals").locator("li[data-is=online]")).to_contain_text("3 online")
    site.farm.set(0, mute=False)
    for asked in held:
        asked.continue_()
    page.unroute("**/api/miners?*")


def test_an_action_is_confirmed_by_name_and_followed_until_a_reading_shows_it(visit: "Visit", site: Town) -> None:
    page = visit.open("miners?manufacturer=Whatsminer")
    link = page.locator("tbody .row-link")
    name = link.text_content() or ""
    link.click()
    actions = page.get_by_label("Actions", exact=True)
    actions.get_by_role("button", name="Sleep").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{name}It stops hashing")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name=f"Sleep: {name}").click()
    expect(actions.locator(".orders li")).to_contain_text(re.compile("Sleep.*by admin.*Verified.*it is sleeping"))
    expect(page.get_by_label("Condition")).to_contain_text("sleeping")
    events = page.get_by_label("Events", exact=True)
    expect(events.locator("li").filter(has_text="Sleep, by admin")).to_be_visible()
    expect(events.locator("li").filter(has_text="Mining → Sleeping")).to_be_visible()


def test_what_a_miner_cannot_do_is_shown_with_the_reason_and_a_refusal_with_the_miners_words(visit: "Visit") -> None:
    page = visit.open("miners?manufacturer=Avalon")
    page.locator("tbody .row-link").click()
    actions = page.get_by_label("Actions", exact=True)
    limit = actions.get_by_role("button", name="Power limit")
    expect(limit).to_be_disabled()
    expect(limit).to_have_accessible_description("Power limit: an Avalon has work levels, not a limit in watts")
    page = visit.open("miners?search=s9")
    page.locator("tbody .row-link").filter(has_not_text="pro").last.click()
    actions.get_by_role("button", name="Switch pool").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Pool", exact=True).select_option("another one")
    dialog.get_by_label("Address of another").fill("no pool")
    dialog.get_by_role("button", name="Switch pool:").click()
    expect(dialog.locator(".field-error, .form-error").filter(has_text=re.compile(r"\w")).first).to_be_visible()
    visit.expect("422")


def test_many_are_told_at_once_and_each_outcome_stands_on_its_page(visit: "Visit") -> None:
    page = visit.open("containers/1")
    page.get_by_label("Choose this page").check()
    page.get_by_label("What to do with the chosen").select_option("act:light")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("4 miners")
    dialog.get_by_role("button", name="Fault light: 4 miners").click()
    expect(page.get_by_role("dialog")).to_contain_text("4 done")
    page.get_by_role("button", name="Close").last.click()
    page.get_by_role("button", name="Clear").last.click()
    page.locator("tbody .row-link").first.click()
    expect(page.get_by_label("Actions", exact=True).locator(".orders li").first).to_contain_text("Fault light on")
