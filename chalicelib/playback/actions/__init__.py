"""Actions of playback: the calendar, a day's recordings and its line of time, playlists, and deleting."""
