"""What may come back, and how much money goes back for it."""

from packhouse.sdk.errors import InvalidValue


def returnable(
    shipped: int, delivered: int, returned: int, returning: int = 0, *, must_be_delivered: bool = False
) -> int:
    """Units of an order line that may still be asked back.

    `returned` units came back already, `returning` ones are in open returns and have not arrived. Shipped units count
    (a parcel may be refused at the door) unless the policy wants them delivered first.
    """
    gone_out = delivered if must_be_delivered else shipped
    return max(0, gone_out - returned - returning)


def refund_amount(line_total_minor: int, ordered: int, units: int, already_refunded: int = 0) -> int:
    """Money for `units` of a line of `ordered` units, in minor units, after `already_refunded` units got theirs.

    Every unit has its share of the line's total by largest remainder: the shares are whole minor units, differ by at most
    one, and the earlier units have the larger ones. So the line's total goes back exactly, in whatever parts.

    Raises:
        InvalidValue: a number is negative, or more units than the line has left.
    """
    if min(line_total_minor, units, already_refunded) < 0 or ordered < 1:
        raise InvalidValue("quantity", "amounts and units to refund cannot be negative, and a line has at least 1 unit")
    if already_refunded + units > ordered:
        raise InvalidValue("quantity", f"{units} units cannot be refunded: {already_refunded} of {ordered} already are")
    until = _first_shares(line_total_minor, ordered, already_refunded + units)
    return until - _first_shares(line_total_minor, ordered, already_refunded)


def _first_shares(total_minor: int, parts: int, count: int) -> int:
    share, left_over = divmod(total_minor, parts)
    return share * count + min(count, left_over)
