"""Actions of plans: granting, pausing and moving cloud storage, and warning of its end."""
