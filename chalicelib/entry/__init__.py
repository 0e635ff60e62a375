"""How anything gets in or out."""
