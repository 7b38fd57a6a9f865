"""Whether a resource keeps the rules of its type (structure), and those of the base definitions and of profiles."""

from benhan.fhir.validation.fast import check_structure

__all__ = ["check_structure"]
