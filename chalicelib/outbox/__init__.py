"""The house of mails that are about to be sent, and of what became of them."""
