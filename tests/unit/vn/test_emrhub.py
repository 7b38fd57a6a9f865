"""The hub's message: three shapes, a signature that any change breaks, every result code with what to do."""

from __future__ import annotations

import base64
import csv
import dataclasses
import hashlib
from datetime import date
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.vn.ksk_making import GLN

from benhan.kernel.faults import Fault
from benhan.vn.emrhub.answers import (
    parse_acknowledgement,
    parse_login,
    parse_relay_acknowledgement,
    parse_relay_login,
)
from benhan.vn.emrhub.checksum import is_signed_by, signed
from benhan.vn.emrhub.envelope import (
    Envelope,
    Header,
    envelope_to_bytes,
    header_bytes,
    is_msg_id,
    new_msg_id,
    parse_envelope,
)
from benhan.vn.emrhub.results import Outcome, gravest, result_codes, result_of

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
MSG_ID = new_msg_id(GLN, date(2026, 3, 2), bytes(range(16)))
HEADER = Header("1.0.6", GLN, "TDLBYT", MSG_ID, "xml/base64", 1_772_413_200_000)


def envelope(version: str = "1.0.6", payload: bytes = b"<KHAMSUCKHOE/>") -> Envelope:
    return Envelope(dataclasses.replace(HEADER, version=version), payload)


@pytest.mark.parametrize(
    ("version", "member"),
    [("1.0.3", ""), ("1.0.2", ""), ("1.0.6", "file_content"), ("1.1.0", "file_content"), ("1.0", "content")],
)
def test_data_has_the_shape_of_its_version(version: str, member: str) -> None:
    told = orjson.loads(envelope_to_bytes(envelope(version)))
    text = base64.b64encode(b"<KHAMSUCKHOE/>").decode()
    assert told["data"] == ({member: text} if member else text)
    assert list(told) == ["header", "data", "signature"]


@given(st.binary(min_size=1), st.sampled_from(["1.0", "1.0.3", "1.0.6"]), st.sampled_from(["", "x1"]))
def test_a_message_is_read_back_as_it_was(payload: bytes, version: str, referred: str) -> None:
    made = Envelope(dataclasses.replace(HEADER, version=version, ref_msg_id=referred), payload, "c2ln")
    assert parse_envelope(envelope_to_bytes(made)) == made


def test_the_header_is_minified_in_its_order_and_stands_so_in_the_message() -> None:
    written = header_bytes(HEADER)
    assert written == (
        b'{"version":"1.0.6","sender_id":"%b","receiver_id":"TDLBYT","txn_type":"sync_checkup","msg_id":"%b",'
        b'"msg_type":"101","data_type":"xml/base64","send_datetime":1772413200000}' % (GLN.encode(), MSG_ID.encode())
    )
    assert b'{"header":' + written + b"," in envelope_to_bytes(envelope())


def test_the_signature_is_over_both_hashes_in_capitals() -> None:
    made = signed(envelope(), KEY)
    hashes = (header_bytes(HEADER), base64.b64encode(b"<KHAMSUCKHOE/>"))
    text = ".".join(hashlib.sha256(each).hexdigest().upper() for each in hashes)
    KEY.public_key().verify(base64.b64decode(made.signature), text.encode(), PKCS1v15(), SHA256())


@pytest.mark.parametrize(
    "change",
    [
        {"payload": b"<KHAMSUCKHOE />"},
        {"header": dataclasses.replace(HEADER, receiver_id="VTS")},
        {"header": dataclasses.replace(HEADER, send_datetime=1_772_413_200_001)},
        {"signature": ""},
        {"signature": "***"},
        {"signature": base64.b64encode(b"0" * 256).decode()},
    ],
)
def test_any_change_after_signing_is_seen(change: dict[str, object]) -> None:
    made = signed(envelope(), KEY)
    assert is_signed_by(made, KEY.public_key())
    assert not is_signed_by(dataclasses.replace(made, **change), KEY.public_key())  # type: ignore[arg-type]


def test_another_key_did_not_sign() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert not is_signed_by(signed(envelope(), other), KEY.public_key())


def test_a_message_number_is_sender_day_and_a_uuid_of_version_four() -> None:
    assert MSG_ID.startswith(f"{GLN}260302")
    assert len(MSG_ID) == 13 + 6 + 32
    assert (MSG_ID[19 + 12], MSG_ID[19 + 16] in "89ab") == ("4", True)
    assert is_msg_id(MSG_ID, GLN)
    assert not is_msg_id(MSG_ID, "8934285008142")


