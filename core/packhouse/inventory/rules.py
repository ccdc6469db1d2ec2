"""How much may be promised."""


def available_to_promise(
    on_hand: int,
    allocated: int = 0,
    reserved: int = 0,
    damaged: int = 0,
    quarantined: int = 0,
    safety_stock: int = 0,
    buffer: int = 0,
    *,
    backordered: int = 0,
) -> int:
    """Units that may be promised to a channel which keeps `buffer` back; below zero nothing may, and so much is missing.

    `backordered` units are promised already, to orders that wait for what comes.
    """
    return on_hand - allocated - reserved - damaged - quarantined - safety_stock - backordered - buffer
