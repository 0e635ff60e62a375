"""What is done about signing in: one module for each concern."""
