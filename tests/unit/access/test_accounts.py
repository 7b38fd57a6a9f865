"""Accounts: argon2id, the lock that doubles, unknown logins, disabling, changing passwords."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from benhan.access.accounts import PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN, Account, Accounts
from benhan.access.failures import FAILURES_BEFORE_LOCK
from benhan.access.sessions import Sessions
from benhan.kernel.actors import Role
from benhan.kernel.faults import Conflict, Fault, Incorrect, NotFound
from benhan.store.database import Database
from benhan.store.ledger.read import recent_entries

RIGHT, WRONG = "con-ngua-dung-pin-ghim", "con-ngua-sai-pin-ghim"
OTHER = "mot-mat-khau-khac-hon"
Clock = Any


async def code_of(accounts: Accounts, login: str, password: str) -> str:
    """The code that a try is answered with; "" where it is let in."""
    try:
        await accounts.check(login, password)
    except Fault as fault:
        return fault.code
    return ""


async def fail(accounts: Accounts, login: str, times: int) -> list[str]:
    return [await code_of(accounts, login, WRONG) for _ in range(times)]


async def test_a_password_is_kept_as_argon2id_only(fresh_database: Database, lan: Account) -> None:
    kept = await fresh_database.fetchval("select password_hash from account where id = $1", lan.id)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    row = await fresh_database.fetchrow("select * from account where id = $1", lan.id)
    assert not any(RIGHT in str(value) for value in dict(row).values())


async def test_two_accounts_with_one_password_keep_it_differently(
    fresh_database: Database, accounts: Accounts, lan: Account
) -> None:
    await accounts.create("minh", "Minh", Role.NURSE, RIGHT)
    rows = await fresh_database.fetch("select password_hash from account")
    assert len({row["password_hash"] for row in rows}) == 2


async def test_the_right_password_gives_the_account(accounts: Accounts, lan: Account) -> None:
    assert await accounts.check("lan", RIGHT) == lan
    assert await accounts.check("  LAN ", RIGHT) == lan


async def test_a_hash_of_old_parameters_is_made_anew_at_the_next_sign_in(
    fresh_database: Database, accounts: Accounts, lan: Account
) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(RIGHT)
    await fresh_database.execute("update account set password_hash = $1", old)
    await accounts.check("lan", RIGHT)
    kept = await fresh_database.fetchval("select password_hash from account")
    assert "m=19456,t=2" in kept
    assert await accounts.check("lan", RIGHT) == lan


@pytest.mark.parametrize("password", ["a" * (PASSWORD_CHARACTERS_MIN - 1), "a" * (PASSWORD_CHARACTERS_MAX + 1), ""])
async def test_a_password_too_short_or_too_long_is_refused(accounts: Accounts, password: str) -> None:
    with pytest.raises(Incorrect) as refused:
        await accounts.create("minh", "Minh", Role.NURSE, password)
    assert refused.value.code == "BA-0907"


async def test_a_login_is_no_password(accounts: Accounts) -> None:
    with pytest.raises(Incorrect):
        await accounts.create("Nguyen.Van.Minh", "Minh", Role.NURSE, "NGUYEN.van.minh")


async def test_a_login_is_taken_once_whatever_its_case(accounts: Accounts, lan: Account) -> None:
    with pytest.raises(Conflict) as refused:
        await accounts.create("LAN", "Lan khác", Role.NURSE, RIGHT)
    assert refused.value.code == "BA-0906"


async def test_five_failures_lock_and_then_the_right_password_does_not_help(accounts: Accounts, lan: Account) -> None:
    assert await fail(accounts, "lan", FAILURES_BEFORE_LOCK) == ["BA-0903"] * 4 + ["BA-0904"]
    assert await code_of(accounts, "lan", RIGHT) == "BA-0904"


async def test_the_lock_ends_by_itself(accounts: Accounts, clock: Clock, lan: Account) -> None:
    await fail(accounts, "lan", 5)
    clock.advance(seconds=59)
    assert await code_of(accounts, "lan", RIGHT) == "BA-0904"
    clock.advance(seconds=1)
    assert await code_of(accounts, "lan", RIGHT) == ""


async def _locks(accounts: Accounts, clock: Clock, login: str, count: int) -> list[int]:
    """How many minutes each further failure locks for."""
    await fail(accounts, login, FAILURES_BEFORE_LOCK - 1)
    told = []
    for _ in range(count):
        with pytest.raises(Fault) as locked:
            await accounts.check(login, WRONG)
        told.append(int("".join(filter(str.isdigit, locked.value.text.en))))
        clock.advance(minutes=told[-1])
    return told


async def test_each_further_failure_doubles_the_lock_to_an_hour(accounts: Accounts, clock: Clock, lan: Account) -> None:
    assert await _locks(accounts, clock, "lan", 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_an_unknown_login_is_answered_and_locked_as_a_known_one(
    accounts: Accounts, clock: Clock, lan: Account
) -> None:
    assert await fail(accounts, "khong-co", 6) == await fail(accounts, "lan", 6)
    clock.advance(hours=2)
    assert await _locks(accounts, clock, "cung-khong-co", 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_a_success_forgets_the_failures(accounts: Accounts, lan: Account) -> None:
    await fail(accounts, "lan", 4)
    assert await code_of(accounts, "lan", RIGHT) == ""
    assert await fail(accounts, "lan", 4) == ["BA-0903"] * 4


async def test_many_tries_at_once_get_no_more_guesses(accounts: Accounts, lan: Account) -> None:
    codes = await asyncio.gather(*(code_of(accounts, "lan", WRONG) for _ in range(12)))
    assert sorted(codes) == ["BA-0903"] * 4 + ["BA-0904"] * 8
    assert await code_of(accounts, "lan", RIGHT) == "BA-0904"


async def test_somebody_elses_failures_lock_nobody_else(accounts: Accounts, lan: Account) -> None:
    await accounts.create("minh", "Minh", Role.NURSE, RIGHT)
    await fail(accounts, "minh", 5)
    assert await code_of(accounts, "lan", RIGHT) == ""


async def test_a_disabled_account_looks_like_an_unknown_one(accounts: Accounts, lan: Account) -> None:
    await accounts.disable("lan")
    assert await code_of(accounts, "lan", RIGHT) == await code_of(accounts, "khong-co", RIGHT) == "BA-0903"


async def test_disabling_ends_every_session(
    fresh_database: Database, accounts: Accounts, sessions: Sessions, lan: Account
) -> None:
    secrets = [await sessions.open(lan) for _ in range(2)]
    await accounts.disable("lan")
    assert await fresh_database.fetchval("select count(*) from session") == 0
    assert [await sessions.find(secret) for secret in secrets] == [None, None]
    with pytest.raises(NotFound):
        await accounts.disable("lan")


async def test_changing_a_password_ends_every_session_and_the_old_password(
    accounts: Accounts, sessions: Sessions, lan: Account
) -> None:
    secrets = [await sessions.open(lan) for _ in range(2)]
    await accounts.change_own_password(lan.id, RIGHT, OTHER)
    assert [await sessions.find(secret) for secret in secrets] == [None, None]
    assert (await code_of(accounts, "lan", RIGHT), await code_of(accounts, "lan", OTHER)) == ("BA-0903", "")


async def test_a_wrong_old_password_changes_nothing(accounts: Accounts, sessions: Sessions, lan: Account) -> None:
    secret = await sessions.open(lan)
    with pytest.raises(Fault) as refused:
        await accounts.change_own_password(lan.id, WRONG, OTHER)
    assert refused.value.code == "BA-0903"
    assert await sessions.find(secret) is not None
    assert await code_of(accounts, "lan", RIGHT) == ""


async def test_a_password_set_by_the_keeper_unlocks(accounts: Accounts, lan: Account) -> None:
    await fail(accounts, "lan", 5)
    await accounts.set_password("lan", OTHER)
    assert await code_of(accounts, "lan", OTHER) == ""


async def test_failures_and_locks_are_in_the_ledger_without_what_was_typed(
    fresh_database: Database, accounts: Accounts, lan: Account
) -> None:
    await fail(accounts, "lan", 5)
    newest = (await recent_entries(fresh_database)).entries
    entries = [entry for entry in newest if entry.actor == f"account:{lan.id}"]
    labels = [entry.label for entry in entries]
    assert (labels.count("account:session:fail"), labels.count("account:session:lock")) == (5, 1)
    assert not any(WRONG in str(entry.detail) or "'lan'" in str(entry.detail) for entry in entries)
