"""Rules of live views: pieces and playlists, and pieces that are numbered."""
