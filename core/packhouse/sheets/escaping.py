"""Text that a spreadsheet would take for something else, written so that it stays text and can be read back as it was."""

import re

# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection); apostrophes before it are kept apart.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r\n]")
# What XML 1.0 cannot hold, the carriage return that it would change, and text that looks like this escape itself.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def defuse(text: str) -> str:
    """The text with an apostrophe before it where it would be run as a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def restore(text: str) -> str:
    """What `defuse` made it of."""
    return text[1:] if _ESCAPED.match(text) else text


def escape_xml(text: str) -> str:
    """The text as XLSX writes it (ECMA-376, ST_Xstring): characters that XML cannot hold as _xHHHH_. `read_table` reads it."""
    return _NOT_IN_XML.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
