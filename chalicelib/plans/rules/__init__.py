"""Rules of plans: what is sold, and what becomes of the time that was granted to a device."""
