"""What the node does for signatures by itself: the organisation's seal, and time-stamps that were missing.

One process of a node does it, the others wait. A time-stamp server that was away is asked again later; what lacks its
stamp says so until then. Source: Luật Giao dịch điện tử 2023 Đ23 k3 (the organisation's signature); NĐ 23/2025/NĐ-CP.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from benhan.kernel.actors import system
from benhan.kernel.faults import Fault, Unavailable
from benhan.kernel.logs import Log
from benhan.kernel.secrets import Secret
from benhan.kernel.stopping import stopped_within
from benhan.node.evidence.keeping import Evidence
from benhan.node.signatures import rows
from benhan.node.signatures.batches import Batches
from benhan.node.signatures.confirmations import Confirmations
from benhan.node.signatures.keys import Devices, SignerPlace, opened
from benhan.node.signatures.models import ORGANISATION, SignedPaper, Step
from benhan.node.signatures.signing import GROUP, ROLE_TITLES, Ready, Signatures, signable
from benhan.signing.batch import stamp_later
from benhan.signing.checking import checked_status
from benhan.signing.cms import detached
from benhan.signing.faults import SIGNER_REFUSED
from benhan.signing.remote import Approval
from benhan.store.database import Connection
from benhan.store.ids import encode_rid
from benhan.store.ledger.events import Event
from benhan.store.session_lock import session_lock

log = Log("signatures")

LOCK = 0x62656E68_7369676E  # "benh" "sign"
LOOK_S = 5.0
AWAY_S = 60.0
SWEEP_EVERY = timedelta(days=1)
SEAL = system("seal")
STAMPER = system("time-stamps")


@dataclass(frozen=True, slots=True)
class Seal:
    """The organisation's key, and the PIN that the node itself knows."""

    place: SignerPlace
    pin: Secret


