"""Members are taken in, published under the registry key, change keys without a pause, stop at once when revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.hub.hub_house import ANCHOR, ASKER, HOLDER, HUB, OPERATOR, OTHER, HubHouse
from tests.unit.network.people import AT, member, seal, signer

from benhan.hub.members.authority import Authority
from benhan.hub.members.members import Members
from benhan.hub.members.rows import State
from benhan.hub.persons import AsTold
from benhan.hub.post.door import Door
from benhan.hub.post.office import Office
from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.kernel.ids import SystemRandom
from benhan.network.configuration import read_configuration, read_status
from benhan.network.messages import Signer, hold_to_now

KNOWN = datetime(2026, 11, 27, tzinfo=UTC)


async def code_of(waited: object) -> str:
    with pytest.raises(Fault) as told:
        await waited  # type: ignore[misc]
    return told.value.code


async def test_nodes_read_what_is_published_and_nothing_the_hub_makes_up(house: HubHouse) -> None:
    text = await house.members.published()
    found = read_configuration(text, ANCHOR.key.public, house.clock.now())
    assert {ASKER, HOLDER, HUB} <= set(found.members)
    forged = Members(house.store, HUB, ANCHOR.key.public)
    forger = Signer("registry", house.members.signer.key, SystemRandom())
    assert await code_of(forged.publish(forger, OPERATOR)) == "BA-6008" or (await house.members.published()) == text


async def test_a_member_is_there_once_and_no_key_is_of_two(house: HubHouse) -> None:
    assert await code_of(house.members.add(member(ASKER), {}, OPERATOR)) == "BA-6037"
    assert await code_of(house.members.add(member("bad code"), {}, OPERATOR)) == "BA-6000"
    assert await code_of(house.members.add_key(HOLDER, signer(ASKER).key.public.jwk, OPERATOR)) == "BA-6037"
    assert await code_of(house.members.add_key("nobody", signer("x").key.public.jwk, OPERATOR)) == "BA-6038"
    private = dict(signer("y").key.key.as_dict(private=True))
    assert await code_of(house.members.add_key(ASKER, private, OPERATOR)) == "BA-6000"


async def test_a_key_is_replaced_without_a_pause(house: HubHouse) -> None:
    new = Signer(OTHER, signer(OTHER, 2).key, SystemRandom())
    message = new.sign("collect", HUB, {"done": []}, house.clock.now())
    assert await code_of(house.office.take(message.text, "")) == "BA-6001"
    await house.members.add_key(OTHER, new.key.public.jwk, OPERATOR)
    await house.members.publish(ANCHOR, OPERATOR)
    for each in (new, house.signer(OTHER)):
        await house.office.take(each.sign("collect", HUB, {"done": []}, house.clock.now()).text, "")
    await house.members.revoke_key(OTHER, signer(OTHER).key.public.kid, OPERATOR)
    assert await house.refused(OTHER, "collect", {"done": []}) == "BA-6001"
    await house.office.take(new.sign("collect", HUB, {"done": []}, house.clock.now()).text, "")


async def test_a_revoked_member_stops_within_a_minute_everywhere(house: HubHouse) -> None:
    other_process = Members(house.store, HUB, ANCHOR.key.public)
    elsewhere = Office(house.store, other_process, AsTold(), Door(house.store, other_process))
    elsewhere.start()
    text = house.signer(HOLDER).sign("collect", HUB, {"done": []}, house.clock.now()).text
    await elsewhere.take(text, "")
    await house.members.set_state(HOLDER, State.REVOKED, OPERATOR)
    assert await house.refused(HOLDER, "collect", {"done": []}) == "BA-6001"
    house.clock.advance(seconds=6)
    text = house.signer(HOLDER).sign("collect", HUB, {"done": []}, house.clock.now()).text
    assert await code_of(elsewhere.take(text, "")) == "BA-6001"
    await elsewhere.stop()
    configuration = read_configuration(await house.members.published(), ANCHOR.key.public, house.clock.now())
    status = read_status(await house.members.status(), configuration, house.clock.now())
    assert HOLDER in status.members
    await house.members.set_state(HOLDER, State.ACTIVE, OPERATOR)
    assert await house.refused(HOLDER, "collect", {"done": []}) == ""


async def test_a_member_is_an_organization_of_the_fhir_api(house: HubHouse) -> None:
    found = (await house.store.resources.read("Organization", f"member-{ASKER}", system("test"))).read()
    assert found["identifier"][0]["value"] == ASKER
    assert "hub:member:change" in await house.ledger()


def csr(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, name: str = "anybody") -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256()).public_bytes(Encoding.PEM)


async def test_the_authority_issues_in_the_members_name_and_to_strong_keys_only(house: HubHouse) -> None:
    made = Authority.make("CA thử", AT, SystemRandom())
    authority = Authority.load(made.to_pem(b"secret"), b"secret", SystemRandom())
    issued = authority.issue(csr(ec.generate_private_key(ec.SECP256R1()), "somebody else"), ASKER, ("nut.example",), AT)
    certificate = x509.load_pem_x509_certificate(issued.pem.encode())
    certificate.verify_directly_issued_by(made.certificate)
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == ASKER
    assert issued.until - issued.since > timedelta(days=364)
    for wrong in (csr(rsa.generate_private_key(65537, 1024)), b"-----BEGIN NONSENSE-----"):
        with pytest.raises(Fault) as told:
            authority.issue(wrong, ASKER, (), AT)
        assert told.value.code == "BA-6039"
    await house.members.keep_certificate(ASKER, issued, OPERATOR)
    await house.members.publish(ANCHOR, OPERATOR)
    assert issued.fingerprint in (await house.configuration()).member(ASKER).certificates


def test_what_the_hub_signs_for_all_is_no_message_for_one() -> None:
    with pytest.raises(Fault) as told:
        hold_to_now(signer(HUB).sign("status", "*", {}, AT), ASKER, AT)
    assert told.value.code == "BA-6005"
    assert seal(ASKER).public.curve == "X25519"
