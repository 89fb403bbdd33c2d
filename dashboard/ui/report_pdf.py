"""A report as PDF: A4, the font embedded, a watermark on each page, `Exercise` in its metadata.

The same report gives the same bytes: its date is that of the exercise, and nothing in it depends on when or where it is
made (but for the versions of fpdf2 and of the font, which are pinned).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC

from fpdf import FPDF
from fpdf.enums import Align
from noto_cjk_sans_otc import FONT_PATH

from dashboard.i18n import Lang, text
from dashboard.ui.report_lines import broken
from dashboard.ui.report_parts import SIGNS, Aim, Column, Document, Facts, Figures, Heading, Part, Table, Text, Tone
from dashboard.ui.report_pictures import Pen, draw_picture
from dashboard.ui.report_say import MARK

FAMILY, FACE = "Noto Sans CJK", 2
"""The font and its face within the collection: that of simplified Chinese, whose Latin letters serve English too."""

MARGIN, BOTTOM, GAP = 15.0, 16.0, 1.5
INK, MUTED, LINE, BAND = (29, 37, 54), (90, 98, 115), (205, 209, 217), (122, 47, 95)
TONES: dict[Tone, tuple[int, int, int]] = {"good": (13, 107, 85), "bad": (160, 32, 95), "open": MUTED, "": INK}


def pdf(document: Document) -> bytes:
    """The report as a PDF file."""
    paper = _Paper(document)
    paper.set_creation_date(document.to.astimezone(UTC))
    paper.set_title(f"{document.title} · {document.subtitle}")
    paper.set_subject("Exercise")
    paper.set_keywords(f"Exercise, 演练, {document.timeline}")
    paper.set_author("gridcommand")
    paper.set_creator("gridcommand")
    paper.set_lang("zh-CN" if document.lang == "zh" else "en")
    paper.add_page()
    paper.head()
    for number, part in enumerate(document.parts):
        match part:
            case Heading():
                paper.heading(part.text, document.parts[number + 1 :])
            case Text():
                paper.paragraph(part.text, quiet=part.quiet)
            case Facts():
                paper.facts(part)
            case Table():
                paper.table_of(part)
            case Figures():
                paper.figures(part)
            case Aim():
                paper.aim(part)
    return bytes(paper.output())


class _Paper(FPDF):
    """The pages. Lengths in mm."""

    def __init__(self, document: Document) -> None:
        super().__init__(format="A4")
        self._document = document
        self._lang: Lang = "en" if document.lang == "en" else "zh"
        self.add_font(FAMILY, "", str(FONT_PATH), collection_font_number=FACE)
        self.set_margins(MARGIN, 18, MARGIN)
        self.set_auto_page_break(False, BOTTOM)  # rows are kept whole: `_room`
        self.set_line_width(0.2)
        self.alias_nb_pages("{pages}")

    # --- every page -------------------------------------------------------------------------------------------------

    def header(self) -> None:
        """The watermark, and a line that says what this is."""
        with self.local_context(fill_opacity=0.08):
            self._type(60, BAND)
            with self.rotation(52, self.w / 2, self.h / 2):
                self.text(self.w / 2 - self.get_string_width(MARK) / 2, self.h / 2 + 8, MARK)
        self.set_xy(MARGIN, 8)
        self._line(MARK, 60, 5, 8, BAND, bold=True)
        self._line(f"{self._document.title} · {self._document.timeline}", self.epw - 60, 5, 8, MUTED, align=Align.R)
        self.set_draw_color(*BAND)
        self.set_line_width(0.25)
        self.line(MARGIN, 14, self.w - MARGIN, 14)
        self.set_xy(MARGIN, 18)

    def footer(self) -> None:
        """The exercise's time, and the page's number."""
        self.set_y(-12)
        self._line(self._document.as_of, self.epw / 2, 5, 7.5, MUTED)
        # The number of pages is filled in at the end, so how wide this is cannot be known here.
        self.set_x(self.w - MARGIN - 28)
        self._line(text("report.page", self._lang, n=self.page_no(), total="{pages}"), 28, 5, 7.5, MUTED)

    # --- parts ------------------------------------------------------------------------------------------------------

    def head(self) -> None:
        """Title and what it is of."""
        self._block(self._document.title, self.epw, 9, 20, bold=True)
        said = self._document.subtitle
        if self._document.running:
            said += f" · {self._document.running}"
        self._block(said, self.epw, 6, 11, MUTED)
        self._block(text("report.sealed", self._lang), self.epw, 5, 8.5, BAND)
        self.ln(2)

    def heading(self, said: str, what_follows: Sequence[Part]) -> None:
        """A section begins; not at the foot of a page, and not without the first of its pictures."""
        first = next((part for part in what_follows if not isinstance(part, Text)), None)
        self._room(34 + (self._height_of_a_row(first) if isinstance(first, Figures) else 0))
        self.ln(4)
        self._block(said, self.epw, 7, 13, bold=True)
        self._rule(0.4)
        self.ln(2)

    def paragraph(self, said: str, *, quiet: bool = False) -> None:
        """A paragraph."""
        self._block(said, self.epw, *((4.4, 8, MUTED) if quiet else (5, 9.5, INK)))
        self.ln(1.5)

    def facts(self, facts: Facts, left: float = 28) -> None:
        """Labels to the left of what they say."""
        for label, said in facts.rows:
            self._room(6)
            self._line(label, left, 5.2, 9, MUTED)
            self._block(said, self.epw - left, 5.2, 9)
        self.ln(1.5)

    def aim(self, aim: Aim) -> None:
        """An objective with its items and ratings."""
        self._room(38)
        verdict = SIGNS[aim.tone] + aim.verdict
        self._type(10.5)
        width = self.get_string_width(verdict) + 3
        top = self.get_y()
        self.set_x(self.w - MARGIN - width)
        self._line(verdict, width, 6, 10.5, TONES[aim.tone], align=Align.R, bold=True)
        self.set_xy(MARGIN, top)
        self._block(aim.title, self.epw - width - 3, 6, 10.5, bold=True)
        self.facts(aim.facts, 18)
        self.table_of(aim.items)
        if aim.ratings.rows:
            self.table_of(aim.ratings)
        else:
            self.paragraph(f"{aim.ratings.title}: {aim.ratings.empty}", quiet=True)
        self.ln(2)

    def table_of(self, table: Table) -> None:
        """A table; its head is there again on each page."""
        if not table.rows:
            self.paragraph(table.empty, quiet=True)
            return
        whole = sum(column.share for column in table.columns)
        widths = [self.epw * column.share / whole for column in table.columns]
        self._table_head(table.columns, widths)
        for number, cells in enumerate(table.rows):
            self._row(table, widths, cells, table.tones[number] if table.tones else "")
        self.ln(3)

    def _table_head(self, columns: Sequence[Column], widths: Sequence[float]) -> None:
        self._room(16)
        for column, width in zip(columns, widths, strict=True):
            self._line(column.label, width - GAP, 5, 7.8, MUTED, align=Align.R if column.right else Align.L)
            self.set_x(self.get_x() + GAP)
        self.ln(5)
        self._rule(0.25)

    def _row(self, table: Table, widths: Sequence[float], cells: Sequence[str], tone: Tone) -> None:
        """A row: each cell in as many lines as it needs."""
        last = len(cells) - 1
        told = [SIGNS[tone] + said if number == last else said for number, said in enumerate(cells)]
        self._type(8)
        lines = [self._broken(said, width - GAP) for said, width in zip(told, widths, strict=True)]
        height = 4.0 * max(map(len, lines)) + 1.0
        if self.get_y() + height > self.h - BOTTOM:
            self.add_page()
            self._table_head(table.columns, widths)
        top, left = self.get_y(), MARGIN
        for number, (column, width, parts) in enumerate(zip(table.columns, widths, lines, strict=True)):
            colour = TONES[tone] if number == last and tone else INK
            for line, part in enumerate(parts):
                self.set_xy(left, top + 0.5 + 4.0 * line)
                self._line(part, width - GAP, 4, 8, colour, align=Align.R if column.right else Align.L)
            left += width
        self.set_xy(MARGIN, top + height)
        self._rule(0.1)

    def figures(self, figures: Figures) -> None:
        """Pictures, two in a row, or one as wide as the page."""
        space = 5.0
        width = self.epw if figures.wide else (self.epw - space) / 2
        across = 1 if figures.wide else 2
        pen = Pen(self._out, self._write, self._measure)
        for start in range(0, len(figures.pictures), across):
            row = figures.pictures[start : start + across]
            heights = [width * picture.height / picture.width for picture, _ in row]
            self._room(max(heights) + (14 if any(caption for _, caption in row) else 2))
            top = bottom = self.get_y()
            for number, ((picture, caption), height) in enumerate(zip(row, heights, strict=True)):
                left = MARGIN + number * (width + space)
                draw_picture(pen, picture, left * self.k, (self.h - top) * self.k, width * self.k)
                self.set_xy(left, top + height + 1)
                if caption:
                    self._block(caption, width, 4, 8)
                bottom = max(bottom, self.get_y())
            self.set_xy(MARGIN, bottom + 3)

    def _height_of_a_row(self, figures: Figures) -> float:
        picture = figures.pictures[0][0] if figures.pictures else None
        width = self.epw if figures.wide else self.epw / 2
        return 0.0 if picture is None else width * picture.height / picture.width

    # --- text -------------------------------------------------------------------------------------------------------

    def _type(self, size: float, colour: tuple[int, int, int] = INK) -> None:
        self.set_font(FAMILY, "", size)
        self.set_text_color(*colour)

    def _line(
        self, said: str, width: float, height: float, size: float, colour: tuple[int, int, int] = INK, *,
        align: Align = Align.L, bold: bool = False,
    ) -> None:  # fmt: skip
        """One line, to the right of the present place."""
        self._type(size, colour)
        with self._heavier(size, colour, bold):
            self.cell(width, height, said, align=align)

    def _block(
        self, said: str, width: float, height: float, size: float, colour: tuple[int, int, int] = INK, *,
        bold: bool = False,
    ) -> None:  # fmt: skip
        """As many lines as it needs, from the present place down; the next place is below."""
        self._type(size, colour)
        left = self.get_x()
        for part in self._broken(said, width):
            self._room(height)
            self.set_x(left)
            self._line(part, width, height, size, colour, bold=bold)
            self.set_y(self.get_y() + height)

    @contextmanager
    def _heavier(self, size: float, colour: tuple[int, int, int], bold: bool) -> Iterator[None]:
        """The font has one weight: letters are made bold by a stroke of their own colour. Within it no page begins."""
        if bold:
            rgb = " ".join(f"{c / 255:.3f}" for c in colour)
            self._out(f"q 2 Tr {size * 0.03:.3f} w {rgb} RG")
        yield
        if bold:
            self._out("Q")
            self.current_font_is_set_on_page = False  # whatever was set within is forgotten

    def _broken(self, said: str, width: float) -> list[str]:
        return broken(said, width - 2 * self.c_margin, self.get_string_width)

    def _write(self, x: float, y: float, said: str, size: float) -> None:
        """Text for a picture, between a `q` with its colour and a `Q`; points from the lower left."""
        self.set_font(FAMILY, "", size)
        self.current_font_is_set_on_page = False
        self.text_color = self.fill_color  # so that none is set anew
        self.text(x / self.k, self.h - y / self.k, said)
        self.current_font_is_set_on_page = False

    def _measure(self, said: str, size: float) -> float:
        self.set_font(FAMILY, "", size)
        return self.get_string_width(said) * self.k

    # --- small things -----------------------------------------------------------------------------------------------

    def _rule(self, width: float) -> None:
        self.set_draw_color(*LINE)
        self.set_line_width(width)
        self.line(MARGIN, self.get_y(), self.w - MARGIN, self.get_y())

    def _room(self, height: float) -> None:
        """Begin a page where less than this is left of the present one."""
        if self.get_y() + height > self.h - BOTTOM:
            self.add_page()
