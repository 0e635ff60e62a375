"""What a camera sees now: video that passes in short pieces, of which nothing stays."""
