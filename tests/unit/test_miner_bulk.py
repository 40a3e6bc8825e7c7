"""How many miners are removed at once: as many as nobody else has to wait for long."""

import pytest

from lineman.core.miners.bulk import FIRST, LARGEST, next_size


@pytest.mark.parametrize(
    ("seconds_a_miner", "sizes"),
    [
        (0.001, [FIRST, 20, 40, 80, LARGEST, LARGEST]),
        (0.02, [FIRST, 20, 40, 40, 40, 40]),
        (0.5, [FIRST, 5, 2, 2, 2, 2]),
        (60.0, [FIRST, 5, 2, 1, 1, 1]),
    ],
)
def test_removals_grow_while_they_are_quick_and_shrink_to_one_while_they_are_not(
    seconds_a_miner: float, sizes: list[int]
) -> None:
    size, seen = FIRST, []
    for _ in sizes:
        seen.append(size)
        size = next_size(size, size * seconds_a_miner)
    assert seen == sizes
