"""A whole document to resources, patient first; each has the place it comes from as its key."""

from __future__ import annotations

from benhan.mapping.hoso_benh_an_to_fhir.encounter import make_course, make_encounter
from benhan.mapping.hoso_benh_an_to_fhir.examination import make_findings, make_signs
from benhan.mapping.hoso_benh_an_to_fhir.making import Made
from benhan.mapping.hoso_benh_an_to_fhir.orders import make_medications, make_orders
from benhan.mapping.hoso_benh_an_to_fhir.patient import make_blood_group, make_coverage, make_history, make_patient
from benhan.mapping.hoso_benh_an_to_fhir.procedures import make_procedures
from benhan.mapping.hoso_benh_an_to_fhir.results import make_imaging, make_laboratory
from benhan.mapping.mapped import Context
from benhan.vn.hoso_benh_an.document import HoSoBenhAn


def hoso_benh_an_to_fhir(document: HoSoBenhAn, context: Context) -> Made:
    """The resources of a document; `context.facility` is who wrote it, since the document does not say.

    What a check finds wrong is left out, not guessed at; so the checker runs first. Everything is known by the visit's
    number and its place, so that the same document read again makes the next versions of the same resources.
    """
    made = Made(document, context)
    make_patient(made)
    make_coverage(made)
    make_blood_group(made)
    make_history(made)
    make_encounter(made)
    make_course(made)
    make_signs(made)
    make_findings(made)
    make_medications(made)
    orders = make_orders(made)
    make_imaging(made, orders)
    make_laboratory(made, orders)
    make_procedures(made)
    return made
