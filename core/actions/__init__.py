"""All that changes a home and that a page, or another door, may do: one file for each kind of thing that is changed.

An action is a function that takes the person, the home and what else it needs, under `@needs(role, deed)`. Pages call
it through `core.ui.access.act`; nothing else there writes.
"""
