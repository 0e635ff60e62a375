"""Actions of invoices: numbering them, and saying for how long they are kept."""
