"""The table a person reads: asked beside measured, and measured against the baseline."""

from collections.abc import Iterable, Iterator, Mapping

from tests.bench.rows import Row

HEAD = ("what", "asked", "median", "p95", "p99", "n", "unit", "kept", "x baseline")
KEPT = {True: "yes", False: "NO", None: ""}


def table(rows: Iterable[Row], baseline: Mapping[str, float]) -> str:
    """Aligned columns; a ratio above 1 is a greater value than the baseline's, better or worse as the row has it."""
    lines = [HEAD, *(_cells(row, baseline.get(row.name)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(_aligned(line, widths) for line in lines)


def _cells(row: Row, before: float | None) -> tuple[str, ...]:
    if not row.values:
        return (row.what, _asked(row), "-", "-", "-", "0", row.unit, KEPT[row.kept], row.note)
    ratio = f"{row.median / before:.2f}" if before else "-"
    measured = (row.median, row.percentile(95), row.percentile(99))
    return (
        row.what,
        _asked(row),
        *(figure(value) for value in measured),
        str(len(row.values)),
        row.unit,
        KEPT[row.kept],
        ratio,
    )


def _asked(row: Row) -> str:
    return ", ".join(_limits(row)) or "-"


def _limits(row: Row) -> Iterator[str]:
    sign = "<=" if row.better == "less" else ">="
    if row.asked is not None:
        yield f"{sign} {figure(row.asked)}"
    if row.asked_p95 is not None:
        yield f"p95 {sign} {figure(row.asked_p95)}"
    if row.asked_p99 is not None:
        yield f"p99 {sign} {figure(row.asked_p99)}"


def figure(value: float) -> str:
    """Three significant digits, without an exponent."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    first, *others = zip(line, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]).rstrip()
