"""Rules of playback: capability addresses, media paths, playlists, and what a calendar can tell without looking."""
