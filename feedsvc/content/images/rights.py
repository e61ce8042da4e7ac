"""Rights of an image: copyright, creators, credit and terms, read from and written to IPTC and XMP. For EXIF, see `exif`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from html import escape
from typing import Final
from xml.parsers import expat

MAX_XMP_SIZE: Final = 1024 * 1024  # bytes that are read
_MAX_TEXT_LENGTH: Final = 2_000  # characters of one text
_MAX_CREATORS: Final = 20
# Characters that XML 1.0 forbids. The negated class of the allowed ones would take 4 ms to compile, at each start of a command.
_FORBIDDEN_CHARACTER: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_DC: Final = "http://purl.org/dc/elements/1.1/"
_PHOTOSHOP: Final = "http://ns.adobe.com/photoshop/1.0/"
_XMP_RIGHTS: Final = "http://ns.adobe.com/xap/1.0/rights/"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_ITEM: Final = f"{_RDF} li"
# Property of XMP -> field of Rights.
_XMP_FIELDS: Final[Mapping[str, str]] = {
    f"{_DC} rights": "copyright",
    f"{_DC} creator": "creators",
    f"{_PHOTOSHOP} Credit": "credit",
    f"{_XMP_RIGHTS} UsageTerms": "terms",
    f"{_XMP_RIGHTS} WebStatement": "statement",
}
# Dataset of record 2 (IIM version 4) -> field of Rights.
_IPTC_FIELDS: Final[Mapping[int, str]] = {80: "creators", 110: "credit", 116: "copyright"}
_UTF8: Final = b"\x1b%G"
_RESOURCE_SIGNATURE: Final = b"8BIM"
_IPTC_RESOURCE: Final = 0x0404  # resource id


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """Rights that an image states. `statement` is the URL of a page about them, `terms` are the terms of use (XMP xmpRights)."""

    copyright: str = ""
    creators: tuple[str, ...] = ()
    credit: str = ""
    terms: str = ""
    statement: str = ""

    def __or__(self, other: Rights) -> Rights:
        """Return these rights, with empty fields taken from `other`."""
        names = [field.name for field in fields(self)]
        return Rights(**{name: getattr(self, name) or getattr(other, name) for name in names})

    def __bool__(self) -> bool:
        return self != _NO_RIGHTS


_NO_RIGHTS: Final = Rights()


def decode_text(data: bytes) -> str:
    """Decode a text of EXIF or IPTC as UTF-8, or as Latin-1 if that fails. NULs and spaces at its end are removed.

    These formats seldom state an encoding.
    """
    data = data.rstrip(b"\0 ")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def from_texts(values: Mapping[str, list[str]]) -> Rights:
    """Return the rights from texts by field name of Rights. Empty texts are left out.

    Of fields other than `creators`, only the first text counts; of creators, the first twenty. Texts lose characters that XML
    forbids and white space at their ends, and are cut to 2,000 characters.
    """
    clean = {name: [_clean_text(text) for text in texts if _clean_text(text)] for name, texts in values.items()}
    first_texts = {name: texts[0] for name, texts in clean.items() if texts and name != "creators"}
    return Rights(creators=tuple(clean.get("creators", [])[:_MAX_CREATORS]), **first_texts)


def _clean_text(value: str) -> str:
    return _FORBIDDEN_CHARACTER.sub("", value[: 2 * _MAX_TEXT_LENGTH]).strip()[:_MAX_TEXT_LENGTH]


def from_xmp(data: bytes) -> Rights:
    """Return the rights in an XMP packet, of which 1 MiB is read.

    Return empty Rights if that part is no well-formed XML or has a document type.
    """
    reader = _XmpReader()
    with suppress(expat.ExpatError, ValueError, UnicodeError):
        reader.read(data[:MAX_XMP_SIZE].strip(b"\0 \t\r\n"))
        return from_texts(reader.texts)
    return _NO_RIGHTS


class _XmpReader:
    """Collector of the texts of the XMP properties in _XMP_FIELDS. A property may be an attribute, an element or a list."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self._field = ""
        self._depth = 0
        self._text: list[str] = []

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_characters
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.Parse(data, True)  # noqa: FBT003 - the library's own signature

    def _refuse_doctype(self, *_: object) -> None:
        raise ValueError("a document type")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._field:
            self._depth += 1
            if name == _ITEM:
                self._text = []
        elif name in _XMP_FIELDS:
            self._field, self._depth, self._text = _XMP_FIELDS[name], 0, []
        for key, value in attributes.items():
            if key in _XMP_FIELDS:
                self.texts.setdefault(_XMP_FIELDS[key], []).append(value)

    def _add_characters(self, data: str) -> None:
        self._text.append(data)

    def _end(self, name: str) -> None:
        if not self._field:
            return
        if name == _ITEM or (name in _XMP_FIELDS and not self._depth):
            self.texts.setdefault(self._field, []).append("".join(self._text))
            self._text = []
        if self._depth:
            self._depth -= 1
        else:
            self._field = ""


