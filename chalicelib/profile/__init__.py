"""A person's own profile: the account with its picture."""
