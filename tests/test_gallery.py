"""The gallery shows what exists, in a sensible order, and nothing else."""

import os
import re
import subprocess
import sys
from urllib.parse import unquote

import pytest

from common import gallery
from common.files import write_csv, write_text


def touch(path, age=0):
    write_text(path, "x")
    os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))


def test_an_empty_house_says_how_to_begin(paths):
    page = gallery.refresh(paths).read_text(encoding="utf-8")
    assert "02_embedding_journey.py" in page
    assert "<img" not in page


def test_everything_that_exists_is_shown_and_every_link_leads_somewhere(paths):
    for name in ("map_2d", "map_3d"):
        touch(paths.plot(name))
        touch(paths.html(name))
    touch(paths.plot("journey", 'x<b> "&" #1 100%'))
    touch(paths.plot("shap_summary"))
    touch(paths.plot("something_new"))
    touch(paths.report("classifier_report.md"))
    write_csv(paths.report("genre_statistics.csv"), ["genre", "similarity"], [["<i>TRANCE</i>", 0.123456789]])
    page = gallery.refresh(paths).read_text(encoding="utf-8")
    links = set(re.findall(r'(?:href|src)="([^"#]+)"', page))
    for link in links:
        assert (paths.gallery.parent / unquote(link)).is_file(), link
    assert len(links) == 9
    assert "&lt;i&gt;TRANCE&lt;/i&gt;" in page
    assert "<td>0.123</td>" in page
    assert page.index("map_2d.png") < page.index("shap_summary") < page.index("journey_")
    assert page.index("journey_") < page.index("something")


def test_a_picture_says_what_it_shows_even_where_its_name_is_a_hash(paths):
    import matplotlib.pyplot as plt

    from common import charts

    song = 'ほし & <b>"x"</b>'
    for title, name in ((f"The journey of {song}", "journey"), (None, "shap_waterfall")):
        with charts.style():
            figure = plt.figure()
        figure.suptitle(f"{song}\nTRANCE 80%")
        charts.save_png(figure, paths.plot(name, song), dpi=20, title=title)
    page = gallery.refresh(paths).read_text(encoding="utf-8")
    assert "<figcaption>The journey of ほし &amp; &lt;b&gt;&quot;x&quot;&lt;/b&gt;</figcaption>" in page
    assert "<figcaption>ほし &amp; &lt;b&gt;&quot;x&quot;&lt;/b&gt; TRANCE 80%</figcaption>" in page


@pytest.mark.parametrize("title", ["plain", "Café", "ほし", ""])
def test_a_pictures_title_is_written_as_the_png_standard_says(tmp_path, title):
    import matplotlib.pyplot as plt

    from common import charts

    with charts.style():
        path = charts.save_png(plt.figure(figsize=(1, 1)), tmp_path / "a.png", dpi=20, title=title)
    assert charts.png_title(path) == (title or None)
    # W3C, "Portable Network Graphics": Latin-1 stands in a tEXt chunk, other text as UTF-8 in an iTXt chunk.
    content = path.read_bytes()
    written = {"plain": b"tEXtTitle\0plain", "Café": b"tEXtTitle\0Caf\xe9", "ほし": "ほし".encode()}
    assert written[title] in content if title else b"Title" not in content


