"""Upload tickets: a camera asks for one of the kind that it needs."""
