"""Mails that are about to be sent, and what became of them."""
