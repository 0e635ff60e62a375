"""Events of ONVIF cameras: which topics become alarms, and which messages say something new."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["motion", "person", "doorbell", "tamper"]
Operation = Literal["Initialized", "Changed", "Deleted", ""]

# By the path of the topic without its prefixes, of which each vendor has others; what stands below counts as well.
# From ONVIF's Imaging, Analytics and Device IO specifications, and what Reolink and Axis call theirs.
TOPICS: dict[str, Kind] = {
    "RuleEngine/CellMotionDetector/Motion": "motion",
    "RuleEngine/MotionRegionDetector/Motion": "motion",
    "RuleEngine/FieldDetector/ObjectsInside": "motion",
    "RuleEngine/LineDetector/Crossed": "motion",
    "VideoSource/MotionAlarm": "motion",
    "Device/Sensor/PIR": "motion",
    "RuleEngine/MyRuleDetector/PeopleDetect": "person",
    "RuleEngine/MyRuleDetector/Visitor": "doorbell",
    "RuleEngine/TamperDetector/Tamper": "tamper",
    "VideoSource/GlobalSceneChange": "tamper",
}
# What hangs on it only its owner knows: a doorbell's button, a door's contact, a sensor of movement.
DIGITAL_INPUT = "Device/Trigger/DigitalInput"
_STATES = {"true": True, "1": True, "false": False, "0": False}
# What says a state, by ONVIF's rules (IsMotion, IsInside, IsTamper, State, LogicalState) and vendors' habits. What else
# stands beside it, such as the number of an object, says none.
_STATE_NAMES = re.compile(r"is[a-z]+|(logical|motion)?state|(motion)?active|value", re.IGNORECASE)
_SOURCE_NAMES = ("VideoSourceConfigurationToken", "VideoSourceToken", "VideoSource", "Source")
# A camera that never says that it is over, and says the same again after so long, means another event.
REPEATED_S = 60.0
# Of one camera so many states are kept; one that makes up ever more sources takes no more memory than that.
MOST_STATES = 256


@dataclass(frozen=True)
class Notification:
    """One message as the camera sent it: `source` says where, `data` what."""

    topic: str
    operation: str = "Changed"
    source: tuple[tuple[str, str], ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """`tns1:RuleEngine/tnsvendor:Detector/Motion` without prefixes."""
        return "/".join(part.rpartition(":")[2].strip() for part in self.topic.strip().split("/"))

    @property
    def state(self) -> bool | None:
        """Whether it goes on; None for what has no duration, such as a line that was crossed."""
        if self.operation == "Deleted":
            return False
        named = [value for name, value in self.data.items() if _STATE_NAMES.fullmatch(name.strip())]
        # By another name a word may be one, but never a number.
        said = named or [value for value in self.data.values() if not value.strip().isdigit()]
        found = [_STATES[value.strip().lower()] for value in said if value.strip().lower() in _STATES]
        return any(found) if found else None

    @property
    def video_source(self) -> str:
        """A token of the video source or of its configuration; empty if it names none."""
        named = dict(self.source)
        return next((named[name] for name in _SOURCE_NAMES if name in named), "")


def kind_of(notification: Notification, digital_input: Kind | None = None) -> Kind | None:
    path = notification.path
    if path == DIGITAL_INPUT:
        return digital_input
    return next((kind for topic, kind in TOPICS.items() if path == topic or path.startswith(f"{topic}/")), None)


@dataclass
class EventStates:
    """What one camera said last, over all its subscriptions: each begins with all states again."""

    _last: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[bool, float]] = field(default_factory=dict)

    def is_new(self, notification: Notification, now_s: float) -> bool:
        """Whether something began that had not been said yet; `now_s` is of any clock that only goes forward."""
        key = (notification.path, notification.source)
        before = self._last.pop(key, None)
        state = notification.state
        is_on = state is not False
        self._last[key] = (is_on and state is not None, now_s)
        if len(self._last) > MOST_STATES:
            del self._last[next(iter(self._last))]
        if not is_on:
            return False
        if notification.operation == "Initialized":
            # What goes on already when it is first seen is no news, unless it began since.
            return state is not None and before is not None and not before[0]
        return before is None or not before[0] or now_s - before[1] >= REPEATED_S
