"""The ER7 parser and every reading of a message, under coverage-guided input."""

from __future__ import annotations

from tests.fuzz.messages import ADT, ORU
from tests.fuzz.targets import run

from benhan.hl7v2.er7 import parse_er7


def target(data: bytes) -> None:
    message = parse_er7(data)
    assert message.msh.name == "MSH"
    for segment in message.segments:
        for field in range(len(segment.fields)):
            for repetition in segment.repetitions(field):
                segment.whole(repetition)
                segment.part(repetition, 2, 2)


if __name__ == "__main__":
    run(["benhan.hl7v2.er7", "benhan.hl7v2.message"], target, [ADT, ORU])
