"""What is done about cameras: one module for each concern."""
