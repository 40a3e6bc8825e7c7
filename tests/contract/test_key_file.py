"""The key file beside an SQLite database."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lineman.adapters.crypto.keyfile import ExposedKey, add_key, key_file, key_path
from lineman.adapters.crypto.keys import checked
from lineman.ports.errors import Unavailable


def test_a_key_is_made_once_and_for_its_owner_s_eyes_only(tmp_path: Path) -> None:
    path = key_path(tmp_path / "lineman.db")
    keys = key_file(path)
    assert checked(keys) == keys == key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["lineman.db.key"]


def test_of_many_that_make_it_at_once_all_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(key_file, [tmp_path / "key"] * 16))
    assert len(set(found)) == 1


def test_a_file_that_others_can_read_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "key"
    key_file(path)
    path.chmod(0o640)
    with pytest.raises(ExposedKey, match=r"0640.*chmod 600"):
        key_file(path)


def test_an_empty_file_is_named_and_not_taken_for_no_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.touch(0o600)
    with pytest.raises(Unavailable, match="key is empty; put back"):
        key_file(path)
    assert path.read_bytes() == b""


def test_a_new_key_comes_first_and_the_old_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "key"
    [old] = key_file(path)
    keys = add_key(path)
    assert (len(keys), keys[1]) == (2, old)
    assert key_file(path) == keys
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="nowhere"):
        key_file(tmp_path / "nowhere" / "key")
