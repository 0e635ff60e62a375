"""What is done about rights: one module for each."""
