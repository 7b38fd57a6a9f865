"""The registry by its commands: a hub is set up, a hospital joins with its own keys, a certificate is issued."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateSigningRequestBuilder, Name, load_pem_x509_certificate
from tests.postgres import fresh
from typer.testing import CliRunner

from benhan.cli import hub
from benhan.hub.members.members import Members
from benhan.hub.members.rows import State
from benhan.kernel.faults import Fault
from benhan.kernel.settings import Settings
from benhan.network.configuration import Use, read_configuration
from benhan.network.keys import read_key_file
from benhan.store.opening import open_store


def is_kept_close(path: Path) -> bool:
    """Whether only its owner reads a file."""
    return path.stat().st_mode & 0o777 == 0o600


def is_public(path: Path) -> bool:
    """Whether a key file has no private half."""
    return "d" not in json.loads(path.read_text("ascii"))


async def test_a_hub_is_set_up_and_a_hospital_joins_by_commands(embedded_url: str, tmp_path: Path) -> None:
    registry, anchor, keys = (str(tmp_path / name) for name in ("registry.jwk", "anchor.jwk", "keys.json"))
    async with fresh(embedded_url) as hub_url, fresh(embedded_url) as node_url:

        async def command(*words: str, url: str = hub_url) -> str:
            place = ["--data", str(tmp_path), "--database", url] if url else []
            told = await asyncio.to_thread(CliRunner().invoke, hub.app, [*words, *place])
            if isinstance(told.exception, Fault):
                return told.exception.code
            assert told.exit_code == 0, (words, told.output, told.exception)
            return told.output

        await command("registry", registry, anchor, url="")
        assert is_kept_close(Path(registry))
        assert is_public(Path(anchor))
        await command("init", "--registry", registry)
        await command("add", "01234", "--name", "Bệnh viện A", "--can", "ask", "--can", "hold", "--attests", "paper")
        assert await command("add", "01234", "--name", "Bệnh viện A") == "BA-6037"
        await command("own-keys", keys, url=node_url)
        assert "seal" in await command("key", "01234", keys)
        ca, request, certificate = (tmp_path / name for name in ("ca.pem", "request.csr", "certificate.pem"))
        await command("authority", str(ca), url="")
        own = ec.generate_private_key(ec.SECP256R1())
        csr = CertificateSigningRequestBuilder().subject_name(Name([])).sign(own, SHA256())
        request.write_bytes(csr.public_bytes(Encoding.PEM))
        await command("certificate", "01234", str(request), str(certificate), "--authority", str(ca))
        assert load_pem_x509_certificate(certificate.read_bytes()).public_key() == own.public_key()
        await command("publish", "--registry", registry)
        assert "Bệnh viện A" in await command("list")
        assert await command("publish", "--registry", anchor) == "BA-6016"

        async with open_store(Settings(data=tmp_path, database=hub_url), "hub") as store:
            public = read_key_file(Path(anchor))
            members = Members(store, "hub", public)
            found = read_configuration(await members.published(), public, store.clock.now())
            member = found.member("01234")
            assert {each.use for each in member.keys} == {Use.SIGN, Use.SEAL}
            assert len(member.certificates) == 1
            kid = next(each.public.kid for each in member.keys if each.use is Use.SIGN)
        await command("revoke-key", "01234", kid)
        await command("state", "01234", "suspended")
        async with open_store(Settings(data=tmp_path, database=hub_url), "hub") as store:
            members = Members(store, "hub", public)
            assert (await members.known("01234")).state is State.SUSPENDED
            assert (await members.configuration()).key_of(kid, store.clock.now()) is None
