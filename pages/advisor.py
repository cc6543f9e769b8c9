"""Advisor page: candidates race against each other until one head can be recommended within a time budget."""

from core.ui.advisor.page import show_advisor

show_advisor()
