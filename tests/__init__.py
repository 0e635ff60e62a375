"""What Sowa promises, shown."""
