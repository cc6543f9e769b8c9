"""Actions that change a home, one file per kind of object.

An action is a function that takes the user, the home and further arguments, decorated with `@needs(role, verb)`. Pages
call actions only through `core.ui.access.act`; pages write nothing else.
"""
