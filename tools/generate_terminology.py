"""Write R4's own CodeSystems, ValueSets and ConceptMaps as one compact file, out of HL7's own package.

    npm install hl7.fhir.r4.examples@4.0.1      (anywhere; CC0)
    python tools/generate_terminology.py node_modules/hl7.fhir.r4.examples

`r4.jsonl.zst` holds one resource a line, sorted by type and url; what no operation reads (narrative, contacts,
extensions) is left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import zstandard

Json = dict[str, Any]
OUT = Path(__file__).resolve().parent.parent / "src/benhan/fhir/terminology/r4.jsonl.zst"
HEAD = ("resourceType", "id", "url", "version", "name", "title", "status")
KEPT = {
    "CodeSystem": (*HEAD, "valueSet", "caseSensitive", "hierarchyMeaning", "content", "property", "concept"),
    "ValueSet": (*HEAD, "compose", "expansion"),
    "ConceptMap": (*HEAD, "sourceUri", "sourceCanonical", "targetUri", "targetCanonical", "group"),
}
LEFT_OUT = frozenset({"extension", "comment", "id"})


def main(package: Path) -> None:
    lines = []
    for type_, members in KEPT.items():
        for path in sorted(package.glob(f"{type_}-*.json")):
            resource = json.loads(path.read_text(encoding="utf-8"))
            if "url" in resource and not resource["url"].startswith("http://example"):
                kept = {name: bare(resource[name]) for name in members if name in resource}
                lines.append(json.dumps(kept, ensure_ascii=False, separators=(",", ":")))
    lines.sort(key=order)
    whole = ("\n".join(lines) + "\n").encode()
    OUT.write_bytes(zstandard.ZstdCompressor(level=22).compress(whole))
    print(f"{len(lines)} resources, {len(whole):,} bytes, {OUT.stat().st_size:,} compressed")


def order(line: str) -> tuple[str, str]:
    resource = json.loads(line)
    return resource["resourceType"], resource["url"]


def bare(value: Any) -> Any:
    """`value` without what no operation reads, at any depth."""
    if isinstance(value, dict):
        return {name: bare(each) for name, each in value.items() if name not in LEFT_OUT and not name.startswith("_")}
    return [bare(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main(Path(sys.argv[1]))
