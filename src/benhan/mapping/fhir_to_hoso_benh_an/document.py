"""All eleven groups of an encounter's record, and what was written where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from benhan.mapping.fhir_to_hoso_benh_an.admission import admission_group
from benhan.mapping.fhir_to_hoso_benh_an.diagnoses import diagnoses_of
from benhan.mapping.fhir_to_hoso_benh_an.orders import medication_group, order_group
from benhan.mapping.fhir_to_hoso_benh_an.patient import patient_group
from benhan.mapping.fhir_to_hoso_benh_an.procedures import procedure_groups
from benhan.mapping.fhir_to_hoso_benh_an.record import Record, Sources, Stood
from benhan.mapping.fhir_to_hoso_benh_an.results import result_groups
from benhan.mapping.fhir_to_hoso_benh_an.signs import signs_of
from benhan.mapping.fhir_to_hoso_benh_an.treatment import treatment_group
from benhan.mapping.fhir_to_hoso_benh_an.values import Json, reference_to
from benhan.vn.hoso_benh_an.check import CheckedXml, checked_xml
from benhan.vn.hoso_benh_an.document import HoSoBenhAn
from benhan.vn.hoso_benh_an.fit import fitted


@dataclass(frozen=True)
class Exported:
    """The document of a record, each of its forms made when it is asked for."""

    record: Record
    drawn: HoSoBenhAn
    """The document with its values as the record tells them, whether they fit or not."""
    stood: list[Stood]
    """What was written where."""

    @property
    def document(self) -> HoSoBenhAn:
        """The document with every value fitting its field."""
        return self._fitted[0]

    @property
    def too_long(self) -> list[Json]:
        """The values that did not fit: place, size, value."""
        return self._fitted[1]

    @cached_property
    def _fitted(self) -> tuple[HoSoBenhAn, list[Json]]:
        return fitted(self.drawn)

    @cached_property
    def checked(self) -> CheckedXml:
        """The XML and what is wrong with it. What does not fit is an issue: without one there is nothing to cut."""
        made = checked_xml(self.drawn)
        return made if not made.issues or self.document is self.drawn else checked_xml(self.document)

    @cached_property
    def places(self) -> dict[str, str]:
        """Where each resource stands in the document, by its reference."""
        found: dict[str, str] = {}
        for resources, place in self.stood:
            if isinstance(resources, dict):
                found.setdefault(reference_to(resources), place)
                continue
            for index, each in enumerate(resources):
                found.setdefault(reference_to(each), f"{place}[{index}]")
        return found

    @cached_property
    def manifest(self) -> Json:
        """What the format cannot carry; made when it is asked for, since it costs as much as the document."""
        from benhan.mapping.hoso_manifest import manifest_of

        return manifest_of(self)


def fhir_to_hoso_benh_an(record: Record) -> Exported:
    """The document of an encounter. Deterministic: the same record gives the same document."""
    sources = Sources(record)
    diagnoses = diagnoses_of(sources)
    first_signs, signs = signs_of(sources)
    visit = sources.visit
    small, surgery = procedure_groups(sources, diagnoses)
    drawn: HoSoBenhAn = {
        "ThongTinBenhNhan": patient_group(sources),
        "ThongTinVaoVien": admission_group(sources, diagnoses, first_signs),
        "ThongTinDieuTri": treatment_group(sources, diagnoses, signs),
        "YLenhThuocVatTu": medication_group(sources),
        "PhieuChiDinh": order_group(sources),
        **result_groups(sources),
        "GiayChuyenVien": {"sovaovien": visit},
        "HoSoCapCuu": {"sovaovien": visit},
        "PhieuThuThuat": small,
        "PhieuPhauThuat": surgery,
    }
    return Exported(record, drawn, sources.stood)
