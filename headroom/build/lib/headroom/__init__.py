"""Client of Headroom: log training runs from any script, for the dashboard to compare.

`Logger` is a Keras callback, `log_run` the same for any library, and `compare` the comparison in a notebook.
"""

from headroom.comparison import compare
from headroom.logger import Logger
from headroom.run_log import log_run
from headroom.values import LogError

__all__ = ["LogError", "Logger", "compare", "log_run"]
