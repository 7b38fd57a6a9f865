"""Who may still do what, asked after the request: accounts, machines, apps for a person and apps for themselves."""

from __future__ import annotations

from datetime import timedelta

from benhan.access.owners import KnownOwners
from benhan.access.roles import PERMISSIONS
from benhan.access.sessions import Sessions
from benhan.kernel.actors import Role
from benhan.kernel.permissions import Permission
from benhan.store.store import Store


async def account(store: Store, role: str = "doctor") -> int:
    return int(
        await store.database.fetchval(
            "insert into account (login, name, role, password_hash, created_at) values ($1, 'x', $1, 'x', now())"
            " returning id",
            role,
        )
    )


async def app(store: Store, id_: str, scopes: str, kind: str = "keys") -> None:
    await store.database.execute(
        "insert into oauth_client (id, name, kind, scopes, created_at) values ($1, $1, $2, $3, now())",
        id_,
        kind,
        scopes,
    )


async def test_an_account_may_what_its_role_may_until_it_is_disabled(store: Store) -> None:
    owners, number = KnownOwners(store.database, store.clock), await account(store)
    found = await owners.find(f"account:{number}")
    assert found is not None
    assert (found.id, found.permissions, found.limits) == (f"account:{number}", PERMISSIONS[Role.DOCTOR], None)
    await store.database.execute("update account set disabled_at = now()")
    assert await owners.find(f"account:{number}") is None


async def test_a_machine_may_what_its_good_tokens_may(store: Store) -> None:
    owners, sessions = KnownOwners(store.database, store.clock), Sessions(store.database, store.clock, store.random)
    for permission in (Permission.FHIR_READ, Permission.FHIR_SEARCH):
        await sessions.make_token("lis", (permission,))
    found = await owners.find("machine:lis")
    assert found is not None
    assert found.permissions == {Permission.FHIR_READ, Permission.FHIR_SEARCH}
    await sessions.revoke_tokens("lis")
    assert await owners.find("machine:lis") is None


async def test_an_app_for_a_person_may_what_the_person_granted_it_last(store: Store) -> None:
    owners, number = KnownOwners(store.database, store.clock), await account(store)
    await app(store, "growth", "user/*.cruds", "public")
    assert await owners.find(f"account:{number}", "growth") is None
    now = store.clock.now()
    for scopes in ("user/Patient.rs", "user/Observation.rs"):
        await store.database.execute(
            "insert into oauth_grant (client, account, scopes, created_at, ends_at) values ('growth', $1, $2, $3, $4)",
            number,
            scopes,
            now,
            now + timedelta(hours=1),
        )
    found = await owners.find(f"account:{number}", "growth")
    assert found is not None
    assert found.client == "growth"
    assert {rule.type for rule in found.limits or ()} == {"Observation"}
    await store.database.execute("update oauth_grant set revoked_at = now()")
    assert await owners.find(f"account:{number}", "growth") is None


async def test_an_app_by_itself_is_held_to_its_scopes_and_never_taken_for_a_machine(store: Store) -> None:
    owners, sessions = KnownOwners(store.database, store.clock), Sessions(store.database, store.clock, store.random)
    await sessions.make_token("backend", (Permission.FHIR_READ, Permission.FHIR_SEARCH, Permission.FHIR_WRITE))
    await app(store, "backend", "system/Observation.rs")
    found = await owners.find("machine:backend")
    assert found is not None
    assert Permission.FHIR_READ in found.permissions
    assert Permission.FHIR_WRITE not in found.permissions
    assert {rule.type for rule in found.limits or ()} == {"Observation"}
    await store.database.execute("update oauth_client set disabled_at = now()")
    assert await owners.find("machine:backend") is None


async def test_nobody_else_is_known(store: Store) -> None:
    owners = KnownOwners(store.database, store.clock)
    for actor in ("", "system:intake", "account:x", "account:1", "machine:", "machine:none"):
        assert await owners.find(actor) is None, actor
