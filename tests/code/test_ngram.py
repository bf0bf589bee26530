"""N-gram models: by hand, against independent counts, as properties, shared ≡ separate counts."""

import math
import re
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import log_loss

from scratchlm.ngram import (
    AddAlphaNGram,
    InterpolatedNGram,
    NGram,
    cross_entropy,
    generate_text,
    predictions,
    surprisals,
)

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

CORPUS = "to be or not to be"
VOCAB = " benort"
texts = st.text("ab ", min_size=1, max_size=30)
text_lists = st.lists(st.text("ab", max_size=8), min_size=1, max_size=6)
orders = st.integers(1, 4)
smoothed = st.sampled_from([lambda n, v, b: AddAlphaNGram(n, v, 0.3, b), InterpolatedNGram])


# ---- by hand


def test_predictions_by_hand():
    assert list(predictions("tea", 1)) == [("", "t"), ("", "e"), ("", "a")]
    assert list(predictions("tea", 2)) == [("", "t"), ("t", "e"), ("e", "a")]
    assert list(predictions("", 3)) == []
    assert list(predictions("", 3, ".")) == [("..", ".")]
    assert list(predictions("a", 1, ".")) == [("", "a"), ("", ".")]
    assert list(predictions("tea", 3, ".")) == [("..", "t"), (".t", "e"), ("te", "a"), ("ea", ".")]


def test_the_chain_rule_by_hand():
    model = NGram(2, VOCAB).fit([CORPUS])
    assert math.exp(-sum(surprisals(model, "to be"))) == pytest.approx(1 / 45)
    assert math.exp(-sum(surprisals(model, "not be"))) == pytest.approx(1 / 540)
    assert surprisals(model, "bet")[-1] == math.inf
    assert cross_entropy(model, ["to be"]) == pytest.approx(math.log(45) / 5)
    assert model.distribution("o").tolist() == [0.5, 0, 0, 0, 0, 0.25, 0.25]


def test_add_alpha_by_hand():
    model = AddAlphaNGram(2, VOCAB, alpha=1).fit([CORPUS])
    assert model.probability(" ", "e") == 2 / 8
    assert model.probability("t", "e") == 1 / 8
    assert model.probability("t", "") == 4 / 25
    assert AddAlphaNGram(3, VOCAB, alpha=2).fit([CORPUS]).probability("t", "zz") == 1 / 7


def test_interpolation_by_hand():
    model = InterpolatedNGram(2, VOCAB).fit([CORPUS])
    assert model.probability("t", "") == pytest.approx(4 / 25)
    assert model.probability("t", "e") == pytest.approx(2 / 25)
    assert model.probability(" ", "e") == pytest.approx(0.62)


def test_boundary_by_hand():
    model = NGram(2, ".ab", boundary=".").fit(["ab", "a"])
    assert model.probability("a", "") == 1  # both begin with a
    assert model.probability("b", "a") == 0.5
    assert model.probability(".", "b") == 1
    assert cross_entropy(model, ["ab"]) == pytest.approx(math.log(2) / 3)  # 3 predictions
    assert model.rows[""] == Counter({"a": 2, ".": 2, "b": 1})  # the padding is never predicted


# ---- independent oracles


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_counts_against_scikit_learn(n):
    text = "the rain in spain stays mainly in the plain " * 3 + "and not in the brain"
    model = NGram(4, "".join(sorted(set(text)))).fit([text])
    vectorizer = CountVectorizer(analyzer="char", ngram_range=(n, n), lowercase=False)
    counts = vectorizer.fit_transform([text]).toarray()[0]
    expected = dict(zip(vectorizer.get_feature_names_out(), counts.tolist()))
    # scikit-learn joins runs of spaces; this text has none
    ours = {h + c: k for h, row in model.rows.items() if len(h) == n - 1 for c, k in row.items()}
    assert ours == expected


def transition_matrix(text, vocab):
    index = {c: i for i, c in enumerate(vocab)}
    matrix = np.zeros((len(vocab), len(vocab)))
    np.add.at(matrix, ([index[c] for c in text[:-1]], [index[c] for c in text[1:]]), 1)
    return matrix


