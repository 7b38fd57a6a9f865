"""A message is taken only as its sender signed it, for whom it was meant, in its time."""

from __future__ import annotations

import base64
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey
from tests.unit.network.people import ASKER, AT, HOLDER, HUB, Network, member, seal, signer

from benhan.kernel.faults import Fault
from benhan.kernel.ids import SeededRandom
from benhan.network.configuration import MemberKey, Status, Use
from benhan.network.keys import PrivateKey, read_public_key
from benhan.network.messages import ALGORITHMS, LIFE, Signer, hold_to_now, read_message
from benhan.network.sealing import open_sealed
from benhan.network.sealing import seal as sealed_to

CONFIGURATION = Network().configuration()


def code_of(text: str) -> str:
    """The code for which a message is not taken."""
    with pytest.raises(Fault) as told:
        read_message(text, CONFIGURATION.key_of)
    return told.value.code


def test_a_message_says_what_its_sender_signed() -> None:
    sent = signer(ASKER).sign("ask", HUB, {"kinds": ["summary"]}, AT)
    read = read_message(sent.text, CONFIGURATION.key_of)
    assert (read.type, read.sender, read.recipient, read.body) == ("ask", ASKER, HUB, {"kinds": ["summary"]})
    assert (read.number, read.at, read.until) == (sent.number, AT, AT + LIFE)
    hold_to_now(read, HUB, AT)


def test_what_was_altered_after_signing_is_not_taken() -> None:
    head, body, signature = signer(ASKER).sign("ask", HUB, {"kinds": ["summary"]}, AT).text.split(".")
    claims = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["body"]["kinds"] = ["papers"]
    altered = base64.urlsafe_b64encode(orjson.dumps(claims)).rstrip(b"=").decode()
    assert code_of(f"{head}.{altered}.{signature}") == "BA-6002"


def test_nobody_signs_in_the_name_of_another() -> None:
    theirs = Signer(ASKER, signer(HOLDER).key, SeededRandom(1))
    assert code_of(theirs.sign("ask", HUB, {}, AT).text) == "BA-6002"
    stranger = Signer(ASKER, signer("nobody").key, SeededRandom(1))
    assert code_of(stranger.sign("ask", HUB, {}, AT).text) == "BA-6001"


def test_the_algorithm_is_the_keys_and_not_the_senders_choice() -> None:
    kid = signer(ASKER).key.public.kid
    ec = ECKey.generate_key("P-256")
    claims = {"type": "ask", "iss": ASKER, "aud": HUB, "jti": "1", "iat": int(AT.timestamp()),
              "exp": int(AT.timestamp()) + 60, "body": {}}  # fmt: skip
    forged = jws.serialize_compact({"alg": "ES256", "kid": kid}, orjson.dumps(claims), ec, algorithms=ALGORITHMS)
    assert code_of(forged) == "BA-6002"
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"' + kid.encode() + b'"}').rstrip(b"=").decode()
    assert code_of(f"{none}.{forged.split('.')[1]}.") in ("BA-6000", "BA-6002")


def test_a_member_may_sign_with_es256() -> None:
    ec = ECKey.generate_key("P-256")
    public = read_public_key(dict(ec.as_dict(private=False)))
    network = Network()
    network.members[1] = member(ASKER)
    key = MemberKey(public, Use.SIGN, AT - timedelta(days=1), AT + timedelta(days=1))
    from dataclasses import replace

    network.members[1] = replace(network.members[1], keys=(*network.members[1].keys, key))
    sent = Signer(ASKER, PrivateKey(public, ec), SeededRandom(2)).sign("ask", HUB, {}, AT)
    assert read_message(sent.text, network.configuration().key_of).sender == ASKER


@pytest.mark.parametrize(("off_s", "code"), [(61, "BA-6003"), (-400, "BA-6003"), (-86_500, "BA-6004")])
def test_a_wrong_clock_is_told_in_words(off_s: int, code: str) -> None:
    message = signer(ASKER).sign("ask", HUB, {}, AT + timedelta(seconds=off_s))
    with pytest.raises(Fault) as told:
        hold_to_now(message, HUB, AT)
    assert told.value.code == code
    if code == "BA-6003":
        assert str(abs(off_s)) in told.value.text.vi


def test_a_message_for_somebody_else_is_not_taken() -> None:
    with pytest.raises(Fault) as told:
        hold_to_now(signer(ASKER).sign("ask", HOLDER, {}, AT), HUB, AT)
    assert told.value.code == "BA-6005"


def test_old_and_new_keys_count_at_once_and_each_in_its_time() -> None:
    network = Network()
    network.members[1] = member(ASKER, generations=(1, 2))
    configuration = network.configuration()
    for generation in (1, 2):
        assert read_message(signer(ASKER, generation).sign("ask", HUB, {}, AT).text, configuration.key_of)
    early = signer(ASKER, 2).sign("ask", HUB, {}, AT - timedelta(days=179))
    with pytest.raises(Fault) as told:
        read_message(early.text, configuration.key_of)
    assert told.value.code == "BA-6001"
    newest = configuration.member(ASKER).key(Use.SIGN, AT)
    assert newest is not None
    assert newest.kid == signer(ASKER, 2).key.public.kid


def test_a_revoked_member_and_a_revoked_key_sign_nothing() -> None:
    sent = signer(ASKER).sign("ask", HUB, {}, AT)
    for status in (
        Status(AT, members=frozenset({ASKER})),
        Status(AT, keys=frozenset({signer(ASKER).key.public.kid})),
    ):
        with pytest.raises(Fault) as told:
            read_message(sent.text, CONFIGURATION.with_status(status).key_of)
        assert told.value.code == "BA-6001"


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_whatever_comes_is_refused_in_our_words(text: str) -> None:
    assert code_of(text) in ("BA-6000", "BA-6001", "BA-6002")


@given(st.binary(max_size=2000))
def test_content_opens_only_for_whom_it_was_sealed(content: bytes) -> None:
    ours, theirs = seal(ASKER), seal(HOLDER)
    text = sealed_to(content, ours.public)
    assert open_sealed(text, {ours.public.kid: ours}) == content
    for wrong in ({theirs.public.kid: theirs}, {ours.public.kid: theirs}):
        with pytest.raises(Fault) as told:
            open_sealed(text, wrong)
        assert told.value.code == "BA-6010"
    with pytest.raises(Fault):
        open_sealed(text[:-6] + "AAAAAA", {ours.public.kid: ours})
