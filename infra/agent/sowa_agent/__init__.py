"""The agent: it makes any RTSP camera a camera of the cloud."""

VERSION = "0.1.0"
