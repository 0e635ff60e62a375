"""Who else vouches for a person: signing in with another platform."""
