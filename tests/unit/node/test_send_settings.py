"""Which destinations the settings switch on, and what is said of settings that cannot work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benhan.kernel.clock import SystemClock
from benhan.kernel.faults import Fault
from benhan.kernel.ids import SystemRandom
from benhan.kernel.secrets import Secret
from benhan.kernel.settings import Settings
from benhan.node.sends.destination import Mode
from benhan.node.sends.opening import open_destinations

STORE: Any = SimpleNamespace(
    clock=SystemClock(), random=SystemRandom(), database=None, workshop=SimpleNamespace(tokens=None)
)


def pem(path: Path, key: Any) -> str:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(path)


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Settings(
        facility_code="01901",
        bhxh_send="auto",
        bhxh_url="https://cong.test",
        bhxh_login="cs",
        bhxh_password=Secret("m"),
        emrhub_send="auto",
        emrhub_gln="8934285008135",
        emrhub_login="cs",
        emrhub_password=Secret("m"),
        emrhub_key=pem(tmp_path_factory.mktemp("khoa") / "truc.pem", key),
    )


async def opened(settings: Settings) -> list[tuple[str, Mode]]:
    async with open_destinations(settings, STORE, None, None) as found:  # type: ignore[arg-type]
        return [(each.name, each.mode) for each in found]


async def test_nothing_is_on_until_it_is_switched_on(right: Settings) -> None:
    assert await opened(Settings()) == []
    assert await opened(right) == [("bhxh", Mode.AUTO), ("emrhub", Mode.AUTO)]
    assert await opened(replace(right, bhxh_send="off")) == [("emrhub", Mode.AUTO)]


async def test_files_for_people_need_no_account_and_no_key() -> None:
    assert await opened(Settings(bhxh_send="file", emrhub_send="file")) == [
        ("bhxh", Mode.FILE),
        ("emrhub", Mode.FILE),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bhxh_send", "yes"),
        ("bhxh_url", ""),
        ("bhxh_url", "http://cong.test"),
        ("bhxh_url", "ftp://cong.test"),
        ("bhxh_login", ""),
        ("bhxh_since", "hôm qua"),
        ("emrhub_send", "1"),
        ("emrhub_gln", "8934285008136"),
        ("emrhub_login", ""),
        ("emrhub_key", "/khong/co.pem"),
    ],
)
async def test_a_setting_that_cannot_work_is_named(right: Settings, name: str, value: str) -> None:
    with pytest.raises(Fault, match="BA-4003") as told:
        await opened(replace(right, **{name: value}))
    assert name in told.value.text.vi


async def test_a_password_goes_in_clear_to_this_machine_alone(right: Settings) -> None:
    assert len(await opened(replace(right, bhxh_url="http://127.0.0.1:9"))) == 2


async def test_a_key_of_another_kind_and_a_host_that_is_no_hub_are_refused(right: Settings, tmp_path: Path) -> None:
    curve = pem(tmp_path / "ec.pem", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(Fault, match="BA-4003"):
        await opened(replace(right, emrhub_key=curve))
    with pytest.raises(Fault, match="BA-3600"):
        await opened(replace(right, emrhub_url="https://api.emrhub.vn.example.com"))
    with pytest.raises(Fault, match="BA-4002"):
        await opened(replace(right, facility_certificate=str(tmp_path / "khong.p12")))
