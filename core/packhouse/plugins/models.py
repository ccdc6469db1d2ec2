"""What the database says about plugins."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class PluginChoice(Model):
    """Whether a plugin runs (`enabled` null: nothing is said), and settings of it that are no secrets."""

    code = fields.CharField(max_length=64, primary_key=True)
    enabled = fields.BooleanField(null=True)
    settings: dict[str, Any] = fields.JSONField(default=dict)
    changed_at = Moment()
    changed_by = fields.CharField(max_length=64)

    class Meta:
        table = "plugin_choice"


class PluginSecret(Row):
    """A secret of a plugin. `token` is encrypted and holds plugin and name too, so that it is of no use in another row."""

    plugin = fields.CharField(max_length=64)
    name = fields.CharField(max_length=128)
    token = fields.TextField()
    changed_at = Moment()
    changed_by = fields.CharField(max_length=64)

    class Meta:
        table = "plugin_secret"
        unique_together = (("plugin", "name"),)
