"""What is done about mails: one module for each concern."""
