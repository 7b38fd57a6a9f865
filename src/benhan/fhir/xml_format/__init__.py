"""FHIR R4 in XML: read to the same JSON that the rest of the house works on, and written from it. Source: xml.html."""

from benhan.fhir.xml_format.reader import parse_xml, parse_xml_tree
from benhan.fhir.xml_format.writer import to_xml

__all__ = ["parse_xml", "parse_xml_tree", "to_xml"]
