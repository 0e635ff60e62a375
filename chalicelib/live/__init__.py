"""Live views: video in short segments, of which nothing is kept."""
