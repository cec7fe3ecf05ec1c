"""A few functions and queries as tasks of mteb, and the same as a collection of ours. Imports mteb: import it late."""

from __future__ import annotations

from datasets import Dataset
from mteb.abstasks import AbsTaskRetrieval
from mteb.abstasks.task_metadata import TaskMetadata

from eval.retrieval import Document, Pool, Query, Retrieval

CORPUS = {
    "json": ("", "def read_json(path):\n    with open(path) as file:\n        return json.load(file)"),
    "csv": ("", "def read_rows(path):\n    with open(path) as file:\n        return list(csv.reader(file))"),
    "write": ("", "def write_json(path, value):\n    with open(path, 'w') as file:\n        json.dump(value, file)"),
    "add": ("", "def add(a, b):\n    return a + b"),
    "mean": ("statistics", "def mean(values):\n    return sum(values) / len(values)"),
    "median": ("statistics", "def middle(values):\n    return sorted(values)[len(values) // 2]"),
    "retry": ("", "def call_again(call, attempts):\n    for attempt in range(attempts):\n        sleep(2**attempt)"),
    "hash": ("", "def checksum(path):\n    return hashlib.sha256(path.read_bytes()).hexdigest()"),
    "words": ("", "def words(text):\n    return re.findall(r'[a-z]+', text.lower())"),
    "count": ("", "def count(items):\n    return Counter(items).most_common()"),
    "fetch": ("", "def fetch(url):\n    return urlopen(url, timeout=10).read()"),
    "temporary": ("", "def scratch():\n    return Path(tempfile.mkdtemp())"),
}
QUERIES = {
    "1": "read a json file",
    "2": "write a value to a file",
    "3": "sum of two numbers",
    "4": "middle of sorted values",
    "5": "repeat a failing call with exponential backoff",
    "6": "digest of the bytes of a file",
    "7": "zzz",
    "8": "most common words of a text",
}
QRELS = {
    "1": {"json": 2, "csv": 1, "add": 0},
    "2": {"write": 1},
    "3": {"add": 1},
    "4": {"median": 2, "mean": 1},
    "5": {"retry": 1},
    "6": {"hash": 1},
    "7": {"temporary": 1},
    "8": {"count": 2, "words": 1},
}
CANDIDATES = {
    "1": ["write", "json", "csv", "fetch"],
    "2": ["temporary", "json", "write", "hash"],
    "3": [*reversed(CORPUS)],
    "4": ["mean", "median", "count"],
    "5": ["fetch", "add", "retry"],
    "6": ["json", "csv", "hash"],
    "7": [],
    "8": ["words", "hash", "count", "mean"],
}


def described(name, kind):
    return TaskMetadata(
        name=name, description="A few functions.", dataset={"path": "nowhere/at-all", "revision": "1"}, type=kind,
        category="t2t", modalities=["text"], eval_splits=["test"], eval_langs=["eng-Latn"], main_score="ndcg_at_10",
    )  # fmt: skip


class Searched(AbsTaskRetrieval):
    metadata = described("FunctionsRetrieval", "Retrieval")
    queries_given = tuple({"id": query, "text": text} for query, text in QUERIES.items())
    top_ranked_given = None

    def load_data(self, num_proc=None, **_):
        corpus = [{"id": document, "title": title, "text": text} for document, (title, text) in CORPUS.items()]
        split = {
            "corpus": Dataset.from_list(corpus), "queries": Dataset.from_list([*self.queries_given]),
            "relevant_docs": QRELS, "top_ranked": self.top_ranked_given,
        }  # fmt: skip
        self.dataset = {"default": {"test": split}}
        self.data_loaded = True


class Reranked(Searched):
    metadata = described("FunctionsReranking", "Reranking")
    top_ranked_given = CANDIDATES


class Instructed(Searched):
    metadata = described("FunctionsInstructed", "Retrieval")
    queries_given = tuple({**query, "instruction": "Python only."} for query in Searched.queries_given)


class Conversations(Searched):
    metadata = described("FunctionsConversations", "Retrieval")
    queries_given = tuple(
        {"id": query["id"], "text": [{"role": "user", "content": "hello"}, {"role": "user", "content": query["text"]}]}
        for query in Searched.queries_given
    )


def collection(candidates=None):
    """The same for our own measuring."""
    place = {document: number for number, document in enumerate(CORPUS)}
    pools = [
        Pool((number,), tuple(sorted(place[document] for document in candidates[query])))
        for number, query in enumerate(QUERIES)
        if candidates and candidates[query]
    ]
    queries = [Query(*query) for query in QUERIES.items()]
    documents = [Document(name, f"{title} {text}".strip()) for name, (title, text) in CORPUS.items()]
    return Retrieval("functions", queries, documents, QRELS, pools=tuple(pools))
