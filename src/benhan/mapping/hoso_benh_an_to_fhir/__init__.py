"""`HoSoBenhAn` to FHIR resources, the way back of `fhir_to_hoso_benh_an`. Source: CV 365/TTYQG-GPQLCL, annex."""

from benhan.mapping.hoso_benh_an_to_fhir.document import hoso_benh_an_to_fhir
from benhan.mapping.hoso_benh_an_to_fhir.making import Made
from benhan.mapping.hoso_benh_an_to_fhir.transaction import transaction_of

__all__ = ["Made", "hoso_benh_an_to_fhir", "transaction_of"]
