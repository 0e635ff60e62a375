"""Use cases of shares: what owners do, what guests do, and what follows of itself."""
