"""Money in GraphQL."""

from decimal import Decimal

import strawberry

from packhouse.sdk import InvalidValue
from packhouse.sdk import Money as MoneyValue


@strawberry.type(description="An amount in one currency.")
class Money:
    """`Money {amount currency}`."""

    amount: Decimal = strawberry.field(description="The amount as a decimal with the currency's own number of digits.")
    currency: str = strawberry.field(description="ISO 4217 code.")

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> "Money":
        """Money of minor units as they are stored."""
        value = MoneyValue.from_minor(minor, currency)
        return cls(amount=value.amount, currency=value.currency)


@strawberry.input(description="An amount in one currency.")
class MoneyInput:
    """Money that a client sends; `value` refuses amounts that the currency cannot hold."""

    amount: Decimal = strawberry.field(description='A decimal as text: "12.50".')
    currency: str = strawberry.field(description="ISO 4217 code.")

    def value(self, field: str) -> MoneyValue:
        """The checked value; `field` is the path of the amount in it: lines.0.unitPrice.amount.

        Raises:
            InvalidValue: too many digits, or not a currency.
        """
        try:
            return MoneyValue.of(self.amount, self.currency, field)
        except InvalidValue as invalid:
            if invalid.field == field:
                raise
            raise InvalidValue(f"{field.removesuffix('amount')}{invalid.field}", invalid.message) from None
