"""Write the compact tables of FHIR R4 out of HL7's own package.

    npm install hl7.fhir.r4.examples@4.0.1      (anywhere; CC0)
    python tools/generate_fhir_definitions.py node_modules/hl7.fhir.r4.examples

Five files, one record a line, so that a change can be read: `elements.jsonl` (types and their elements),
`codes.jsonl` (the codes of required bindings), `search_parameters.jsonl`, `summaries.jsonl` (the elements of each type
that a summary holds), `compartments.jsonl`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]
OUT = Path(__file__).resolve().parent.parent / "src/benhan/fhir/definitions/generated"
SYSTEM_TYPE = "http://hl7.org/fhirpath/System."


def main(package: Path) -> None:
    value_sets = {each["url"]: each for each in load(package, "ValueSet")}
    code_systems = {each["url"]: each for each in load(package, "CodeSystem")}
    codes: dict[str, list[str]] = {}
    types, summaries = [], []
    for definition in load(package, "StructureDefinition"):
        if definition.get("derivation") == "constraint" or definition["kind"] == "logical":
            continue
        if definition.get("abstract") and definition["name"] != "Element":
            continue
        if not definition["url"].startswith("http://hl7.org/fhir/StructureDefinition/"):
            continue
        types += types_of(definition, value_sets, code_systems, codes)
        summaries += summaries_of(definition)
    write("elements.jsonl", sorted(types, key=lambda each: each["type"]))
    write("codes.jsonl", [{"set": url, "codes": found} for url, found in sorted(codes.items())])
    write("search_parameters.jsonl", search_parameters(package))
    write("summaries.jsonl", sorted(summaries, key=lambda each: str(each["type"])))
    write("compartments.jsonl", compartments(package))


def load(package: Path, kind: str) -> list[Json]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(package.glob(f"{kind}-*.json"))]


def types_of(definition: Json, value_sets: Json, code_systems: Json, codes: dict[str, list[str]]) -> list[Json]:
    """One record for the type itself and one for each of its backbone elements."""
    records: dict[str, Json] = {}
    for element in definition["snapshot"]["element"]:
        path = element["path"]
        if "." not in path or ("type" not in element and "contentReference" not in element):
            records[path] = {"type": path, "kind": definition["kind"], "elements": {}}
            continue
        parent, name = path.rsplit(".", 1)
        if parent not in records:
            records[parent] = {"type": parent, "kind": "backbone", "elements": {}}
        records[parent]["elements"][name] = element_record(element, value_sets, code_systems, codes)
    return list(records.values())


def summaries_of(definition: Json) -> list[Json]:
    """For the type and each of its backbone elements the names that are marked as summary."""
    found: dict[str, list[str]] = {}
    for element in definition["snapshot"]["element"]:
        parent, _, name = element["path"].rpartition(".")
        if parent and element.get("isSummary"):
            found.setdefault(parent, []).append(name)
    return [{"type": path, "elements": names} for path, names in found.items()]


def element_record(element: Json, value_sets: Json, code_systems: Json, codes: dict[str, list[str]]) -> list[Any]:
    """[min, max (0: unbounded), type codes, url of the required code set or null]."""
    maximum = 0 if element["max"] == "*" else int(element["max"])
    if "contentReference" in element:
        return [element["min"], maximum, [element["contentReference"].removeprefix("#")], None]
    names = [type_name(each, element["path"]) for each in element["type"]]
    return [element["min"], maximum, names, binding(element, value_sets, code_systems, codes)]


def type_name(type_: Json, path: str) -> str:
    """The FHIR type; for FHIRPath system types the one its extension names."""
    code = str(type_["code"])
    if code.startswith(SYSTEM_TYPE):
        told = [each for each in type_.get("extension", []) if each["url"].endswith("structuredefinition-fhir-type")]
        return str(told[0].get("valueUrl") or told[0]["valueUri"]) if told else "string"
    return path if code in ("BackboneElement", "Element") else code


def binding(element: Json, value_sets: Json, code_systems: Json, codes: dict[str, list[str]]) -> str | None:
    bound = element.get("binding", {})
    if bound.get("strength") != "required" or [each["code"] for each in element["type"]] != ["code"]:
        return None
    url = bound["valueSet"].split("|")[0]
    if url not in codes:
        found = expand(url, value_sets, code_systems)
        if found is None:
            return None
        codes[url] = sorted(found)
    return str(url)


def expand(url: str, value_sets: Json, code_systems: Json) -> set[str] | None:
    """The codes of a value set, or None where the package does not enumerate it (mime types, languages, …)."""
    found: set[str] = set()
    for include in value_sets.get(url, {}).get("compose", {}).get("include", [{}]):
        if "filter" in include or not include:
            return None
        if "concept" in include:
            found |= {each["code"] for each in include["concept"]}
        elif include.get("system") in code_systems and code_systems[include["system"]].get("content") == "complete":
            found |= all_codes(code_systems[include["system"]].get("concept", []))
        elif "valueSet" in include:
            for inner in include["valueSet"]:
                more = expand(inner, value_sets, code_systems)
                if more is None:
                    return None
                found |= more
        else:
            return None
    return found or None


def all_codes(concepts: list[Json]) -> set[str]:
    found = set()
    for concept in concepts:
        found.add(concept["code"])
        found |= all_codes(concept.get("concept", []))
    return found


def search_parameters(package: Path) -> list[Json]:
    records = []
    for parameter in load(package, "SearchParameter"):
        if parameter["id"].startswith("example"):  # of another Condition.subject: they show how one is written
            continue
        if not parameter["url"].startswith("http://hl7.org/fhir/SearchParameter/") or not parameter.get("expression"):
            continue
        record = {
            "code": parameter["code"],
            "base": parameter["base"],
            "type": parameter["type"],
            "expression": parameter["expression"],
            "target": parameter.get("target", []),
            "component": [
                [each["definition"].rsplit("/", 1)[1], each["expression"]] for each in parameter.get("component", [])
            ],
            "url": parameter["url"],
        }
        records.append({name: value for name, value in record.items() if value})
    return sorted(records, key=lambda each: each["url"])


def compartments(package: Path) -> list[Json]:
    """For each compartment and type the reference parameters that put a resource into it."""
    records = []
    for definition in load(package, "CompartmentDefinition"):
        if definition["id"] != "example":
            members = {each["code"]: each["param"] for each in definition["resource"] if each.get("param")}
            records.append({"compartment": definition["code"], "members": members})
    return sorted(records, key=lambda each: each["compartment"])


def write(name: str, records: list[Json]) -> None:
    lines = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in records]
    (OUT / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name}: {len(records)} records")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
