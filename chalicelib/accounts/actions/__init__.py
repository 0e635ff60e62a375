"""What is done about accounts: one module for each concern."""
