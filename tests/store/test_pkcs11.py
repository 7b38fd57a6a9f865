"""A key-encryption key on a PKCS#11 token (SoftHSM2): it wraps, rotates and is refused like one in a file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.softhsm import PIN, new_token, softhsm_module

from benhan.kernel.actors import system
from benhan.kernel.clock import SystemClock
from benhan.kernel.faults import Conflict, Unavailable
from benhan.kernel.ids import SystemRandom
from benhan.kernel.secrets import Secret
from benhan.kernel.settings import Settings
from benhan.store.database import Database
from benhan.store.key_encryption import init_kek, kek_home, open_kek
from benhan.store.key_rotation import rotate_kek
from benhan.store.keyring import Keyring


@pytest.fixture(scope="session")
def softhsm() -> Path:
    """The SoftHSM2 module with two tokens."""
    module = softhsm_module()
    for label in ("benhan", "other"):
        new_token(module, label)
    return module


@pytest.fixture
def settings(softhsm: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings with a key label of the test's own."""
    label = f"kek-{abs(hash(request.node.nodeid)) % 10**9}x"
    return Settings(pkcs11_module=str(softhsm), pkcs11_token="benhan", pkcs11_key=label, pkcs11_pin=Secret(PIN))


def test_a_key_on_the_token_wraps_and_unwraps(settings: Settings) -> None:
    kek = init_kek(settings, SystemRandom())
    wrapped = kek.wrap(b"k" * 32)
    assert b"kkk" not in wrapped
    assert wrapped != kek.wrap(b"k" * 32)
    again = open_kek(settings)
    assert (again.kek_id, again.unwrap(wrapped)) == (kek.kek_id, b"k" * 32)


def test_a_key_is_made_once(settings: Settings) -> None:
    with pytest.raises(Unavailable, match="BA-0504"):
        open_kek(settings)
    init_kek(settings, SystemRandom())
    with pytest.raises(Conflict, match="BA-0508"):
        init_kek(settings, SystemRandom())


def test_the_key_cannot_be_taken_off_the_token(settings: Settings) -> None:
    import pkcs11

    init_kek(settings, SystemRandom())
    token = pkcs11.lib(settings.pkcs11_module).get_token(token_label="benhan")
    with token.open() as session:
        key = session.get_key(label=settings.pkcs11_key, object_class=pkcs11.ObjectClass.SECRET_KEY)
        with pytest.raises(pkcs11.PKCS11Error):
            key[pkcs11.Attribute.VALUE]


def test_what_another_key_wrapped_or_somebody_altered_is_refused(settings: Settings) -> None:
    home = kek_home(settings)
    first, second = home.make("a", SystemRandom()), home.make("b", SystemRandom())
    wrapped = first.wrap(b"k" * 32)
    with pytest.raises(Unavailable, match="BA-0502"):
        second.unwrap(wrapped)
    for altered in (wrapped[:-1], wrapped[:-1] + bytes([wrapped[-1] ^ 1]), wrapped[:5], b""):
        with pytest.raises(Unavailable, match="BA-0502"):
            first.unwrap(altered)


def test_threads_share_the_session(settings: Settings) -> None:
    kek = init_kek(settings, SystemRandom())
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda n: kek.unwrap(kek.wrap(bytes([n]) * 32)) == bytes([n]) * 32, range(100)))


def test_a_lost_session_is_opened_anew(settings: Settings) -> None:
    kek = init_kek(settings, SystemRandom())
    kek.home._token._session.close()  # type: ignore[attr-defined]
    assert kek.unwrap(kek.wrap(b"k" * 32)) == b"k" * 32


@pytest.mark.parametrize(("token", "pin"), [("nowhere", PIN), ("other", "999999")])
def test_a_missing_token_or_a_wrong_pin_is_told(settings: Settings, token: str, pin: str) -> None:
    from dataclasses import replace

    with pytest.raises(Unavailable, match="BA-0507") as told:
        open_kek(replace(settings, pkcs11_token=token, pkcs11_pin=Secret(pin)))
    assert pin not in str(told.value)


async def test_a_store_works_and_rotates_on_a_token(settings: Settings, database: Database) -> None:
    patients = [*range(3 << 51, (3 << 51) + 50)]
    ring = await Keyring.open(database, init_kek(settings, SystemRandom()), SystemRandom())
    async with database.transaction() as connection:
        keys = await ring.data_keys(patients, connection, create=True)
    sealed = {patient: key.seal(b"x", b"") for patient, key in keys.items()}
    running = await Keyring.open(database, open_kek(settings), SystemRandom())
    rotated = await rotate_kek(database, ring, SystemRandom(), SystemClock(), system("test"))
    assert (rotated.count, rotated.old) == (50, (f"pkcs11:{settings.pkcs11_key}",))
    assert kek_home(settings).find(rotated.old[0]) is None
    for each in (ring, running, await Keyring.open(database, open_kek(settings), SystemRandom())):
        async with database.connection() as connection:
            found = await each.data_keys(patients, connection)
        assert all(found[patient].open(sealed[patient], b"") == b"x" for patient in patients)
