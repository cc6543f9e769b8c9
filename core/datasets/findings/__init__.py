"""Problems of the images of a dataset, such as duplicates and leaked test images."""
