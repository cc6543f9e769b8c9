"""One file a backbone; the file's name is the backbone's name."""
