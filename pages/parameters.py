"""Parameters page: parameters per layer, a calculator for other inputs and backbones, and one for a model file."""

from core.ui.frame import require_comparison
from core.ui.parameters.calculator import show_calculator
from core.ui.parameters.layers import show_layers
from core.ui.parameters.model_file import show_model_file

if comparison := require_comparison():
    show_layers(comparison)
show_calculator()
show_model_file()
