"""Jobs as all processes see them."""

from tortoise import fields
from tortoise.models import Model

from packhouse.storage.fields import Moment


class JobRow(Model):
    """A job: when it is due, who is at it, and how the last run went.

    While it runs `owner` is set, and `leased_until` is in the future: a process that dies stops renewing, and another takes
    the job. `wanted` is set by whoever wants one more run while one is going on.
    """

    name = fields.CharField(max_length=100, primary_key=True)
    due_at = Moment()
    owner = fields.UUIDField(null=True)
    leased_until = Moment(null=True)
    wanted = fields.BooleanField(default=False, db_default=False)
    last_started_at = Moment(null=True)
    last_finished_at = Moment(null=True)
    failures = fields.IntField(default=0, db_default=0)
    last_error = fields.CharField(max_length=500, default="", db_default="")

    class Meta:
        table = "job"
