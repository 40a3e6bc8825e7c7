"""Comparisons, rankings, distributions and reports, in a real browser."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from lineman.container import House
from lineman.core.miners.inventory import MinerDraft
from lineman.ports.identity import Actor, Role
from lineman.ports.miners import (
    Availability,
    Maker,
    NewContainer,
    Observation,
    Reading,
    Sample,
    State,
    Watch,
)

if TYPE_CHECKING:
    from tests.contract.pages.conftest import Site, Visit

HOSTILE = "<img src=x onerror=alert(1)>"
#: How many pixels of a canvas are painted.
PAINTED = """(canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    .data.filter((value, index) => index % 4 === 3 && value > 0).length"""


def test_miners_are_compared_over_one_span_under_one_cursor(visit: "Visit", charts: None) -> None:
    page = visit.open("compare")
    expect(page.get_by_text("No miners are chosen")).to_be_visible()
    chooser = page.get_by_role("combobox", name="Add miners")
    for text, name in (("N-001", "N-001"), ("img", HOSTILE)):
        chooser.fill(text)
        expect(page.get_by_role("option", name=name).first).to_be_visible()
        chooser.press("Enter")
    expect(page.locator(".chip")).to_have_count(2)
    page.get_by_role("button", name="Temperature").click()
    expect(page.locator(".chart canvas")).to_have_count(2)
    page.get_by_label("rates in % of nominal").check()
    expect(page.locator(".chart").first).to_contain_text(re.compile(r"Hash rate, of nominal.*N-001 9\d\.\d.%"))
    assert re.search(r"compare\?miners=1%2C59&metric=hash_rate%2Ctemperature&percent=yes", page.url)
    page.reload()
    canvases = page.locator(".chart canvas")
    expect(canvases).to_have_count(2)
    assert [canvas.evaluate(PAINTED) > 1000 for canvas in canvases.all()] == [True, True]
    one = r"[\d.]+.% to [\d.]+.%, mean .*, last .*"
    each = re.compile(f"^Hash rate, of nominal: N-001: {one}; {re.escape(HOSTILE)}: {one}")
    described = page.get_by_role("img", name=each)
    expect(described).to_have_count(1)
    expect(page.locator(".chart .moment").first).to_be_empty()  # the least and greatest of one is not that of all
    page.locator(".u-over").first.hover()
    expect(page.locator(".moment").nth(3)).to_have_text(re.compile(r"^\d{4}-"))
    page.get_by_role("button", name=f"Take {HOSTILE} away").click()
    expect(page.locator(".chart").first.locator(".readout")).to_have_count(1)
    expect(page.locator(".chart .moment").first).to_contain_text(" … ")
    page.get_by_role("button", name="Containers").click()
    page.get_by_role("combobox", name="Add containers").focus()
    page.get_by_role("option", name="North").click()
    expect(page.locator(".chart").first).to_contain_text("North")
    assert page.get_by_role("button", name="Fans").count() == 0


def test_a_container_ranks_its_miners_and_shows_how_they_are_spread(visit: "Visit") -> None:
    page = visit.open("containers/1")
    page.get_by_role("link", name="Ranking").click()
    ranking = page.get_by_label("Ranking", exact=True)
    expect(ranking.locator("ol").first.locator("li")).to_have_count(10)
    expect(ranking.locator("ol").first.locator("li").first).to_contain_text("N-058")
    expect(ranking.locator("ol").last.locator("li").first).to_contain_text("N-00")
    page.get_by_label("Rank by").select_option("temperature")
    expect(ranking).to_contain_text("Hottest")
    page.get_by_label("Figure of the distribution").select_option("temperature")
    spread = page.get_by_label("Distribution", exact=True)
    expect(spread.get_by_role("img")).to_have_attribute("aria-label", re.compile("Temperature of 58 miners: Least"))
    page.reload()
    expect(page.get_by_label("Rank by")).to_have_value("temperature")


@pytest.mark.parametrize("visit", ["bella"], indirect=True)
def test_an_accountant_reads_and_downloads_reports_and_changes_nothing(visit: "Visit") -> None:
    page = visit.open("reports")
    page.get_by_label("Span").select_option("last-7")
    page.get_by_label("Periods").select_option("day")
    report = page.get_by_label("Report", exact=True)
    expect(report.get_by_role("row", name="North").filter(has_text="kWh").first).to_contain_text(
        re.compile(r"kWh.*PH/s|kWh.*TH/s")
    )
    assert page.url.endswith("reports?period=day&span=last-7")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert download.value.path().read_text("utf-8").startswith("container_id,container,period_start")
    page.get_by_label("Span").select_option("own")
    page.get_by_label("From", exact=True).fill("2030-01-01T00:00")
    expect(page.get_by_role("alert")).to_contain_text("The end must come after the beginning")
    page = visit.open("miners")
    expect(page.locator("tbody tr").first).to_be_visible()
    assert (
        page.locator("main button, main input[type=checkbox]").filter(has_text=re.compile("Add miner|Import")).count()
        == 0
    )
    page.locator("tbody .row-link").first.click()
    expect(page.get_by_label("Events", exact=True)).to_be_visible()
    assert page.get_by_role("button", name=re.compile("Poll|Edit|Remove|Reboot")).count() == 0


@pytest.mark.parametrize("visit", ["carla"], indirect=True)
def test_a_client_compares_and_reports_only_what_is_his(visit: "Visit") -> None:
    visit.expect("404")
    page = visit.open("compare?miners=1,59")
    expect(page.locator(".chip")).to_have_count(1)
    page.get_by_role("combobox", name="Add miners").fill("N-0")
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    page = visit.open("reports")
    assert page.get_by_text("North").count() == 0


async def mixed(house: House) -> int:
    """A container with a miner of each of two algorithms."""
    admin, at = Actor("tests", Role.ADMIN), datetime.now(UTC) - timedelta(minutes=10)
    container = await house.miners().add_container(admin, NewContainer("Mixed"))
    for number, (algorithm, rate) in enumerate((("sha256", 1.5e14), ("scrypt", 9.5e9)), 1):
        draft = MinerDraft(
            name=algorithm, ip_address=f"10.0.2.{number}", manufacturer="AntMiner", container_id=container.id
        )
        miner = await house.miners().add(admin, draft)
        sample = Sample(miner.id, at, State.MINING, rate, power_w=3000.0)
        reading = Reading(Maker.ANTMINER, State.MINING, algorithm=algorithm, hash_rate_hs=rate)
        watch = Watch(miner.id, Availability.ONLINE, state=State.MINING, polled_at=at, seen_at=at)
        await house.watch_store().keep([Observation(watch, sample, reading, None, container.id)])
    await house.series_store().roll_up(now=datetime.now(UTC))
    return container.id


def test_each_algorithm_of_a_container_has_a_chart_in_its_own_unit(visit: "Visit", site: "Site", charts: None) -> None:
    number = site.does(mixed)
    page = visit.open(f"containers/{number}")
    charts_of = page.get_by_label("Charts").locator(".chart")
    expect(charts_of).to_have_count(5)
    expect(charts_of.nth(0)).to_contain_text(re.compile(r"Hash rate, sha256.*rate 150\.0\sTH/s"))
    expect(charts_of.nth(1)).to_contain_text(re.compile(r"Hash rate, scrypt.*9\.5\d*\sGH/s"))
    expect(charts_of.nth(2)).to_contain_text(re.compile(r"Power.*6\D?000\sW"))
    visit.open(f"compare?containers={number},1")
    expect(page.locator(".chart")).to_have_count(2)
    expect(page.locator(".chart").nth(0).locator(".readout")).to_have_count(2)
    expect(page.locator(".chart").nth(1)).to_contain_text(re.compile(r"Hash rate, scrypt.*Mixed 9\.5\d*\sGH/s"))
