"""Published systems as recipes, one module per publication; `own` has the recipes that Headroom defined."""
