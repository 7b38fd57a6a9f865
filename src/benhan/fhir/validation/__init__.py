"""Whether a resource keeps the rules of its type: structure here, profiles and invariants later."""

from benhan.fhir.validation.structure import check_structure

__all__ = ["check_structure"]
