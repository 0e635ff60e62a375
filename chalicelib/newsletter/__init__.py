"""Newsletter: double opt-in, one-click unsubscribing, and issues that are sent once (E1)."""
