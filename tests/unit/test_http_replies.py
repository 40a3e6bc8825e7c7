"""The miner's own words, as the specification has them."""

from typing import Any

import pytest

from lineman.adapters.http.replies import stats_data, summary_data
from lineman.ports.miners import Maker, Reading, Shares, State

READING = Reading(Maker.ANTMINER, State.MINING, shares=Shares(1200, 3, None), hw_errors=7)
#: A header, then the data, as stock firmware has it; rates as text or as numbers.
STATS = {
    "STATUS": [{"STATUS": "S"}],
    "STATS": [
        {"BMMiner": "2.0.0", "Type": "Antminer S19"},
        {"STATS": 0, "Elapsed": 86400, "GHS 5s": "95123.45", "GHS av": 95000.1, "fan1": 4200},
    ],
}
COMPOSED = {
    "Elapsed": 86400, "GHS 5s": "95123.45", "GHS av": 95000.1, "Accepted": 1200, "Rejected": 3, "Hardware Errors": 7,
}  # fmt: skip


@pytest.mark.parametrize("stats", [STATS, [STATS]])
def test_a_summary_that_nobody_asked_for_is_composed_of_what_was_read_and_says_so(stats: Any) -> None:
    raw = {"stats": stats, "pools": {"POOLS": []}}
    assert summary_data(raw, READING) == {"SUMMARY": [COMPOSED], "composed_from": ["stats", "pools"]}
    assert stats_data(raw) == stats


def test_the_miners_own_summary_stands_as_it_is() -> None:
    told = {"SUMMARY": [{"Elapsed": 1}]}
    assert summary_data({"summary": told, "stats": STATS}, READING) == told


@pytest.mark.parametrize("stats", [None, 7, [], {}, {"STATS": "none"}, {"STATS": [7, {"Type": "Antminer S19"}]}])
def test_what_cannot_be_read_composes_nothing(stats: Any) -> None:
    assert summary_data({"stats": stats}, READING) is None
