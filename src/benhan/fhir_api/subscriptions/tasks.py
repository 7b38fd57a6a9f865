"""The tasks of subscriptions, put together."""

from __future__ import annotations

from benhan.access.owners import Owners
from benhan.fhir_api.subscriptions.following import Follower
from benhan.fhir_api.subscriptions.telling import Notices, Sender, Teller
from benhan.fhir_api.subscriptions.wishes import Wishes
from benhan.store.store import Store
from benhan.store.subscriptions import Subscriptions


def subscription_tasks(store: Store, base_url: str, owners: Owners, sender: Sender) -> tuple[Follower, Teller]:
    """What follows the ledger, and what tells the receivers."""
    tables, wishes = Subscriptions(store.database, store.clock), Wishes(store)
    follower = Follower(store, tables, wishes, owners)
    return follower, Teller(store, tables, wishes, follower, sender, Notices(store, tables, wishes, base_url))
