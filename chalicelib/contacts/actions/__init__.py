"""What is done about contacts: one module for each concern."""
