"""Rules of recordings: names, segments, runs, counts by quarters of an hour, and deletions."""
