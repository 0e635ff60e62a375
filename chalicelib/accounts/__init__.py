"""Who the people are: registration, profile, addresses, and proof of them."""