class SignatureKeeper:
    """The task that seals and stamps, and lets batches end before the process does."""

    def __init__(
        self,
        signatures: Signatures,
        batches: Batches,
        confirmations: Confirmations,
        devices: Devices,
        seal: Seal | None,
        evidence: Evidence,
    ) -> None:
        self._signatures = signatures
        self._batches = batches
        self._confirmations = confirmations
        self._evidence = evidence
        self._swept_at: datetime | None = None
        self._renewed_at: datetime | None = None
        self._devices = devices
        self._seal = seal

    @property
    def seals(self) -> bool:
        """Whether there is a key of the organisation that was not refused."""
        return self._seal is not None

    async def run(self, stop: asyncio.Event) -> None:
        """Seal and stamp until `stop`; then wait for the batches of this process."""
        while not stop.is_set():
            await stopped_within(stop, await self.step())
        await self._batches.finished()

    async def step(self) -> float:
        """Do what waits, where no other process does; gives for how many seconds to rest then."""
        try:
            async with session_lock(self._signatures.store.database, LOCK) as held:
                if held is None:
                    return LOOK_S
                sealed = await self.seal_waiting() + await self.seal_evidence()
                stamped = await self.stamp_missing()
                await self._sweep()
                await self.keep_evidence()
        except Fault as fault:
            if fault.code == SIGNER_REFUSED.code:
                self._seal = None  # tried again and again a wrong PIN would lock the device for good
            log.warning("signatures.delayed", fault=fault.code)
            return AWAY_S
        return 0.0 if sealed + stamped else LOOK_S

    async def seal_waiting(self) -> int:
        """Put the organisation's signature on what waits for it; gives on how many.

        Raises Forbidden BA-5014, BA-5016, Unavailable BA-5013, BA-5015 where the key cannot be used now.
        """
        signatures = self._signatures
        if self._seal is None or signatures.services is None:
            return 0
        ready: list[Ready] = []
        for step in await signatures.rows.of_duty(ORGANISATION, GROUP):
            try:
                ready.append(await self._ready(step))
            except Fault as fault:
                log.warning("seal.passed_over", fault=fault.code)
        if not ready:
            return 0
        async with opened(self._seal.place, Approval(self._seal.pin), self._devices) as signer:
            outcomes = await signatures.signed(ready, SEAL, signer)
        for each in outcomes:
            if each is not None:
                log.warning("seal.refused", fault=each.code)
        return sum(each is None for each in outcomes)

    async def seal_evidence(self) -> int:
        """Sign the evidence of confirmations, each with its time-stamp; gives how many. Raises as `seal_waiting`."""
        services = self._signatures.services
        if self._seal is None or services is None:
            return 0
        waiting = await self._confirmations.unsigned(GROUP)
        if not waiting:
            return 0
        now = self._signatures.store.clock.now()
        async with opened(self._seal.place, Approval(self._seal.pin), self._devices) as signer:
            status = await checked_status(signer.identity, services.trust, services.fetch, now)
            prepared = [detached(each, signer.identity, ROLE_TITLES[ORGANISATION], now) for _, each in waiting]
            made = await signer.sign([each.attributes for each in prepared])
        for (kept, _), one, signature in zip(waiting, prepared, made, strict=True):
            signed = one.with_signature(signature)
            token = await services.stamp(signed.to_stamp)
            signed = signed.with_timestamp(token).with_status(status | await services.server_status(token, now))
            await self._confirmations.keep_signature(kept, signed.der)
        return len(waiting)

    async def _ready(self, step: Step) -> Ready:
        record = signable(await self._signatures.records.read(encode_rid(step.record)))
        paper = await self._signatures.paper(record, step.number)
        return await self._signatures.ready(record, paper, step, SEAL, ROLE_TITLES[ORGANISATION])

    async def stamp_missing(self) -> int:
        """Stamp what a time-stamp server was away for; gives how many. Raises Unavailable while it still is."""
        if self._signatures.services is None:
            return 0
        stamped = 0
        for each in await self._signatures.rows.missing(GROUP):
            try:
                await self._stamp(each)
                stamped += 1
            except Unavailable:
                raise
            except Fault as fault:
                log.warning("stamp.passed_over", fault=fault.code)
        return stamped

    async def keep_evidence(self) -> None:
        """Prove what was signed by the end of a day, and once a day what will age. Raises Unavailable as a stamp does.

        What must be digested anew is left to a person's command: it reads every file.
        """
        if self._signatures.services is None:
            return
        now = self._signatures.store.clock.now()
        await self._evidence.gather()
        await self._evidence.stamp()
        if self._renewed_at is None or now - self._renewed_at > SWEEP_EVERY:
            await self._evidence.renew()
            self._renewed_at = now

    async def _sweep(self) -> None:
        """Once a day, remove files of signatures that were staged and never committed."""
        now = self._signatures.store.clock.now()
        if self._swept_at is None or now - self._swept_at > SWEEP_EVERY:
            self._swept_at = now
            await self._signatures.blobs.sweep()

    async def _stamp(self, file: SignedPaper) -> None:
        signatures = self._signatures
        services = signatures.services
        assert services is not None, "asked for before"
        store = signatures.store
        stamped = await stamp_later(await signatures.bytes_of(file), services, store.clock.now())
        staged = await signatures.stage(stamped.pdf, file.patient)
        after = replace(
            file, level=stamped.level.value, missing="", address=staged.address.hex(),
            content_hash=hashlib.sha256(stamped.pdf).digest(),
        )  # fmt: skip
        unit = store.begin(STAMPER)

        async def keep_blob(connection: Connection) -> None:
            await signatures.blobs.keep(staged, connection)

        unit.also(rows.replace_file(after, file.content_hash))
        unit.also(keep_blob)
        unit.record(
            Event.PAPER_STAMP, patient=file.patient, type_="Composition", rid=file.record, paper=file.number,
            signed=file.version, file=after.content_hash.hex(),
        )  # fmt: skip
        await store.commit(unit)
        await signatures.blobs.delete(file.address, file.patient)
