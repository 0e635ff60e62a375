"""Contacts: addresses of people, the codes that prove them, and budgets of messages."""
