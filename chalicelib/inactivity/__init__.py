"""Accounts that nobody uses: warned of in time, and deleted only after a warning that arrived."""