def test_what_is_no_picture_has_no_title(tmp_path):
    from common import charts

    for content in (b"", b"x", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\1\0tEXt"):
        (tmp_path / "a.png").write_bytes(content)
        assert charts.png_title(tmp_path / "a.png") is None


def test_the_classifiers_report_is_a_page_and_its_tables_are_linked(paths):
    touch(paths.html("genre_classifier"))
    write_csv(paths.report("boundary_songs.csv"), ["song"], [["secret"]])
    write_text(paths.report("genre_classifier.md"), "# The genre classifier")
    page = gallery.refresh(paths).read_text(encoding="utf-8")
    assert 'Open: <a href="genre_classifier.html">The report</a>' in page
    assert 'href="../reports/genre_classifier.md"' in page
    assert 'href="../reports/boundary_songs.csv"' in page
    assert "secret" not in page


def pictures_on(page):
    return re.findall(r'<img src="\.\./plots/([^"]+)\.png"', page.read_text(encoding="utf-8"))


def test_pictures_of_one_song_stand_together_and_the_newest_song_comes_first(paths):
    for age, song in enumerate(("new", "old")):
        for kind in ("three_perspectives", "journey_map", "journey"):
            touch(paths.plot(kind, song), age)
    assert pictures_on(gallery.refresh(paths)) == [
        *("journey_new", "journey_map_new", "three_perspectives_new"),
        *("journey_old", "journey_map_old", "three_perspectives_old"),
    ]


def test_comparisons_are_gathered_on_a_page_and_do_not_pile_up(paths):
    n_shown = next(chapter.newest for chapter in gallery.CHAPTERS if "compare" in chapter.captions)
    for number in range(n_shown + 3):
        touch(paths.plot("compare", f"pair{number}"), age=10 * number)
    touch(paths.plot("match", "mix"), age=5)
    page = gallery.refresh(paths)
    assert pictures_on(page) == ["compare_pair0", "match_mix", "compare_pair1", "compare_pair2"]
    gathered = paths.html("all_comparisons")
    assert f'<a href="all_comparisons.html">all {n_shown + 4} pictures</a>' in page.read_text(
        encoding="utf-8"
    )
    assert len(pictures_on(gathered)) == n_shown + 4
    assert 'href="index.html"' in gathered.read_text(encoding="utf-8")
    assert gallery.refresh(paths).read_text(encoding="utf-8").count("all_comparisons") == 1
    for number in range(1, n_shown + 3):
        paths.plot("compare", f"pair{number}").unlink()
    gallery.refresh(paths)
    assert not gathered.exists()


def test_it_begins_with_what_was_said_of_the_library(paths):
    touch(paths.plot("map_2d"))
    write_text(paths.report("overview.txt"), "Two <b>songs</b>.\n\nAll fast.\nOne stands out.\nA fourth.\n")
    page = gallery.refresh(paths).read_text(encoding="utf-8")
    said = re.findall("<li>(.*?)</li>", page)
    assert said == ["Two &lt;b&gt;songs&lt;/b&gt;.", "All fast.", "One stands out."]
    assert page.index("One stands out.") < page.index("<nav>")
    assert "overview.txt" not in page


def test_the_table_of_all_songs_is_a_page_of_its_own(paths):
    touch(paths.html("songs"))
    write_csv(paths.report("songs.csv"), ["song"], [["secret"]])
    write_csv(paths.report("genre_guesses.csv"), ["file_path"], [["secret"]])
    page = gallery.refresh(paths).read_text(encoding="utf-8")
    assert 'href="songs.html"' in page
    assert 'href="../reports/songs.csv"' in page
    assert "secret" not in page


def test_a_long_table_is_cut_and_linked(paths):
    write_csv(paths.report("genre_pairs.csv"), ["a"], [[row] for row in range(100)])
    page = gallery.refresh(paths).read_text(encoding="utf-8")
    assert page.count("<tr>") == gallery.TABLE_ROWS + 1
    assert "first 30 rows" in page


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("0.98765", "0.988"),
        ("-1.5", "-1.5"),
        ("1.2.34567", "1.2.34567"),
        ("v1.23456", "v1.23456"),
        ("12", "12"),
    ],
)
def test_long_decimals_are_rounded_for_reading(cell, shown):
    assert gallery._cell(cell) == shown


def test_refreshing_imports_nothing_heavy(paths):
    heavy = "{'matplotlib', 'plotly', 'pandas', 'librosa', 'umap', 'scipy', 'sklearn', 'seaborn'}"
    code = (
        f"import sys; from common import gallery; from common.library import Paths; "
        f"gallery.refresh(Paths({str(paths.data)!r}, {str(paths.outputs)!r})); "
        f"print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_playlist_is_among_playlists_whatever_it_is_called(paths):
    for name in ("songs", "compare these", "my set"):
        write_text(paths.playlist(name), "#EXTM3U")
    write_text(paths.report("songs.csv"), "song")
    page = gallery.refresh(paths).read_text(encoding="utf-8")
    assert page.count('.m3u8"') == page.partition("<h2>Playlists</h2>")[2].count('.m3u8"') == 3
