from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benhan.kernel.faults import Conflict, Incorrect, Unavailable
from benhan.kernel.ids import SeededRandom, SystemRandom
from benhan.kernel.secrets import Secret
from benhan.kernel.settings import Settings
from benhan.store.key_encryption import FileKek, FileKeks, init_kek, make_kek_file, open_kek, read_kek_file


def test_wrapping_is_that_of_rfc_3394(tmp_path: Path) -> None:
    # Source: RFC 3394, 4.6.
    kek = FileKek("x", Secret(bytes(range(32))), FileKeks(tmp_path / "kek.json"))
    data = bytes.fromhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f")
    wrapped = kek.wrap(data)
    assert wrapped.hex() == ("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21")
    assert kek.unwrap(wrapped) == data


def test_a_kek_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "kek.json"
    made = make_kek_file(path, SystemRandom())
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    assert read_kek_file(path).unwrap(made.wrap(b"k" * 32)) == b"k" * 32


def test_a_kek_file_is_never_overwritten(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    first = init_kek(settings, SystemRandom())
    with pytest.raises(Conflict, match="BA-0508"):
        init_kek(settings, SystemRandom())
    with pytest.raises(Conflict, match="BA-0508"):
        make_kek_file(settings.kek_path, SystemRandom())
    assert open_kek(settings).kek_id == first.kek_id


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="keys init"):
        read_kek_file(tmp_path / "kek.json")


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kek.json"
    make_kek_file(path, SystemRandom())
    path.chmod(0o640)
    with pytest.raises(Incorrect, match="BA-0506"):
        read_kek_file(path)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"keys": [{"kek_id": "x"}]}', '{"keys": [{"kek_id": "x", "key": "AAAA"}]}', "\udcff"],
)
def test_a_damaged_file_is_named_as_such(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kek.json"
    path.touch(0o600)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(Incorrect, match="BA-0505"):
        read_kek_file(path)


def test_a_successor_is_held_beside_until_the_first_is_destroyed(tmp_path: Path) -> None:
    first = make_kek_file(tmp_path / "kek.json", SystemRandom())
    second = first.home.make("a store", SystemRandom())
    assert read_kek_file(tmp_path / "kek.json").kek_id == second.kek_id
    assert first.home.find(first.kek_id) is not None
    first.home.destroy(first.kek_id)
    assert first.home.find(first.kek_id) is None
    assert first.home.find(second.kek_id) is not None
    assert (tmp_path / "kek.json").stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == [".kek.json.lock", "kek.json"]


def test_one_kek_does_not_unwrap_for_another(tmp_path: Path) -> None:
    first = make_kek_file(tmp_path / "kek.json", SeededRandom(1))
    other = first.home.make("", SeededRandom(2))
    with pytest.raises(Unavailable, match="BA-0502"):
        other.unwrap(first.wrap(b"k" * 32))
    with pytest.raises(Unavailable, match="BA-0502"):
        other.unwrap(b"junk")


def test_stores_that_share_a_file_get_keys_of_their_own(tmp_path: Path) -> None:
    home = make_kek_file(tmp_path / "kek.json", SystemRandom()).home
    node, repository = home.claim("node", SystemRandom()), home.claim("repository", SystemRandom())
    assert node.kek_id != repository.kek_id
    assert home.claim("node", SystemRandom()).kek_id == node.kek_id
    assert home.of_store("node") == [node.kek_id]


def test_keys_made_at_once_are_all_kept(tmp_path: Path) -> None:
    home = make_kek_file(tmp_path / "kek.json", SystemRandom()).home
    with ThreadPoolExecutor(8) as pool:
        made = [kek.kek_id for kek in pool.map(lambda n: home.make(f"store {n}", SystemRandom()), range(24))]
    assert all(home.find(kek_id) is not None for kek_id in made)
