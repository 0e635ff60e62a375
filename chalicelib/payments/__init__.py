"""Who takes the money, whatever it is for."""
