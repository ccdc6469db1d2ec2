"""The signed link by which a customer sees their own order, without an account. It names the order and nothing else."""

from uuid import UUID

from itsdangerous import BadData, URLSafeTimedSerializer

from packhouse.settings import SecuritySettings

_SALT = "packhouse.tracking-link"
_SECONDS_A_DAY = 86_400


def sign_tracking_link(security: SecuritySettings, order_id: UUID) -> str:
    """The token for `/track/{token}`.

    Raises:
        SettingsError: there is no secret key to sign with.
    """
    return str(_serializer(security).dumps(order_id.hex))


def read_tracking_link(security: SecuritySettings, token: str) -> UUID | None:
    """The order of a token; None if it was not signed by us or has expired."""
    try:
        text = _serializer(security).loads(token, max_age=security.tracking_link_days * _SECONDS_A_DAY)
        return UUID(hex=text)
    except (BadData, ValueError, AttributeError, TypeError):
        return None


def _serializer(security: SecuritySettings) -> URLSafeTimedSerializer:
    previous = [key.get_secret_value() for key in security.previous_secret_keys]
    # it signs with the last one and reads with all
    return URLSafeTimedSerializer([*reversed(previous), security.require_secret_key()], salt=_SALT)
