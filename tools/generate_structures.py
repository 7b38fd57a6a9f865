"""Write R4's own StructureDefinitions as one compact file, out of HL7's own package.

    npm install hl7.fhir.r4.examples@4.0.1      (anywhere; CC0)
    python tools/generate_structures.py node_modules/hl7.fhir.r4.examples

`structures.jsonl.zst` holds one definition a line, sorted by url: types, resources, profiles and extensions, with of
each element what validation reads; texts for people are left out but for the words of the rules.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import zstandard

Json = dict[str, Any]
OUT = Path(__file__).resolve().parent.parent / "src/benhan/fhir/definitions/generated/structures.jsonl.zst"
HEAD = (
    "resourceType", "url", "version", "name", "kind", "abstract", "type", "baseDefinition", "derivation",
    "context", "contextInvariant",
)  # fmt: skip
ELEMENT = (
    "id", "path", "sliceName", "min", "max", "base", "type", "contentReference", "slicing", "binding", "constraint",
    "mustSupport", "isModifier", "maxLength",
)  # fmt: skip
WITH_TYPE = ("fixed", "pattern", "minValue", "maxValue")
CONSTRAINT = ("key", "severity", "human", "expression")
BINDING = ("strength", "valueSet")


def main(package: Path) -> None:
    lines = {}
    for path in sorted(package.glob("StructureDefinition-*.json")):
        definition = json.loads(path.read_text(encoding="utf-8"))
        if definition["url"].startswith("http://hl7.org/fhir/") and definition["kind"] != "logical":
            lines[definition["url"]] = json.dumps(bare(definition), ensure_ascii=False, separators=(",", ":"))
    whole = ("\n".join(lines[url] for url in sorted(lines)) + "\n").encode()
    OUT.write_bytes(zstandard.ZstdCompressor(level=22).compress(whole))
    print(f"{len(lines)} definitions, {len(whole):,} bytes, {OUT.stat().st_size:,} compressed")


def bare(definition: Json) -> Json:
    kept = {name: definition[name] for name in HEAD if name in definition}
    part = "snapshot" if "snapshot" in definition else "differential"
    kept[part] = {"element": [element(each) for each in definition[part]["element"]]}
    return kept


def element(told: Json) -> Json:
    kept = {name: told[name] for name in ELEMENT if name in told}
    kept |= {name: value for name, value in told.items() if name.startswith(WITH_TYPE)}
    if "base" in kept:
        kept["base"] = {"path": kept["base"]["path"]}
    if "binding" in kept:
        kept["binding"] = {name: kept["binding"][name] for name in BINDING if name in kept["binding"]}
    if "constraint" in kept:
        kept["constraint"] = [{name: each[name] for name in CONSTRAINT if name in each} for each in kept["constraint"]]
    if "slicing" in kept:
        kept["slicing"] = {name: value for name, value in kept["slicing"].items() if name != "description"}
    kept["type"] = [type_(each) for each in kept.get("type", [])]
    return kept if kept["type"] else {name: value for name, value in kept.items() if name != "type"}


def type_(told: Json) -> Json:
    """The type without its extensions; for a FHIRPath system type the FHIR type its extension names."""
    kept = {name: value for name, value in told.items() if name != "extension"}
    named = [each for each in told.get("extension", []) if each["url"].endswith("structuredefinition-fhir-type")]
    if kept["code"].startswith("http://hl7.org/fhirpath/System."):
        kept["code"] = str(named[0].get("valueUrl") or named[0]["valueUri"]) if named else "string"
    return kept


if __name__ == "__main__":
    main(Path(sys.argv[1]))