@given(texts, st.floats(0.01, 5))
def test_bigrams_against_numpy(text, alpha):
    vocab = "ab "
    matrix = transition_matrix(text, vocab) + alpha
    expected = matrix / matrix.sum(axis=1, keepdims=True)
    model = AddAlphaNGram(2, vocab, alpha).fit([text])
    for i, context in enumerate(vocab):
        assert model.distribution(context).numpy() == pytest.approx(expected[i])


def recursive_witten_bell(text, vocab, target, context):
    """Chen and Goodman's recursion, each count a search of the text."""
    following = re.findall(f"(?={re.escape(context)}(.))", text, re.S)
    if context and not following:
        return recursive_witten_bell(text, vocab, target, context[1:])
    lower = 1 / len(vocab)
    if context:
        lower = recursive_witten_bell(text, vocab, target, context[1:])
    kinds = len(set(following))
    return (following.count(target) + kinds * lower) / (len(following) + kinds)


@given(texts, orders, st.text("ab ", max_size=5))
def test_interpolation_against_the_recursion(text, n, context):
    vocab = "ab "
    model = InterpolatedNGram(n, vocab).fit([text])
    window = context[-(n - 1) :] if n > 1 else ""
    for target in vocab:
        expected = recursive_witten_bell(text, vocab, target, window)
        assert model.probability(target, context) == pytest.approx(expected)


def test_cross_entropy_against_scikit_learn():
    model = InterpolatedNGram(3, VOCAB).fit([CORPUS])
    text = "not to be bet"
    rows = [model.distribution(h).tolist() for h, _ in predictions(text, 3)]
    expected = log_loss(list(text), rows, labels=list(VOCAB))
    assert cross_entropy(model, [text]) == pytest.approx(expected)


# ---- properties


@given(text_lists, orders, smoothed, st.sampled_from([None, "."]), st.text("ab", max_size=5))
def test_smoothed_distributions_sum_to_one_and_are_never_zero(train, n, make, boundary, context):
    model = make(n, ".ab", boundary).fit(train)
    p = model.distribution(context)
    assert p.shape == (3,) and p.dtype == torch.float64
    assert float(p.sum()) == pytest.approx(1)
    assert (p > 0).all()


@given(texts, orders, st.text("ab ", max_size=5))
def test_maximum_likelihood_sums_to_one_or_is_silent(text, n, context):
    model = NGram(n, "ab ").fit([text])
    total = float(model.distribution(context).sum())
    assert total == pytest.approx(1) if model.window(context) in model.rows else total == 0


@given(texts, orders)
def test_asking_adds_no_rows(text, n):
    model = NGram(n, "ab ").fit([text])
    before = len(model.rows)
    InterpolatedNGram(n, "ab ").use(model).distribution("bab ab")
    AddAlphaNGram(n, "ab ").use(model).distribution("bab ab")
    model.distribution("bab ab")
    assert len(model.rows) == before


@given(texts, orders)
def test_maximum_likelihood_is_best_on_its_own_training_text(text, n):
    counts = NGram(n, "ab ").fit([text])
    best = cross_entropy(counts, [text])
    assert best <= cross_entropy(InterpolatedNGram(n, "ab ").use(counts), [text]) + 1e-12
    assert best <= cross_entropy(AddAlphaNGram(n, "ab ").use(counts), [text]) + 1e-12


@given(texts, orders)
def test_interpolation_lies_between_the_row_and_the_shorter_context(text, n):
    counts = NGram(n, "ab ").fit([text])
    shorter = InterpolatedNGram(max(n - 1, 1), "ab ").use(counts)
    model = InterpolatedNGram(n, "ab ").use(counts)
    context = text[: n - 1]
    if n == 1 or context not in counts.rows:
        return
    for c in "ab ":
        ends = counts.probability(c, context), shorter.probability(c, context)
        assert min(ends) - 1e-12 <= model.probability(c, context) <= max(ends) + 1e-12


@given(text_lists, st.permutations("ab."))
def test_the_order_of_texts_and_of_the_vocabulary_does_not_matter(train, vocab):
    one = InterpolatedNGram(3, ".ab", ".").fit(train)
    other = InterpolatedNGram(3, "".join(vocab), ".").fit(train[::-1])
    assert cross_entropy(one, train) == pytest.approx(cross_entropy(other, train))
    assert one.distribution("a")[0] == pytest.approx(
        float(other.distribution("a")[vocab.index(".")])
    )


