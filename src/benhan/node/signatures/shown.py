"""The signatures of a paper as they are shown: who, as what, when, and the verdict on the file, version by version."""

from __future__ import annotations

from dataclasses import dataclass

from benhan.kernel.actors import Actor
from benhan.node.records.faults import NO_SUCH_PAPER
from benhan.node.records.models import Paper, Record
from benhan.node.signatures.models import SignedPaper, Step
from benhan.node.signatures.signing import Signatures
from benhan.signing.trust import Trust
from benhan.signing.verdicts import Indication, SignatureVerdict, worst
from benhan.signing.verify_pdf import judge_pdf

VERSIONS_MAX = 20
"""So many signed versions of a paper are judged for its page."""


@dataclass(frozen=True, slots=True)
class VersionShown:
    """A version of a paper: its signed file (None where nobody signed), the verdicts on it, what it needs."""

    version: int
    file: SignedPaper | None
    verdicts: list[SignatureVerdict]
    steps: list[tuple[Step, str]]
    """Each with why it was refused, "" where it was not."""

    @property
    def indication(self) -> Indication | None:
        return worst([each.finding.indication for each in self.verdicts if not each.is_timestamp])


@dataclass(frozen=True, slots=True)
class PaperShown:
    """A paper with all that was ever signed of it, newest version first."""

    record: Record
    paper: Paper
    versions: list[VersionShown]


async def shown(signatures: Signatures, record_id: str, number: int, actor: Actor) -> PaperShown:
    """The signatures of a paper, judged now by the trust of the node. Raises NotFound BA-5205, BA-5206."""
    record = (await signatures.records.admitted(record_id, actor)).record
    papers = {each.number: each for each in await signatures.records.rows.papers(record)}
    paper = papers.get(number)
    if paper is None or not paper.form or not await signatures.is_seen_by(paper, actor):
        raise NO_SUCH_PAPER()
    steps = [each for each in await signatures.rows.steps(record) if each.number == number]
    files = {each.version: each for each in await signatures.rows.files(record) if each.number == number}
    trust = signatures.services.trust if signatures.services is not None else Trust()
    versions = []
    wanted = sorted({paper.version, *files, *(each.version for each in steps)}, reverse=True)[:VERSIONS_MAX]
    for version in wanted:
        file = files.get(version)
        verdicts = []
        if file is not None:
            verdicts = await judge_pdf(await signatures.bytes_of(file), trust, signatures.store.clock.now())
        told = [
            (each, await signatures.records.reason(record.patient, each.reason))
            for each in steps
            if each.version == version
        ]
        versions.append(VersionShown(version, file, verdicts, told))
    return PaperShown(record, paper, versions)
