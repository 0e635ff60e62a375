"""Consents: what people agreed to, by which text, when and how, and that they withdrew it."""
