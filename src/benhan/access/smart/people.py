"""Who people are in FHIR."""

from __future__ import annotations

from benhan.access.accounts import Account
from benhan.access.faults import NO_SUCH_ACCOUNT
from benhan.access.sessions import Session, account_number
from benhan.kernel.actors import Role
from benhan.store.database import Database


def account_of(session: Session) -> Account:
    """The account of a session."""
    actor = session.actor
    return Account(account_number(actor), "", session.name, actor.role, actor.patient)


async def fhir_user_of(database: Database, account: int) -> str:
    """`Patient/…` of a citizen, `Practitioner/…` of staff where it was told; "" where nobody told."""
    row = await database.fetchrow("select role, patient, fhir_user from account where id = $1", account)
    if row is None:
        return ""
    if row["role"] == Role.CITIZEN.value:
        return f"Patient/{row['patient']}" if row["patient"] else ""
    return str(row["fhir_user"])


async def set_fhir_user(database: Database, login: str, fhir_user: str) -> None:
    """Say who an account is in FHIR (`Practitioner/1`). Raises NotFound BA-0914."""
    done = await database.execute(
        "update account set fhir_user = $2 where login = $1 and disabled_at is null", login, fhir_user
    )
    if done == "UPDATE 0":
        raise NO_SUCH_ACCOUNT()
