"""Acknowledgements: the code says what became of the message, MSA-2 names it, ERR says what and where."""

from __future__ import annotations

import pytest

from benhan.hl7v2 import faults
from benhan.hl7v2.ack import acknowledge, read_header
from benhan.hl7v2.er7 import parse_er7
from benhan.hl7v2.message import Message
from benhan.kernel.faults import Broken, Busy, Conflict, Fault, FaultCode, Incorrect, NotFound, Unavailable, Unsupported
from benhan.kernel.issues import error
from benhan.kernel.texts import Text

AT, OWN = "20260105080000", "ACK1"
PLACE = Text("Thiếu số | vào viện.", "No visit | number.")


def frame(
    control_id: str = "L0001", *, version: str = "2.5.1", accept: str = "", charset: str = "UNICODE UTF-8"
) -> bytes:
    head = f"MSH|^~\\&|LIS|01901|BENHAN|01901|2026||ORU^R01^ORU_R01|{control_id}|T|{version}"
    return f"{head}|||{accept}|||{charset}\r".encode()


def answer(sent: bytes, fault: Fault | None = None) -> Message:
    return parse_er7(acknowledge(read_header(sent), at=AT, own_id=OWN, fault=fault))


def fault_of(category: type[Fault], *places: str) -> Fault:
    issues = [error("required", place, PLACE) for place in places]
    return FaultCode("BA-9999", category, Text("Không nhận.", "Not taken."))(*issues)


def test_a_taken_message_is_answered_aa_to_its_sender() -> None:
    ack = answer(frame())
    msh, msa = ack.segments
    assert (msa.raw(1), msa.raw(2)) == ("AA", "L0001")
    assert [msh.raw(number) for number in (3, 4, 5, 6)] == ["BENHAN", "01901", "LIS", "01901"]
    assert (msh.raw(9), msh.raw(10), msh.raw(11), msh.raw(12)) == ("ACK^R01^ACK", OWN, "T", "2.5.1")


@pytest.mark.parametrize(
    ("category", "code", "condition"),
    [
        (Incorrect, "AE", "207"),
        (NotFound, "AE", "204"),
        (Conflict, "AE", "205"),
        (Unsupported, "AR", "200"),
        (Busy, "AR", "206"),
        (Unavailable, "AR", "206"),
        (Broken, "AR", "207"),
    ],
)
def test_each_category_of_fault_has_its_code_and_condition(category: type[Fault], code: str, condition: str) -> None:
    ack = answer(frame(), fault_of(category))
    msa, err = ack.segments[1:]
    assert (msa.raw(1), msa.raw(2)) == (code, "L0001")
    assert (err.text(3), err.raw(4), err.text(5)) == (condition, "E", "BA-9999")


@pytest.mark.parametrize(
    ("accept", "category", "code"),
    [("AL", None, "CA"), ("AL", Incorrect, "CE"), ("AL", Busy, "CR"), ("NE", None, "AA"), ("NE", Incorrect, "AE")],
)
def test_who_asks_for_accept_acknowledgements_gets_them(accept: str, category: type[Fault] | None, code: str) -> None:
    ack = answer(frame(accept=accept), fault_of(category) if category else None)
    assert (ack.segments[1].raw(1), ack.segments[1].raw(2)) == (code, "L0001")


def test_each_issue_is_an_err_with_its_place() -> None:
    ack = answer(frame(), fault_of(Incorrect, "PV1-19", "OBX[3]-5", "PID-3.4", "PID", ""))
    assert [err.raw(2) for err in ack.all("ERR")] == ["PV1^1^19", "OBX^3^5", "PID^1^3^1^4", "PID^1", ""]


def test_no_more_than_ten_issues_are_written() -> None:
    ack = answer(frame(), fault_of(Incorrect, *[f"OBX[{number}]-5" for number in range(1, 40)]))
    assert len(list(ack.all("ERR"))) == 10


def test_a_sender_of_version_2_4_gets_the_old_err() -> None:
    ack = answer(frame(version="2.4"), fault_of(Incorrect, "PV1-19", "OBX[3]-5"))
    err = ack.segments[-1]
    assert err.repetitions(1) == ["PV1^1^19^207", "OBX^3^5^207"]


def test_texts_are_vietnamese_in_utf_8_and_plain_english_else() -> None:
    vietnamese = answer(frame(), fault_of(Incorrect, "PV1-19"))
    assert vietnamese.segments[-1].text(8) == PLACE.vi
    assert vietnamese.segments[1].text(3) == "BA-9999 Không nhận."
    raw = acknowledge(read_header(frame(charset="8859/1")), at=AT, own_id=OWN, fault=fault_of(Incorrect, "PV1-19"))
    assert raw.isascii()
    assert parse_er7(raw).segments[-1].text(8) == PLACE.en


@pytest.mark.parametrize("charset", ["UNICODE UTF-16", "UTF-9", "UNICODE UTF\x00-8"])
def test_the_answer_names_the_character_set_it_is_written_in(charset: str) -> None:
    ack = answer(frame(charset=charset), faults.UNKNOWN_CHARSET(charset="?"))
    assert ack.msh.raw(18) == "UNICODE UTF-8"
    assert ack.segments[1].raw(2) == "L0001"


def test_a_broken_message_is_still_answered_by_name() -> None:
    sent = frame("X77") + b"garbage here\r"
    with pytest.raises(Fault) as caught:
        parse_er7(sent)
    msa = answer(sent, caught.value).segments[1]
    assert (msa.raw(1), msa.raw(2)) == ("AE", "X77")


@pytest.mark.parametrize("sent", [b"", b"hello", b"MSH", b"MSH|", b"\xff\xfe"])
def test_what_is_no_message_at_all_gets_an_answer_without_a_name(sent: bytes) -> None:
    msa = answer(sent, faults.NOT_A_MESSAGE()).segments[1]
    assert (msa.raw(1), msa.raw(2)) == ("AE", "")


def test_a_header_of_other_delimiters_cannot_write_into_the_answer() -> None:
    sent = b"MSH#^~\\&#LIS|X#019#BENHAN#019#2026##ORU^R01#ID|7\rMSA|AA#P#2.5|9\rEVIL|1"
    ack = answer(sent)
    assert [each.name for each in ack.segments] == ["MSH", "MSA"]
    assert "|" not in "".join(ack.msh.fields[2:])
