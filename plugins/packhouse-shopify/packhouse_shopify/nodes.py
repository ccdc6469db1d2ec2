"""Writes an order of the Admin GraphQL API in the shape of a webhook, so that one mapping reads both alike."""

from collections.abc import Mapping, Sequence

from packhouse.sdk import Unreadable
from packhouse_shopify.client import Json
from packhouse_shopify.fields import gid_tail

_ADDRESS = {
    "name": "name",
    "firstName": "first_name",
    "lastName": "last_name",
    "company": "company",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "province": "province",
    "provinceCode": "province_code",
    "zip": "zip",
    "countryCodeV2": "country_code",
    "phone": "phone",
}
_ORDER = {
    "id": "admin_graphql_api_id",
    "name": "name",
    "currencyCode": "currency",
    "processedAt": "processed_at",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "cancelledAt": "cancelled_at",
    "cancelReason": "cancel_reason",
    "displayFinancialStatus": "financial_status",
    "email": "email",
    "customerLocale": "customer_locale",
    "note": "note",
    "test": "test",
    "taxesIncluded": "taxes_included",
    "paymentGatewayNames": "payment_gateway_names",
    "customerAcceptsMarketing": "buyer_accepts_marketing",
}
_ORDER_MONEY = {
    "totalPriceSet": "total_price_set",
    "totalOutstandingSet": "total_outstanding_set",
    "totalTaxSet": "total_tax_set",
    "totalDiscountsSet": "total_discounts_set",
}
_LINE = {
    "id": "admin_graphql_api_id",
    "name": "name",
    "title": "title",
    "sku": "sku",
    "quantity": "quantity",
    "currentQuantity": "current_quantity",
    "requiresShipping": "requires_shipping",
}
_EMAIL_CONSENT = {
    "marketingState": "state",
    "marketingOptInLevel": "opt_in_level",
    "marketingUpdatedAt": "consent_updated_at",
}
_SMS_CONSENT = {
    "state": "state",
    "optInLevel": "opt_in_level",
    "updatedAt": "consent_updated_at",
    "collectedFrom": "consent_collected_from",
}
_FULFILLMENT_STATUS = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}


def as_webhook(order: Json, lines: Sequence[Json], refunds: Sequence[Json]) -> dict[str, object]:
    """The order with all its lines and refunds in the shape of a webhook.

    Raises:
        Unreadable: a part of it has not the shape that the schema promises.
    """
    shipping = _object(order.get("shippingLines"))
    if _object(shipping.get("pageInfo")).get("hasNextPage"):
        raise Unreadable("the order has more shipping lines than are asked for", "shipping_lines")
    return {
        **_renamed(order, _ORDER),
        **{name: _money(order.get(key)) for key, name in _ORDER_MONEY.items()},
        "fulfillment_status": _FULFILLMENT_STATUS.get(str(order.get("displayFulfillmentStatus"))),
        "tags": _tags(order.get("tags")),
        "customer": _customer(_object(order.get("customer"))),
        "shipping_address": _renamed(_object(order.get("shippingAddress")), _ADDRESS),
        "billing_address": _renamed(_object(order.get("billingAddress")), _ADDRESS),
        "shipping_lines": [
            {"is_removed": line.get("isRemoved"), "price_set": _money(line.get("originalPriceSet"))}
            for line in _objects(shipping.get("nodes"))
        ],
        "line_items": [_line(line) for line in lines],
        "refunds": [_refund(refund) for refund in refunds],
    }


def _line(line: Json) -> dict[str, object]:
    allocations = _objects(line.get("discountAllocations"))
    return {
        **_renamed(line, _LINE),
        "price_set": _money(line.get("originalUnitPriceSet")),
        "total_discount_set": _money(line.get("totalDiscountSet")),
        "discount_allocations": [{"amount_set": _money(item.get("allocatedAmountSet"))} for item in allocations],
        "tax_lines": [{"price_set": _money(tax.get("priceSet"))} for tax in _objects(line.get("taxLines"))],
    }


def _refund(refund: Json) -> dict[str, object]:
    refunded = _object(_object(refund.get("totalRefundedSet")).get("shopMoney"))
    return {
        "admin_graphql_api_id": refund.get("id"),
        "created_at": refund.get("createdAt"),
        "processed_at": refund.get("processedAt"),
        "transactions": [
            {
                "kind": "refund",
                "status": "success",
                "amount": refunded.get("amount"),
                "currency": refunded.get("currencyCode"),
            }
        ],
        "refund_line_items": [
            {
                "line_item_id": gid_tail(_object(item.get("lineItem")).get("id"), "LineItem"),
                "quantity": item.get("quantity"),
                "restock_type": item.get("restockType"),
            }
            for item in _objects(_object(refund.get("refundLineItems")).get("nodes"))
        ],
    }


def _customer(customer: Json) -> dict[str, object] | None:
    if not customer:
        return None
    email, phone = _object(customer.get("defaultEmailAddress")), _object(customer.get("defaultPhoneNumber"))
    return {
        "admin_graphql_api_id": customer.get("id"),
        "first_name": customer.get("firstName"),
        "last_name": customer.get("lastName"),
        "email": email.get("emailAddress"),
        "phone": phone.get("phoneNumber"),
        "email_marketing_consent": _renamed(email, _EMAIL_CONSENT),
        "sms_marketing_consent": _renamed(_object(phone.get("smsMarketingConsent")), _SMS_CONSENT),
    }


def _money(bag: object) -> dict[str, object] | None:
    money = _object(_object(bag).get("shopMoney"))
    if not money:
        return None
    return {"shop_money": {"amount": money.get("amount"), "currency_code": money.get("currencyCode")}}


def _tags(tags: object) -> str:
    return ",".join(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ""


def _renamed(data: Json, names: Mapping[str, str]) -> dict[str, object]:
    return {name: data[key] for key, name in names.items() if data.get(key) is not None}


def _object(value: object) -> Json:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Unreadable("the answer has a value where an object should be")
    return value


def _objects(value: object) -> list[Json]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unreadable("the answer has a value where a list should be")
    return [_object(item) for item in value]
