"""Orders of plans, and their payments."""
