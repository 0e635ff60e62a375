"""Gift cards: plans that somebody else paid for, had by a code."""
