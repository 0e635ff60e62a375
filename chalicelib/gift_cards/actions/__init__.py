"""Actions of gift cards: issuing, revoking and redeeming them."""
