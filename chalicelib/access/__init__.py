"""Access to devices: their owners, and the rights of guests."""
