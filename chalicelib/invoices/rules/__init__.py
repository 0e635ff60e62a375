"""Rules of invoices: series, value added tax, and the documents in each form that is read."""
