"""Label documents out of UPS's answers: base64 images, one a package, as the one document of a PurchasedLabel."""

import base64
import binascii
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from packhouse.sdk import AnswerUnreadable
from packhouse_ups.mapping import Json, required, section
from packhouse_ups.units import MEDIA_TYPES, PRINTER_LANGUAGES

# The archive of the same labels has the same bytes, whenever it is made.
_ARCHIVE_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Label:
    """The label of one package: `format` is UPS's code (GIF, PNG, PDF, ZPL, EPL, SPL)."""

    tracking_number: str
    format: str
    content: bytes


def read_label(package: Json, image: Json, format_name: str) -> Label:
    """The label of a package. `format_name` is where the code of its format stands in `image`.

    Raises:
        AnswerUnreadable: number, image or a known format is missing.
    """
    code = section(image, format_name).get("Code")
    if not isinstance(code, str) or code.strip().upper() not in MEDIA_TYPES:
        raise AnswerUnreadable("the label's format is none that UPS describes")
    encoded = "".join(required(image, "GraphicImage").split())
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise AnswerUnreadable("GraphicImage is not base64") from None
    return Label(required(package, "TrackingNumber"), code.strip().upper(), content)


def document(labels: Sequence[Label]) -> tuple[str, bytes]:
    """Media type and content of all labels of a shipment: one as it is, several as one print job or a ZIP archive."""
    formats = {label.format for label in labels}
    if len(labels) == 1 or (len(formats) == 1 and formats <= PRINTER_LANGUAGES):
        return MEDIA_TYPES[labels[0].format], b"\n".join(label.content for label in labels)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for position, label in enumerate(labels, start=1):
            name = f"{position:03d}-{label.tracking_number}.{label.format.lower()}"
            archive.writestr(zipfile.ZipInfo(name, _ARCHIVE_TIME), label.content)
    return "application/zip", buffer.getvalue()
