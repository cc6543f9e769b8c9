"""The transforms, one file each; a new file is a new entry."""
