"""What happened with somebody's account and devices, for them to read."""
