"""What docs/interfaces tells is what the code does: types, fields, parameters, codes, none more and none less."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from benchmarks.stays import FACILITY, inpatient_stay

from benhan.fhir.search_names import MODIFIERS
from benhan.fhir.search_query import RESULT_PARAMETERS, Prefix
from benhan.fhir_api.interactions.capabilities import interactions_of_system, interactions_of_types
from benhan.fhir_api.responses import STATUSES
from benhan.hl7v2.er7 import CHARACTER_SETS
from benhan.mapping.fhir_to_hoso_benh_an import Record, fhir_to_hoso_benh_an
from benhan.mapping.message_to_fhir import MAPPINGS
from benhan.mapping.v2_times import TIME_FIELDS
from benhan.repository.delivery import KINDS
from benhan.vn.hoso_benh_an.fields import GROUPS, REQUIRED

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FHIR, HL7V2, HOSO, REPOSITORY = (
    (ROOT / "docs" / "interfaces" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("fhir/README", "hl7v2", "hoso_benh_an", "repository")
)


def section(text: str, heading: str) -> str:
    """What stands below a heading, as far as the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}[^\n]*\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def test_every_interaction_of_the_fhir_api_is_told() -> None:
    told = section(FHIR, "Interactions")
    names = [*interactions_of_types(), *interactions_of_system()]
    assert [name for name in names if f"[{name}]" not in told] == []


def test_every_search_parameter_modifier_and_prefix_is_told() -> None:
    told = (ROOT / "docs/interfaces/fhir/search.md").read_text("utf-8")
    wanted = [name for name in RESULT_PARAMETERS if name not in ("_page", "_pretty")]
    wanted += [*MODIFIERS, *(f":{each}" for several in MODIFIERS.values() for each in several)]
    wanted += [each.value for each in Prefix]
    assert [each for each in wanted if not re.search(rf"(?<!\w){each}\b", told)] == []


def test_every_status_of_a_fault_is_told() -> None:
    told = section(FHIR, "Faults")
    assert [status for status in sorted(set(STATUSES.values())) if str(status) not in told] == []


def test_the_accepted_messages_are_those_that_are_mapped() -> None:
    assert set(re.findall(r"[A-Z]{3}\^[A-Z]\d\d", section(HL7V2, "Accepted types"))) == set(MAPPINGS)


def test_the_character_sets_told_are_those_that_are_read() -> None:
    told = set(re.findall(r"`([^`]+)`", section(HL7V2, "Character sets")))
    assert told - {"mllp_charset"} == {name for name in CHARACTER_SETS if name}


def test_every_time_that_is_checked_is_told_in_the_mapping() -> None:
    told = HL7V2.partition("## Mapping")[2]
    for segment, fields in TIME_FIELDS.items():
        rows = [row for row in told.splitlines() if row.startswith("| ") and segment in row.split("|")[1]]
        numbers = {int(number) for row in rows for number in re.findall(r"\d+", row.split("|")[1])}
        assert set(fields) <= numbers, segment


def names_in(value: Any) -> set[str]:
    """Every field name in a group of a document."""
    if isinstance(value, list):
        return {name for each in value for name in names_in(each)}
    if isinstance(value, dict):
        return set(value) | {name for each in value.values() for name in names_in(each)}
    return set()


@pytest.mark.parametrize("group", GROUPS)
def test_the_fields_told_of_a_group_are_those_that_are_filled(group: str) -> None:
    patient, encounter, *rest = inpatient_stay()
    document = fhir_to_hoso_benh_an(Record(FACILITY, patient, encounter, rest)).document
    filled = names_in(document[group]) - {"sovaovien", "danhsach"}
    assert group in section(HOSO, "Groups")
    if not filled:
        assert f" {group}:" not in HOSO
        return
    (heading,) = re.findall(rf"^### ([IVX]+ {group})", HOSO, re.MULTILINE)
    rows = [row.split("|")[1] for row in section(HOSO, heading).splitlines() if row.startswith("| ")][1:]
    told = {name for row in rows for name in re.findall(r"[A-Za-z_]+1?", row)} - {"sovaovien", "danhsach"}
    assert told == filled


def test_the_required_fields_of_hoso_benh_an_are_told() -> None:
    assert [name for name in REQUIRED if f"`{name}`" not in section(HOSO, "What `benhan validate` finds")] == []


def test_the_kinds_and_members_of_a_delivery_are_told() -> None:
    members = ("sender", "key", "kind", "subject", "sent_at", "resources", "hoso_benh_an", "manifest")
    assert [name for name in (*members, *KINDS) if f"`{name}`" not in section(REPOSITORY, "Request")] == []


def test_every_code_that_a_document_names_exists() -> None:
    known = set(re.findall(r"`(BA-\d{4})`", (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")))
    named = {code: path.name for path in DOCS for code in re.findall(r"BA-\d{4}", path.read_text(encoding="utf-8"))}
    assert {code: name for code, name in named.items() if code not in known} == {}


def test_every_setting_that_a_document_names_exists() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    known = set(re.findall(r"`(\w+)`", text))
    named = {name for path in DOCS for name in re.findall(r"BENHAN_[A-Z0-9_]+", path.read_text(encoding="utf-8"))}
    assert named <= known
