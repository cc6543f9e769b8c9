"""Library page: the published systems that the recipes reproduce, readable before anything is trained."""

from core.ui.library.entry import show_entry
from core.ui.library.overview import choose_recipe, show_overview

if recipe := choose_recipe():
    show_entry(recipe)
else:
    show_overview()
