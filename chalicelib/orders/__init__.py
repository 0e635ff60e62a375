"""Orders of plans, payments and invoices."""
