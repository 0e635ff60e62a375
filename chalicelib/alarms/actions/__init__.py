"""What is done about alarms: one module for each concern."""
