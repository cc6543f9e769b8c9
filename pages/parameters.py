"""Parameters page: parameters per layer, and a calculator for other inputs and backbones."""

from core.ui.frame import require_comparison
from core.ui.parameters.calculator import show_calculator
from core.ui.parameters.layers import show_layers
from core.ui.session import selected_comparison

if require_comparison() and (comparison := selected_comparison()):
    show_layers(comparison)
show_calculator()
