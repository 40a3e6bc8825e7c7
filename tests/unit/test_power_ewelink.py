"""The cloud's language: signatures, regions, errors and channels, as the fact sheet's tables have them."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from lineman.adapters.devices.power.errors import Call, TokenRejected, answer_of, failure, number_in
from lineman.adapters.devices.power.params import Kind, channels, check_type, guessed, startup_command, state_of
from lineman.adapters.devices.power.regions import api_base, checked_base
from lineman.adapters.devices.power.signing import authorise_url, nonce, signature
from lineman.ports.errors import Declined, LinemanError
from lineman.ports.power import (
    ChannelMissing,
    ChannelRequired,
    CloudFault,
    CloudMisconfigured,
    NotASwitch,
    PlugOffline,
    QuotaUsedUp,
    ReauthoriseNeeded,
    Startup,
    SwitchFailed,
    UnknownPlug,
)
from lineman.ports.power.cloud import REGIONS, Application, BadRegion
from lineman.ports.secrets import Secret

FIXTURES = Path(__file__).resolve().parents[3] / "shared/fixtures/ewelink"


def table(name: str) -> dict[str, Any]:
    path = FIXTURES / f"{name}.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


VECTORS = table("signature_vectors").get("vectors", [])
URLS = table("oauth_authorize_url")
HOSTS = table("regions")
ERRORS = table("responses_error").get("cases", [])
CHANNELS = table("multi_channel_payloads").get("cases", [])
THINGS = table("responses_ok").get("cases", {})


@pytest.mark.shared
def test_every_case_of_the_tables_is_there() -> None:
    assert (len(VECTORS), len(URLS["cases"]), len(HOSTS["api"]), len(HOSTS["reject"])) == (7, 2, 4, 8)
    assert (len(ERRORS), len(CHANNELS), len(THINGS)) == (25, 7, 11)


@pytest.mark.shared
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_signatures_are_those_of_three_other_programs(vector: dict[str, Any]) -> None:
    message = vector["message"].encode()
    assert len(message) == vector["message_utf8_bytes"]
    assert signature(Secret(vector["key"]), message) == vector["signature_base64"]


@pytest.mark.shared
@pytest.mark.parametrize("case", URLS.get("cases", []), ids=lambda case: case["name"])
def test_the_address_that_asks_for_a_yes_is_percent_encoded(case: dict[str, Any]) -> None:
    given = URLS["inputs"]
    application = Application(given["app_id"], Secret(given["app_secret"]), given["redirect_url"])
    url = authorise_url(application, case["state"], case["now_ms"], case["nonce"])
    assert url == case["url"]
    assert {name: value for name, [value] in parse_qs(urlsplit(url).query).items()} == case["params"]


def test_the_page_of_a_simulator_stands_in_for_the_clouds() -> None:
    application = Application("app", Secret("secret"), "https://lineman.example.org/ewelink-callback/")
    assert authorise_url(application, "s", 1, "n", base="http://127.0.0.1:9000").startswith(
        "http://127.0.0.1:9000/oauth/index.html?clientId=app&"
    )


def test_nonces_are_eight_letters_or_digits_and_never_the_same() -> None:
    found = {nonce() for _ in range(200)}
    assert len(found) == 200
    assert all(len(one) == 8 and one.isalnum() and one.isascii() for one in found)


@pytest.mark.shared
def test_each_region_has_its_host_and_no_other_text_becomes_one() -> None:
    assert {region: api_base(region) for region in REGIONS} == HOSTS["api"]
    for region in HOSTS["reject"]:
        with pytest.raises(BadRegion):
            api_base(region)
        with pytest.raises(BadRegion):
            api_base(region, "http://127.0.0.1:9000")


def test_another_address_has_to_be_one() -> None:
    assert checked_base("http://127.0.0.1:9000/") == "http://127.0.0.1:9000"
    for address in ("127.0.0.1:9000", "ftp://host", "http://", "http://host/?a=b", "http://user:word@host"):
        with pytest.raises(ValueError, match="no address"):
            checked_base(address)


#: What the table's kinds are here: when read, and when switched.
KINDS: dict[str, tuple[type[LinemanError], type[LinemanError]]] = {
    "config": (CloudMisconfigured, CloudMisconfigured),
    "forbidden": (CloudMisconfigured, CloudMisconfigured),
    "token_invalid": (TokenRejected, TokenRejected),
    "token_expired": (TokenRejected, TokenRejected),
    "quota": (QuotaUsedUp, QuotaUsedUp),
    "not_found": (UnknownPlug, UnknownPlug),
    "retry": (CloudFault, CloudFault),
    "device_offline": (PlugOffline, SwitchFailed),
}


def told(case: dict[str, Any]) -> int | None:
    return number_in(answer_of(json.dumps(case["body"]).encode() if "body" in case else case["body_text"].encode()))


@pytest.mark.shared
@pytest.mark.parametrize("case", [c for c in ERRORS if "transport_error" not in c], ids=lambda case: case["name"])
def test_answers_are_the_errors_of_the_table(case: dict[str, Any]) -> None:
    number = told(case)
    read, switched = (failure(case["http_status"], number, call) for call in (Call.READ, Call.SWITCH))
    match case["kind"]:
        case "ok":
            assert (read, switched) == (None, None)
        case "reauthorise":
            call = Call.EXCHANGE if case["when"] == "token exchange" else Call.REFRESH
            assert type(failure(case["http_status"], number, call)) is ReauthoriseNeeded
        case "wrong_region":
            assert type(failure(case["http_status"], number, Call.EXCHANGE)) is BadRegion
        case "permanent" if case["name"] == "unknown code":
            assert isinstance(switched, SwitchFailed)
            assert switched.number == "79999"
            assert isinstance(read, CloudFault)
        case "permanent":
            assert isinstance(switched, Declined)
            assert isinstance(read, CloudMisconfigured)
        case kind:
            assert (type(read), type(switched)) == KINDS[kind]


@pytest.mark.parametrize("status", [200, 201, 301, 400, 404, 500, 502, 503])
@pytest.mark.parametrize("call", Call)
def test_an_answer_without_a_number_is_never_a_success(status: int, call: Call) -> None:
    assert isinstance(failure(status, None, call), CloudFault)


@pytest.mark.parametrize("status", [199, 302, 404, 500])
def test_zero_in_another_status_than_200_is_no_success(status: int) -> None:
    assert isinstance(failure(status, 0, Call.SWITCH), CloudFault)


@pytest.mark.shared
@pytest.mark.parametrize("case", CHANNELS, ids=range(len(CHANNELS)))
def test_what_is_sent_is_decided_by_what_is_reported(case: dict[str, Any]) -> None:
    errors = {"channel_required": ChannelRequired, "channel_missing": ChannelMissing, "not_a_switch": NotASwitch}

    def send() -> dict[str, object]:
        found = channels(case["reported"], "1000011001")
        return found.command(found.named(case["outlet"], "1000011001"), case["turn"] == "on")

    if case["send"] is None:
        with pytest.raises(errors[case["error"]]):
            send()
    else:
        assert send() == case["send"]


@pytest.mark.parametrize("uiid", [15, 181, 2256, 3256, 4256])
def test_thermostats_and_zigbee_strips_are_refused(uiid: int) -> None:
    with pytest.raises(NotASwitch, match=str(uiid)):
        check_type({"extra": {"uiid": uiid}, "params": {"switch": "on"}}, "1000011001")


@pytest.mark.parametrize(
    "params",
    [
        {}, {"switch": "maybe"}, {"switch": 1}, {"switch": None}, {"switches": []}, {"switches": "on"},
        {"switches": [{"switch": "on"}]}, {"switches": [{"outlet": 0}]}, {"switches": [None, 3, []]},
        {"switches": [{"switch": "on", "outlet": True}]}, {"switches": [], "switch": "on"},
    ],
)  # fmt: skip
def test_what_reports_no_switch_is_none(params: dict[str, Any]) -> None:
    with pytest.raises(NotASwitch):
        channels(params, "1000011001")


def test_a_plug_without_numbers_has_no_outlet_0() -> None:
    with pytest.raises(ChannelMissing):
        channels({"switch": "on"}, "1000011001").named(0, "1000011001")


def test_a_plug_that_was_never_read_is_taken_for_what_its_binding_says() -> None:
    assert guessed(None).command(None, True) == {"switch": "on"}
    assert guessed(2).command(2, True) == {"switches": [{"switch": "on", "outlet": 2}]}
    assert guessed(2).kind is Kind.LIST


@pytest.mark.shared
def test_the_things_of_the_list_read_as_they_are() -> None:
    things = [thing["itemData"] for thing in THINGS["thing_list"]["body"]["data"]["thingList"]]
    plug, strip, meter, offline, *_ = (
        state_of(item, channels(item["params"], item["deviceid"]), None) for item in things[:6]
    )
    assert (plug.on, plug.online, plug.name, plug.startup, plug.pulse, plug.channels, plug.firmware) == (
        True, True, "Unit 0123 plug", Startup.ON, False, 0, "3.5.1",
    )  # fmt: skip
    assert (strip.channels, strip.startup, strip.pulse) == (4, Startup.ON, False)
    assert (meter.power_w, meter.startup, meter.pulse) == (23.41, Startup.STAY, None)
    assert (offline.online, offline.on, offline.startup) == (False, False, Startup.OFF)
    item = things[1]
    found = channels(item["params"], "1000011002")
    assert [state_of(item, found, outlet).on for outlet in range(4)] == [True, True, False, False]


def test_pulse_and_startup_of_a_strip_are_those_of_the_outlet() -> None:
    params = {
        "switches": [{"switch": "on", "outlet": 0}, {"switch": "on", "outlet": 1}],
        "configure": [{"startup": "off", "outlet": 0}, {"startup": "stay", "outlet": 1}],
        "pulses": [{"pulse": "off", "width": 500, "outlet": 0}, {"pulse": "on", "width": 500, "outlet": 1}],
    }
    found = channels(params, "x")
    states = [state_of({"params": params}, found, outlet) for outlet in (0, 1)]
    assert [(state.startup, state.pulse) for state in states] == [(Startup.OFF, False), (Startup.STAY, True)]
    assert startup_command(params, found, 1, Startup.ON) == {
        "configure": [{"startup": "off", "outlet": 0}, {"startup": "on", "outlet": 1}]
    }
    assert startup_command({"switch": "on"}, channels({"switch": "on"}, "x"), None, Startup.ON) == {"startup": "on"}


@pytest.mark.parametrize(
    ("power", "uiid", "watts"),
    [("23.41", 5, 23.41), (2341, 190, 23.41), (23.5, 32, 23.5), ("nan", 5, None), ("-1", 5, None), ("x", 5, None),
     (True, 5, None), ([], 5, None), ("1e400", 5, None)],
)  # fmt: skip
def test_power_is_in_watts_or_unknown(power: object, uiid: int, watts: float | None) -> None:
    params = {"switch": "on", "power": power}
    thing = {"extra": {"uiid": uiid}, "params": params}
    assert state_of(thing, channels(params, "x"), None).power_w == watts
