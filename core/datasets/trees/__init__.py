"""Files and folders of images, from folders, archives and exports, with their labels."""