@given(texts, st.integers(0, 1000), st.sampled_from([0, 0.5, 1, 2]))
def test_generation_repeats_under_a_generator(text, seed, temperature):
    model = InterpolatedNGram(3, "ab ").fit([text])
    one, two = (
        generate_text(model, 20, "a", temperature, torch.Generator().manual_seed(seed))
        for _ in range(2)
    )
    assert one == two
    assert len(one) == 21 and one[0] == "a" and set(one) <= set("ab ")


@given(text_lists, st.integers(0, 1000))
def test_maximum_likelihood_with_a_boundary_writes_only_what_it_saw(train, seed):
    model = NGram(3, ".ab", ".").fit(train)
    written = generate_text(model, 50, generator=torch.Generator().manual_seed(seed))
    seen = {gram for text in train for gram in trigrams(f"..{text}.")}
    ending = "." if len(written) < 50 else ""
    assert set(trigrams(f"..{written}{ending}")) <= seen


def trigrams(text):
    return [text[i : i + 3] for i in range(len(text) - 2)]


def test_greedy_generation_repeats_for_ever_once_a_window_comes_back():
    model = InterpolatedNGram(3, "".join(sorted(set(CORPUS)))).fit([CORPUS])
    written = generate_text(model, 600, "t", temperature=0)
    first_seen = {}
    for i in range(2, len(written)):
        window = written[i - 2 : i]
        if window in first_seen:
            period = i - first_seen[window]
            assert written[i:] == written[i - period : -period]
            return
        first_seen[window] = i
    pytest.fail("no window came back")


# ---- slow ≡ fast


@given(text_lists, orders, st.sampled_from([None, "."]))
def test_shared_counts_are_the_same_as_separate_ones(train, n, boundary):
    shared = NGram(5, ".ab", boundary).fit(train)
    for make in (AddAlphaNGram, InterpolatedNGram):
        separate = make(n, ".ab", boundary=boundary).fit(train)
        reused = make(n, ".ab", boundary=boundary).use(shared)
        for context in ["", "a", "ab", "bba", "abab"]:
            assert torch.equal(separate.distribution(context), reused.distribution(context))


@given(text_lists, orders, st.sampled_from([None, "."]))
def test_cross_entropy_is_the_mean_over_all_predictions(train, n, boundary):
    model = InterpolatedNGram(n, ".ab", boundary).fit(train)
    questions = [q for text in train for q in predictions(text, n, boundary)]
    if questions:
        slow = -sum(math.log(model.distribution(h)[".ab".index(x)]) for h, x in questions)
        assert cross_entropy(model, train) == pytest.approx(slow / len(questions))


@given(text_lists)
def test_fitting_in_two_steps_is_fitting_once(train):
    once = NGram(3, "ab").fit(train)
    twice = NGram(3, "ab").fit(train[:2]).fit(train[2:])
    assert once.rows == twice.rows


# ---- bad input


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: NGram(0, "ab"), "n is 0"),
        (lambda: NGram(2, "ab", boundary="."), "boundary '.' is not"),
        (lambda: NGram(2, "ab", boundary="ab"), "boundary 'ab' is not"),
        (lambda: NGram(2, "ab").fit("ab"), "list of texts"),
        (lambda: NGram(2, "ab").fit(["abc"]), r"\['c'\]"),
        (lambda: NGram(2, "ab").of_order(3), "stop at n = 2"),
        (lambda: AddAlphaNGram(2, "ab", alpha=0), "alpha is 0"),
        (lambda: AddAlphaNGram(2, "ab").use(NGram(2, "abc")), "another vocab"),
        (lambda: InterpolatedNGram(2, "ab").use(NGram(2, "abc")), "another vocab"),
        (lambda: InterpolatedNGram(3, "ab").use(NGram(2, "ab")), "stop at n = 2"),
        (lambda: cross_entropy(NGram(2, "ab").fit(["ab"]), "ab"), "list of texts"),
        (lambda: cross_entropy(NGram(2, "ab").fit(["ab"]), [""]), "nothing to predict"),
        (lambda: surprisals(NGram(2, "ab").fit(["ab"]), "abc"), r"\['c'\]"),
        (lambda: generate_text(NGram(2, "abc").fit(["ab"]), 5, "c"), "Nothing can be drawn"),
    ],
)
def test_bad_input_gets_a_sentence(call, what):
    with pytest.raises(ValueError, match=what):
        call()
