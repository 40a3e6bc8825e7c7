"""Every page of the shared fixtures reads as `expected.json` says, and no SIP password stays of any."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from lineman.adapters.devices.gateways import status
from lineman.adapters.devices.gateways.calling import authentication_ids
from lineman.adapters.devices.gateways.listing import read_listing
from lineman.adapters.devices.gateways.markup import Page, html_fields, identity_fields, xml_fields
from lineman.ports.errors import DeviceError
from lineman.ports.gateways import Line

pytestmark = pytest.mark.shared

PAGES = Path(__file__).resolve().parents[3] / "shared/fixtures/goip"
EXPECTED: dict[str, Any] = (
    json.loads((PAGES / "expected.json").read_text("utf-8")) if (PAGES / "expected.json").is_file() else {}
)
CASES = 19
FILES = 33


def named(*beginnings: str) -> list[str]:
    return [name for name in EXPECTED if name.startswith(beginnings)]


def shown(line: Line) -> dict[str, Any]:
    """A line in the words of `expected.json`."""
    return {
        **{
            name: getattr(line, name)
            for name in ("line", "module", "sim", "gsm", "voip", "state", "peer", "rssi", "dbm")
        },
        "rssi_raw": None if line.rssi_raw is None else int(line.rssi_raw),
        "operator": line.operator,
        "sim_remain": line.sim_remain,
        "calls": None if line.calls is None else f"{line.answered}/{line.calls}",
        "idle_min": line.idle_min,
    }


def everything(name: str) -> bool:
    return True


def fields_of(name: str) -> Page:
    page = (PAGES / name).read_bytes()
    if name.endswith(".xml"):
        return Page(xml_fields(page, name, everything))
    return html_fields(page, name, everything)


@pytest.mark.parametrize("name", named("status_goip", "status_list"))
def test_lines_read_as_expected(name: str) -> None:
    expected = EXPECTED[name]
    lines = status.lines(fields_of(name).fields)
    assert [shown(line) for line in lines] == expected["lines"]
    assert len(lines) == expected.get("line_count", len(lines))


@pytest.mark.parametrize("name", named("status_goip", "status_base"))
def test_the_identity_reads_as_expected(name: str) -> None:
    expected = dict(EXPECTED[name])
    found = attrs.asdict(status.identity(fields_of(name)))
    if name.endswith(".html"):
        # The part before the lines tells it as well.
        head = identity_fields((PAGES / name).read_bytes(), name, everything)
        assert attrs.asdict(status.identity(head)) == found
    else:
        # It has no title; its model is shown in place of one.
        expected["title"] = expected.pop("model")
    assert {key: found[key] for key in expected if key in found} == {
        key: value for key, value in expected.items() if key not in ("lines", "line_count", "note")
    }


def test_models_are_those_of_the_files() -> None:
    for size in (1, 4, 8, 16, 32):
        assert status.identity(fields_of(f"status_goip{size}.html")).model == f"GoIP{size}"


def test_call_forwarding_reads_as_expected() -> None:
    name = "callforward_goip4.html"
    found = [
        {
            "line": line,
            **{key: {"state": str(value["state"]), "number": value["number"]} for key, value in four.items()},
        }
        for line, four in ((line, attrs.asdict(found)) for line, found in status.forwards(fields_of(name).fields))
    ]
    assert found == EXPECTED[name]["lines"]
    name = "status_callforward_goip32.xml"
    forwards = dict(status.forwards(fields_of(name).fields))
    assert len(forwards) == EXPECTED[name]["line_count"]
    assert {str(found.busy.state) for found in forwards.values()} == {EXPECTED[name]["all_busy"]}
    assert str(forwards[15].not_reachable.state) == EXPECTED[name]["line_15_not_reachable"]


@pytest.mark.parametrize("name", named("config_calling"))
def test_authentication_ids_read_as_expected_and_no_password_stays(name: str) -> None:
    page = (PAGES / name).read_bytes()
    assert b"CANARY" in page
    expected = {int(line): value for line, value in EXPECTED[name]["auth_ids"].items()}
    found = authentication_ids(page, name, tuple(expected))
    assert dict(found) == expected
    assert "CANARY" not in repr(found)


@pytest.mark.parametrize("name", named("radmin_list"))
def test_lists_read_as_expected(name: str) -> None:
    expected = EXPECTED[name]
    listing = read_listing((PAGES / name).read_bytes(), "mftp")
    assert [(row.name, row.address, row.port) for row in listing.rows] == [
        (device["name"], device["ip"], device["port"]) for device in expected["devices"]
    ]
    assert listing.version == expected.get("version", listing.version)
    assert listing.remarks == ()


def test_the_list_agrees_with_the_servers_xml_which_nobody_asks_for() -> None:
    ports = {row.name: row.port for row in read_listing((PAGES / "radmin_list.html").read_bytes(), "mftp").rows}
    web = EXPECTED["radmin_clients.xml"]["web"]
    assert {name: ports[name] for name in web} == web


def readers(page: bytes) -> Sequence[Any]:
    yes = everything
    return (
        lambda: status.lines(xml_fields(page, "x", yes)),
        lambda: status.forwards(xml_fields(page, "x", yes)),
        lambda: status.identity(html_fields(page, "x", yes)),
        lambda: status.lines(html_fields(page, "x", yes).fields),
        lambda: authentication_ids(page, "x", tuple(range(1, 33))),
        lambda: read_listing(page, "x"),
    )


@pytest.mark.parametrize("name", sorted(path.name for path in PAGES.glob("*.*") if path.name != "expected.json"))
def test_any_page_in_any_place_gives_a_reading_or_an_error_and_neither_tells_a_password(name: str) -> None:
    page = (PAGES / name).read_bytes()
    for cut in (len(page), len(page) * 3 // 5, 100):
        for read in readers(page[:cut]):
            try:
                said = repr(read())
            except DeviceError as error:
                said = f"{error!r} {error.__cause__!r} {error.__context__!r}"
            assert "CANARY" not in said


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.endswith((".html", ".xml"))])
def test_no_page_that_was_cut_off_is_taken_for_a_whole_one(name: str) -> None:
    page = (PAGES / name).read_bytes().rstrip()
    for cut in (len(page) - 1, len(page) // 2):
        for read in readers(page[:cut]):
            with pytest.raises(DeviceError):
                read()


def test_all_fixtures_are_there() -> None:
    assert len(EXPECTED) == CASES
    assert len(list(PAGES.iterdir())) == FILES
