"""Chart of the multiplications of a convolutional layer by algorithm and kernel size."""

import altair as alt
import pandas as pd

from core.displays.chart_view import Chart
from core.displays.lab.shades import ACCENT, BLUE, GREEN
from core.lab.fast_convolution import count_multiplications

NAMES = ("Direct", "FFT", "Winograd F(2×2, 3×3)")
MAX_KERNEL = 15


def build_multiplication_chart(side: int, kernel: int, channels: int, filters: int, batch: int) -> Chart:
    """Build the chart of multiplications per image by kernel size, on a log axis; points mark the selected size."""
    rows = []
    for size in range(1, MAX_KERNEL + 1):
        counts = count_multiplications(side, size, channels, filters, batch)
        values = zip(NAMES, (counts.direct, counts.fft, counts.winograd), strict=True)
        rows += [(size, name, value) for name, value in values if value is not None]
    frame = pd.DataFrame(rows, columns=["kernel", "algorithm", "count"])
    base = alt.Chart(frame).encode(
        x=alt.X(
            "kernel:Q", title="Kernel size m", axis=alt.Axis(grid=False, tickMinStep=1), scale=alt.Scale(nice=False)
        ),
        y=alt.Y(
            "count:Q",
            title="Multiplications per image (log)",
            scale=alt.Scale(type="log"),
            axis=alt.Axis(format="~s", tickCount=6),
        ),
        color=alt.Color(
            "algorithm:N",
            scale=alt.Scale(domain=NAMES, range=[BLUE, ACCENT, GREEN]),
            legend=alt.Legend(orient="bottom", title=None, labelLimit=260),
        ),
        tooltip=[
            alt.Tooltip("algorithm:N", title="Algorithm"),
            alt.Tooltip("kernel:Q", title="Kernel size"),
            alt.Tooltip("count:Q", title="Multiplications", format=","),
        ],
    )
    winograd = alt.datum.algorithm == NAMES[-1]
    current = base.transform_filter((alt.datum.kernel == kernel) | winograd)
    current = current.mark_point(filled=True, size=110, opacity=1)
    return alt.layer(base.mark_line(strokeWidth=2.5), current).properties(
        height=380, title="Multiplications by kernel size"
    )
