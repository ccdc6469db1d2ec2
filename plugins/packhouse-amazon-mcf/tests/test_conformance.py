from pathlib import Path

import pytest

from packhouse.testing.conformance import RULES, Kit, Rule, read_subject

KIT = Kit(read_subject(Path(__file__).with_name("conformance.py")))


@pytest.mark.parametrize("rule", RULES, ids=str)
async def test_it_conforms(rule: Rule) -> None:
    finding = await KIT.examine(rule)
    assert finding.holds, finding
