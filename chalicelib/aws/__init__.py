"""The only windows to AWS."""
