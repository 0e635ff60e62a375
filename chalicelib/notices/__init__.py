"""Notices that people must hear of: announcements, incidents, changes of the policy, warnings of deletion."""