@pytest.mark.parametrize("sender", ["", "01901", "8934285008136", "٨934285008135"])
def test_who_has_no_gln_sends_nothing(sender: str) -> None:
    with pytest.raises(Fault, match="BA-3551"):
        new_msg_id(sender, date(2026, 3, 2), bytes(16))


def broken(**header: object) -> bytes:
    told = orjson.loads(envelope_to_bytes(envelope()))
    told["header"] |= header
    return orjson.dumps(told)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"header":{},"data":"eA=="}',
        broken(version="x"),
        broken(version="9" * 5_000 + ".1"),
        broken(sender_id=7),
        broken(msg_id=""),
        broken(data_type="text/plain"),
        broken(send_datetime="1772413200000"),
        broken(send_datetime=1_772_413_200),
        broken(ref_msg_id=7),
        envelope_to_bytes(envelope()).replace(b'"file_content"', b'"other"'),
        envelope_to_bytes(envelope()).replace(b"PEt", b"***"),
        envelope_to_bytes(envelope()).replace(b'"signature":""', b'"signature":7'),
    ],
)
def test_what_is_no_message_is_refused_by_what_is_wrong(body: bytes) -> None:
    with pytest.raises(Fault, match="BA-3550"):
        parse_envelope(body)


@given(st.binary())
def test_any_bytes_are_a_message_an_answer_or_a_declared_fault(body: bytes) -> None:
    for read in (parse_envelope, parse_acknowledgement, parse_login, parse_relay_acknowledgement, parse_relay_login):
        code = "BA-3550"
        try:
            read(body)
        except Fault as fault:
            code = fault.code
        assert code == "BA-3550"


CODES = {
    "CM_SUCCESS", "CM_AUTH_ACCOUNT_FAIL", "CM_INVALID_REQUEST", "PS_SIGNATURE_INVALID", "PS_SYNC_SUCCESS",
    "PS_CCCD_DUPLICATE_IN_6_MONTHS", "PS_DS_RSA_SIGNATURE_INVALID", "PS_DS_RSA_SIGNATURE_MISSING",
    "PS_DS_CA_SIGNATURE_INVALID", "PS_DS_CA_SIGNATURE_MISSING", "PS_DS_VERIFY_SUCCESS", "PS_DS_VERIFY_FAIL",
    "PS_DS_SAVE_SUCCESS", "PS_DS_SAVE_FAIL", "CM_SYSTEM_ERROR", "ERROR_99", "Thành công", "Thành công 1 phần", "Lỗi",
    "Đang xử lý",
}  # fmt: skip


def test_every_result_code_is_known_with_words_in_both_languages() -> None:
    assert set(result_codes()) == CODES
    for each in result_codes().values():
        assert each.text.vi.endswith(".")
        assert each.text.vi != each.text.en


def test_the_table_names_the_source_of_every_code() -> None:
    import benhan.vn.emrhub

    table = Path(benhan.vn.emrhub.__file__).parent / "data" / "result_codes.csv"
    with table.open(encoding="utf-8", newline="") as file:
        assert all(row["source"] for row in csv.DictReader(file))


def test_the_graver_of_two_codes_decides_and_an_unknown_one_is_no_success() -> None:
    assert gravest("CM_SUCCESS", "PS_DS_SAVE_SUCCESS").outcome is Outcome.ACCEPTED
    assert gravest("CM_SUCCESS", "PS_DS_VERIFY_FAIL").code == "PS_DS_VERIFY_FAIL"
    assert gravest("CM_SUCCESS", "").outcome is Outcome.ACCEPTED
    assert gravest("CM_SUCCESS", "NEW_CODE").outcome is Outcome.REFUSED
    assert gravest("", "").outcome is Outcome.REFUSED
    assert result_of("NEW_CODE").text.vi


def test_http_200_does_not_make_an_acknowledgement_an_acceptance() -> None:
    told = {
        "header": {"res_code": "CM_SUCCESS", "txn_id": "DS-1"},
        "data": {"data_state": "PS_DS_CA_SIGNATURE_INVALID"},
    }
    assert parse_acknowledgement(orjson.dumps(told)).result.outcome is Outcome.REFUSED


def test_a_login_without_a_token_gives_its_code_alone() -> None:
    assert parse_login(b'{"header":{"res_code":"CM_AUTH_ACCOUNT_FAIL"},"data":null}') == ("CM_AUTH_ACCOUNT_FAIL", None)
    code, login = parse_login(b'{"header":{"res_code":"CM_SUCCESS"},"data":{"token":"t","duration":true}}')
    assert (code, login is not None and login.duration_s) == ("CM_SUCCESS", 0)
