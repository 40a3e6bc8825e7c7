"""What is known of models, as data in ``models.toml``."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import attrs

from ....ports.miners import Maker


@attrs.frozen
class Model:
    """What to expect of a model; ``None`` where the table does not say."""

    name: str
    algorithm: str | None = None
    boards: int | None = None
    chips_per_board: int | None = None
    fans: int | None = None
    #: What the label GHS of an AntMiner means: ``GH``, ``MH``, ``kSol``, ``Sol``.
    unit: str | None = None
    nominal_hs: float | None = None
    nominal_w: float | None = None


class TomlCatalogue:
    """The names that an operator may pick from."""

    def makers(self) -> tuple[Maker, ...]:
        return tuple(Maker)

    def models(self, maker: Maker) -> tuple[str, ...]:
        """Names of a maker's models, the best known first."""
        return tuple(_table()[maker]["names"])


@lru_cache(maxsize=2048)
def find_model(maker: Maker, text: str | None) -> Model | None:
    """The model that a device's own text means: the longest known name that it starts with.

    ``Antminer S19 Pro (v5.1)`` is an S19 Pro, ``M30S+_VE40`` an M30S+ VE40,
    and one with an unknown suffix what its family has in common.
    """
    if text is None:
        return None
    wanted = _plain(re.sub(r"^(?:ant|whats|avalon)(?:miner)?\s*", "", text.strip(), flags=re.IGNORECASE))
    known = _models(maker)
    for length in range(min(len(wanted), 24), 0, -1):
        if (found := known.get(wanted[:length])) is not None:
            return found
    return None


def _plain(name: str) -> str:
    """Without what is written in several ways; an A before an Avalon's number is one of them."""
    plain = re.sub(r"[\s_\-]", "", name.lower())
    return re.sub(r"^a(?=\d)", "", plain)


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("models.toml").read_text("utf-8"))


@cache
def _models(maker: Maker) -> Mapping[str, Model]:
    table = _table()[maker]
    return {
        _plain(name): Model(
            name,
            row.get("algorithm", table["algorithm"]),
            row.get("boards"),
            row.get("chips"),
            row.get("fans"),
            row.get("unit"),
            row.get("hs"),
            row.get("w"),
        )
        for name, row in table["models"].items()
    }
