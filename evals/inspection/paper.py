"""The report of an inspection as a PDF, to print and to send."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from helmsight.contract.foreign import printable
from helmsight.evals.inspection.debrief import said, sections
from helmsight.evals.inspection.drawing import camera_map_png
from helmsight.evals.inspection.findings import Finding, Findings
from helmsight.evals.inspection.page import TRUTH_WORDS, figures, times
from helmsight.evals.inspection.pictures import jpeg
from helmsight.evals.inspection.words import (
    BAD,
    GOOD,
    MOOD,
    WARN,
    WHERE,
    how_sure,
    percent,
    state,
    verdict,
    what_next,
)

FONT = "DejaVu"  # of matplotlib, which is here anyway; the fonts of PDF itself know Latin only
FILES = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}
INK, DIM, EDGE, SOFT, BLUE = (
    (27, 36, 48),
    (93, 104, 118),
    (213, 218, 225),
    (238, 241, 244),
    (47, 111, 222),
)
TONE = {GOOD: (31, 122, 82), WARN: (154, 91, 0), BAD: (179, 38, 30)}
MARGIN, CROP, ROW = 14.0, 26.0, 30.0  # mm
Colour = tuple[int, int, int]


def paper(findings: Findings) -> bytes:
    """Return the PDF: verdict and parts, gaps and coverage, camera map and times, the debrief."""
    sheet = _Sheet(findings)
    sheet.verdict()
    sheet.parts()
    sheet.cited()
    sheet.gaps()
    sheet.coverage()
    sheet.map()
    sheet.course()
    sheet.debrief()
    return sheet.data()


class _Sheet:
    """A4, upright; each method adds a part of the report below what is there."""

    def __init__(self, findings: Findings) -> None:
        from fpdf import FPDF
        from matplotlib import get_data_path

        self._f = findings
        self._pdf: Any = FPDF(format="A4")
        for style, name in FILES.items():
            self._pdf.add_font(FONT, style, Path(get_data_path(), "fonts", "ttf", name))
        self._pdf.set_margins(MARGIN, MARGIN)
        self._pdf.c_margin = 0.0  # words begin where pictures do
        self._pdf.set_auto_page_break(True, MARGIN)
        self._pdf.set_title(f"Inspection, seed {findings.run.spec.seed}")
        self._pdf.add_page()

    def data(self) -> bytes:
        return bytes(self._pdf.output())

    def verdict(self) -> None:
        spec, found = self._f.run.spec, verdict(self._f)
        self._text(f"Inspection, seed {spec.seed}", 18, bold=True)
        self._text(f"{spec.pilot} · {spec.environment} · ended: {self._f.ended}", 9, DIM)
        self._pdf.ln(2)
        self._text(found.title, 13, TONE[found.mood], bold=True)
        self._text(found.text, 10)
        self._pdf.ln(1)
        said = [f"{name} {value} {unit}".strip() for name, value, unit in figures(self._f)]
        self._text("  ·  ".join(said), 8.5, DIM)
        for problem in self._f.run.notes:
            self._text(f"The record is damaged: {problem}", 9, TONE[WARN])

    def parts(self) -> None:
        self._heading("Parts, the most urgent first")
        for finding in self._f.parts:
            self._part(finding)

    def _part(self, finding: Finding) -> None:
        pdf, evidence = self._pdf, finding.evidence
        if pdf.will_page_break(ROW):
            pdf.add_page()
        top, left = pdf.get_y(), pdf.l_margin
        if evidence is not None and evidence.picture is not None:
            pdf.image(io.BytesIO(jpeg(evidence.picture)), left, top, CROP, CROP)
            caption = f"look {evidence.look}, step {evidence.step}"
        else:
            pdf.set_draw_color(*EDGE)
            pdf.rect(left, top, CROP, CROP)
            caption = "no picture"
        x, wide = left + CROP + 4, 38.0
        self._column(x, top, wide, [
            (finding.part, 10.5, INK, True), (WHERE.get(finding.part, ""), 7.5, DIM, False),
            (state(finding), 10.5, TONE[MOOD[finding.state]], True),
            (how_sure(finding), 8, DIM, False), (caption, 7.5, DIM, False),
        ])  # fmt: skip
        x += wide + 3
        wide = (pdf.w - pdf.r_margin - x) * 0.56
        why = [(finding.why or "-", 8.5, INK, False)]
        why += [(line, 7.5, DIM, False) for line in finding.relations[:3]]
        self._column(x, top, wide, why)
        x += wide + 3
        idle = what_next(finding) == "Nothing to do."
        self._column(
            x,
            top,
            pdf.w - pdf.r_margin - x,
            [(what_next(finding), 8.5, DIM if idle else INK, not idle)],
        )
        bottom = max(top + CROP, self._lowest) + 2
        pdf.set_draw_color(*EDGE)
        pdf.line(left, bottom, pdf.w - pdf.r_margin, bottom)
        pdf.set_y(bottom + 2)

    _lowest = 0.0

    def _column(
        self, x: float, y: float, wide: float, lines: Sequence[tuple[str, float, Colour, bool]]
    ) -> None:
        """Write lines of their own size below each other; a part's columns share one top."""
        if x < self._pdf.l_margin + CROP + 5:
            self._lowest = y
        self._pdf.set_y(y)
        for text, size, colour, bold in filter(lambda line: line[0], lines):
            self._pdf.set_x(x)
            self._text(text, size, colour, bold=bold, wide=wide)
        self._lowest = max(self._lowest, self._pdf.get_y())

    def gaps(self) -> None:
        if not self._f.gaps:
            return
        self._heading("What was not seen, and why")
        for gap in self._f.gaps:
            at = "" if gap.step is None else f" (step {gap.step})"
            self._text(f"{gap.what}{at}: {gap.why}", 8.5)

    def cited(self) -> None:
        if not self._f.cited:
            return
        self._heading(f"What is cited: {self._f.cited[0].file}")
        for passage in self._f.cited:
            self._text(f"[{passage.number}] {passage.heading}: {passage.text}", 8.5)

    def coverage(self) -> None:
        pdf, looks = self._pdf, self._f.looks
        if not looks or not self._f.coverage:
            return
        high, names = 5.2, 44.0
        if pdf.will_page_break(high * (len(self._f.coverage) + 1) + 14):
            pdf.add_page()
        self._heading("Coverage: how much of each surface each look showed, %")
        wide = min(9.0, (pdf.epw - names - 14) / len(looks))
        heads = ["start" if look.number == 0 else str(look.number) for look in looks]
        self._cells(["", *heads, "best"], names, wide, high)
        for entry in self._f.coverage:
            shares = [entry.shares.get(look.number, 0.0) for look in looks]
            self._cells([entry.site], names, wide, high)
            for share in shares:
                self._shade(share, wide, high)
            pdf.set_text_color(*TONE[GOOD if entry.shown else WARN])
            pdf.cell(14, high, percent(entry.best), align="R", new_x="LMARGIN", new_y="NEXT")

    def _cells(self, texts: Sequence[str], names: float, wide: float, high: float) -> None:
        self._font(7, DIM)
        for at, text in enumerate(texts):
            last = at == len(texts) - 1 and at > 0
            size = names if at == 0 else 14 if last else wide
            align = "L" if at == 0 else "R" if last else "C"
            self._pdf.cell(size, high, text, align=align)
        if len(texts) > 1:
            self._pdf.ln(high)

    def _shade(self, share: float, wide: float, high: float) -> None:
        pdf, (x, y) = self._pdf, (self._pdf.get_x(), self._pdf.get_y())
        tone = [round(a + (b - a) * 0.85 * share) for a, b in zip(SOFT, BLUE, strict=True)]
        pdf.set_fill_color(*tone)
        pdf.rect(x + 0.2, y + 0.2, wide - 0.4, high - 0.4, style="F")
        self._font(6, (255, 255, 255) if share > 0.55 else INK)
        pdf.cell(wide, high, f"{100 * share:.0f}" if share > 0.0 else "", align="C")

    def map(self) -> None:
        picture = camera_map_png(self._f)
        if not picture:
            return
        if self._pdf.will_page_break(100):
            self._pdf.add_page()
        self._heading("Where the camera stood about the satellite, and the order of the looks")
        self._pdf.image(io.BytesIO(picture), w=self._pdf.epw)

    def course(self) -> None:
        self._heading("Times, interventions, notes")
        for what, words, share in times(self._f):
            self._text(f"{what}: {words} ({percent(share)})", 8.5)
        for name, value in self._f.truth.items():
            self._text(f"Truth of the emulated cell, {TRUTH_WORDS[name]}: {value:.3g}", 8.5)
        self._text(f"Interventions: {self._f.interventions}", 8.5)
        for note in self._f.notes:
            self._text(f"step {note.step}: {note.text}", 8, DIM)

    def debrief(self) -> None:
        if not self._f.run.records:
            return
        self._pdf.add_page()
        self._text("Debrief", 14, bold=True)
        self._text("Steps are lines of steps.jsonl and frames those of the record, from 0.", 8, DIM)
        for heading, sentences in sections(self._f).items():
            if sentences:
                self._heading(heading)
                for sentence in sentences:
                    self._text(said(sentence, self._f.frames), 8.5)
                    self._pdf.ln(0.8)

    def _heading(self, text: str) -> None:
        if self._pdf.will_page_break(24):
            self._pdf.add_page()
        self._pdf.ln(4)
        self._text(text, 11, bold=True)
        self._pdf.ln(1)

    def _text(
        self, text: str, size: float, colour: Colour = INK, *, bold: bool = False, wide: float = 0.0
    ) -> None:
        self._font(size, colour, bold=bold)
        x = self._pdf.get_x()
        high = size * 0.46
        self._pdf.multi_cell(wide, high, printable(text), align="L", new_x="LEFT", new_y="NEXT")
        self._pdf.set_x(x)

    def _font(self, size: float, colour: Colour, *, bold: bool = False) -> None:
        self._pdf.set_font(FONT, "B" if bold else "", size)
        self._pdf.set_text_color(*colour)
