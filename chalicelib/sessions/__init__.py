"""Sessions: signing in and out, tokens, and step-up."""