def to_xmp(rights: Rights) -> bytes:
    """Return an XMP packet with these rights and nothing else; b"" if all fields are empty."""
    if not rights:
        return b""
    from xml.sax.saxutils import quoteattr  # noqa: PLC0415 - it imports HTTP and TLS, which take longer than many commands

    attributes = {"photoshop:Credit": rights.credit, "xmpRights:WebStatement": rights.statement}
    simple = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items() if value)
    creators = "".join(f"<rdf:li>{escape(name, quote=False)}</rdf:li>" for name in rights.creators)
    parts = (
        f"<dc:creator><rdf:Seq>{creators}</rdf:Seq></dc:creator>" if creators else "",
        _alternatives("dc:rights", rights.copyright),
        _alternatives("xmpRights:UsageTerms", rights.terms),
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"><rdf:Description rdf:about=""'
        f' xmlns:dc="{_DC}" xmlns:photoshop="{_PHOTOSHOP}" xmlns:xmpRights="{_XMP_RIGHTS}"{simple}>'
        f'{"".join(parts)}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def _alternatives(name: str, value: str) -> str:
    return (
        f'<{name}><rdf:Alt><rdf:li xml:lang="x-default">{escape(value, quote=False)}</rdf:li></rdf:Alt></{name}>' if value else ""
    )


def from_photoshop(data: bytes) -> Rights:
    """Return the rights in the IPTC record of Photoshop's image resources; empty Rights if there are none.

    `data` is the content of a JPEG's APP13 segment after the name "Photoshop 3.0".
    """
    texts: dict[str, list[str]] = {}
    for number, resource in _resources(data):
        for record, dataset, value in _datasets(resource) if number == _IPTC_RESOURCE else ():
            if record == 2 and dataset in _IPTC_FIELDS:  # noqa: PLR2004 - the application record
                texts.setdefault(_IPTC_FIELDS[dataset], []).append(decode_text(value))
    return from_texts(texts)


def _resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while data[offset : offset + 4] == _RESOURCE_SIGNATURE and offset + 12 <= len(data):
        number, name_length = int.from_bytes(data[offset + 4 : offset + 6]), data[offset + 6]
        offset += 6 + name_length + 1 + (name_length + 1) % 2
        size = int.from_bytes(data[offset : offset + 4])
        yield number, data[offset + 4 : offset + 4 + size]
        offset += 4 + size + size % 2


def _datasets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    offset = 0
    while data[offset : offset + 1] == b"\x1c" and offset + 5 <= len(data):
        size = int.from_bytes(data[offset + 3 : offset + 5])
        yield data[offset + 1], data[offset + 2], data[offset + 5 : offset + 5 + size]
        offset += 5 + size


def to_photoshop(rights: Rights) -> bytes:
    """Return Photoshop image resources with creators, credit and copyright as IPTC record; b"" if all three are empty."""
    values = [(dataset, value) for dataset, name in _IPTC_FIELDS.items() for value in _as_tuple(getattr(rights, name))]
    if not values:
        return b""
    record = _dataset(1, 90, _UTF8) + b"".join(_dataset(2, dataset, value.encode()) for dataset, value in values)
    return (
        _RESOURCE_SIGNATURE + _IPTC_RESOURCE.to_bytes(2) + b"\0\0" + len(record).to_bytes(4) + record + b"\0" * (len(record) % 2)
    )


def _as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else tuple(filter(None, (value,)))


def _dataset(record: int, dataset: int, value: bytes) -> bytes:
    return bytes((0x1C, record, dataset)) + len(value).to_bytes(2) + value
