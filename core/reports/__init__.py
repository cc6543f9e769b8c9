"""Reports: what people write round the displays of a comparison, frozen, and written into files."""
