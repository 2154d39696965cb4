"""Our own reports as HTML: four forms, and nothing a stranger wrote becomes markup."""

import pytest

from common import markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# One\n### Three", "<h1>One</h1>\n<h3>Three</h3>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("first\nsecond\n\nthird", "<p>first second</p>\n<p>third</p>"),
        (r"- \<script\> \*x\* \\ C:\d & \"", "<ul><li>&lt;script&gt; *x* \\ C:\\d &amp; &quot;</li></ul>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("", ""),
    ],
)
def test_the_forms(text, html):
    assert markdown.to_html(text) == html


def test_a_table_has_a_head_and_rows_and_keeps_bars_in_cells():
    html = markdown.to_html("| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n|  | – |")
    assert "<thead><tr><th>a</th><th>b</th></tr></thead>" in html
    assert "<tr><td>x|y</td><td>1</td></tr>\n<tr><td></td><td>–</td></tr>" in html


def test_headings_can_begin_lower():
    assert markdown.to_html("# a\n###### b", top=2) == "<h2>a</h2>\n<h6>b</h6>"


def test_a_report_of_stage_3_comes_back_in_words():
    from common.classifier.report import Section

    hostile = 'a|b <i>"x"</i> \\ *y* [z](http://e.x)'
    html = markdown.to_html(Section("Title", [hostile], ["song"], [[hostile]]).as_markdown())
    escaped = "a|b &lt;i&gt;&quot;x&quot;&lt;/i&gt; \\ *y* [z](http://e.x)"
    assert f"<li>{escaped}</li>" in html
    assert f"<td>{escaped}</td>" in html
    assert "<a" not in html
