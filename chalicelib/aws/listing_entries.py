"""Entries of S3's listings, read from XML with less ado than botocore's parser makes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from botocore.parsers import ResponseParserFactory, RestXMLParser

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from botocore.model import StructureShape
    from botocore.parsers import ResponseParser


class Parsers(ResponseParserFactory):  # type: ignore[misc]
    def create_parser(self, protocol_name: str) -> ResponseParser:
        return EntryParser() if protocol_name == "rest-xml" else super().create_parser(protocol_name)


class EntryParser(RestXMLParser):  # type: ignore[misc]
    """botocore's, but that of the entries of a listing it reads what `s3.Stored` says, and asks them for nothing else:
    a thousand entries took it longer than all that is done with them."""

    def _handle_structure(self, shape: StructureShape, node: Element) -> dict[str, object]:
        if shape.name != "Object":
            parsed: dict[str, object] = super()._handle_structure(shape, node)
            return parsed
        said = {child.tag.rpartition("}")[2]: child.text or "" for child in node}
        return {
            "Key": said["Key"],
            "Size": int(said["Size"]),
            "LastModified": datetime.fromisoformat(said["LastModified"]),
            "ETag": said["ETag"],
        }
