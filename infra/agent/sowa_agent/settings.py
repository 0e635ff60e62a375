"""Settings of a camera as its owner wants them, and as far as an agent can carry them out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sowa_agent import answers
from sowa_agent.answers import Json

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DEFAULT_SENSITIVITY = 3
SENSITIVITIES = range(1, 6)


@dataclass(frozen=True)
class Period:
    """On these days from `start` to `end` (`hh:mm`), on the next day if that is earlier."""

    days: tuple[str, ...]
    start: str
    end: str

    @classmethod
    def of(cls, said: Json) -> Period:
        """Raises ValueError."""
        days = answers.field(said, "days", list)
        if not set(DAYS).issuperset(map(str, days)):
            raise ValueError("no such day")
        return cls(tuple(days), answers.field(said, "start", str), answers.field(said, "end", str))

    def covers(self, at: datetime) -> bool:
        time, today, yesterday = f"{at:%H:%M}", DAYS[at.weekday()], DAYS[at.weekday() - 1]
        if self.start < self.end:
            return today in self.days and self.start <= time < self.end
        return (today in self.days and time >= self.start) or (yesterday in self.days and time < self.end)


@dataclass(frozen=True)
class Settings:
    """What an agent does of them; `version` is the cloud's."""

    version: int = 0
    motion_enabled: bool = True
    sensitivity: int = DEFAULT_SENSITIVITY
    schedule: tuple[Period, ...] = ()
    microphone: bool = True
    channels: tuple[Json, ...] = field(default=())

    @classmethod
    def of(cls, desired: Json) -> Settings:
        """As the cloud says it; what it leaves out is as it was made. Raises ValueError where it is of another form."""
        wanted = answers.field(desired, "settings", dict)
        motion = answers.field(wanted, "motion", dict, {})
        sensitivity = answers.field(motion, "sensitivity", int, DEFAULT_SENSITIVITY)
        if sensitivity not in SENSITIVITIES:
            raise ValueError("no such sensitivity")
        return cls(
            version=answers.field(desired, "version", int),
            motion_enabled=answers.field(motion, "enabled", bool, True),
            sensitivity=sensitivity,
            schedule=tuple(Period.of(one) for one in answers.field(motion, "schedule", list, [])),
            microphone=answers.field(wanted, "microphone", bool, True),
            channels=tuple(answers.field(wanted, "channels", list, [])),
        )

    def looks_for_motion(self, at: datetime) -> bool:
        """`at` is by the clock on the wall where the camera is."""
        return self.motion_enabled and (not self.schedule or any(period.covers(at) for period in self.schedule))

    def as_json(self) -> Json:
        """What is realised: lamp, speaker, night and rotation are the camera's own, and are not said."""
        schedule = [{"days": list(one.days), "start": one.start, "end": one.end} for one in self.schedule]
        motion = {"enabled": self.motion_enabled, "sensitivity": self.sensitivity, "schedule": schedule}
        realised = {"motion": motion, "microphone": self.microphone, "channels": list(self.channels)}
        return {"version": self.version, "settings": realised}
