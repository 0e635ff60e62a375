"""The house of access: whose a device is, and who else may do what with it."""
