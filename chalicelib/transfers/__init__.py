"""The house of transfers: a device goes from one owner to another."""
