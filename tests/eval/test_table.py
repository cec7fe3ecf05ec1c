"""Reports side by side: what may stand in one column, and what is called what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reports import csn, part, report

from eval.table import tables, write_tables

SIX = {"ruby": 0.1, "javascript": 0.2, "go": 0.3, "python": 0.4, "java": 0.5, "php": 0.6}


def rows_of(*reports):
    (table,) = tables(reports)
    return [dict(zip(table.header, row, strict=True)) for row in table.rows]


def ours(rows):
    return [row for row in rows if not row["system"].startswith("published")]


def row_of(rows, system):
    (row,) = (row for row in rows if row["system"].startswith(system))
    return row


def shown(value):
    return f"{value:.3f} [{value:.3f}, {value:.3f}]"


def test_a_report_of_all_languages_has_a_mean_beside_the_published_one():
    rows = rows_of(csn("a", **SIX))
    assert [*rows[0]] == ["system", *SIX, "mean", "functions/s"]
    assert rows[0]["mean"] == shown(0.35)
    assert row_of(rows, "published: NBow")["mean"] == "0.189"
    assert row_of(rows, "published: NBow")["python"] == "0.161"


def test_one_language_stands_beside_what_is_published_on_it_and_not_beside_means_of_six():
    rows = rows_of(csn("a", python=0.4))
    assert [*rows[0]] == ["system", "python", "functions/s"]
    assert rows[0]["python"] == shown(0.4)
    assert row_of(rows, "published: NBow")["python"] == "0.161"


def test_two_languages_have_a_mean_of_their_own_which_nothing_is_published_on():
    rows = rows_of(csn("a", python=0.4, ruby=0.2))
    assert rows[0]["mean"] == shown(0.3)
    published = row_of(rows, "published: NBow")
    assert (published["python"], published["ruby"], published["mean"]) == ("0.161", "0.162", "")


def test_a_report_of_fewer_parts_has_no_mean_and_comes_after_those_that_have_one():
    rows = ours(
        rows_of(
            csn("one", python=0.9), csn("worse", **SIX), csn("other", python=0.95), csn("better", **SIX | {"go": 1})
        )
    )
    assert [row["system"] for row in rows] == ["better", "worse", "other", "one"]
    assert [bool(row["mean"]) for row in rows] == [True, True, False, False]
    assert rows[2]["python"] == shown(0.95)


def test_reports_that_share_no_part_have_no_mean():
    rows = rows_of(csn("a", python=0.4), csn("b", ruby=0.9))
    assert [*rows[0]] == ["system", "python", "ruby", "functions/s"]
    assert [(row["system"], row["python"], row["ruby"]) for row in ours(rows)] == [
        ("a", shown(0.4), ""),
        ("b", "", shown(0.9)),
    ]


def test_of_as_many_parts_the_mean_is_of_those_that_most_reports_cover():
    rows = ours(rows_of(csn("x", python=0.9, go=0.9), csn("a", python=0.4, ruby=0.2), csn("b", python=0.2, ruby=0.2)))
    assert [(row["system"], row["mean"]) for row in rows] == [("a", shown(0.3)), ("b", shown(0.2)), ("x", "")]


def test_a_task_of_one_collection_has_a_mean_only_as_its_title_names_the_collection():
    rows = rows_of(report("a", part("cosqa-test", 0.4, "python"), task="cosqa"))
    assert [*rows[0]] == ["system", "mean", "functions/s"]
    assert rows[0]["mean"] == shown(0.4)
    assert row_of(rows, "published: UniXcoder")["mean"] == "0.431"


def test_repositories_of_one_language_have_a_column_each():
    locust, mkdocs, gson = part("locust", 0.1, "python"), part("mkdocs", 0.9, "python"), part("gson", 0.5, "java")
    (row,) = rows_of(report("a", locust, mkdocs, gson, task="repos", protocol="3 repositories"))
    assert [*row] == ["system", "locust", "mkdocs", "java", "mean", "functions/s"]
    assert (row["locust"], row["mkdocs"], row["java"]) == (shown(0.1), shown(0.9), shown(0.5))


def test_two_repositories_are_not_one_column_because_they_share_a_language():
    first, second = (
        report(system, part(name, value, "python"), task="repos", protocol="1 repositories")
        for system, name, value in (("a", "locust", 0.1), ("b", "mkdocs", 0.9))
    )
    rows = rows_of(first, second)
    assert [(row["locust"], row["mkdocs"]) for row in rows] == [(shown(0.1), ""), ("", shown(0.9))]


def test_what_is_published_on_another_data_set_stays_beside_ten_repositories():
    ten = [part(f"r{number}", 0.5, measures=("nDCG@10",)) for number in range(10)]
    rows = rows_of(report("a", *ten, task="repos", protocol="ten repositories"))
    assert row_of(rows, "published: BM25 (another data set")["mean"] == "0.673"


def test_reports_by_different_measures_are_two_tables():
    by_rank, by_gain = csn("a", python=0.4), csn("b", measures=("nDCG@10",), python=0.5)
    first, second = tables([by_rank, by_gain])
    assert (first.measure, first.rows[0][:2]) == ("RR", ["a", shown(0.4)])
    assert (second.measure, second.rows) == ("nDCG@10", [["b", shown(0.5), ""]])


def of_data(system, checksum, name="code", limit=None, **more):
    one = report(system, replace(part(name, 0.4), checksum=checksum), task="folder", **more)
    return replace(one, limit=limit)


def test_other_data_of_the_same_name_are_another_table(tmp_path):
    reports = [of_data("a", "1" * 64), of_data("b", "2" * 64), of_data("c", "1" * 64)]
    first, second = tables(reports)
    assert [row[0] for row in first.rows] == ["a", "c"]
    assert [row[0] for row in second.rows] == ["b"]
    assert first.title.endswith(", data 1")
    assert second.title.endswith(", data 2")
    write_tables(reports, tmp_path)
    assert pictures(tmp_path) == {
        f"folder-test-full-tokens-RR-{number}-{picture}.png" for number in (1, 2) for picture in ("speed", "recall")
    }


def test_a_sample_and_other_parts_of_the_same_data_stay_in_one_table():
    (one,) = tables(
        [
            of_data("a", "1" * 64),
            of_data("sample", "3" * 64, limit=5),
            of_data("other part", "2" * 64, name="more"),
            of_data("given", ""),
        ]
    )
    assert len(one.rows) == 4
    assert "data" not in one.title


def pictures(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.png")}


def test_each_table_has_pictures_of_its_own(tmp_path):
    by_rank, by_gain = csn("a", python=0.4), csn("b", measures=("P(rel=2)@5",), python=0.5)
    write_tables([by_rank], tmp_path / "one")
    assert pictures(tmp_path / "one") == {"csn-test-full-speed.png", "csn-test-full-recall.png"}
    write_tables([by_rank, by_gain, csn("c", text="source", python=0.4)], tmp_path / "three")
    assert pictures(tmp_path / "three") == {
        f"csn-test-full-{group}-{picture}.png"
        for group in ("tokens-RR", "source-RR", "tokens-P-rel=2-@5")
        for picture in ("speed", "recall")
    }
    text = (tmp_path / "three" / "table.md").read_text()
    assert all(f"({name})" in text for name in pictures(tmp_path / "three"))
