"""The composition root: everything can be built, and nothing is opened by building it."""

from pathlib import Path

import pytest
from dependency_injector import providers

from lineman.container import House, secret_keys
from lineman.ports.secrets import Secret
from lineman.settings import BadSetting, Settings


def test_every_room_can_be_built_and_building_opens_nothing(tmp_path: Path) -> None:
    house = House(settings=Settings(database=f"sqlite:///{tmp_path}/x.db"))
    for name, provider in house.providers.items():
        extra = {"holder": "me"} if isinstance(provider, providers.Factory) else {}
        assert provider(**extra) is not None, name
    assert [path.name for path in tmp_path.iterdir()] == ["x.db.key"], "the key is made, the database is not"


def test_postgresql_without_keys_is_refused_with_the_way_out() -> None:
    with pytest.raises(BadSetting, match="LINEMAN_SECRET_KEYS is needed on PostgreSQL"):
        secret_keys(Settings(database="postgresql://me@db/x"))
    assert secret_keys(
        Settings(database="postgresql://me@db/x", secret_keys=Secret("0123456789abcdef,fedcba9876543210"))
    )
