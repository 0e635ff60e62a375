"""Where people are reached, the codes that prove it, and how much is sent there."""
