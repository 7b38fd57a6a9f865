"""Forms as Questionnaires, answers as responses and resources, and back. Source: FHIR R4; TT 32/2023/TT-BYT."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.vn.form_answering import answers, filled

from benhan.fhir.resource import parse_resource, to_bytes
from benhan.fhir.validation.definitions import ShippedDefinitions
from benhan.fhir.validation.validator import Validator
from benhan.mapping.form_answers import answers_to_response, response_to_answers
from benhan.mapping.form_to_questionnaire import form_to_questionnaire
from benhan.mapping.form_to_resources import Paper, answers_to_resources, resources_to_answers
from benhan.vn.forms.answers import is_empty
from benhan.vn.forms.catalogue import Catalogue
from benhan.vn.forms.form import Form

Json = dict[str, Any]
CATALOGUE = Catalogue()
FORMS = CATALOGUE.forms()
KEYS = [form.key for form in FORMS]
NOI_KHOA = CATALOGUE.on("01/BV-01", date(2026, 11, 26))
SAN_KHOA = CATALOGUE.on("05/BV-01", date(2026, 11, 26))
PAPER = Paper("HS1/01", {"reference": "Patient/p"}, {"reference": "Encounter/e"}, "2026-11-25T16:00:00+07:00")


class Known(ShippedDefinitions):
    """R4, and the Questionnaires of the forms."""

    def __init__(self) -> None:
        self.questionnaires = {}
        for form in FORMS:
            made = form_to_questionnaire(form)
            self.questionnaires[f"{made['url']}|{made['version']}"] = made

    def questionnaire(self, url: str) -> Json | None:
        return self.questionnaires.get(url)


VALIDATOR = Validator(Known())


def errors(resource: Json) -> list[str]:
    plain = parse_resource(to_bytes(resource)).plain
    return [f"{each.place}: {each.text.en}" for each in VALIDATOR.validate(plain) if each.is_error]


def items(holder: Json) -> dict[str, Json]:
    """Every item at any depth by linkId."""
    return {
        link: found for item in holder.get("item", ()) for link, found in ({item["linkId"]: item} | items(item)).items()
    }


def response(form: Form, told: dict[str, Any], status: str = "in-progress") -> Json:
    return answers_to_response(form, told, status=status, subject=PAPER.subject, encounter=PAPER.encounter)


class TestQuestionnaire:
    @pytest.mark.parametrize("form", FORMS, ids=lambda form: form.key)
    def test_every_form_is_a_valid_questionnaire_with_all_its_fields(self, form: Form) -> None:
        questionnaire = form_to_questionnaire(form)
        assert errors(questionnaire) == []
        assert set(form.fields) <= set(items(questionnaire))

    def test_it_names_its_form_and_version(self) -> None:
        questionnaire = form_to_questionnaire(NOI_KHOA)
        assert questionnaire["url"] == "urn:benhan:form:01/BV-01"
        assert questionnaire["version"] == "2024-01-01"
        assert questionnaire["effectivePeriod"] == {"start": "2024-01-01"}

    def test_sections_are_groups_in_the_order_of_the_page(self) -> None:
        groups = [item["text"] for item in form_to_questionnaire(NOI_KHOA)["item"] if item["type"] == "group"]
        assert groups[:6] == [
            "I. HÀNH CHÍNH",
            "II. QUẢN LÝ NGƯỜI BỆNH",
            "III. CHẨN ĐOÁN",
            "IV. TÌNH TRẠNG RA VIỆN",
            "A- BỆNH ÁN",
            "B. TỔNG KẾT BỆNH ÁN",
        ]

    def test_a_number_has_its_unit_bounds_and_code(self) -> None:
        item = items(form_to_questionnaire(NOI_KHOA))["mach"]
        assert item["type"] == "decimal"
        assert item["code"] == [{"system": "http://loinc.org", "code": "8867-4"}]
        assert [each.get("valueDecimal", each.get("valueCoding")) for each in item["extension"]] == [
            0,
            350,
            {"system": "http://unitsofmeasure.org", "code": "/min"},
        ]

    def test_what_a_field_feeds_is_its_definition(self) -> None:
        item = items(form_to_questionnaire(NOI_KHOA))["ho_ten"]
        assert item["definition"] == "http://hl7.org/fhir/StructureDefinition/Patient#Patient.name"
        assert item["required"] is True


class TestResponse:
    @pytest.mark.parametrize("key", KEYS)
    @settings(deadline=None, max_examples=8)
    @given(data=st.data())
    def test_answers_come_back_as_they_went(self, key: str, data: st.DataObject) -> None:
        form = CATALOGUE.by_key(key)
        told = data.draw(answers(form))
        sent = parse_resource(to_bytes(response(form, told))).plain
        assert response_to_answers(form, sent) == told

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: form.key)
    def test_a_filled_form_is_a_valid_completed_response(self, form: Form) -> None:
        assert errors(response(form, filled(form), "completed")) == []

    def test_what_is_required_may_be_missing_until_it_is_completed(self) -> None:
        told = filled(NOI_KHOA)
        del told["cd_ra_vien_ma"]
        assert errors(response(NOI_KHOA, told)) == []
        assert any("cd_ra_vien_ma" in each for each in errors(response(NOI_KHOA, told, "completed")))
        assert errors(response(NOI_KHOA, {"ho_ten": "NGUYỄN VĂN THỬ"}, "completed")) != []

    @pytest.mark.parametrize("wrong", [{"gioi_tinh": "7"}, {"mach": 900}])
    def test_the_validator_finds_in_a_response_what_the_form_forbids(self, wrong: dict[str, Any]) -> None:
        assert errors(response(NOI_KHOA, wrong)) != []

    def test_an_instant_gets_the_zone_of_the_facility(self) -> None:
        item = items(response(NOI_KHOA, {"vao_vien_luc": "2026-11-20T14:05"}))["vao_vien_luc"]
        assert item["answer"] == [{"valueDateTime": "2026-11-20T14:05:00+07:00"}]

    def test_an_empty_section_is_left_out(self) -> None:
        asked = items(form_to_questionnaire(NOI_KHOA))
        answered = list(items(response(NOI_KHOA, {"tien_luong": "Dè dặt", "ho_ten": None})))
        assert [asked[link]["text"] for link in answered] == ["A- BỆNH ÁN", "V. Tiên lượng", "V. Tiên lượng"]


class TestResources:
    TOLD: ClassVar[dict[str, Any]] = {
        "cd_ra_vien": "Viêm phổi thuỳ",
        "cd_ra_vien_ma": "J18.1",
        "a_phan_biet": "Lao phổi",
        "mach": 92,
        "huyet_ap_tam_thu": 130,
        "huyet_ap_tam_truong": 80,
        "tuan_hoan": "Tim đều, không tiếng thổi",
        "di_ung_ghi": "Penicillin",
    }

    def of(self, kind: str, told: dict[str, Any] | None = None, form: Form = NOI_KHOA) -> list[Json]:
        made = answers_to_resources(form, told or self.TOLD, PAPER)
        return [each for each in made if each["resourceType"] == kind]

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: form.key)
    def test_every_resource_of_a_filled_form_is_valid(self, form: Form) -> None:
        for resource in answers_to_resources(form, filled(form), PAPER):
            assert errors(resource) == []

    def test_diagnoses_are_conditions_with_their_code_and_how_sure_they_are(self) -> None:
        discharge, differential = self.of("Condition")
        assert discharge["code"] == {
            "coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "J18.1"}],
            "text": "Viêm phổi thuỳ",
        }
        assert discharge["verificationStatus"]["coding"][0]["code"] == "confirmed"
        assert differential["verificationStatus"]["coding"][0]["code"] == "differential"
        assert discharge["encounter"] == {"reference": "Encounter/e"}

    def test_measures_are_observations_and_blood_pressure_is_one_panel(self) -> None:
        found = {each["code"]["coding"][0]["code"]: each for each in self.of("Observation")}
        assert set(found) == {"8867-4", "85354-9", "11390-2"}
        assert found["8867-4"]["valueQuantity"] == {
            "value": 92,
            "unit": "/min",
            "system": "http://unitsofmeasure.org",
            "code": "/min",
        }
        assert [each["valueQuantity"]["value"] for each in found["85354-9"]["component"]] == [130, 80]
        assert found["11390-2"]["valueString"] == "Tim đều, không tiếng thổi"
        assert found["11390-2"]["category"][0]["coding"][0]["code"] == "exam"

    def test_two_pressures_of_one_paper_stay_two_measurements(self) -> None:
        told = {"huyet_ap_tam_thu": 130, "sau_de_huyet_ap_tam_thu": 110, "sau_de_huyet_ap_tam_truong": 70}
        panels = self.of("Observation", told, SAN_KHOA)
        assert [[each["valueQuantity"]["value"] for each in panel["component"]] for panel in panels] == [
            [130],
            [110, 70],
        ]

    def test_rows_of_operations_are_procedures(self) -> None:
        row = {
            "luc": "2026-11-21T09:15",
            "phuong_phap": "Mổ lấy thai, gây tê tuỷ sống",
            "phau_thuat_vien": "Lê Thị Dao",
            "bac_sy_gay_me": "Phạm Mê",
        }
        (procedure,) = self.of("Procedure", {"bang_phau_thuat": [{}, row]}, SAN_KHOA)
        assert procedure["code"] == {"text": "Mổ lấy thai, gây tê tuỷ sống"}
        assert procedure["performedDateTime"] == "2026-11-21T09:15:00+07:00"
        assert [(each["function"]["text"], each["actor"]["display"]) for each in procedure["performer"]] == [
            ("Phẫu thuật viên", "Lê Thị Dao"),
            ("Bác sỹ gây mê", "Phạm Mê"),
        ]

    def test_an_allergy_is_an_allergy(self) -> None:
        (allergy,) = self.of("AllergyIntolerance")
        assert allergy["code"] == {"text": "Penicillin"}

    def test_the_same_answer_is_the_same_resource_and_another_paper_another(self) -> None:
        first, second = self.of("Condition"), self.of("Condition")
        other = answers_to_resources(NOI_KHOA, self.TOLD, PAPER._replace(name="HS2/01"))
        assert [each["identifier"] for each in first] == [each["identifier"] for each in second]
        assert first[0]["identifier"] != other[0]["identifier"]

    @pytest.mark.parametrize("key", KEYS)
    @settings(deadline=None, max_examples=8)
    @given(data=st.data())
    def test_what_resources_hold_comes_back(self, key: str, data: st.DataObject) -> None:
        form = CATALOGUE.by_key(key)
        told = data.draw(answers(form))
        made = answers_to_resources(form, told, PAPER)
        back = resources_to_answers(form, made, PAPER.name)
        held = {name: said(form, name, value) for name, value in told.items() if is_held(form, name, told)}
        assert back == {name: value for name, value in held.items() if value != []}


def said(form: Form, name: str, value: Any) -> Any:
    """A value; of rows what their columns say of a Procedure."""
    saying = {column.id for column in form.fields[name].columns if column.source.fhir}
    if not saying:
        return value
    rows = [{column: each for column, each in row.items() if column in saying} for row in value]
    return [row for row in rows if row]


def is_held(form: Form, name: str, told: dict[str, Any]) -> bool:
    """Whether an answer becomes a resource: of a table, where its columns say of what."""
    field = form.fields[name]
    source = field.source
    of = source.code_of
    is_code_of_diagnosis = bool(of) and bool(form.fields[of].source.diagnosis)
    return not is_empty(told[name]) and bool(
        source.diagnosis
        or is_code_of_diagnosis
        or source.loinc
        or source.fhir in ("Procedure", "Procedure.code", "AllergyIntolerance.code")
    )


def test_the_interface_page_names_every_type_of_item() -> None:
    told = (Path(__file__).parents[3] / "docs" / "interfaces" / "forms.md").read_text(encoding="utf-8")
    types = {item["type"] for form in FORMS for item in items(form_to_questionnaire(form)).values()}
    assert {each for each in types if f"`{each}`" not in told} == set()
