"""Replies of miners, good and broken: what is repaired, what is refused, and that nothing else ever comes out."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from lineman.adapters.devices.miners.decode import document, joined, single
from lineman.ports.errors import DeviceError
from lineman.ports.miners import (
    AccessDenied,
    BadRequest,
    MinerDown,
    NoReply,
    NotJson,
    Truncated,
    UnknownCommand,
)

MALFORMED = Path(__file__).resolve().parents[3] / "shared/fixtures/miners/_malformed"
CASES = 33

KINDS: dict[str, type[DeviceError]] = {
    "truncated": Truncated,
    "no_reply": NoReply,
    "protocol": NotJson,
    "access_denied": AccessDenied,
    "unknown_command": UnknownCommand,
    "bad_request": BadRequest,
    "miner_down": MinerDown,
}

#: Broken as miners break it, and what it means.
REPAIRED: list[tuple[bytes, dict[str, Any]]] = [
    (b'{"a":[{"t":"}{"} {"b":1}]}', {"a": [{"t": "}{"}, {"b": 1}]}),
    (b'{"a":[{"t":"x"}{"b":1}{"c":2}]}\x00', {"a": [{"t": "x"}, {"b": 1}, {"c": 2}]}),
    (b'{"a":[{"t":"\\\\"}{"b":"\\"}{"}]}', {"a": [{"t": "\\"}, {"b": '"}{'}]}),
    (b'{"a":[,{"b":1},],"c":2,}', {"a": [{"b": 1}], "c": 2}),
    (b'{"a":"7""b":"8"}', {"a": "7", "b": "8"}),
    (b'{"a":nan,"b":-nan,"c":inf,"d":-Infinity,"e":NaN}', dict.fromkeys("abcde")),
    (b'{"a":"x\ny\tz"}', {"a": "x\ny\tz"}),
    (b'{"v":"\\\'2020\\\'","w":"\\q\\u00e4\\ud800"}', {"v": "'2020'", "w": "qä\N{REPLACEMENT CHARACTER}"}),
    (b'{"u":"\xb2\xe2"}', {"u": "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"}),
    (b'{"a":1}"} tail', {"a": 1}),
    (b'{"a":1,"a":2}', {"a": 2}),
    (b'{"e":["329":"2022","110":"2023"]}', {"e": [{"329": "2022"}, {"110": "2023"}]}),
    (b'{"a":-3.5e2,"b":7.,"c":true,"d":null,"e":00,}', {"a": -350.0, "b": 7.0, "c": True, "d": None, "e": 0}),
    (b'{"User":"w","Password":"x","n":"a\\u0000b"}', {"User": "w", "Password": None, "n": "ab"}),
    (b'{"pools":[{"pass":"a\\"b","u":"\\"pass\\":\\"c"}]}', {"pools": [{"pass": None, "u": '"pass":"c'}]}),
]

REFUSED: list[tuple[bytes, type[DeviceError]]] = [
    (b"", NoReply),
    (b"\x00\n\x00", NoReply),
    (b'{"a":1', Truncated),
    (b'{"a":[{"b":1},', Truncated),
    (b'{"a":"xy', Truncated),
    (b'{"a"', Truncated),
    (b'{"a":', Truncated),
    (b'{"a":12.', Truncated),
    (b"{", Truncated),
    (b"STATUS=S,When=1,Code=11|SUMMARY,Elap", Truncated),
    (b',"id":1}', NotJson),
    (b'{"a" 1}', NotJson),
    (b'{"a":}', NotJson),
    (b"<html><body>It works</body></html>", NotJson),
    (b"SSH-2.0-OpenSSH_9.2\r\n", NotJson),
    (b"[1,2]", NotJson),
    (b"\x16\x03\x01\x02\xff\x00", NotJson),
    (b"btminer process is down", MinerDown),
    (b'{"STATUS":"E","Code":14,"Msg":"invalid cmd"}', UnknownCommand),
    (b'{"STATUS":[{"STATUS":"E","Msg":"Socket connect failed: Connection refused"}]}', MinerDown),
    (b'{"STATUS":[{"STATUS":"F","Code":132}]}', BadRequest),
    (b'{"code":-2,"when":1,"msg":"invalid command"}', UnknownCommand),
    (b'{"code":-4,"when":1,"msg":"permission denied"}', AccessDenied),
    (b"STATUS=E,When=1,Code=45,Msg=Access denied to 'quit' command|", AccessDenied),
]


@pytest.mark.parametrize(("data", "meaning"), REPAIRED)
def test_what_a_miner_means_is_read_and_stored_as_strict_json(data: bytes, meaning: dict[str, Any]) -> None:
    reply = document(data, "miner")

    assert reply.value == meaning
    assert json.loads(reply.raw) == meaning


@pytest.mark.parametrize(("data", "kind"), REFUSED)
def test_what_is_no_answer_is_named_and_never_a_reading(data: bytes, kind: type[DeviceError]) -> None:
    with pytest.raises(DeviceError, match=r"192\.0\.2\.1") as caught:
        single(data, "192.0.2.1:4028")

    assert type(caught.value) is kind


def test_a_list_that_is_empty_is_no_error() -> None:
    reply = single(b'{"STATUS":[{"STATUS":"E","Code":8,"Msg":"No pools"}],"id":1}', "miner")

    assert "POOLS" not in reply.value


def test_one_bad_section_leaves_the_others_good() -> None:
    data = (
        b'{"summary":[{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"Elapsed":5}],"id":1}],'
        b'"devs":[{"STATUS":[{"STATUS":"E","Code":14,"Msg":"Invalid command"}],"id":1}],"id":1}'
    )

    for sent in (data, data.replace(b'"id":1}', b'"id":nan}')):
        answers = joined(sent, ("summary", "devs", "pools"), "miner")
        assert [type(answers[name]).__name__ for name in answers] == ["Reply", "UnknownCommand", "UnknownCommand"]
        assert not isinstance(answers["summary"], DeviceError)
        assert json.loads(answers["summary"].raw)["SUMMARY"] == [{"Elapsed": 5}]


def test_a_refusal_of_the_whole_is_a_refusal() -> None:
    with pytest.raises(UnknownCommand, match="Invalid command"):
        joined(b'{"STATUS":[{"STATUS":"E","Code":14,"Msg":"Invalid command"}],"id":1}', ("summary",), "miner")


@pytest.mark.parametrize(
    "data",
    [
        b"{" * 1_000_000,
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'{"a":[' + b"[" * 900 + b"]" * 900 + b"]}",
        b'{"a":[' + b"[[]," * 300_000,
        b'{"a":[' + b"," * 1_000_000,
        b'{"a":[' + b"1," * 500_000,
        b'{"a":[' + b"nan," * 250_000 + b"]}",
        b'{"a":"' + b"\\" * 1_000_000,
        b'{"a":"' + b'\\"' * 500_000,
        b"{" + b'"' * 1_000_000,
        b'{"a":' + b" " * 1_000_000,
        b'{"a":' + b"9" * 1_000_000 + b"}",
        b'{"a":[' + b"}{" * 500_000,
        b"STATUS=" + b"," * 1_000_000,
        b"|" * 1_000_000,
    ],
)
def test_a_hostile_megabyte_is_refused_in_one_walk(data: bytes) -> None:
    # A walk a character would not come to an end here.
    with pytest.raises(DeviceError):
        document(data, "miner")


def test_no_mutation_of_a_reply_raises_anything_but_our_errors() -> None:
    """100,000 mutations, always the same ones."""
    dice = random.Random(4028)
    seeds = [data for data, _ in REPAIRED] + [data for data, _ in REFUSED]
    pieces = [b"}{", b'"', b"\\", b",", b":", b"nan", b"\x00", b"\xff", b"[", b"]", b"{", b"}", b"|", b"STATUS=", b"E"]
    outcomes: dict[str, int] = {}
    for _ in range(100_000):
        data = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(1, 3)):
            place = dice.randint(0, len(data))
            match dice.randrange(4):
                case 0:
                    data[place:place] = dice.choice(pieces)
                case 1:
                    del data[place : place + dice.randint(1, 9)]
                case 2:
                    data[place : place + 1] = bytes((dice.randrange(256),))
                case _:
                    data += dice.choice(seeds)[dice.randint(0, 20) :]
        try:
            reply = single(bytes(data), "miner")
        except DeviceError as error:
            outcome = type(error).__name__
        else:
            outcome = "read"
            json.loads(reply.raw)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert outcomes["read"] > 10_000
    assert set(outcomes) >= {"read", "Truncated", "NotJson", "NoReply", "UnknownCommand"}


def _includes(have: Any, want: Any) -> bool:
    """Named keys match, more may be there."""
    if isinstance(want, dict):
        if isinstance(have, list) and len(have) == 1:
            have = have[0]
        return isinstance(have, dict) and all(key in have and _includes(have[key], want[key]) for key in want)
    if isinstance(want, list):
        return isinstance(have, list) and len(have) == len(want) and all(map(_includes, have, want))
    return bool(have == want)


def _cases() -> list[dict[str, Any]]:
    path = MALFORMED / "cases.json"
    return list(json.loads(path.read_text("utf-8"))) if path.is_file() else []


@pytest.mark.shared
@pytest.mark.parametrize("case", _cases() or [{}], ids=lambda case: case.get("file", "missing"))
def test_every_malformed_reply_has_the_wanted_outcome(case: dict[str, Any]) -> None:
    data = (MALFORMED / case["file"]).read_bytes()
    expect = case["expect"]
    if "error" in expect:
        with pytest.raises(KINDS[expect["error"]]):
            single(data, "miner")
        return
    if case["file"] == "joined_partial_error.raw":
        answers = joined(data, ("summary", "devdetails"), "miner")
        summary = answers["summary"]
        assert isinstance(answers["devdetails"], KINDS[expect["section_errors"]["devdetails"]])
        assert not isinstance(summary, DeviceError)
        assert _includes(summary.value, expect["parse"]["summary"][0])
        return
    if "or_error" in expect:
        with pytest.raises(KINDS[expect["or_error"]]):
            single(data, "miner")
        return
    reply = single(data, "miner")
    assert _includes(reply.value, expect.get("parse") or expect["text_mode"])


@pytest.mark.shared
def test_all_malformed_replies_were_there() -> None:
    assert len(_cases()) == CASES
