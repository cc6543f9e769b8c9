"""Parameters: where they sit, and what a different choice would cost."""

from core.displays.headline import write_params
from core.displays.views.layers import Layers
from core.ui.display import show_display
from core.ui.frame import need_comparison
from core.ui.heading import show_page_heading
from core.ui.parameters.calculator import show_calculator
from core.ui.parameters.layer_table import show_layer_tables
from core.ui.session import chosen_comparison

if need_comparison() and (comparison := chosen_comparison()):
    show_page_heading("Parameters", write_params(comparison))
    show_display(Layers(comparison), table=False)
    show_layer_tables(comparison)
show_calculator()
