"""What people and the hospital sign with: keys on tokens, at a provider, in a file; opened by a PIN that nobody keeps.

Wrong PINs are counted here, since a token tells only that few tries are left: after PIN_TRIES signing is locked for a
while, before the token locks itself for good. Source: NĐ 23/2025/NĐ-CP Đ13–14 (title in the certificate), Đ37 k4.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from benhan.kernel.actors import Actor
from benhan.kernel.clock import Clock
from benhan.kernel.faults import Forbidden
from benhan.kernel.secrets import Secret
from benhan.kernel.trace import current_trace
from benhan.node.signatures.faults import BAD_SIGNER, NO_SIGNER, SIGNING_LOCKED, WRONG_PIN
from benhan.node.signatures.models import Standing
from benhan.signing.certificates import Identity
from benhan.signing.faults import NO_SUCH_CREDENTIAL, SIGNER_AWAY, SIGNER_REFUSED
from benhan.signing.remote import Approval, CscService, RemoteSigner
from benhan.signing.signers import MemorySigner, Signer
from benhan.signing.trust import Trust
from benhan.store.database import Connection, Database
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.transports.pkcs11_signer import Pkcs11Device, Pkcs11Signer
from benhan.transports.signing_services import SigningServices

PIN_TRIES = 3
LOCKED_FOR = timedelta(minutes=15)
KINDS = ("token", "remote", "file")
DUTIES = ("head",)
PIN_CHARACTERS_MAX = 64


@dataclass(frozen=True, slots=True)
class SignerPlace:
    """Where a key is: `token` (label of the token, label of the key), `remote` (name of the credential), `file`
    (a PKCS#12, for demonstrations and small stations)."""

    kind: str
    place: str
    name: str

    def checked(self) -> SignerPlace:
        """Raises Incorrect BA-5118."""
        if self.kind not in KINDS:
            raise BAD_SIGNER(name="kind", reason=", ".join(KINDS))
        if not self.name and self.kind != "file":
            raise BAD_SIGNER(name="name", reason="trống (empty)")
        if not self.place and self.kind != "remote":
            raise BAD_SIGNER(name="place", reason="trống (empty)")
        return self


@dataclass(frozen=True, slots=True)
class AccountSigner:
    """What an account signs with, and as what."""

    account: int
    place: SignerPlace
    duties: frozenset[str]
    departments: frozenset[str]
    title: str
    failures: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Devices:
    """What the node reaches keys by: the PKCS#11 library, a provider's address with the token of the house."""

    module: str = ""
    services: SigningServices | None = None
    csc_url: str = ""
    csc_token: Secret = field(default_factory=lambda: Secret(b""))
    trust: Trust = field(default_factory=Trust)


class Signers:
    """The signers of the accounts of one database."""

    def __init__(self, database: Database, clock: Clock, devices: Devices) -> None:
        self._database = database
        self._clock = clock
        self._devices = devices

    async def set(
        self, account: int, place: SignerPlace, *, title: str = "", duties: frozenset[str] = frozenset(),
        departments: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        """Register what an account signs with; tries begin anew. Raises Incorrect BA-5118."""
        place.checked()
        if duties - set(DUTIES):
            raise BAD_SIGNER(name="duties", reason=", ".join(DUTIES))
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await connection.execute(
                "insert into account_signer (account, changed_at, kind, place, name, duties, departments, title)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (account) do update set changed_at = $2,"
                " kind = $3, place = $4, name = $5, duties = $6, departments = $7, title = $8, failures = 0,"
                " locked_until = null",
                account, now, place.kind, place.place, place.name, sorted(duties), sorted(departments), title,
            )  # fmt: skip
            await self._note(connection, Event.SIGNER_SET, account, account=account, kind=place.kind)

    async def of(self, actor: Actor) -> AccountSigner | None:
        """What somebody signs with."""
        number = account_of(actor.id)
        row = await self._database.fetchrow("select * from account_signer where account = $1", number)
        return _signer(row) if row is not None else None

    async def has(self, account: int) -> bool:
        """Whether something to sign with is registered for an account that is let in."""
        found = await self._database.fetchval(
            "select 1 from account_signer s join account a on a.id = s.account"
            " where s.account = $1 and a.disabled_at is null",
            account,
        )
        return found is not None

    async def standings(self, actor: Actor) -> list[Standing]:
        """As whom somebody may sign now: themselves first, then those who delegated to them."""
        own = await self.of(actor)
        standings = [
            Standing(
                actor.id,
                frozenset({actor.role.value}) | (own.duties if own is not None else frozenset()),
                own.departments if own is not None else frozenset(),
                own.title if own is not None else "",
            )
        ]
        now = self._clock.now()
        rows = await self._database.fetch(
            "select d.account, d.title, a.role, coalesce(s.duties, '{}') as duties,"
            " coalesce(s.departments, '{}') as departments from signing_delegation d join account a on a.id = d.account"
            " left join account_signer s on s.account = d.account where d.deputy = $1 and d.revoked_at is null"
            " and d.starts_at <= $2 and d.ends_at > $2 and a.disabled_at is null",
            account_of(actor.id),
            now,
        )
        for row in rows:
            duties = frozenset({row["role"], *row["duties"]})
            standings.append(
                Standing(f"account:{row['account']}", duties, frozenset(row["departments"]), row["title"], True)
            )
        return standings

    @asynccontextmanager
    async def opened(self, actor: Actor, approval: Approval) -> AsyncIterator[Signer]:
        """The signer of somebody, opened by their PIN or approval, closed afterwards.

        Raises Forbidden BA-5100, BA-5101 with the tries that are left, BA-5102; NotFound BA-5017; Unavailable BA-5015.
        A remote approval is asked for when something is signed: BA-5016 then.
        """
        own = await self.of(actor)
        if own is None:
            raise NO_SIGNER()
        self._hold_to_lock(own)
        async with AsyncExitStack() as stack:
            try:
                signer = await stack.enter_async_context(opened(own.place, approval, self._devices))
            except Forbidden as fault:
                if fault.code != SIGNER_REFUSED.code or own.place.kind == "remote":  # a provider counts by itself
                    raise
                raise await self.failed(own.account) from fault
            if own.failures:
                await self.worked(own.account)
            yield signer

    async def worked(self, account: int) -> None:
        """The PIN was right: tries begin anew."""
        await self._database.execute(
            "update account_signer set failures = 0, locked_until = null where account = $1", account
        )

    async def failed(self, account: int) -> Forbidden:
        """Count a wrong PIN; gives the fault that tells how many tries are left."""
        now = self._clock.now()
        failures = await self._database.fetchval(
            "update account_signer set failures = failures + 1, locked_until = case when failures + 1 >= $2"
            " then $3::timestamptz end where account = $1 returning failures",
            account,
            PIN_TRIES,
            now + LOCKED_FOR,
        )
        left = max(0, PIN_TRIES - int(failures or PIN_TRIES))
        if left:
            fault = WRONG_PIN(left=left)
        else:
            fault = SIGNING_LOCKED(minutes=int(LOCKED_FOR.total_seconds() // 60))
            async with self._database.transaction() as connection:
                await self._note(connection, Event.SIGNER_LOCK, account, fault=SIGNING_LOCKED.code)
        assert isinstance(fault, Forbidden), "a wrong PIN lets nobody sign"
        return fault

    def _hold_to_lock(self, own: AccountSigner) -> None:
        now = self._clock.now()
        if own.locked_until is not None and own.locked_until > now:
            raise SIGNING_LOCKED(minutes=-int(-(own.locked_until - now).total_seconds() // 60))

    async def _note(self, connection: Connection, event: Event, by: int, **detail: str | int) -> None:
        trace, now = current_trace.get(), self._clock.now()
        actor = f"account:{by}"
        await append_many(connection, [Entry(event, now, actor, "system", trace, 0, 0, 0, 0, dict(detail))])


@asynccontextmanager
async def opened(place: SignerPlace, approval: Approval, devices: Devices) -> AsyncIterator[Signer]:
    """A key by where it is. Raises Forbidden BA-5016, NotFound BA-5017, Unavailable BA-5015."""
    pin = approval.pin if approval.pin is not None else Secret(b"")
    if place.kind == "token":
        device = Pkcs11Device(devices.module, place.place, pin)
        if not devices.module:
            raise SIGNER_AWAY(reason="pkcs11_module")
        await device.opened()
        try:
            found = (await device.listed()).get(place.name)
            if found is None:
                raise NO_SUCH_CREDENTIAL(name=place.name)
            yield Pkcs11Signer(device, place.name, Identity(found, _issuers(found, devices.trust)))
        finally:
            await device.closed()
    elif place.kind == "remote":
        services = devices.services
        if services is None or not devices.csc_url:
            raise SIGNER_AWAY(reason="csc_url")
        service = CscService(partial(services.csc, devices.csc_url, devices.csc_token))
        credential = await service.credential(place.name)
        yield RemoteSigner(service, credential, approval)
    else:
        yield await asyncio.to_thread(_from_file, Path(place.place), pin)


def _from_file(path: Path, pin: Secret) -> Signer:
    """The key of a PKCS#12 file, whose password is the PIN."""
    try:
        content = path.read_bytes()
    except OSError as cause:
        raise SIGNER_AWAY(reason="file") from cause
    try:
        store = load_pkcs12(content, pin.reveal())
    except ValueError as cause:
        raise SIGNER_REFUSED(reason="PIN") from cause
    if store.cert is None or not isinstance(store.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise NO_SUCH_CREDENTIAL(name=path.stem)
    held = [store.cert, *store.additional_certs]
    certificate, *issuers = [x509.Certificate.load(each.certificate.public_bytes(Encoding.DER)) for each in held]
    return MemorySigner(Identity(certificate, tuple(issuers)), store.key)


def _issuers(certificate: x509.Certificate, trust: Trust) -> tuple[x509.Certificate, ...]:
    """The issuers that the trust knows, nearest first: a token often holds its own certificate only."""
    known = {each.subject.hashable: each for each in (*trust.others, *trust.roots)}
    found: list[x509.Certificate] = []
    above = known.get(certificate.issuer.hashable)
    while above is not None and above not in found:
        found.append(above)
        above = known.get(above.issuer.hashable) if above.self_signed == "no" else None
    return tuple(found)


def account_of(actor: str) -> int:
    """The number of an account; 0 for what is none."""
    number = actor.removeprefix("account:")
    return int(number) if actor.startswith("account:") and number.isdecimal() else 0


def _signer(row: asyncpg.Record | Mapping[str, Any]) -> AccountSigner:
    return AccountSigner(
        row["account"],
        SignerPlace(row["kind"], row["place"], row["name"]),
        frozenset(row["duties"]),
        frozenset(row["departments"]),
        row["title"],
        row["failures"],
        row["locked_until"],
    )
