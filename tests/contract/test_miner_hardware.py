"""Which device it is: by the wire's own word, asked for once."""

from pathlib import Path
from typing import Any

import pytest

from lineman.adapters.devices.miners import AsicDriver
from lineman.adapters.devices.miners.hardware import hardware_id
from lineman.adapters.devices.simulators.miners import KINDS, SimulatedFarm
from lineman.ports.miners import Maker, Target

from .test_miner_driver import target_of
from .test_miner_driver_captures import Replay, folders

#: Their wire says nothing of it: no web pages here, and port 4028 of an AntMiner does not tell.
NAMELESS = {"s9", "l3+"}
MAC = "02:00:00:00:00:01"
#: Captures that hold the answer in which the device tells.
TELLING = {
    "S19kPro-luxos-2025.4.8",
    "1066-19101244-textmode",
    "AvalonQ-25052801-idle",
    "DG1Plus-V1.0.2",
    "M20S-20200917.22.REL",
    "M20S-20210322.22.REL",
    "M30S-20200512.13.REL",
    "M31S-20201202.22.REL",
    "M50S_VH50-20230803.11.REL",
    "M60S_VK40-api3-20251209.16.Rel2",
    "M60S_VK40-api3-20251209.16.Rel2-errors",
}


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_a_device_is_known_by_its_mac_and_asked_for_it_only_once(kind: str) -> None:
    driver = AsicDriver()
    async with SimulatedFarm({kind: 1}) as farm:
        (miner,) = farm.miners
        met = await driver.poll(target_of(miner))
        assert met.fingerprint.hardware_id == (None if kind in NAMELESS else miner.truth()["mac"])
        before = miner.connections
        again = await driver.poll(target_of(miner), met.fingerprint)
        assert again.fingerprint == met.fingerprint
        assert miner.connections - before <= 5
        assert farm.overlaps == 0


@pytest.mark.anyio
async def test_without_a_login_an_antminer_is_read_and_stays_nameless() -> None:
    async with SimulatedFarm({"s21": 1}) as farm:
        met = await AsicDriver().poll(target_of(farm.miners[0], login=False))
        assert (met.reading.vendor, met.fingerprint.hardware_id) == (Maker.ANTMINER, None)
        assert not any("get_system_info" in word for word in met.fingerprint.plan)


@pytest.mark.anyio
@pytest.mark.shared
@pytest.mark.parametrize("folder", folders(), ids=lambda path: path.name)
async def test_captured_miners_that_tell_are_known_and_the_others_are_asked_one_question_more(folder: Path) -> None:
    replay = Replay(folder)
    target = Target("h", 80 if replay.maker is Maker.ELPHAPEX else 4028, maker=replay.maker)
    known = (await AsicDriver(wires=replay.wires).poll(target)).fingerprint
    assert known.hardware_id == (MAC if folder.name in TELLING else None)
    more = [word for word in replay.asked if "get_miner_info" in word or "get_system_info" in word]
    assert len(more) <= 1
    replay.asked.clear()
    assert (await AsicDriver(wires=replay.wires).poll(target, known)).fingerprint.hardware_id == known.hardware_id
    assert not [word for word in replay.asked if "get_miner_info" in word]


@pytest.mark.parametrize(
    ("replies", "found"),
    [
        ({"get_system_info": {"macaddr": "AA-BB-CC-DD-EE-0F"}}, "aa:bb:cc:dd:ee:0f"),
        ({"get_system_info": {"macaddr": "00:00:00:00:00:00", "serinum": "JYZZ123456"}}, "JYZZ123456"),
        ({"get_system_info": {"macaddr": 7, "serinum": "0" * 12}}, None),
        ({"get_system_info": {"serinum": "<script>alert(1)"}}, None),
        ({"version": {"VERSION": [{"MAC": "b4a2eb0000ff", "DNA": "0201"}]}}, "b4:a2:eb:00:00:ff"),
        ({"version": {"VERSION": [{"DNA": "020100004e1a9f8c"}]}}, "020100004e1a9f8c"),
        ({"stats": {"STATS": [{"MM ID0": "Ver[1] DNA[0000aaaabbbb]"}]}}, "0000aaaabbbb"),
        ({"stats": {"STATS": [{"MM ID1": "DNA[0000aaaabbbb]", "MM ID2": "DNA[0000aaaacccc]"}]}}, None),
        ({"get_miner_info": {"Msg": "text"}, "get.device.info": {"msg": {"network": []}}, "info": {"system": 1}}, None),
        ({}, None),
    ],
)
def test_what_is_no_mac_and_no_serial_number_is_none(replies: dict[str, Any], found: str | None) -> None:

    assert hardware_id(replies) == found
