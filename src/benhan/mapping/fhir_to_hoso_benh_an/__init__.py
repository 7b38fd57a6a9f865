"""FHIR resources of one encounter to `HoSoBenhAn`, one file a group. Source: CV 365/TTYQG-GPQLCL, annex."""

from benhan.mapping.fhir_to_hoso_benh_an.document import Exported, fhir_to_hoso_benh_an
from benhan.mapping.fhir_to_hoso_benh_an.record import Record
from benhan.mapping.fhir_to_hoso_benh_an.values import age, date_time, name_of, stay_days, value_text

__all__ = ["Exported", "Record", "age", "date_time", "fhir_to_hoso_benh_an", "name_of", "stay_days", "value_text"]
