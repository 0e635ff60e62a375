"""Commands to cameras: given, kept while the camera sleeps, delivered over its channel, and answered."""
