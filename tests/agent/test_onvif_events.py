"""Events of ONVIF cameras: what begins is told once, however often a camera says it; and profiles are chosen."""

from __future__ import annotations

import pytest

from sowa_agent.onvif import events
from sowa_agent.onvif.events import EventStates, Notification, kind_of
from sowa_agent.onvif.profiles import Profile, at_host, choose, is_readable

MOTION = "tns1:RuleEngine/CellMotionDetector/Motion"


def _said(state: str, operation: str = "Changed", topic: str = MOTION, source: str = "v") -> Notification:
    return Notification(topic, operation, (("VideoSourceConfigurationToken", source),), {"IsMotion": state})


def _new(*said: Notification, every_s: float = 1.0) -> list[bool]:
    states = EventStates()
    return [states.is_new(one, number * every_s) for number, one in enumerate(said)]


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        (MOTION, "motion"),
        ("tns1:VideoSource/MotionAlarm", "motion"),
        ("tns1:Device/tnsaxis:Sensor/PIR", "motion"),
        (" tt:RuleEngine/tt:FieldDetector/ObjectsInside\n", "motion"),
        ("tns1:RuleEngine/MyRuleDetector/PeopleDetect", "person"),
        ("tns1:RuleEngine/MyRuleDetector/Visitor", "doorbell"),
        ("tns1:RuleEngine/TamperDetector/Tamper", "tamper"),
        ("tns1:VideoSource/GlobalSceneChange/ImagingService", "tamper"),
        ("tns1:VideoSource/GlobalSceneChanges", None),
        ("tns1:Device/Trigger/DigitalInput", None),
        ("tns1:Monitoring/ProcessorUsage", None),
        ("", None),
    ],
)
def test_topics_are_known_by_any_vendors_prefixes(topic: str, kind: str | None) -> None:
    assert kind_of(Notification(topic)) == kind


def test_a_digital_input_is_what_its_owner_says() -> None:
    assert kind_of(Notification("tns1:Device/Trigger/DigitalInput"), "doorbell") == "doorbell"


def test_what_begins_is_new_and_what_goes_on_is_not() -> None:
    said = [_said("false", "Initialized"), _said("true"), _said("true"), _said("false"), _said("1"), _said("0")]
    assert _new(*said) == [False, True, False, False, True, False]


def test_a_subscription_that_begins_again_tells_nothing_twice() -> None:
    assert _new(_said("true"), _said("true", "Initialized"), _said("true", "Initialized"), every_s=600) == [
        True, False, False,
    ]  # fmt: skip


def test_what_began_between_two_subscriptions_is_new() -> None:
    assert _new(_said("false"), _said("true", "Initialized")) == [False, True]


def test_what_goes_on_already_when_the_agent_starts_is_no_news() -> None:
    assert _new(_said("true", "Initialized"), _said("true")) == [False, False]


def test_a_camera_that_never_says_that_it_is_over_is_believed_after_a_minute() -> None:
    assert _new(*[_said("true", "")] * 3, every_s=59) == [True, False, False]
    assert _new(*[_said("true", "")] * 3, every_s=61) == [True, True, True]


def test_a_state_that_is_deleted_has_ended() -> None:
    assert _new(_said("true"), _said("true", "Deleted"), _said("true")) == [True, False, True]


@pytest.mark.parametrize("number", ["0", "1", "7"])
@pytest.mark.parametrize("state", ["true", "false"])
def test_the_number_of_an_object_is_no_state(state: str, number: str) -> None:
    for data in ({"ObjectId": number, "IsInside": state}, {"IsInside": state, "ObjectId": number}):
        assert Notification(MOTION, data=data).state is (state == "true")


@pytest.mark.parametrize("name", ["IsMotion", "IsInside", "IsTamper", "State", "LogicalState", "active", "Motion"])
def test_a_state_is_said_under_several_names(name: str) -> None:
    assert Notification(MOTION, data={"Level": "1", name: " True "}).state is True
    assert Notification(MOTION, data={"Level": "1", name: "false"}).state is False


