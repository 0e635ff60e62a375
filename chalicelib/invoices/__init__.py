"""Invoices and credit notes: numbered without a gap, and kept as long as tax law says."""
