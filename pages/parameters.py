"""Parameters page: parameters per layer, and a calculator for other inputs and backbones."""

from core.ui.frame import require_comparison
from core.ui.parameters.calculator import show_calculator
from core.ui.parameters.layers import show_layers

if comparison := require_comparison():
    show_layers(comparison)
show_calculator()
