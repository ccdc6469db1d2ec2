"""The table `[plugins.settings.demo]`, and how long things take."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field


class DemoSettings(BaseModel):
    """How fast the simulated world goes: at speed 1 a parcel is under way for about eight seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    speed: float = Field(default=1.0, gt=0, le=100, allow_inf_nan=False)

    def lasting(self, seconds: float) -> timedelta:
        """What takes so many seconds at speed 1."""
        return timedelta(seconds=seconds / self.speed)
