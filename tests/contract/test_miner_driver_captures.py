"""Every captured miner reads as its `expected.json` says, through the whole driver: identified, learnt and read."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from lineman.adapters.devices.miners import AsicDriver
from lineman.adapters.devices.miners.conversation import Wires
from lineman.adapters.devices.miners.transports.web import Login
from lineman.ports.miners import Maker, PowerKind, Refusing, Target, UnknownCommand

pytestmark = [pytest.mark.anyio, pytest.mark.shared]

CAPTURES = Path(__file__).resolve().parents[3] / "shared/fixtures/miners"
FOLDERS = 52

UNKNOWN = {"STATUS": [{"STATUS": "E", "When": 1, "Code": 14, "Msg": "Invalid command", "Description": "cgminer"}]}
NO_COMMAND = {"STATUS": [{"STATUS": "E", "When": 1, "Code": 24, "Msg": "Missing JSON 'command'"}]}
TEXT_UNKNOWN = b"STATUS=E,When=1,Code=14,Msg=Invalid command,Description=cgminer|\x00"
TEXT_NO_JSON = b"STATUS=E,When=1,Code=23,Msg=Invalid JSON,Description=cgminer|\x00"


def folders() -> list[Path]:
    return sorted(path.parent for path in CAPTURES.glob("*/*/expected.json"))


class Replay:
    """A miner that answers with what was captured, and otherwise as its firmware does."""

    def __init__(self, folder: Path) -> None:
        self.expected: dict[str, Any] = json.loads((folder / "expected.json").read_text("utf-8"))
        self.maker = Maker(self.expected["vendor"])
        self.single: dict[str, bytes] = {}
        self.joined: dict[frozenset[str], bytes] = {}
        self.text: dict[str, bytes] = {}
        self.pages: dict[str, bytes] = {}
        self.api3: dict[str, dict[str, Any]] = {}
        self.knows_cmd = self.maker is Maker.WHATSMINER
        self.asked: list[str] = []
        self.talking = False
        for path in folder.iterdir():
            if path.name != "expected.json":
                self._take(path.name, path.read_bytes())
        if "devdetails" not in self.single and b'"Type"' not in b"".join(
            (*self.single.values(), *self.joined.values())
        ):
            # The captures do not hold the question by which these tell their model.
            details = {"STATUS": [{"STATUS": "S"}], "DEVDETAILS": [{"Model": self.expected["model"]}], "id": 1}
            if self.maker is not Maker.AVALON:
                self.single["devdetails"] = json.dumps(details).encode()

    def _take(self, name: str, data: bytes) -> None:
        stem = name.removesuffix(".json").removesuffix(".raw")
        if stem.startswith("cmd_"):
            self.knows_cmd = False
        elif stem.endswith(".text"):
            self.text[stem.removesuffix(".text")] = data
        elif stem.endswith(".cgi"):
            self.pages[f"/cgi-bin/{stem}"] = data
        elif stem.startswith("api_v1_"):
            self.pages[f"/api/v1/{stem.removeprefix('api_v1_')}"] = data
        elif stem.startswith("get."):
            self.api3[stem] = json.loads(data)
        elif "+" in stem:
            self.joined[frozenset(stem.split("+"))] = data
            for command, entry in json.loads(data.strip(b"\x00 \n"), strict=False).items():
                if command != "id":
                    self.single[command] = json.dumps(entry[0]).encode()
        else:
            self.single[stem] = data

    @property
    def wires(self) -> Wires:
        return Wires(self.cgminer, self.api_3, self.web)

    async def cgminer(self, host: str, port: int, request: bytes, limit: int) -> bytes:
        self.asked.append(request.decode())
        if self.text:
            return TEXT_NO_JSON if request.startswith(b"{") else self.text.get(request.decode(), TEXT_UNKNOWN)
        if not self.single or port != 4028:
            raise Refusing(f"{host}:{port}")
        put = json.loads(request)
        if "command" not in put and not self.knows_cmd:
            return json.dumps(NO_COMMAND).encode() + b"\x00"
        return self._answer(put.get("command", put.get("cmd"))) + b"\x00"

    def _answer(self, asked: str) -> bytes:
        commands = asked.split("+")
        if len(commands) == 1:
            return self.single.get(asked, json.dumps(UNKNOWN).encode())
        if frozenset(commands) in self.joined:
            return self.joined[frozenset(commands)]
        if not self.joined:
            return json.dumps(UNKNOWN).encode()
        parts = [b'"%s":[%s]' % (name.encode(), self._answer(name).strip(b"\x00 \n")) for name in commands]
        return b"{" + b",".join(parts) + b',"id":1}'

    async def api_3(self, host: str, port: int, requests: Sequence[bytes], limit: int) -> list[bytes]:
        if not self.api3 or port != 4433:
            raise Refusing(f"{host}:{port}")
        answers = []
        for request in requests:
            assert int.from_bytes(request[:4], "little") == len(request) - 4
            put = json.loads(request[4:])
            self.asked.append(put["cmd"])
            if put["cmd"] == "get.miner.status":
                parts = [self.api3.get(f"get.miner.status.{part}", {"msg": {}}) for part in put["param"].split("+")]
                message = {key: value for part in parts for key, value in part["msg"].items()}
                answers.append(json.dumps({"code": 0, "when": 1, "msg": message, "desc": put["cmd"]}).encode())
            else:
                answers.append(json.dumps(self.api3[put["cmd"]]).encode())
        return answers

    async def web(self, host: str, port: int, path: str, auth: Login | None) -> bytes:
        self.asked.append(path)
        if not self.pages:
            raise Refusing(f"{host}:{port}")
        if path not in self.pages:
            raise UnknownCommand(path)
        return self.pages[path]


def differences(have: Any, want: Any, place: str) -> list[str]:
    """Where a reading is not as expected; numbers within a thousandth."""
    if isinstance(want, Mapping):
        return [wrong for key in want for wrong in differences(have.get(key), want[key], f"{place}.{key}")]
    if isinstance(want, list):
        if not isinstance(have, list | tuple) or len(have) != len(want):
            return [f"{place}: {have!r} for {want!r}"]
        return [
            wrong
            for index, (one, other) in enumerate(zip(have, want, strict=True))
            for wrong in differences(one, other, f"{place}[{index}]")
        ]
    if isinstance(want, int | float) and not isinstance(want, bool):
        same = isinstance(have, int | float) and math.isclose(have, want, rel_tol=1e-3)
    else:
        same = have == want
    return [] if same else [f"{place}: {have!r} for {want!r}"]


def wanted(expected: dict[str, Any]) -> dict[str, Any]:
    want = {key: value for key, value in expected.items() if key != "cross_check"}
    if want["fan_pct"] is not None and not isinstance(want["fan_pct"], list):
        want["fan_pct"] = [want["fan_pct"]]
    return want


@pytest.mark.parametrize("folder", folders(), ids=lambda path: path.name)
async def test_a_captured_miner_reads_as_it_should(folder: Path) -> None:
    replay = Replay(folder)
    want = wanted(replay.expected)
    driver = AsicDriver(wires=replay.wires)
    target = Target("192.0.2.10", port=80 if replay.maker is Maker.ELPHAPEX else 4028, maker=replay.maker)

    met = await driver.poll(target)
    have = attrs.asdict(met.reading)
    if have["power_kind"] is PowerKind.ESTIMATED_DC and want["power_w"] is None:
        # Allowed by the fixtures: third-party firmware's estimate, marked as one.
        del want["power_w"]
    assert differences(have, want, "reading") == []
    assert set(have["hash_rate_windows_hs"]) == set(want["hash_rate_windows_hs"])
    assert (met.fingerprint.maker, met.fingerprint.model) == (replay.maker, met.reading.model)

    replay.asked.clear()
    again = await driver.poll(target, met.fingerprint)
    assert again.reading == met.reading
    assert again.fingerprint == met.fingerprint
    assert len(replay.asked) <= len(met.fingerprint.plan) + 2
    assert json.loads(again.raw)


def test_all_captures_were_there() -> None:
    assert len(folders()) == FOLDERS
