"""Downloads go on where they stopped, are checked, and fail with one line."""

from __future__ import annotations

import functools
import http.server
import re
import threading

import pytest
from stdlib_csn import write_zip

from eval.download import data_cache, digest_of, download_csn, fetch
from eval.errors import DataError
from eval.vector_cache import default_cache

CONTENT = bytes(range(256)) * 5000


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT with ranges; ``/broken`` stops half way."""

    asked: list[str | None]

    def __init__(self, asked, *arguments):
        self.asked = asked
        super().__init__(*arguments)

    def do_GET(self):
        wanted = self.headers.get("Range")
        self.asked.append(wanted)
        start = int(re.match(r"bytes=(\d+)-", wanted)[1]) if wanted else 0
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        end = len(CONTENT) // 2 if self.path == "/broken" else len(CONTENT)
        self.wfile.write(CONTENT[start:end])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    asked: list[str | None] = []
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, asked))
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_address[1]}", asked
    httpd.shutdown()
    httpd.server_close()


def test_a_file_is_downloaded_once(server, tmp_path):
    url, asked = server
    for _ in range(2):
        path = fetch(f"{url}/whole", tmp_path / "f")
        assert path.read_bytes() == CONTENT
    assert asked == [None]
    assert (tmp_path / "f.sha256").read_text().strip() == digest_of(path)


def test_a_broken_download_goes_on_where_it_stopped(server, tmp_path):
    url, asked = server
    with pytest.raises(DataError, match="run again"):
        fetch(f"{url}/broken", tmp_path / "f")
    assert not (tmp_path / "f").exists()
    assert fetch(f"{url}/whole", tmp_path / "f").read_bytes() == CONTENT
    assert asked[-1] == f"bytes={len(CONTENT) // 2}-"


def test_a_file_with_another_digest_than_the_recorded_is_refused_and_removed(server, tmp_path):
    url, _ = server
    path = fetch(f"{url}/whole", tmp_path / "f")
    path.write_bytes(b"changed")
    with pytest.raises(DataError, match=r"has the SHA-256 .* where .* is due; removed"):
        fetch(f"{url}/whole", path)
    assert not path.exists()
    (tmp_path / "f.sha256").write_text("0" * 64)
    with pytest.raises(DataError, match="where 000000000000… is due"):
        fetch(f"{url}/whole", path)
    assert not path.exists()


def test_a_damaged_zip_is_refused_and_removed(server, tmp_path, monkeypatch):
    url, _ = server
    whole = write_zip(tmp_path / "zip", [{"url": str(number)} for number in range(500)]) / "python.zip"
    monkeypatch.setattr("eval.download.CSN_URL", f"{url}/{{language}}.zip")
    monkeypatch.setenv("CODESEARCH_CACHE", str(tmp_path / "cache"))
    data = whole.read_bytes()
    end = data.index(b"PK\x01\x02")
    # in turn a flipped method of packing, a flipped length of the local header and a file that is no zip at all
    for content in (replaced(data, end + 10, 99), replaced(data, 27, 0xFF), b"<html>Forbidden</html>"):
        monkeypatch.setattr("test_download.CONTENT", content)
        with pytest.raises(DataError, match=r"python.zip.part is .*; removed, run again$") as error:
            download_csn(("python",))
        assert "\n" not in str(error.value)
        assert not list((data_cache() / "csn").iterdir())
    monkeypatch.setattr("test_download.CONTENT", data)
    assert (download_csn(("python",)) / "python.zip").read_bytes() == data


def replaced(data, place, byte):
    return data[:place] + bytes([byte]) + data[place + 1 :]


def test_what_is_downloaded_and_encoded_stays_in_the_chosen_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CODESEARCH_CACHE", str(tmp_path))
    assert data_cache().is_relative_to(tmp_path)
    assert default_cache().is_relative_to(tmp_path)


def test_what_cannot_be_downloaded_is_one_clear_line(server, tmp_path):
    url, _ = server
    for address in (f"{url}/missing", "http://127.0.0.1:9/none"):
        with pytest.raises(DataError, match=r"cannot be downloaded .* give its folder as DATA") as error:
            fetch(address, tmp_path / "f")
        assert "\n" not in str(error.value)
