"""PDQ and PIX questions of HL7 v2, read and answered."""

from __future__ import annotations

import pytest

from benhan.hl7v2.er7 import parse_er7
from benhan.hub.identities.faults import CROSSING
from benhan.kernel.faults import Fault
from benhan.mapping.person_queries import message_to_person_query, person_answer, person_refusal
from benhan.vn import systems

HEAD = "MSH|^~\\&|HIS|01001|TRUC|HUB|20260105080000||QBP^{event}|M1|P|2.5.1||||||UNICODE UTF-8\r"
PDQ = HEAD.format(event="Q22^QBP_Q21") + (
    "QPD|IHE PDQ Query|T7|@PID.5.1.1^Nguyễn~@PID.5.2^Thị Lan~@PID.7^19850312~@PID.8^F~@PID.3.1^001185012345\r"
    "RCP|I|5^RD\r"
)
PIX = HEAD.format(event="Q23^QBP_Q21") + "QPD|IHE PIX Query|T8|0042^^^01001^PI|^^^CCCD\rRCP|I\r"


def test_the_criteria_of_pdq_are_a_patient() -> None:
    query = message_to_person_query(parse_er7(PDQ.encode()))
    assert (query.kind, query.tag, query.count) == ("PDQ", "T7", 5)
    assert query.patient["name"][0]["text"] == "Nguyễn Thị Lan"
    assert query.patient["name"][0]["given"] == ["Thị", "Lan"]
    assert (query.patient["birthDate"], query.patient["gender"]) == ("1985-03-12", "female")
    assert query.patient["identifier"] == [{"system": systems.CCCD, "value": "001185012345"}]


def test_a_pix_question_names_a_number_and_the_domains_wanted() -> None:
    query = message_to_person_query(parse_er7(PIX.encode()))
    assert query.source == ("urn:benhan:member:01001", "0042")
    assert query.domains == (systems.CCCD,)


def test_an_answer_names_the_question_and_its_persons() -> None:
    message = parse_er7(PDQ.encode())
    query = message_to_person_query(message)
    patient = {**query.patient, "identifier": [{"system": systems.CCCD, "value": "001185012345"}]}
    answer = parse_er7(person_answer(message, [(patient, 0.98765)], query, at="20260105080001", own_id="A1"))
    assert answer.type == "RSP^K22"
    assert answer.segments[1].fields[1:] == ("AA", "M1")
    qak, pid, qri = (answer.first(name) for name in ("QAK", "PID", "QRI"))
    assert qak
    assert pid
    assert qri
    assert qak.fields[1:5] == ("T7", "OK", "IHE PDQ Query", "1")
    assert (pid.text(3), pid.text(5), pid.text(5, 2), pid.text(5, 3)) == ("001185012345", "Nguyễn", "Lan", "Thị")
    assert (pid.text(7), pid.text(8), qri.text(1)) == ("19850312", "F", "0.9877")


def test_nobody_found_is_an_answer_and_no_error() -> None:
    message = parse_er7(PDQ.encode())
    answer = parse_er7(person_answer(message, [], message_to_person_query(message), at="20260105", own_id="A1"))
    qak = answer.first("QAK")
    assert qak
    assert qak.text(2) == "NF"
    assert answer.first("PID") is None


def test_of_pix_only_the_domains_wanted_are_answered() -> None:
    message = parse_er7(PIX.encode())
    known = {
        "identifier": [{"system": systems.CCCD, "value": "1"}, {"system": "urn:benhan:member:01002", "value": "9"}]
    }
    answer = parse_er7(person_answer(message, [(known, 1.0)], message_to_person_query(message), at="2026", own_id="A"))
    pid = answer.first("PID")
    assert answer.type == "RSP^K23"
    assert pid
    assert pid.repetitions(3) == ["1^^^CCCD^NI"]


def test_a_refusal_says_why_in_words() -> None:
    message = parse_er7(PIX.encode())
    answer = parse_er7(person_refusal(message, CROSSING(), None, at="2026", own_id="A"))
    err = answer.first("ERR")
    assert answer.segments[1].text(1) == "AE"
    assert err
    assert err.text(5) == "BA-6101"


@pytest.mark.parametrize(
    "text",
    [
        HEAD.format(event="Q22"),
        HEAD.format(event="Q22") + "QPD|x|t|@PID.5^\r",
        PIX.replace("0042^^^01001^PI", ""),
    ],
)
def test_what_asks_nothing_is_refused(text: str) -> None:
    with pytest.raises(Fault) as raised:
        message_to_person_query(parse_er7(text.encode()))
    assert raised.value.code == "BA-6149"
