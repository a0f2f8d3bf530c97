"""Protocol files: YAML to a checked protocol, and from it the trials of a session."""

from mimicry.protocol.load import list_protocols, load_protocol, protocol_from_text
from mimicry.protocol.model import Origin, Protocol
from mimicry.protocol.redraw import Redraw
from mimicry.protocol.schema import ProtocolFile
from mimicry.protocol.session import Phase, Session, Trial

__all__ = [
    "Origin",
    "Phase",
    "Protocol",
    "ProtocolFile",
    "Redraw",
    "Session",
    "Trial",
    "list_protocols",
    "load_protocol",
    "protocol_from_text",
]
