"""The conformance kit: drives everything that a plugin can do against a vendor that fails, and says what does not hold.

A plugin's author writes a **subject** (`tests/conformance.py` of the plugin, as `SUBJECT`): how the plugin is set up, what it is
asked to do, and what its vendor was recorded to answer. Then

    packhouse plugin check CODE|PATH          prints every rule; exit code 1 when one does not hold

and in the plugin's own tests:

    KIT = Kit(read_subject(Path(__file__).with_name("conformance.py")))

    @pytest.mark.parametrize("rule", RULES, ids=str)
    async def test_it_conforms(rule: Rule) -> None:
        finding = await KIT.examine(rule)
        assert finding.holds, finding

A subject:

    def settings(vendor: Address) -> dict[str, object]:
        return {"base_url": vendor.url, "timeout": vendor.seconds, "api_key": "planted-key-3f9a"}

    BUY = Exchange(
        "POST", "/v1/labels", Reply(201, recorded("label")),
        effect=True,                                     # must not happen twice
        key=lambda asked: asked.headers["idempotency-key"],   # what the vendor knows a repeat by; leave it out if nothing
    )
    FIND = Exchange("GET", "/v1/labels", Reply(200, []), afterwards=Reply(200, [recorded("label")]))
    SUBJECT = Subject(
        plugin=Plugin,
        settings=settings,
        secrets=("planted-key-3f9a",),
        operations=(
            Operation("track", ("T1",), (Exchange("GET", "/v1/tracking/.*", Reply(200, recorded("scans"))),)),
            Operation(
                "buy_label", (LABEL,), (BUY,),
                find=Operation("find_label", (LABEL,), (FIND,)),
                refusal=Reply(422, recorded("no_such_service")),
            ),
            Operation("shipment_dispatched", event=EVENT, order=ORDER, exchanges=(...)),     # a hook for an event
        ),
        webhooks=(Webhook("orders/create", recorded_bytes("order"), sign),),
    )

Faults last for the first call; then the kit goes on as the host would: what is in doubt is asked about (`find`), what did not
happen is sent again. `effect`, `key` and `afterwards` let the vendor count what really happened. Set every address of the
vendor to `vendor.url`, and every time-out to `vendor.seconds`. A rule that cannot hold is exempted with its reason
(`exempt={"rate-limits": "..."}`).
"""

from packhouse.testing.conformance.examination import UnknownRule, examine
from packhouse.testing.conformance.finding import NoSubject, find_subject, folder_of, read_subject
from packhouse.testing.conformance.kit import Finding, Kit, Report, Rule, Status
from packhouse.testing.conformance.rules import RULES
from packhouse.testing.conformance.running import Running
from packhouse.testing.conformance.subject import Address, Asked, Exchange, Operation, Reply, Subject, Webhook

__all__ = [
    "RULES",
    "Address",
    "Asked",
    "Exchange",
    "Finding",
    "Kit",
    "NoSubject",
    "Operation",
    "Reply",
    "Report",
    "Rule",
    "Running",
    "Status",
    "Subject",
    "UnknownRule",
    "Webhook",
    "examine",
    "find_subject",
    "folder_of",
    "read_subject",
]
