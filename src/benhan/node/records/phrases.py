"""Phrases for writing: a short name that becomes a text, of a person, a department or the whole hospital.

They are texts of how one words things; nothing of a patient belongs into them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from benhan.fhir.folding import fold
from benhan.kernel.actors import Actor
from benhan.kernel.clock import Clock
from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text
from benhan.store.database import Database
from benhan.store.sql_texts import query

NOT_A_SHORT = FaultCode(
    "BA-5451",
    Incorrect,
    Text(
        "Tên tắt gồm 2–20 chữ thường, chữ số, gạch nối; ví dụ kham-phoi. Đặt lại tên.",
        "A short name is 2-20 small letters, digits and hyphens, such as kham-phoi. Choose another.",
    ),
)
NO_TEXT = FaultCode(
    "BA-5452",
    Incorrect,
    Text(
        "Mẫu câu trống hoặc dài quá {limit} chữ. Viết lại.",
        "The phrase is empty or has more than {limit} characters. Write it again.",
    ),
)
TOO_MANY = FaultCode(
    "BA-5453",
    Incorrect,
    Text(
        "Đã có {limit} mẫu câu. Xoá bớt mẫu không dùng rồi thêm.",
        "There are {limit} phrases already. Delete some that nobody uses, then add.",
    ),
)
CHARACTERS_MAX = 5_000
PHRASES_MAX = 500
_SHORT = re.compile(r"[a-z0-9][a-z0-9-]{1,19}")

_LIST = query(
    "phrases_for",
    """
    select id, owner, department, short, content from phrase
    where bucket = 0 and (owner = $1 or owner = '' and ($2::text is null or department in ('', $2)))
    order by short, owner desc, department desc limit $3
    """,
)
_PUT = query(
    "phrase_put",
    """
    insert into phrase (bucket, owner, department, short, content, written_by, changed_at)
    select 0, $1, $2, $3, $4, $5, $6 where (select count(*) from phrase where bucket = 0 and owner = $1) < $7
    on conflict (bucket, owner, department, short) do update set content = excluded.content,
        written_by = excluded.written_by, changed_at = excluded.changed_at
    returning id
    """,
)
_DROP = query("phrase_drop", "delete from phrase where bucket = 0 and id = $1 and (owner = $2 or owner = '')")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase; `is_own` where it is the reader's own, else of `department` ("": of the whole hospital)."""

    id: int
    short: str
    text: str
    is_own: bool
    department: str


class Phrases:
    """The phrases of one store."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, actor: Actor, department: str | None = None) -> list[Phrase]:
        """What an actor may use, by name: their own, the hospital's, those of a department (None: of all). Of one name,
        one's own comes first, then the department's."""
        rows = await self._database.fetch(_LIST, actor.id, department, PHRASES_MAX * 2)
        return [Phrase(row["id"], row["short"], row["content"], bool(row["owner"]), row["department"]) for row in rows]

    async def put(self, actor: Actor, short: str, text: str, *, is_own: bool, department: str = "") -> None:
        """Keep a phrase; the one of the same name and place is written over.

        Raises Incorrect BA-5451, BA-5452, BA-5453.
        """
        short, text = fold(short.strip().lstrip("/")).replace(" ", "-"), text.strip().replace("\r\n", "\n")
        if not _SHORT.fullmatch(short):
            raise NOT_A_SHORT()
        if not text or len(text) > CHARACTERS_MAX or "\x00" in text:
            raise NO_TEXT(limit=CHARACTERS_MAX)
        owner, of = (actor.id, "") if is_own else ("", department)
        at = self._clock.now()
        if await self._database.fetchval(_PUT, owner, of, short, text, actor.id, at, PHRASES_MAX) is None:
            raise TOO_MANY(limit=PHRASES_MAX)

    async def drop(self, actor: Actor, id_: int) -> None:
        """Delete one's own or a shared phrase; another's own stays."""
        await self._database.execute(_DROP, id_, actor.id)


def usable(phrases: list[Phrase]) -> list[Phrase]:
    """Of each name the one that is used: one's own before the department's before the hospital's."""
    found: dict[str, Phrase] = {}
    for each in sorted(phrases, key=lambda one: (not one.is_own, not one.department)):
        found.setdefault(each.short, each)
    return sorted(found.values(), key=lambda one: one.short)
