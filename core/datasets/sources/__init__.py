"""One module per dataset, with the name of the dataset."""
