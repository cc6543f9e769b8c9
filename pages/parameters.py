"""Parameters: where they sit, and what a different choice would cost."""

from core.displays.headline import write_params
from core.displays.views.layers import Layers
from core.ui.calculator import show_calculator
from core.ui.compare import show_finding
from core.ui.frame import need_comparison
from core.ui.layers import show_layer_tables
from core.ui.show import show
from core.ui.state import chosen_comparison

if need_comparison() and (comparison := chosen_comparison()):
    show_finding("Parameters", write_params(comparison))
    show(Layers(comparison), table=False)
    show_layer_tables(comparison)
show_calculator()
