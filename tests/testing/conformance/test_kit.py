"""A sound plugin conforms, and the report says what was found."""

from dataclasses import replace

import pytest
from tests.testing.conformance.broken import BROKEN, NewKeyAfterSuccess, RandomKeys, failed
from tests.testing.conformance.sound import Plugin, subject

from packhouse.testing.conformance import RULES, Status, Subject, UnknownRule, examine


async def test_a_sound_plugin_conforms() -> None:
    report = await examine(subject())
    assert failed(report) == {}
    assert [each.rule for each in report.findings] == [rule.name for rule in RULES]
    assert {each.status for each in report.findings} == {Status.PASSED}
    assert (report.code, report.version, report.holds) == ("sound", "1.0", True)


def test_there_is_a_broken_plugin_for_every_rule() -> None:
    assert [rule.name for rule in RULES] == list(dict.fromkeys(broken.rule for broken in BROKEN))


async def test_a_key_that_is_new_with_each_attempt_breaks_what_it_must() -> None:
    assert list(failed(await examine(subject(RandomKeys)))) == ["commit-then-drop", "duplicates"]


@pytest.mark.parametrize(("repeats", "verdict"), [(True, Status.FAILED), (False, Status.PASSED)])
async def test_a_call_that_the_host_makes_once_need_not_stand_a_repeat(repeats: bool, verdict: Status) -> None:
    selling = replace(subject().operations[1], find=None, repeats=repeats)
    telling = replace(subject().operations[2], repeats=repeats)
    (finding,) = (await examine(subject(operations=(selling, telling)), ["duplicates"])).findings
    assert finding.status is verdict


async def test_an_event_is_repeated_whatever_is_said() -> None:
    telling = replace(subject().operations[2], repeats=False)
    (finding,) = (await examine(subject(NewKeyAfterSuccess, operations=(telling,)), ["duplicates"])).findings
    assert finding.details == ("shipment_dispatched done again: dispatched happened 2 times, not 1",)


async def test_a_rule_can_be_exempted_with_its_reason() -> None:
    (finding,) = (await examine(subject(exempt={"utc": "the vendor gives no zone"}), ["utc"])).findings
    assert (finding.status, finding.details, finding.holds) == (Status.EXEMPT, ("the vendor gives no zone",), True)


async def test_a_rule_that_there_is_not_is_refused() -> None:
    with pytest.raises(UnknownRule, match="there is no rule 'sound'; there are loads, current, "):
        await examine(subject(), ["sound"])
    with pytest.raises(UnknownRule, match="there is no rule 'speed'"):
        await examine(subject(exempt={"speed": "slow"}))


async def test_what_nothing_is_said_about_does_not_apply() -> None:
    bare = Subject(plugin=Plugin, settings=subject().settings)
    found = {each.rule: each for each in (await examine(bare)).findings}
    assert found["works"].details == ("the subject has no operations",)
    assert found["secrets"].status is Status.NOT_APPLICABLE
    assert found["covers"].status is Status.FAILED
    assert found["loads"].status is Status.PASSED


async def test_a_plugin_that_does_not_load_is_examined_no_further() -> None:
    report = await examine(next(each.subject for each in BROKEN if each.rule == "loads"))
    assert {each.status for each in report.findings[1:]} == {Status.NOT_APPLICABLE}
    assert report.findings[1].details == ("the host does not load it",)


async def test_the_report_for_machines() -> None:
    report = (await examine(subject(), ["loads"])).as_json()
    title = "The host loads it, starts it and stops it"
    assert report == {
        "plugin": "sound",
        "version": "1.0",
        "holds": True,
        "rules": [{"rule": "loads", "title": title, "status": "passed", "details": []}],
    }
