"""Opening an app for a patient out of the record: what a page, and any other caller with a session, does."""

from __future__ import annotations

from benhan.access.accounts import Account
from benhan.access.smart.clients import Client
from benhan.access.smart.faults import NO_PATIENT
from benhan.access.smart.launches import Launch, launch_address
from benhan.access.smart.smart import Smart
from benhan.fhir.resource import is_id
from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault
from benhan.store.unit_of_work import Stored


async def read_patient(smart: Smart, patient_id: str, actor: Actor) -> Stored:
    """The patient, as `actor` sees them; the view is in the ledger. Raises Forbidden BA-2324 where there is none."""
    return await _seen(smart, "Patient", patient_id, actor)


async def open_app(smart: Smart, client: Client, account: Account, actor: Actor, launch: Launch) -> str:
    """The address that opens `client` for the patient (and encounter) of `launch`.

    Raises Forbidden BA-2324 where the actor does not see the patient, or the encounter is not that patient's.
    """
    patient = await read_patient(smart, launch.patient, actor)
    if launch.encounter:
        encounter = await _seen(smart, "Encounter", launch.encounter, actor)
        if encounter.patient != patient.rid:
            raise NO_PATIENT()
    secret = await smart.launches.make(client, account, launch)
    return launch_address(client, smart.fhir_url, secret)


async def _seen(smart: Smart, type_: str, id_: str, actor: Actor) -> Stored:
    if not is_id(id_):
        raise NO_PATIENT()
    try:
        return await smart.store.resources.read(type_, id_, actor)
    except Fault as fault:
        if fault.category not in ("not_found", "forbidden", "gone"):
            raise
        raise NO_PATIENT() from fault
