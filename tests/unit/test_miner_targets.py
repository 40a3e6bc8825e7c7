"""Where to look: what makes sense is merged and counted, what does not is refused with the reason."""

import pytest

from lineman.core.miners.targets import MOST, parse
from lineman.ports.errors import Invalid


@pytest.mark.parametrize(
    ("texts", "count", "ends"),
    [
        (["10.0.0.7"], 1, ("10.0.0.7", "10.0.0.7")),
        (["10.0.0.0/24"], 254, ("10.0.0.1", "10.0.0.254")),
        (["10.0.0.5/24"], 254, ("10.0.0.1", "10.0.0.254")),
        (["10.0.0.4/31"], 2, ("10.0.0.4", "10.0.0.5")),
        (["10.0.0.4/32"], 1, ("10.0.0.4", "10.0.0.4")),
        (["10.0.0.0/16"], 65_534, ("10.0.0.1", "10.0.255.254")),
        (["10.0.0.250-10.0.1.5"], 12, ("10.0.0.250", "10.0.1.5")),
        (["10.0.0.1-50"], 50, ("10.0.0.1", "10.0.0.50")),
        (["10.0.0.0-10.0.255.255"], MOST, ("10.0.0.0", "10.0.255.255")),
        (["10.0.0.1-50", "10.0.0.20-60", "10.0.0.61", "10.0.0.61"], 61, ("10.0.0.1", "10.0.0.61")),
        (["10.0.0.9, 10.0.0.1;10.0.0.5\n"], 3, ("10.0.0.1", "10.0.0.9")),
        (["fd00::10-fd00::1f"], 16, ("fd00::10", "fd00::1f")),
        (["fd00::/120", "10.0.0.1"], 257, ("10.0.0.1", "fd00::ff")),
    ],
)
def test_what_overlaps_is_searched_once_and_in_order(texts: list[str], count: int, ends: tuple[str, str]) -> None:
    found = parse(texts)
    hosts = list(found)
    assert (found.count, len(hosts), len(set(hosts))) == (count, count, count)
    assert (hosts[0], hosts[-1]) == ends
    assert all(host in found for host in ends)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["10.0.0.0/8"], "16,777,214 addresses; one discovery may have 65,536"),
        (["0.0.0.0/0"], "65,536"),
        (["10.0.0.0/15"], "smaller subnets"),
        (["10.0.0.0/16", "10.1.0.0/16"], "make several"),
        (["fd00::/64"], "65,536"),
        (["::/0"], "65,536"),
        (["10.0.0.50-10.0.0.1"], "ends before it begins"),
        (["10.0.0.50-1"], "ends before it begins"),
        (["10.0.0.1-fd00::1"], "one kind of address to another"),
        (["10.0.0.256"], "neither"),
        (["10.0.0.1-256"], "neither"),
        (["10.0.0.1-"], "neither"),
        (["-5"], "neither"),
        (["10.0.0.0/33"], "neither"),
        (["rig.example"], "neither"),
        (["10.0.0.\N{ARABIC-INDIC DIGIT ONE}"], "neither"),
        (["10.0.0.1-\N{ARABIC-INDIC DIGIT NINE}"], "neither"),
        (["10.0.0.1" * 20], "no address"),
        (["224.0.0.1"], "not the address of one device"),
        (["0.0.0.0"], "not the address of one device"),
        *(
            (["10.0.0.1", text], "this network")
            for text in ("0.0.0.0/8", "0.0.1.0/24", "0.0.0.7", "0.255.255.9-1.0.0.1")
        ),
        (["255.255.255.255"], "not the address of one device"),
        (["fe80::1%eth0"], "interface"),
        ([], "say where"),
        ([" , "], "say where"),
        (["10.0.0.1 " * 1001], "more than 1000"),
    ],
)
def test_what_makes_no_sense_or_is_too_much_is_refused_with_the_reason(texts: list[str], words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        parse(texts)
    assert [wrong.field for wrong in refused.value.errors] == ["targets"]


def test_only_addresses_within_are_within() -> None:
    found = parse(["10.0.0.10-20", "10.0.0.30", "fd00::1"])
    inside = ["10.0.0.10", "10.0.0.20", "10.0.0.30", "fd00::1", "fd00:0::1"]
    outside = ["10.0.0.9", "10.0.0.21", "10.0.0.31", "fd00::2", "rig.example", "", "::a00:a"]
    assert ([host in found for host in inside], [host in found for host in outside]) == ([True] * 5, [False] * 7)
