"""An XML element as a dict, read by expat of the standard library (leaf, pure).

The shape is that of the xmltodict package, which hooks know: attributes as ``@name``, text as ``#text`` (alone where an element has
nothing else), repeated children as a list, an empty element as None. Names are local ones; declarations stay as ``@xmlns``.

No entity is expanded but those of XML itself: a document type declaration that defines some is refused, and nothing is fetched. So
nothing grows beyond the text it came from.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from loader.batch import Record
from loader.errors import ParseError

DEEPEST = 100  # levels of elements; what works on records afterwards calls itself for each


def xml_parser() -> expat.XMLParserType:
    """Return an expat parser of UTF-8 that refuses what XML could harm with; its handlers are for the caller to set."""
    parser = expat.ParserCreate("utf-8")  # whatever a declaration says: by now it is text
    parser.StartDoctypeDeclHandler = _refuse_definitions
    parser.SkippedEntityHandler = _refuse_entity
    return parser


def parse_xml(text: str, prefix: str = "@") -> Record:
    """Parse one element: its name, local, and its content. Raises ParseError.

    ``prefix`` stands before the names of attributes; without one, declarations of namespaces are left out.
    """
    tree, parser = _Tree(prefix), xml_parser()
    parser.buffer_text = True
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as why:
        raise ParseError(f"not XML: {why}") from why
    except UnicodeEncodeError as why:
        raise ParseError(f"not XML: {why.reason}") from why
    return tree.node


def local_name(name: str) -> str:
    """Return a name without the prefix of its namespace."""
    return name if ":" not in name else name.rpartition(":")[2]


class _Tree:
    """Builds the dict: its methods are expat's handlers. It does not know the parser: else each record would be a task for the garbage collector.

    ``node`` is what the innermost open element has by now.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.node: Record = {}
        self.texts: list[str] = []
        self.around: list[tuple[Record, list[str]]] = []  # the same of the elements around it

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.around) >= DEEPEST:
            raise ParseError(f"XML nested more than {DEEPEST} levels deep")
        self.around.append((self.node, self.texts))
        self.node, self.texts = self.named(attributes) if attributes else {}, []

    def named(self, attributes: dict[str, str]) -> Record:
        prefix = self.prefix
        named: Record = {}
        for name, value in attributes.items():
            if not name.startswith("xmlns"):
                short = prefix + local_name(name)
                named[short if short not in named else prefix + name] = value
            elif prefix:
                named[prefix + name] = value
        return named

    def text(self, text: str) -> None:
        self.texts.append(text)

    def end(self, name: str) -> None:
        value: Any = self.node or None
        if self.texts and (text := "".join(self.texts).strip()):
            if value is None:
                value = text
            else:
                value["#text"] = text
        self.node, self.texts = self.around.pop()
        add_child(self.node, local_name(name), value)


def add_child(node: Record, name: str, value: Any) -> None:
    """Set a member of ``node``; one that is there already becomes a list of both."""
    if name not in node:
        node[name] = value
    elif isinstance(node[name], list):
        node[name].append(value)
    else:
        node[name] = [node[name], value]


def _refuse_definitions(name: str, system: str | None, public: str | None, defines: bool) -> None:
    if defines:
        raise ParseError("XML with a document type declaration that defines things (<!DOCTYPE ... [): refused, since entities can harm")


def _refuse_entity(name: str, is_parameter: bool) -> None:
    if not is_parameter:
        raise ParseError(f"not XML: undefined entity &{name};")
