"""What is done about devices: one module for each concern."""
