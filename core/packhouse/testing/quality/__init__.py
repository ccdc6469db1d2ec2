"""The quality scale: what a plugin promises beyond working, written down by its author in `quality.toml` and checked.

    # quality.toml, beside pyproject.toml
    [rules]
    readme = "done"
    vendor-described = { status = "exempt", comment = "The vendor publishes no description." }

Every rule is `done`, `todo`, or `exempt` with a comment that says why it cannot be done. A plugin has a level when all
rules of it and of those below are done or exempt. Rules that a machine can check are checked when they are said to be done.
"""

from packhouse.testing.quality.inspection import Inspected, inspect_plugin
from packhouse.testing.quality.rules import LEVELS, RULES, QualityRule
from packhouse.testing.quality.scale import BadScale, Mark, Promises, Scale, check_scale, examine_quality, read_scale

__all__ = [
    "LEVELS",
    "RULES",
    "BadScale",
    "Inspected",
    "Mark",
    "Promises",
    "QualityRule",
    "Scale",
    "check_scale",
    "examine_quality",
    "inspect_plugin",
    "read_scale",
]
