"""Wrong answers to the exercises of the chapter on characters, words and bytes."""

from tests.wrong.answers import Wrong


def windows(inputs: str, targets: str) -> str:
    return f"inputs = {inputs}\ntargets = {targets}"


def utf8(result: str) -> str:
    """A wrong answer made from the right one, which is called `right`."""
    return f"right = utf8\ndef utf8(code_point):\n    return {result}"


def spaces(pattern: str) -> str:
    return f"import re\ndef split_spaced(text):\n    return re.findall(r'{pattern}', text)"


def documents(*lines: str) -> str:
    """A wrong answer that may call the right one `right`."""
    return "\n    ".join(["right = document_of\ndef document_of(tape, end):", *lines])


def speller(*lines: str) -> str:
    return "\n    ".join(["class Speller(Speller):", *lines])


def perplexity(
    result: str = "math.exp(loss)",
    asked: str = "coarse.encode(val_text)",
    size: str = "len(coarse)",
) -> str:
    return f"""\
perplexities = {{}}
for size in [0, 100, 1_000, 10_000]:
    coarse = WordTokenizer(vocab[:size])
    seen, held_out = Counter(coarse.encode(train_text)), {asked}
    whole = seen.total() + {size}
    loss = -sum(math.log((seen[i] + 1) / whole) for i in held_out) / len(held_out)
    perplexities[size] = {result}"""


X, Y = "[[3, 1, 4], [4, 1, 5], [5, 9, 2]]", "[[1, 4, 1], [1, 5, 9], [9, 2, 6]]"
TABLE = "right(code_point) if code_point {} else {}"

