"""Launches from the record: a signed-in person opens an app for a patient, and the app gets a word for that context.

Source: SMART App Launch 2.2, app-launch.html#launch-app-ehr-launch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from benhan.access.accounts import Account
from benhan.access.smart.clients import Client
from benhan.access.smart.faults import WRONG_LAUNCH
from benhan.access.tokens import digest, new_secret
from benhan.kernel.clock import Clock
from benhan.kernel.ids import RandomSource
from benhan.kernel.trace import current_trace
from benhan.store.database import Database
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event

LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Launch:
    """What an app is opened for: logical ids of a patient and of an encounter ("" for none)."""

    patient: str
    encounter: str


class Launches:
    """Makes launches and lets each be used once, by its own app and person."""

    def __init__(self, database: Database, clock: Clock, random: RandomSource) -> None:
        self._database = database
        self._clock = clock
        self._random = random

    async def make(self, client: Client, account: Account, launch: Launch) -> str:
        """A fresh launch; it can be used within LIFE. The caller has seen that the account may see the patient."""
        secret, now = new_secret(self._random), self._clock.now()
        async with self._database.transaction() as connection:
            await connection.execute("delete from oauth_launch where ends_at < $1", now)
            await connection.execute(
                "insert into oauth_launch (launch_hash, client, account, patient, encounter, ends_at)"
                " values ($1, $2, $3, $4, $5, $6)",
                digest(secret),
                client.id,
                account.id,
                launch.patient,
                launch.encounter,
                now + LIFE,
            )
            detail: dict[str, str | int] = {"client": client.id}
            actor = account.actor
            entry = Entry(Event.LAUNCH_CREATE, now, actor.id, actor.role.value, current_trace.get(), detail=detail)
            await append_many(connection, [entry])
        return secret

    async def find(self, secret: str, client: Client, account: Account) -> Launch:
        """What a launch is for. Raises Incorrect BA-2322 for one that is used, over, or another's."""
        row = await self._database.fetchrow(
            "select patient, encounter from oauth_launch"
            " where launch_hash = $1 and client = $2 and account = $3 and ends_at > $4",
            digest(secret),
            client.id,
            account.id,
            self._clock.now(),
        )
        if row is None:
            raise WRONG_LAUNCH()
        return Launch(row["patient"], row["encounter"])

    async def use(self, secret: str, client: Client, account: Account) -> Launch:
        """As `find`; it cannot be used again."""
        row = await self._database.fetchrow(
            "delete from oauth_launch where launch_hash = $1 and client = $2 and account = $3 and ends_at > $4"
            " returning patient, encounter",
            digest(secret),
            client.id,
            account.id,
            self._clock.now(),
        )
        if row is None:
            raise WRONG_LAUNCH()
        return Launch(row["patient"], row["encounter"])


def launch_address(client: Client, fhir_url: str, secret: str) -> str:
    """Where the browser goes to open the app."""
    mark = "&" if "?" in client.launch_uri else "?"
    return f"{client.launch_uri}{mark}{urlencode({'iss': fhir_url, 'launch': secret})}"
