"""An HTML page of the queries that went worst, with what was wanted and what came back."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from eval.ranking import Ranking
from eval.report import Report
from eval.retrieval import Retrieval

SHOWN_QUERIES = 50
SHOWN_HITS = 3
SHOWN_LINES = 30


@dataclass(frozen=True, slots=True)
class WorstQuery:
    """A query, its right answers and the top of what was returned; texts are whole functions."""

    part: str
    query: str
    rank: int | None
    wanted: list[tuple[str, str]]
    returned: list[tuple[str, str, float]]


def worst_queries(retrieval: Retrieval, ranking: Ranking, ranks: list[int | None]) -> list[WorstQuery]:
    """Return the queries whose first right answer comes last; those that have none come first."""
    order = sorted(range(len(ranks)), key=lambda row: (-(ranks[row] or 1 << 40), retrieval.queries[row].id))
    texts = {document.id: document.text for document in retrieval.documents}
    worst = []
    for row in order[:SHOWN_QUERIES]:
        if ranks[row] == 1:
            break
        query = retrieval.queries[row]
        best = zip(ranking.documents[row, :SHOWN_HITS].tolist(), ranking.scores[row, :SHOWN_HITS].tolist(), strict=True)
        hits = [(retrieval.documents[place], score) for place, score in best if place >= 0]
        wanted = [(doc, texts[doc]) for doc, relevance in retrieval.qrels[query.id].items() if relevance > 0]
        returned = [(document.id, document.text, score) for document, score in hits]
        worst.append(WorstQuery(retrieval.name, query.text, ranks[row], wanted[:SHOWN_HITS], returned))
    return worst


def page(report: Report, worst: list[WorstQuery]) -> str:
    """Return the page: one HTML file without any link to the outside."""
    entries = sorted(worst, key=lambda query: -(query.rank or 1 << 40))[:SHOWN_QUERIES]
    body = "\n".join(map(_entry, entries)) or "<p>Every query has its right answer on top.</p>"
    title = escape(f"{report.title}: worst queries of {report.system['name']}")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
  color: #1d2733; background: #fff; }}
h1 {{ font-size: 1.3rem; }} h2 {{ font-size: 1.05rem; margin: 2.2rem 0 .4rem; }} .rank {{ color: #b3261e; }}
.columns {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: .8rem; }}
figure {{ margin: 0; min-width: 0; }} figcaption {{ font-size: .8rem; color: #5a6573; overflow-wrap: anywhere; }}
pre {{ font-size: .76rem; background: #f4f6f8; padding: .6rem; overflow: auto; max-height: 22rem; margin: .2rem 0; }}
.wanted pre {{ background: #e8f4ea; }}
</style></head><body>
<h1>{title}</h1>
<p>The first right answer of these queries comes last, or not among the {report.depth} that were kept.
Green is what was wanted; the others are the first {SHOWN_HITS} that were returned.</p>
{body}
</body></html>
"""


def _entry(query: WorstQuery) -> str:
    rank = f"rank {query.rank:,}" if query.rank else "not found"
    wanted = "".join(_figure(f"wanted: {doc}", text, "wanted") for doc, text in query.wanted)
    returned = "".join(
        _figure(f"{place}. {doc} ({score:.3f})", text, "returned")
        for place, (doc, text, score) in enumerate(query.returned, start=1)
    )
    return (
        f'<h2>{escape(query.query[:300])} <span class="rank">{rank}</span> <small>{escape(query.part)}</small></h2>\n'
        f'<div class="columns">{wanted}{returned}</div>'
    )


def _figure(caption: str, text: str, kind: str) -> str:
    lines = text.splitlines()
    more = f"\n… {len(lines) - SHOWN_LINES} more lines" if len(lines) > SHOWN_LINES else ""
    shown = escape("\n".join(lines[:SHOWN_LINES]) + more)
    return f'<figure class="{kind}"><figcaption>{escape(caption)}</figcaption><pre>{shown}</pre></figure>'
