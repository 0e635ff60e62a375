"""The configuration is read whole, and refused with the place and the reason where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from sowa_agent.config import Config, ConfigProblem, config_of, read_config

WHOLE = """
[cloud]
url = "https://api.example.com"

[spool]
folder = "/var/lib/sowa-agent"
most_mb = 500

[[camera]]
sn = "SN0001"
secret_file = "{folder}/secret"
mac = "02:00:5e:10:00:01"

[[camera.channel]]
name = "Porch"
source = "rtsp://10.0.0.9/stream1"
sub_source = "rtsp://10.0.0.9/stream2"
user = "viewer"
password_env = "PORCH"

[[camera.channel]]
source = "rtsp://admin:p%40ss@10.0.0.8:8554/live"
transport = "udp"
sound = "aac"
motion = false
"""


def _read(tmp_path: Path, text: str = WHOLE) -> Config:
    (tmp_path / "secret").write_text("factory-secret-0123456789\n")
    path = tmp_path / "agent.toml"
    path.write_text(text.replace("{folder}", str(tmp_path)))
    return read_config(path, {"PORCH": "geheim", "GATE": "hidden"})


def test_all_of_it_is_read(tmp_path: Path) -> None:
    config = _read(tmp_path)
    assert (config.url, config.most_spool_mb) == ("https://api.example.com", 500)
    assert config.spool_folder == Path("/var/lib/sowa-agent")
    (camera,) = config.cameras
    assert camera.identity.secret == "factory-secret-0123456789"
    assert camera.identity.channels == (("0", "Porch"), ("1", "Channel 1"))
    porch, gate = camera.lenses
    assert porch.main.with_password == "rtsp://viewer:geheim@10.0.0.9/stream1"
    assert porch.sub is not None and porch.sub.password == "geheim"
    assert (gate.main.address, gate.main.user, gate.main.password) == ("rtsp://10.0.0.8:8554/live", "admin", "p@ss")
    assert (gate.main.transport, gate.sub, gate.detects_motion) == ("udp", None, False)
    assert (porch.main.sound, porch.sub.sound, gate.main.sound) == ("copy", "copy", "aac")
    assert "geheim" not in repr(config) and "p@ss" not in repr(config) and "factory-secret" not in repr(config)


def test_a_camera_whose_address_is_not_known_always_has_the_same(tmp_path: Path) -> None:
    text = WHOLE.replace('mac = "02:00:5e:10:00:01"\n', "")
    one, two = (_read(tmp_path, text).cameras[0].identity.mac for _ in range(2))
    assert one == two and one.startswith("02:") and len(one) == 17


ONVIF = """
[cloud]
url = "https://api.example.com"
[[camera]]
sn = "SN0001"
secret_file = "{folder}/secret"
onvif = "http://admin@10.0.0.9:8080/onvif/device_service"
user = "viewer"
password_env = "PORCH"
digital_input = "doorbell"
"""
CHANNELS = """
[[camera.channel]]
motion = true
user = "second"
password_env = "GATE"
[[camera.channel]]
source = "rtsp://10.0.0.8/live"
"""


def test_of_a_camera_with_onvif_the_streams_need_not_be_named(tmp_path: Path) -> None:
    (camera,) = _read(tmp_path, ONVIF).cameras
    assert camera.onvif is not None
    assert (camera.onvif.address, camera.onvif.host) == ("http://10.0.0.9:8080/onvif/device_service", "10.0.0.9")
    assert (camera.onvif.user, camera.onvif.password, camera.onvif.digital_input) == ("viewer", "geheim", "doorbell")
    (lens,) = camera.lenses
    assert lens.sub is not None and (lens.main.address, lens.sub.address) == ("onvif:0/main", "onvif:0/sub")
    assert (lens.main.user, lens.main.password) == ("viewer", "geheim")
    assert lens.detects_motion and lens.pauses_for_camera_motion
    assert "geheim" not in repr(camera)


def test_of_a_camera_with_onvif_what_is_named_counts(tmp_path: Path) -> None:
    (camera,) = _read(tmp_path, ONVIF.replace('digital_input = "doorbell"', "") + CHANNELS).cameras
    assert camera.onvif is not None and camera.onvif.digital_input is None
    first, second = camera.lenses
    assert (first.main.user, first.main.password, first.pauses_for_camera_motion) == ("second", "hidden", False)
    assert (second.main.address, second.main.user, second.sub) == ("rtsp://10.0.0.8/live", "viewer", None)


def test_without_onvif_nothing_of_it_is_known(tmp_path: Path) -> None:
    (camera,) = _read(tmp_path).cameras
    assert camera.onvif is None and not any(lens.pauses_for_camera_motion for lens in camera.lenses)


ODD_ADDRESSES = ("http://h:99999/x", "http://h:abc/x", "http://[::1/x", "http://h:0/x", "http://:80/x")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"http://admin@10.0.0.9:8080/onvif/device_service"', '"10.0.0.9"', "1: onvif must be an address such"),
        *[('"http://admin@10.0.0.9:8080/onvif/device_service"', f'"{odd}"', "1: onvif must") for odd in ODD_ADDRESSES],
        ("doorbell", "bell", "digital_input must be one of nothing, doorbell"),
        ("onvif =", "#", "[[camera]] 1: there must be at least one [[channel]]."),
    ],
)
def test_what_is_wrong_with_onvif_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in ONVIF
    with pytest.raises(ConfigProblem) as raised:
        _read(tmp_path, ONVIF.replace(old, new))
    assert said in str(raised.value) and "geheim" not in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[cloud]", "[clod]", "[cloud]: url must be a text."),
        ('sn = "SN0001"', 'sn = "../SN0001"', "[[camera]] 1: sn must be letters"),
        ('url = "https://api.example.com"', 'url = "api.example.com"', "[cloud]: url must be an address"),
        ("most_mb = 500", "most_mb = 0", "[spool]: most_mb must be a whole number"),
        ("most_mb = 500", 'most_mb = "much"', "[spool]: most_mb must be a whole number"),
        ("most_mb = 500", "most_gb = 5", "[spool]: nothing is called most_gb."),
        ('sn = "SN0001"', "", "[[camera]] 1: sn must be a text."),
        ('secret_file = "{folder}/secret"', "", "[[camera]] 1: secret_file or secret_env must say"),
        ("{folder}/secret", "{folder}/none", "cannot be read (FileNotFoundError)"),
        ('mac = "02:00:5e:10:00:01"', 'mac = "here"', "[[camera]] 1: mac must be an address"),
        ("motion = false", 'motion = "no"', "[[camera]] 1, [[channel]] 2: motion must be true or false."),
        ('"udp"', '"carrier pigeon"', "[[channel]] 2: transport must be one of tcp, udp."),
        ('"aac"', '"mp3"', "[[channel]] 2: sound must be one of copy, aac."),
        ('"PORCH"', '"CELLAR"', "[[channel]] 1: there is no CELLAR in the environment."),
        ('password_env = "PORCH"', 'password = "geheim"', "[[channel]] 1: nothing is called password."),
        ('password_env = "PORCH"', 'password_env = "PORCH"\npassword_file = "x"', "not both"),
        ("[[camera.channel]]", "[[camera.lens]]", "there must be at least one [[channel]]."),
        *[('"https://api.example.com"', f'"{odd}"', "[cloud]: url must be an address") for odd in ODD_ADDRESSES],
        *[
            ('"rtsp://10.0.0.9/stream1"', f'"rtsp{odd[4:]}"', "[[channel]] 1: source must be an address such")
            for odd in ODD_ADDRESSES
        ],
        ("rtsp://10.0.0.9/stream2", "rtsp://a:geheim/@10.0.0.9/2", "[[channel]] 1: sub_source must be an address such"),
        ("[cloud]", "[cloud", "is not TOML"),
        ("[spool]", "spool = 5\n[pool]", "[cloud]: nothing is called spool."),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WHOLE
    with pytest.raises(ConfigProblem) as raised:
        _read(tmp_path, WHOLE.replace(old, new))
    assert said in str(raised.value) and "geheim" not in str(raised.value)


def test_two_cameras_with_one_serial_number_are_refused(tmp_path: Path) -> None:
    camera = WHOLE[WHOLE.index("[[camera]]") :]
    with pytest.raises(ConfigProblem, match="one serial number"):
        _read(tmp_path, WHOLE + camera)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblem, match="cannot be read"):
        read_config(tmp_path / "none.toml")


def test_one_source_needs_no_file(tmp_path: Path) -> None:
    config = config_of("http://127.0.0.1:8000", "SN0001", "secret-0123456789", "rtsp://a:geheim@10.0.0.9/1", tmp_path)
    (lens,) = config.cameras[0].lenses
    assert (lens.id, lens.main.password) == ("0", "geheim")
    for url, secret, source in (("", "", "film.mp4"), (":x", "s", "film.mp4"), ("", "s", "rtsp://h:x/1")):
        with pytest.raises(ConfigProblem):
            config_of(f"http://127.0.0.1{url}", "SN0001", secret, source, tmp_path)
