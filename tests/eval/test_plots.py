"""Pictures show each number where its label is."""

from __future__ import annotations

import pytest
from reports import csn, part, report

from eval import plots


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """The axes that a plot of reports is drawn on."""

    def draw(plot, *reports):
        kept = []
        save = plots._save
        monkeypatch.setattr(plots, "_save", lambda figure, axes, *rest: (kept.append(axes), save(figure, axes, *rest)))
        plot(reports, tmp_path / "plot.png")
        monkeypatch.setattr(plots, "_save", save)
        assert (tmp_path / "plot.png").stat().st_size > 1000
        return kept[0]

    return draw


def bars(axes):
    """Label and height of each bar, by the tick that it stands at."""
    labels = [tick.get_text() for tick in axes.get_xticklabels()]
    return [(labels[round(bar.get_x() + bar.get_width() / 2)], bar.get_height()) for bar in axes.patches]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_a_bar_stands_at_the_label_of_its_part(drawn):
    axes = drawn(plots.language_bars, csn("a", python=0.1, ruby=0.2), csn("b", ruby=0.3), csn("c", go=0.4, python=0.5))
    assert bars(axes) == [("python", 0.1), ("ruby", 0.2), ("ruby", 0.3), ("go", 0.4), ("python", 0.5)]


def test_repositories_of_one_language_have_bars_of_their_own(drawn):
    axes = drawn(plots.language_bars, report("a", part("locust", 0.1, "python"), part("mkdocs", 0.9, "python")))
    assert bars(axes) == [("locust", 0.1), ("mkdocs", 0.9)]


def test_a_mean_says_what_it_is_of_where_not_all_are_of_the_same(drawn):
    four = dict.fromkeys(("python", "ruby", "go", "java"), 0.5)
    axes = drawn(plots.recall_curves, csn("a", **four), csn("b", python=0.3, ruby=0.3))
    assert legend(axes) == ["a, 4 parts", "b, python, ruby"]
    assert legend(drawn(plots.recall_curves, csn("a", **four), csn("b", **four))) == ["a", "b"]
    axes = drawn(plots.quality_against_speed, csn("a", python=0.3), csn("b", ruby=0.3))
    assert [text.get_text() for text in axes.texts] == ["a, python (nothing to encode)", "b, ruby (nothing to encode)"]


def test_recall_is_drawn_as_deep_as_all_parts_of_a_report_are_ranked(drawn):
    small = part("small", 0.2, recall_at=(1, 10))
    large = part("large", 0.4, recall_at=(1, 10, 100))
    axes = drawn(plots.recall_curves, report("a", large, small), report("b", large))
    assert [[*line.get_xdata()] for line in axes.lines] == [[1, 10], [1, 10, 100]]
    assert [*axes.lines[0].get_ydata()] == pytest.approx([0.3, 0.3])
    assert [*axes.get_xticks()] == [1, 10, 100]
