from packhouse.demo.catalogue import LOCATIONS, OWN_LOCATIONS, VARIANTS, order_plans
from packhouse.demo.setup import demo_settings
from packhouse.settings import Settings


def test_barcodes_are_gtin_13_of_the_range_for_use_within_a_company() -> None:
    barcodes = [variant.barcode for variant in VARIANTS.values()]
    assert len(set(barcodes)) == len(VARIANTS) == 8
    for barcode in barcodes:
        assert len(barcode) == 13
        assert barcode.startswith("2")
        assert sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(barcode)) % 10 == 0


def test_everything_that_is_ordered_lies_somewhere() -> None:
    stocked = {sku for location in LOCATIONS for sku in location.bins}
    assert stocked == set(VARIANTS)
    assert {sku for plan in order_plans(50) for sku in plan.basket} == set(VARIANTS)
    assert len(LOCATIONS) == 3
    assert len(OWN_LOCATIONS) == 2


def test_four_orders_show_a_return_a_hold_the_3pl_and_a_split() -> None:
    first, second, third, fourth = order_plans(4)
    assert [first.is_returned, second.is_returned] == [True, False]
    assert [first.is_paid_late, second.is_paid_late] == [False, True]
    own = [set(location.bins) for location in OWN_LOCATIONS]
    assert not any(sku in skus for sku in third.basket for skus in own)
    assert not any(set(fourth.basket) <= skus for skus in own)


def test_no_plugin_but_the_demo_runs_whatever_the_operator_has_configured() -> None:
    configured = Settings.model_validate(
        {
            "database": {"url": "postgresql://packhouse:secret@db.internal/packhouse"},
            "plugins": {"enabled": ["ups"], "settings": {"ups": {"client_id": "real"}}},
            "returns": {"window_days": 7},
        }
    )
    settings = demo_settings(configured, database_url="sqlite://demo.sqlite3", port=8123, speed=4)
    assert settings.database.url == "sqlite://demo.sqlite3"
    assert (settings.plugins.enabled, settings.plugins.settings) == (["demo"], {"demo": {"speed": 4}})
    assert (settings.server.host, settings.server.port, settings.server.graphiql) == ("127.0.0.1", 8123, True)
    assert len(settings.security.secret_key) >= 32
    assert settings.feedback.review_request_delay_days == 0
    assert settings.returns.window_days == 7
