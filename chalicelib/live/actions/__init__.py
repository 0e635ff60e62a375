"""Use cases of live views: views, and the pieces that they show."""
