"""Actions of clips: asking for one, making it, handing it out."""
