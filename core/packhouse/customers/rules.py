"""What an address must have before anything can be sent there, and which word of a customer is in force."""

from dataclasses import dataclass
from datetime import datetime

from packhouse.sdk import Address, ConsentState


@dataclass(frozen=True, slots=True)
class Word:
    """What a customer said about one purpose, and when."""

    state: ConsentState
    given_at: datetime
    contact: str = ""


def is_in_force(word: Word, current: Word | None) -> bool:
    """Whether a word takes the place of the current one: the one given last counts, and of two at once the more careful."""
    if current is None or word.given_at > current.given_at:
        return True
    return word.given_at == current.given_at and word.state is not ConsentState.GRANTED


def changes_anything(word: Word, current: Word | None) -> bool:
    """Whether those who write to the customer have to hear of a word that comes into force."""
    before = ConsentState.UNKNOWN if current is None else current.state
    if word.state is not before:
        return True
    return current is not None and word.contact != current.contact and word.state is not ConsentState.UNKNOWN


def is_believed_without_time(state: ConsentState, current: ConsentState) -> bool:
    """Whether a word of which nobody knows when it was given counts from now on: an old yes must not undo a newer no."""
    return state is not current and (state is not ConsentState.GRANTED or current is ConsentState.UNKNOWN)


def address_problems(address: Address | None) -> list[tuple[str, str]]:
    """What is wrong with a shipping address as (field, message); empty when a parcel can be sent there."""
    if address is None:
        return [("shippingAddress", "an order with goods to ship needs a shipping address")]
    needed = {
        "name": address.name or address.company,
        "line1": address.line1,
        "city": address.city,
        "country": address.country,
    }
    problems = [
        (f"shippingAddress.{field}", f"the shipping address has no {field}")
        for field, value in needed.items()
        if not value.strip()
    ]
    return problems + _postcode_problems(address)


def _postcode_problems(address: Address) -> list[tuple[str, str]]:
    if not address.postcode.strip() and address.country not in _WITHOUT_POSTCODES:
        return [("shippingAddress.postcode", f"an address in {address.country or 'this country'} needs a postcode")]
    return []


# Countries and territories that use no postcodes (Universal Postal Union, addressing systems).
_WITHOUT_POSTCODES = frozenset(
    [
        "AE",
        "AG",
        "AN",
        "AO",
        "AW",
        "BF",
        "BI",
        "BJ",
        "BO",
        "BS",
        "BW",
        "BZ",
        "CD",
        "CF",
        "CG",
        "CI",
        "CK",
        "CM",
        "DJ",
        "DM",
        "ER",
        "FJ",
        "GA",
        "GD",
        "GH",
        "GM",
        "GQ",
        "GY",
        "HK",
        "IE",
        "JM",
        "KI",
        "KM",
        "KN",
        "KP",
        "LC",
        "ML",
        "MO",
        "MR",
        "MS",
        "MU",
        "MW",
        "NR",
        "NU",
        "PA",
        "QA",
        "RW",
        "SB",
        "SC",
        "SL",
        "SR",
        "SS",
        "ST",
        "SY",
        "TD",
        "TF",
        "TG",
        "TK",
        "TL",
        "TO",
        "TT",
        "TV",
        "UG",
        "VU",
        "YE",
        "ZW",
    ]
)
