"""One file a head; the file's name is the head's name."""
