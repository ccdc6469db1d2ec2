"""What plugins keep."""

from tortoise import fields

from packhouse.storage.fields import Moment, OrderedText
from packhouse.storage.rows import Row


class PluginStateEntry(Row):
    """One value that a plugin keeps. `plugin` is its code, or `plugin/recipient`; `value` is JSON, read by the plugin alone."""

    plugin = fields.CharField(max_length=100)
    key = OrderedText(max_length=200)
    value = fields.TextField()
    changed_at = Moment()

    class Meta:
        table = "plugin_state"
        unique_together = (("plugin", "key"),)
