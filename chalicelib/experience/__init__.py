"""User Experience Plan: what people open and tap in the app, as long as they agree (B15)."""