WRONG = {
    "tokenization-windows": [
        Wrong(windows(Y, X), "swapped"),
        Wrong(
            windows(
                "[[3, 1, 4], [1, 4, 1], [4, 1, 5], [1, 5, 9], [5, 9, 2]]",
                "[[1, 4, 1], [4, 1, 5], [1, 5, 9], [5, 9, 2], [9, 2, 6]]",
            ),
            "stride of 1",
        ),
        Wrong(windows("[[3, 1, 4], [1, 5, 9]]", "[[1, 4, 1], [5, 9, 2]]"), "stride of 3"),
        Wrong(windows("[[3, 1, 4], [1, 4, 1]]", "[[1, 4, 1], [4, 1, 5]]"), "not right"),
        Wrong(windows(f"[*{X}, [9, 2, 6]]", Y), "too many"),
        Wrong(windows(f"[*{X}, [2, 6]]", Y), "context length"),
        Wrong(windows(X, "[[4, 1, 5], [5, 9, 2], [2, 6, 0]]"), "targets are not right"),
        Wrong(windows(X, "[[1], [9], [6]]"), "context length"),
        Wrong(windows(X, "'3'"), "two lists"),
        Wrong(windows("7", Y), "two lists"),
        Wrong(windows("[3, 1, 4]", "[1, 4, 1]"), "two lists"),
        Wrong(windows(X, "[['1', 4, 1]]"), "two lists"),
    ],
    "tokenization-utf8": [
        Wrong("def utf8(code_point):\n    return list(chr(code_point).encode())"),
        Wrong("def utf8(code_point):\n    return [code_point]", "takes 2 bytes"),
        Wrong(utf8("right(code_point)[::-1]"), "wrong order", extends=True),
        Wrong(
            utf8(TABLE.format("< 128", "[192 + (code_point >> 6), 128 + (code_point & 63)]")),
            "takes 3 bytes",
            extends=True,
        ),
        Wrong(utf8(TABLE.format("!= 128", "[128]")), "takes 2 bytes", extends=True),
        Wrong(
            utf8(TABLE.format("< 128", "[byte & 63 for byte in right(code_point)]")),
            "was expected",
            extends=True,
        ),
        Wrong(utf8("''.join(map(str, right(code_point)))"), "whole numbers", extends=True),
        Wrong("def utf8(code_point):\n    return None", "list of whole numbers"),
        Wrong("utf8 = [195, 169]", "without calling"),
    ],
    "tokenization-spaces": [
        Wrong(spaces(" ?[A-Za-z0-9_]+|[^A-Za-z0-9_]")),
        Wrong("split_spaced = split_words", "stay with its word"),
        Wrong(spaces(r" *\w+|\W"), "was expected"),
        Wrong(spaces(r"\w+ ?|\W"), "was expected"),
        Wrong(spaces(r"\s?\w+|\W"), "was expected"),
        Wrong(spaces(r" ?\w+| ?\W"), "was expected"),
        Wrong(spaces(r" ?\w+"), "do not join"),
        Wrong("def split_spaced(text):\n    return text.split()", "do not join"),
        Wrong("def split_spaced(text):\n    return text", "list of strings"),
        Wrong("split_spaced = 'to be'", "without calling"),
    ],
    "tokenization-perplexity": [
        Wrong("perplexities = {0: 1.0, 100: 13.3, 1_000: 33.3, 10_000: 75.7}"),
        Wrong(perplexity("loss"), "losses"),
        Wrong(perplexity(asked="[i for i in coarse.encode(val_text) if i] or [0]"), "left out"),
        Wrong(perplexity(asked="coarse.encode(train_text)"), "training text"),
        Wrong(perplexity("loss / math.log(2) if size else 1.0"), "loss"),
        Wrong(perplexity(size="size"), "For 0 words V is 1, not 0: <unk> has an id"),
        Wrong(perplexity(size="max(1, size)"), "For 100 words V is 101, not 100"),
        Wrong("perplexities = {0: 1.0, 100: 13.3, 1_000: 20.0, 10_000: 75.7}", "should be about"),
        Wrong("perplexities = {0: 1.0}", "keys"),
        Wrong("perplexities = 13.3", "keys"),
        Wrong("perplexities = {0: 1.0, 100: '13', 1_000: 33.3, 10_000: 75.7}", "give a number"),
        Wrong("perplexities = {0: 1.0, 100: math.inf, 1_000: 33.3, 10_000: 75.7}", "give a number"),
    ],
    "tokenization-documents": [
        Wrong(
            "def document_of(tape, end):\n"
            "    is_end = tape.sub_(end).eq_(0)\n"
            "    return is_end.cumsum(0) - is_end"
        ),
        Wrong(
            "def document_of(tape, end):\n    return (tape == end).cumsum(0)",
            "belongs to the document",
        ),
        Wrong(documents("return right(tape, end) + 1"), "from 0", extends=True),
        Wrong(documents("return right(tape, 0)"), "instead of", extends=True),
        Wrong(documents("return torch.zeros_like(tape)"), "instead of", extends=True),
        Wrong(documents("return right(tape, end).float()"), "int64", extends=True),
        Wrong(documents("return right(tape, end).tolist()"), "tensor of shape", extends=True),
        Wrong(documents("return int((tape == end).sum())"), "tensor of shape", extends=True),
        Wrong(documents("return right(tape[tape != end], end)"), "tensor of shape", extends=True),
        Wrong("document_of = torch.zeros(3)", "without calling"),
    ],
    "tokenization-spelling": [
        Wrong(  # one table for all spellers
            speller(
                "stoi = {}",
                "def __init__(self, vocab):",
                "    self.vocab = list(vocab)",
                "    self.stoi.update((word, 256 + i) for i, word in enumerate(vocab))",
            ),
            extends=True,
        ),
        Wrong(
            speller(
                "def decode(self, ids):", "    return ''.join(super().decode([i]) for i in ids)"
            ).replace("super()", "super(Speller, self)"),
            "decode once",
            extends=True,
        ),
        Wrong(
            speller(
                "def encode(self, text):",
                "    return [self.stoi.get(word, 0) for word in split_words(text)]",
            ),
            "instead of",
            extends=True,
        ),
        Wrong(
            speller(
                "def encode(self, text):",
                "    words = [[self.stoi[w]] if w in self.stoi else map(ord, w) "
                "for w in split_words(text)]",
                "    return [i for word in words for i in word]",
            ),
            "instead of",
            extends=True,
        ),
        Wrong(
            speller("def __len__(self):", "    return len(self.vocab)"),
            "count the 256 bytes",
            extends=True,
        ),
        Wrong(
            speller("def encode(self, text):", "    return list(text.encode())"),
            "instead of",
            extends=True,
        ),
        Wrong(
            speller("def decode(self, ids):", "    return super().decode(ids).strip('\\ufffd')"),
            "U+FFFD",
            extends=True,
        ),
        Wrong(
            speller("def encode(self, text):", "    return split_words(text)"),
            "whole numbers",
            extends=True,
        ),
        Wrong("Speller = Speller(['a'])", "class Speller", extends=True),
        Wrong("Speller = 'Speller'", "class Speller"),
    ],
}
