"""Push notifications to a person's terminals."""
