"""Whose a device is, and who else may do what with it."""
