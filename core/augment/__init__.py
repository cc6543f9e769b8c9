"""What happens to an image before a model sees it: the same code for training, for pages and for tests."""
