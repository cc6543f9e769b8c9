"""Glossary page: the terms of all pages, commands and documents."""

from core.ui.heading import show_title
from core.ui.terms import show_glossary

show_title("Glossary")
show_glossary()
