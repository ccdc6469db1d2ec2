"""What an address must have before anything can be sent there."""

from packhouse.sdk import Address


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
