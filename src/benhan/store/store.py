"""The store: its parts, opened together and closed in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benhan.fhir.resource import DEPTH_MAX
from benhan.fhir.validation.policy import parse_policy
from benhan.kernel.actors import Actor
from benhan.kernel.clock import Clock, SystemClock
from benhan.kernel.ids import RandomSource, SystemRandom
from benhan.store.access_rules import AccessRules
from benhan.store.committer import Committer
from benhan.store.conformance import Conformance
from benhan.store.content import ContentCodec
from benhan.store.database import Database
from benhan.store.history import History
from benhan.store.ids import Ids
from benhan.store.key_encryption import KeyEncryption
from benhan.store.keyring import Keyring
from benhan.store.migrations import migrate
from benhan.store.resources import Opener, Resources
from benhan.store.sealed_cursor import SealedCursors
from benhan.store.search.custom import CustomParameters
from benhan.store.search.limits import SearchLimits
from benhan.store.search.page_link import PageLinks
from benhan.store.search.search import Search
from benhan.store.terminology.definitions import Definitions
from benhan.store.terminology.terminology import Terminology
from benhan.store.tokens import Tokens
from benhan.store.unit_of_work import Stored, UnitOfWork, Workshop
from benhan.store.validation.findings import Findings
from benhan.store.validation.gate import Gate, tell
from benhan.store.validation.validation import Validation


@dataclass(slots=True)
class Store:
    """One database as resources, keys and ledger."""

    database: Database
    keyring: Keyring
    clock: Clock
    random: RandomSource
    workshop: Workshop
    opener: Opener
    committer: Committer
    resources: Resources
    search: Search
    page_life_s: float
    history: History
    terminology: Terminology
    validation: Validation
    gate: Gate
    findings: Findings
    parameters: CustomParameters

    @classmethod
    async def open(
        cls,
        database: Database,
        kek: KeyEncryption,
        *,
        clock: Clock | None = None,
        random: RandomSource | None = None,
        dictionaries: Path | None = None,
        page_life_s: float = 900.0,
        validation_policy: str = "",
        search_limits: SearchLimits | None = None,
        depth_max: int = DEPTH_MAX,
        care_grace: timedelta | None = None,
    ) -> Store:
        """The store on `database`: its schema brought up to date, its keys unwrapped, its writers started.

        `care_grace` says that relations of care are kept, and how long they outlast what made them.

        Raises Incorrect BA-2204 for a policy that is none.
        """
        policy = parse_policy(validation_policy)
        clock, random = clock or SystemClock(), random or SystemRandom()
        await migrate(database)
        keyring = await Keyring.open(database, kek, random)
        codec = ContentCodec(dictionaries) if dictionaries is not None else ContentCodec()
        ids, tokens = Ids(keyring.id_key, random), Tokens(keyring.index_key)
        rules = AccessRules(ids, tokens)
        search_limits = search_limits or SearchLimits()
        parameters = CustomParameters(database, search_limits.query)
        await parameters.refresh()
        workshop = Workshop(ids, tokens, codec, rules, lambda: parameters.current, depth_max, care_grace)
        opener = Opener(keyring, codec)
        resources = Resources(database, workshop.ids, opener, clock, rules)
        places = SealedCursors(keyring.derived_key("history-link"), clock, page_life_s)
        links = PageLinks(keyring.derived_key("page-link"), clock, page_life_s)
        definitions = Definitions(database, tokens, opener, Conformance(database, clock))
        terminology = Terminology(database, clock, definitions)
        validation = Validation(database, clock, terminology, resources)
        findings = Findings(database, clock)
        store = cls(
            database,
            keyring,
            clock,
            random,
            workshop,
            opener,
            Committer(database, keyring),
            resources,
            Search(
                database,
                workshop.ids,
                workshop.tokens,
                opener,
                links,
                clock,
                rules=rules,
                expander=terminology,
                parameters=parameters,
                limits=search_limits,
            ),
            page_life_s,
            History(database, rules, opener, resources, places, clock),
            terminology,
            validation,
            Gate(validation, policy, findings, clock),
            findings,
            parameters,
        )
        store._start()
        return store

    def _start(self) -> None:
        self.committer.start()
        self.resources.start()
        self.search.start()
        self.parameters.start()
        self.findings.start()

    async def close(self) -> None:
        """Finish what was begun, then close the connections."""
        await self.committer.stop()
        await self.search.stop()
        await self.parameters.stop()
        await self.resources.stop()
        self.validation.stop()
        await self.findings.stop()
        await self.database.close()

    def begin(self, actor: Actor) -> UnitOfWork:
        """An empty unit of work of `actor`, now."""
        return UnitOfWork(self.workshop, actor, self.clock.now())

    async def commit(self, unit: UnitOfWork) -> list[Stored | None]:
        """See `Committer.commit`; before it the gate (see `Gate.check`)."""
        if self.gate.is_open:
            return await self.committer.commit(unit)
        told = await self.gate.check(unit)
        stored = await self.committer.commit(unit)
        tell(stored, told)
        return stored
