"""Campaigns: events, draws, contests and surveys, which people enter as long as they agree (C1)."""
