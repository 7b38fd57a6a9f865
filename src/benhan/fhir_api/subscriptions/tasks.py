"""The parts of subscriptions, put together."""

from __future__ import annotations

from typing import NamedTuple

from benhan.access.owners import Owners
from benhan.fhir_api.subscriptions.following import Follower
from benhan.fhir_api.subscriptions.socket import SubscriptionSockets
from benhan.fhir_api.subscriptions.telling import Notices, Sender, Teller
from benhan.fhir_api.subscriptions.wishes import Wishes
from benhan.store.store import Store
from benhan.store.subscriptions import Subscriptions


class SubscriptionParts(NamedTuple):
    """What follows the ledger, what tells the receivers, and the sockets of those who listen."""

    follower: Follower
    teller: Teller
    sockets: SubscriptionSockets


def subscription_parts(store: Store, base_url: str, owners: Owners, sender: Sender) -> SubscriptionParts:
    """The parts on one store."""
    tables, wishes = Subscriptions(store.database, store.clock), Wishes(store)
    notices = Notices(store, tables, wishes, base_url)
    follower = Follower(store, tables, wishes, owners)
    return SubscriptionParts(
        follower,
        Teller(store, tables, wishes, follower, sender, notices),
        SubscriptionSockets(store, tables, wishes, follower, notices),
    )
