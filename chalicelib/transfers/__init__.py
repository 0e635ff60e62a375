"""A device goes from one owner to another."""
