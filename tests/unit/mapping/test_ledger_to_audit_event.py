"""Every event of the ledger is a valid AuditEvent, and those of BALP's patterns follow them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from benhan.fhir.validation import check_structure
from benhan.mapping.ledger_to_audit_event import BALP, KINDS, LedgerEntry, kind_of, ledger_to_audit_event
from benhan.store.ledger.events import Event

AT = datetime(2026, 1, 5, 1, 2, 3, 456789, tzinfo=UTC)
TRACE = "437d9ac4a58bbc4160ddd0aae3e94f76"
HERE = "https://node.example/fhir"


def told(label: str, **more: Any) -> dict[str, Any]:
    entry = LedgerEntry(7, AT, label, "account:17", "doctor", TRACE, **more)
    return ledger_to_audit_event(entry, HERE)


@pytest.mark.parametrize("event", Event, ids=lambda each: each.label)
@pytest.mark.parametrize("actor", ["account:17", "machine:lis-01", "system:intake"])
def test_every_event_is_a_valid_audit_event(event: Event, actor: str) -> None:
    detail: dict[str, str | int] = dict.fromkeys(event.fields, "x")
    for patient, rid in (("Patient/1", ""), ("", "0abc"), ("", "")):
        entry = LedgerEntry(
            7, AT, event.label, actor, "doctor", TRACE, "Observation", 3, patient, rid, "Observation/2", "", detail
        )
        found = ledger_to_audit_event(entry, HERE)
        assert check_structure(found) == []
        assert sum(agent["requestor"] for agent in found["agent"]) == 1
        assert found["id"] == "ledger-7"
        assert found["recorded"] == "2026-01-05T01:02:03.456Z"
        assert {"system": "urn:benhan:code:su-kien", "code": event.label} in found["subtype"]
        assert all(not ("name" in each and "query" in each) for each in found["entity"])


def test_a_view_of_a_patients_resource_follows_balp_patient_read() -> None:
    found = told(
        "resource:content:view", type="Observation", version=3, patient="Patient/1", resource="Observation/2",
        detail={"client": "an-app"},
    )  # fmt: skip
    assert found["meta"]["profile"] == [f"{BALP}PatientRead"]
    kind = (found["type"]["code"], found["subtype"][0]["code"], found["action"], found["outcome"])
    assert kind == ("rest", "read", "R", "0")
    kinds = [agent["type"]["coding"][0]["code"] for agent in found["agent"]]
    assert kinds == ["IRCP", "110153", "110152"]
    assert found["agent"][0]["who"]["identifier"]["value"] == "account:17"
    assert found["agent"][1]["who"]["identifier"]["value"] == "machine:an-app"
    patient, data, request = found["entity"]
    assert (patient["what"]["reference"], patient["role"]["code"]) == ("Patient/1", "1")
    assert (data["what"]["reference"], data["role"]["code"]) == ("Observation/2/_history/3", "4")
    assert (request["what"]["identifier"]["value"], request["type"]["code"]) == (TRACE, "XrequestId")


def test_a_search_follows_balp_query_and_names_parameters_without_their_values() -> None:
    detail_told = {"parameters": "code,date", "count": 2}
    found = told("resource:content:search", type="Observation", patient="Patient/1", detail=detail_told)
    assert found["meta"]["profile"][0].endswith("IHE.BasicAudit.PatientQuery")
    assert found["action"] == "E"
    query = next(each for each in found["entity"] if "query" in each)
    assert base64.b64decode(query["query"]).decode() == "Observation?code,date"
    assert query["role"]["code"] == "24"
    detail = next(each for each in found["entity"] if "detail" in each)["detail"]
    assert detail == [{"type": "count", "valueString": "2"}]


@pytest.mark.parametrize(
    ("label", "type_", "subtype", "action", "outcome"),
    [
        ("resource:content:create", "rest", "create", "C", "0"),
        ("resource:content:update", "rest", "update", "U", "0"),
        ("resource:content:delete", "rest", "delete", "D", "0"),
        ("resource:content:history", "rest", "history-instance", "R", "0"),
        ("account:session:open", "110114", "110122", "E", "0"),
        ("account:session:fail", "110114", "110122", "E", "4"),
        ("account:session:close", "110114", "110123", "E", "0"),
        ("record:export:hoso_benh_an", "110106", None, "R", "0"),
        ("delivery:repository:ingest", "110107", None, "C", "0"),
        ("smart:token:refuse", "110114", "110122", "E", "4"),
        ("something:new:here", "110100", None, "E", "0"),
    ],
)
def test_what_an_event_is(label: str, type_: str, subtype: str | None, action: str, outcome: str) -> None:
    kind = kind_of(label)
    assert (kind.type[1], kind.action, kind.outcome) == (type_, action, outcome)
    assert (kind.subtype[1] if kind.subtype else None) == subtype


def test_what_is_deleted_is_named_by_its_rid() -> None:
    found = told("resource:content:delete", patient_rid="0aaaaaaaaaaaa", resource_rid="0bbbbbbbbbbbb", version=2)
    assert [each["what"]["identifier"]["value"] for each in found["entity"][:2]] == ["0aaaaaaaaaaaa", "0bbbbbbbbbbbb"]


def test_a_refusal_says_which_fault_it_was() -> None:
    assert told("account:session:fail", detail={"fault": "BA-0903"})["outcomeDesc"] == "BA-0903"


def test_every_kind_is_of_an_event_that_there_is() -> None:
    labels = [event.label for event in Event]
    assert [begin for begin in KINDS if not any(f"{label}:".startswith(f"{begin}:") for label in labels)] == []
