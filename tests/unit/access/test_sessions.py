"""Sessions end when unused and when old; tokens of machines end, are revoked, and are remembered for a moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from benhan.access.accounts import Account, Accounts
from benhan.access.sessions import TOKEN_CACHE_S, Sessions
from benhan.kernel.actors import Role
from benhan.kernel.faults import NotFound
from benhan.kernel.permissions import Permission
from benhan.store.database import Database

Clock = Any


async def test_a_session_knows_who_it_is_and_what_they_may(sessions: Sessions, lan: Account) -> None:
    session = await sessions.find(await sessions.open(lan, "en"))
    assert session is not None
    assert (session.name, session.language, session.actor.role) == ("BS. Lan", "en", Role.DOCTOR)
    assert session.actor.may(Permission.PATIENT_VIEW)
    assert not session.actor.may(Permission.MESSAGE_MEND)


async def test_only_a_digest_of_the_secret_is_kept(fresh_database: Database, sessions: Sessions, lan: Account) -> None:
    secret = await sessions.open(lan)
    row = await fresh_database.fetchrow("select * from session")
    assert len(row["token_hash"]) == 32
    assert secret not in str(dict(row))
    assert len(secret) == 43


async def test_a_session_ends_when_it_is_not_used(sessions: Sessions, clock: Clock, lan: Account) -> None:
    secret = await sessions.open(lan)
    clock.advance(minutes=29)
    assert await sessions.find(secret) is not None
    clock.advance(minutes=29)
    assert await sessions.find(secret) is not None
    clock.advance(minutes=31)
    assert await sessions.find(secret) is None


async def test_a_page_that_polls_keeps_no_session_alive(sessions: Sessions, clock: Clock, lan: Account) -> None:
    secret = await sessions.open(lan)
    for _ in range(3):
        clock.advance(minutes=9)
        assert await sessions.find(secret, is_poll=True) is not None
    clock.advance(minutes=9)
    assert await sessions.find(secret, is_poll=True) is None


async def test_a_session_ends_at_its_life_however_much_it_is_used(
    sessions: Sessions, clock: Clock, lan: Account
) -> None:
    secret = await sessions.open(lan)
    for _ in range(12 * 60 // 20 - 1):
        clock.advance(minutes=20)
        assert await sessions.find(secret) is not None
    clock.advance(minutes=20)
    assert await sessions.find(secret) is None


async def test_a_short_idle_time_is_kept_too(open_sessions: Any, clock: Clock, lan: Account) -> None:
    sessions = open_sessions(idle_s=60)
    secret = await sessions.open(lan)
    for _ in range(5):
        clock.advance(seconds=40)
        assert await sessions.find(secret) is not None
    clock.advance(seconds=61)
    assert await sessions.find(secret) is None


async def test_signing_in_again_ends_the_session_it_replaces(sessions: Sessions, lan: Account) -> None:
    first = await sessions.open(lan)
    second = await sessions.open(lan, instead_of=first)
    assert (await sessions.find(first), await sessions.find(second) is not None) == (None, True)


async def test_signing_out_ends_one_session_and_leaves_the_others(sessions: Sessions, lan: Account) -> None:
    here, there = await sessions.open(lan), await sessions.open(lan)
    session = await sessions.find(here)
    assert session is not None
    await sessions.close(session)
    assert (await sessions.find(here), await sessions.find(there) is not None) == (None, True)


async def test_the_others_can_be_ended_from_here(sessions: Sessions, accounts: Accounts, lan: Account) -> None:
    minh = await sessions.open(await accounts.create("minh", "Minh", Role.NURSE, "mat-khau-cua-minh"))
    here, there = await sessions.open(lan), await sessions.open(lan)
    session = await sessions.find(here)
    assert session is not None
    assert [line.is_own for line in await sessions.living(session)].count(True) == 1
    assert await sessions.close_others(session) == 1
    assert await sessions.find(there) is None
    assert await sessions.find(minh) is not None
    assert len(await sessions.living(session)) == 1


async def test_each_session_has_its_own_token_for_forms(sessions: Sessions, lan: Account) -> None:
    found = [await sessions.find(await sessions.open(lan)) for _ in range(2)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].csrf != found[1].csrf


# Machines


async def test_a_machine_may_what_its_token_names_and_no_more(sessions: Sessions) -> None:
    actor = await sessions.machine(await sessions.make_token("lis-01", [Permission.FHIR_READ], facility="01234"))
    assert actor is not None
    assert (actor.id, actor.facility, actor.permissions) == (
        "machine:lis-01",
        "01234",
        frozenset({Permission.FHIR_READ}),
    )


async def test_a_permission_that_is_no_more_is_no_permission(fresh_database: Database, sessions: Sessions) -> None:
    secret = await sessions.make_token("lis-01", [Permission.FHIR_READ])
    await fresh_database.execute("update machine_token set permissions = $1", ["gone:by", "fhir:read"])
    actor = await sessions.machine(secret)
    assert actor is not None
    assert actor.permissions == frozenset({Permission.FHIR_READ})


async def test_a_token_ends_when_its_life_does(open_sessions: Any, clock: Clock) -> None:
    secret = await open_sessions().make_token("lis-01", [Permission.FHIR_READ], life=timedelta(days=1))
    assert await open_sessions().machine(secret) is not None
    clock.advance(days=1)
    assert await open_sessions().machine(secret) is None


async def test_a_revoked_token_is_out_at_once_here_and_soon_elsewhere(open_sessions: Any, clock: Clock) -> None:
    here, elsewhere = open_sessions(), open_sessions()
    secret = await here.make_token("lis-01", [Permission.FHIR_READ])
    assert await here.machine(secret) is not None
    assert await elsewhere.machine(secret) is not None
    assert await here.revoke_tokens("lis-01") == 1
    assert await here.machine(secret) is None
    assert await elsewhere.machine(secret) is not None
    clock.advance(seconds=TOKEN_CACHE_S)
    assert await elsewhere.machine(secret) is None


async def test_revoking_what_is_not_there_says_so(sessions: Sessions) -> None:
    with pytest.raises(NotFound) as refused:
        await sessions.revoke_tokens("nobody")
    assert refused.value.code == "BA-0915"


async def test_what_is_no_token_is_nobody_even_where_it_is_no_text(sessions: Sessions) -> None:
    assert [await sessions.machine(each) for each in ("", "x", "\udcff", "é" * 10_000)] == [None] * 4
    assert await sessions.find("\udcff") is None