@pytest.mark.parametrize("number", ["0", "1", "7"])
def test_what_has_no_state_is_new_each_time_but_not_when_a_subscription_begins(number: str) -> None:
    crossed = Notification("tns1:RuleEngine/LineDetector/Crossed", "", (), {"ObjectId": number})
    again = Notification("tns1:RuleEngine/LineDetector/Crossed", "Initialized", (), {"ObjectId": number})
    assert _new(crossed, crossed, again, crossed) == [True, True, False, True]


def test_two_sources_are_two_states() -> None:
    assert _new(_said("true", source="a"), _said("true", source="b"), _said("true", source="a")) == [True, True, False]


def test_a_camera_that_makes_up_sources_takes_no_more_memory() -> None:
    states = EventStates()
    for number in range(events.MOST_STATES * 3):
        states.is_new(_said("true", source=str(number)), number)
    assert len(states._last) == events.MOST_STATES
    assert not states.is_new(_said("true", source=str(events.MOST_STATES * 3 - 1)), events.MOST_STATES * 3)


@pytest.mark.parametrize("name", ["VideoSourceConfigurationToken", "VideoSource", "Source", "VideoSourceToken"])
def test_where_it_was_is_said_under_several_names(name: str) -> None:
    assert Notification(MOTION, source=(("Rule", "r"), (name, "v"))).video_source == "v"


def _profile(token: str, width: int, encoding: str = "H264", source: str = "a") -> Profile:
    return Profile(token, source, f"cut-{source}", encoding, width, width * 9 // 16)


def test_the_largest_is_recorded_and_one_that_is_small_is_looked_at() -> None:
    (choice,) = choose([_profile("tiny", 320), _profile("sub", 704), _profile("main", 2560), _profile("mid", 1280)])
    assert (choice.main, choice.sub, choice.tokens) == ("main", "sub", {"a", "cut-a"})


def test_what_is_no_video_that_can_be_kept_is_passed_over() -> None:
    (choice,) = choose([_profile("main", 1920), _profile("jpeg", 640, "JPEG"), _profile("old", 640, "MPEG4")])
    assert (choice.main, choice.sub) == ("main", None)
    assert choose([_profile("jpeg", 640, "JPEG")]) == []


def test_two_of_a_size_and_one_that_is_large_are_no_sub_stream() -> None:
    assert choose([_profile("one", 1920), _profile("two", 1920)])[0].sub is None
    assert choose([_profile("one", 3840), _profile("two", 1920)])[0].sub is None


def test_a_recorder_has_a_choice_for_each_of_its_sources_in_order() -> None:
    sources = [_profile("b1", 1920, source="b"), _profile("a1", 1920), _profile("b2", 640, source="b")]
    assert [(one.main, one.sub) for one in choose(sources)] == [("b1", "b2"), ("a1", None)]


@pytest.mark.parametrize(
    ("said", "used"),
    [
        ("rtsp://10.0.0.1:8554/a?b=c", "rtsp://192.0.2.7:8554/a?b=c"),
        ("rtsp://user:word@10.0.0.1/a", "rtsp://192.0.2.7/a"),
        ("rtsp://0.0.0.0/a", "rtsp://192.0.2.7/a"),
    ],
)
def test_a_stream_is_fetched_where_the_camera_is_and_nowhere_else(said: str, used: str) -> None:
    assert at_host(said, "192.0.2.7") == used


ODD_ADDRESSES = [
    "rtsp://1.2.3.4:554:554/s", "rtsp://1.2.3.4:99999/s", "rtsp://1.2.3.4:port/s", "rtsp://[bad",
    "rtsp://1.2.3.4/" + "s" * 2048,
]  # fmt: skip


@pytest.mark.parametrize("address", ODD_ADDRESSES)
def test_an_address_that_cannot_be_read_is_known(address: str) -> None:
    assert not is_readable(address)
    assert is_readable("rtsp://1.2.3.4:554/s") and is_readable("rtsp://[2001:db8::1]/s")


def test_an_address_of_ipv6_keeps_its_brackets() -> None:
    assert at_host("rtsp://10.0.0.1:554/a", "2001:db8::1") == "rtsp://[2001:db8::1]:554/a"
