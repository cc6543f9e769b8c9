"""Report of an advice: the answer and the decision table, followed by the default report of the finalists."""

from core.advice.race_curves import RaceProgress
from core.displays.advice.decision import DecisionView
from core.displays.advice_progress import describe_request, write_advice_command
from core.displays.advice_text import write_answer
from core.displays.markdown import escape_signs, write_code
from core.reports.default_report import write_default
from core.reports.report import MAX_TEXT_CHARS, MAX_TITLE_CHARS, Report, TextBlock
from core.store.comparison import Comparison


def write_advice_report(progress: RaceProgress, comparison: Comparison) -> Report:
    """Return a report of the finalists that begins with the answer and its evidence.

    Args:
        comparison: the runs whose test predictions were read.

    Raises:
        ReportError: when the finalists have more runs than a report may have.
    """
    sentence = write_answer(progress.race)
    title = sentence if len(sentence) <= MAX_TITLE_CHARS else f"{sentence[: MAX_TITLE_CHARS - 1]}…"
    report = write_default(comparison, title)
    return report.change(blocks=(TextBlock(text=_write_text(progress, sentence)[:MAX_TEXT_CHARS]), *report.blocks))


def _write_text(progress: RaceProgress, sentence: str) -> str:
    race, table = progress.race, DecisionView(progress).table()
    lines = [
        f"**{escape_signs(sentence)}**", "", escape_signs(f"Question: {describe_request(race)}."), "",
        f"Reproduce: {write_code(write_advice_command(race))}", "",
        "The candidates were selected on validation images. The test images were read for the finalists only.", "",
        _write_row(table.columns), _write_row("---" for _ in table.columns),
        *(_write_row(row) for row in table.itertuples(index=False)),
    ]  # fmt: skip
    return "\n".join(lines)


def _write_row(cells: object) -> str:
    texts = [str(cell) for cell in cells]  # type: ignore[attr-defined]
    return f"| {' | '.join(text if text == '---' else escape_signs(text).replace('|', '/') for text in texts)} |"
