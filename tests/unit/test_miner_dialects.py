"""What single oddities of replies mean; whole captured miners are read in the contract tests."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lineman.adapters.devices.miners import TomlCatalogue, find_model
from lineman.adapters.devices.miners.dialects import antminer, avalon, braiins, whatsminer
from lineman.adapters.devices.miners.pools import active_pool, read_pools, sum_shares
from lineman.adapters.devices.miners.values import celsius, counter, number, rate, text
from lineman.adapters.devices.miners.words import Way, ask_of
from lineman.ports.miners import Fingerprint, Maker, Reading, State

NOBODY = Fingerprint(Maker.ANTMINER)


def antminer_of(data: dict[str, Any], kind: str = "Antminer S19", **replies: Any) -> Reading:
    header = {"Type": kind, "CompileTime": "2024"}
    return antminer.read({"stats": {"STATS": [header, {"Elapsed": 4000, **data}]}, **replies}, NOBODY)


def whatsminer_of(summary: dict[str, Any], **replies: Any) -> Reading:
    return whatsminer.read({"summary": {"SUMMARY": [summary]}, **replies}, Fingerprint(Maker.WHATSMINER))


def avalon_of(module: str, **replies: Any) -> Reading:
    stats = {"STATS": [{"ID": "AVA100", "MM ID0": module}]}
    return avalon.read({"stats": stats, **replies}, Fingerprint(Maker.AVALON))


def test_a_number_is_finite_or_missing() -> None:
    assert [number(value) for value in (1.5, 7, "12.5", " 7 ", "31%")] == [1.5, 7, 12.5, 7.0, 31.0]
    assert rate("12.5", 2.0) == 25.0
    for value in ("nan", "inf", float("nan"), -float("inf"), "", None, True, [1], "0x10", 1 << 70, "9" * 400, "1e999"):
        assert number(value) is None
        assert rate(value, 2.0) is None


def test_what_cannot_be_is_missing_and_never_breaks_its_neighbours() -> None:
    assert [celsius(value) for value in (-83, 0, "0", 255, -40, 150, "61.5", None)] == [
        None, None, None, None, -40, 150, 61.5, None,
    ]  # fmt: skip
    assert [counter(value) for value in (-1, 3, "4", 5.9, 1 << 60, "x")] == [None, 3, 4, 5, None, None]
    assert text("a\x00b\x1b[31m" + "c" * 500) == ("a b [31m" + "c" * 500)[:200].strip()


def test_sensors_below_zero_are_read_from_their_dashes() -> None:
    reading = antminer_of({"chain_acn1": 114, "temp_pcb1": "2--1-20-22", "temp_chip1": "-8--11--10--12"})
    assert (reading.temp_board_max_c, reading.temp_chip_max_c) == (22, -8)


def test_an_empty_rate_is_no_board_and_not_zero() -> None:
    reading = antminer_of({"GHS 5s": "", "chain_acn1": 60, "chain_rate1": "100.5", "chain_acn2": 0, "chain_rate2": ""})
    assert [board.slot for board in reading.boards] == [1]
    assert reading.hash_rate_hs == 100.5e9
    assert antminer_of({"GHS 5s": ""}).hash_rate_hs is None


@pytest.mark.parametrize(
    ("kind", "said", "unit"),
    [
        ("Antminer S19 Pro", None, 1e9), ("Antminer L3+", None, 1e6), ("Antminer L9", None, 1e6),
        ("Antminer Z15", None, 1.0), ("Antminer Z15 Pro", None, 1e3), ("Antminer D9", None, 1e9),
        ("Antminer L7", "GH", 1e9), ("Antminer S21", "TH/s", 1e12), ("Something new", None, 1e9),
    ],
)  # fmt: skip
def test_ghs_means_what_the_model_or_the_reply_says(kind: str, said: str | None, unit: float) -> None:
    data: dict[str, Any] = {"GHS 5s": "12.5"} | ({"rate_unit": said} if said else {})
    assert antminer_of(data, kind).hash_rate_hs == pytest.approx(12.5 * unit)


def test_an_antminer_sleeps_by_its_settings_or_its_mode_and_else_is_idle() -> None:
    still = {"GHS 5s": 0.0, "GHS av": 1.0}
    assert antminer_of(still).state is State.IDLE
    assert antminer_of(still, get_miner_conf={"bitmain-work-mode": "1"}).state is State.SLEEPING
    assert antminer_of(still | {"Mode": 254}).state is State.SLEEPING
    assert antminer_of(still | {"chain_acn1": 3, "temp1": 92}).state is State.FAULT
    assert antminer_of({"GHS 5s": 0.0, "GHS av": 0.0, "Elapsed": 20}).state is State.STARTING


def test_power_of_third_party_firmware_counts_only_where_it_can_be_true() -> None:
    assert antminer_of({"chain_acn1": 9, "chain_power1": 1135, "chain_acn2": 9, "chain_power2": 1100.0}).power_w == 2235
    assert antminer_of({"chain_acn1": 9, "chain_power1": 11.55}).power_w is None


def test_minus_one_is_no_power() -> None:
    assert whatsminer_of({"Power": -1}).power_w is None
    assert whatsminer_of({"Power": 3400}).power_w == 3400


@pytest.mark.parametrize(
    "codes",
    [["329", "2022-01-17 11:28:11"], [{"329": "2022-01-17 11:28:11"}], {"329": "2022-01-17"}, [329], ["329"]],
)
def test_an_error_code_is_found_in_every_shape_it_comes_in(codes: Any) -> None:
    reading = whatsminer_of({"Error Code 0": 110, "Error Code Count": 1}, get_error_code={"Msg": {"error_code": codes}})
    assert reading.errors == ("110", "329")


def test_an_avalons_averages_are_no_rate_once_it_idles() -> None:
    working = avalon_of("Ver[1246-1_a] SYSTEMSTATU[Work: In Work, Hash Board: 3 ] GHSavg[90000.0] PS[0 1 1 1 3000 1]")
    assert (working.hash_rate_hs, working.state, working.power_w) == (9e13, State.MINING, 3000)
    idle = avalon_of("Ver[1246-1_a] SYSTEMSTATU[Work: In Idle, Hash Board: 3 ] GHSavg[90000.0] PS[0 1 0 0 0 1 11]")
    assert (idle.hash_rate_hs, idle.state, idle.power_w) == (0, State.IDLE, 11)


@pytest.mark.parametrize(
    ("version", "model"),
    [
        ("7411706-3162860", "Avalon 741"), ("1066-19101244_f", "Avalon 1066"), ("1346-110-2404_a", "Avalon A1346"),
        ("1566-24041001_a", "Avalon A1566"), ("Q-25052801_1", "Avalon Q"), ("Nano3s-25021401_1", "Avalon Nano3s"),
    ],
)  # fmt: skip
def test_an_avalon_is_named_by_its_version(version: str, model: str) -> None:
    assert avalon_of(f"Ver[{version}] GHSspd[1.0]").model == model


def test_boards_from_before_a_change_of_firmware_are_not_this_miners() -> None:
    summary = {"STATUS": [{"Description": "BOSminer 2"}], "SUMMARY": [{"MHS 1m": 5.0}]}
    devs = {"STATUS": [{"Description": "BOSminer 1"}], "DEVS": [{"ID": 6, "MHS 1m": 5.0}]}
    assert braiins.read({"summary": summary, "devs": devs}, NOBODY).boards == ()
    devs["STATUS"] = summary["STATUS"]
    assert [board.slot for board in braiins.read({"summary": summary, "devs": devs}, NOBODY).boards] == [6]


def test_pools_are_told_from_the_developers_and_shares_have_a_time() -> None:
    def pool(index: int, url: str, priority: int, accepted: int, last: Any, **more: Any) -> dict[str, Any]:
        return {
            "POOL": index, "URL": url, "User": "u", "Status": "Alive", "Priority": priority, "Accepted": accepted,
            "Stratum Active": index != 2, "Last Share Time": last, **more,
        }  # fmt: skip

    entries = [
        pool(1, "a", 1, 5, "0:01:00"),
        pool(2, "b", 0, 2, 1_700_000_000),
        pool(3, "*", 998, 9, 0),
        pool(4, "c", 2, 9, 98, User="devFeeMiner.1"),
        "no pool",
    ]
    pools = read_pools({"STATUS": [{"When": 1_700_000_060}], "POOLS": entries})
    assert [pool.fee for pool in pools] == [False, False, True, True]
    assert active_pool(pools) == 1
    assert sum_shares(pools).accepted == 7
    moment = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert [pool.last_share_at for pool in pools] == [moment, moment, None, None]


@pytest.mark.parametrize(
    ("word", "way", "names", "requests"),
    [
        ("cmd summary+edevs", Way.CMD, ("summary", "edevs"), (b'{"cmd":"summary+edevs"}',)),
        ("command stats", Way.COMMAND, ("stats",), (b'{"command":"stats"}',)),
        ("text version", Way.TEXT, ("version",), (b"version",)),
        ("web /cgi-bin/stats.cgi", Way.WEB, ("stats",), (b"/cgi-bin/stats.cgi",)),
        ("api3 get.a;get.b x+y", Way.API3, ("get.a", "get.b"),
         (b'\x0f\x00\x00\x00{"cmd":"get.a"}', b'\x1d\x00\x00\x00{"cmd":"get.b","param":"x+y"}')),
    ],
)  # fmt: skip
def test_a_word_of_a_plan_says_what_is_sent(
    word: str, way: Way, names: tuple[str, ...], requests: tuple[bytes, ...]
) -> None:
    assert ask_of(word) == (way, names, requests)


@pytest.mark.parametrize(
    ("maker", "said", "name"),
    [
        (Maker.ANTMINER, "Antminer S9 Pro (v5.1) ", "S9 Pro"), (Maker.ANTMINER, "S19-88 v.2.6.0.39 ", "S19"),
        (Maker.WHATSMINER, "M30S+_VE40", "M30S+ VE40"), (Maker.WHATSMINER, "M50S_VX99", "M50S"),
        (Maker.AVALON, "Avalon A1346", "1346"), (Maker.AVALON, "Avalon Q", "Q"), (Maker.ELPHAPEX, "DG1+", "DG1+"),
        (Maker.ELPHAPEX, "ZZ9", None), (Maker.ANTMINER, None, None),
    ],
)  # fmt: skip
def test_a_model_is_found_by_what_the_device_calls_it(maker: Maker, said: str | None, name: str | None) -> None:
    model = find_model(maker, said)
    assert (model.name if model else None) == name


def test_every_maker_has_names_to_pick_the_specifications_first() -> None:
    catalogue = TomlCatalogue()
    assert catalogue.makers() == tuple(Maker)
    first = {maker: catalogue.models(maker)[0] for maker in catalogue.makers()}
    assert first == {
        Maker.WHATSMINER: "M10", Maker.ANTMINER: "S9", Maker.AVALON: "721", Maker.ELPHAPEX: "E10",
    }  # fmt: skip
    for maker in catalogue.makers():
        names = catalogue.models(maker)
        assert len(set(names)) == len(names) > 10
