"""Decoding: by hand, against transformers and exhaustive search, and drawn to be counted."""

import itertools
import math
from collections import Counter
from types import SimpleNamespace

import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from scratchlm.decoding import (
    Beam,
    SamplingConfig,
    beam_search,
    find_cycle,
    generate,
    grow,
    log_likelihood,
    min_p_filter,
    next_logits,
    penalise_repetition,
    reshape,
)
from scratchlm.gpt import GPT, GPTConfig
from scratchlm.sampling import top_k_filter, top_p_filter
from tests.code.test_gpt import alike

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

INF = math.inf
P = [0.5, 0.25, 0.15, 0.06, 0.04]
numbers = st.floats(-20, 20, allow_nan=False).map(lambda x: round(x, 3))
logit_lists = st.lists(numbers, min_size=2, max_size=20, unique=True)
GREEDY = SamplingConfig(temperature=0)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def survivors(logits):
    return logits.isfinite().nonzero().flatten().tolist()


class Table:
    """A model that looks at the last token only: rows of probabilities (V, V)."""

    def __init__(self, rows, context_length=9):
        self.logits = torch.as_tensor(rows).log()
        self.config = SimpleNamespace(context_length=context_length)

    def __call__(self, ids):
        return self.logits[ids]  # (B, T, V)


# ".", "A", "The", "cat", "end": greedy begins with "A", the likeliest sentence with "The".
TREE = Table(
    [
        [0, 0.6, 0.4, 0, 0],
        [0.3, 0, 0, 0.5, 0.2],
        [0, 0, 0, 0.1, 0.9],
        [1.0, 0, 0, 0, 0],
        [1.0, 0, 0, 0, 0],
    ]
)


def random_gpt(seed=0, vocab_size=7, context_length=6):
    torch.manual_seed(seed)
    model = GPT(GPTConfig(vocab_size, context_length, 8, 2, 2)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.4)
    return model


# ------------------------------------------------------------------------------ one distribution


def test_min_p_by_hand():
    assert survivors(min_p_filter(tensor(P).log(), 0.2)) == [0, 1, 2]
    assert survivors(min_p_filter(tensor(P).log(), 0.5 - 1e-9)) == [0, 1]
    assert survivors(min_p_filter(tensor(P).log(), 0)) == [0, 1, 2, 3, 4]
    assert survivors(min_p_filter(tensor([0.4, 0.4, 0.2]).log(), 1)) == [0, 1]


def test_repetition_penalty_by_hand():
    logits = tensor([2.0, -1.0, 3.0, 0.0])
    assert penalise_repetition(logits, [0, 1, 0, 3], 2).tolist() == [1, -2, 3, 0]
    assert penalise_repetition(logits, [], 2).tolist() == logits.tolist()
    assert penalise_repetition(tensor([-INF, 1.0]), [0], 2).tolist() == [-INF, 1]


def test_repetition_penalty_depends_on_where_zero_is():
    logits = tensor([2.0, 1.0])
    shifted = [penalise_repetition(logits + c, [0], 2).softmax(0)[0].item() for c in (0, 10, -10)]
    assert shifted[1] < shifted[0] < 0.6 and abs(shifted[0] - shifted[2]) > 0.1


@given(logit_lists, st.floats(0.01, 0.99))
def test_min_p_is_that_of_transformers(values, min_p):
    z = tensor(values)
    ratios = (z - z.max()).exp()
    if (ratios - min_p).abs().min() < 1e-9:
        return  # the last digit decides
    assert torch.equal(min_p_filter(z, min_p), MinPLogitsWarper(min_p)(None, z[None])[0])


@given(logit_lists, st.lists(st.integers(0, 1), max_size=9), st.floats(0.5, 3))
def test_repetition_penalty_is_that_of_transformers(values, seen, penalty):
    z = tensor(values)
    ids = torch.tensor([seen], dtype=torch.long)
    theirs = RepetitionPenaltyLogitsProcessor(float(penalty))(ids, z[None])[0]
    torch.testing.assert_close(penalise_repetition(z, seen, penalty), theirs)


@given(logit_lists, st.integers(1, 25), st.floats(0.02, 0.98))
def test_top_k_and_top_p_are_those_of_transformers(values, k, p):
    z = tensor(values)
    assert torch.equal(top_k_filter(z, k), TopKLogitsWarper(k)(None, z[None])[0])
    if (z.softmax(0).sort().values.cumsum(0) - (1 - p)).abs().min() > 1e-9:
        assert torch.equal(top_p_filter(z, p), TopPLogitsWarper(p)(None, z[None])[0])


configs = st.builds(
    SamplingConfig,
    temperature=st.floats(0.2, 5),
    top_k=st.integers(0, 8),
    top_p=st.floats(0.05, 1),
    min_p=st.floats(0, 0.9),
    repetition_penalty=st.floats(1, 3),
)


@given(logit_lists, st.lists(st.integers(0, 1), max_size=5), configs)
def test_all_together_are_those_of_transformers_in_their_order(values, ids, config):
    z, given_ids = tensor(values), torch.tensor([ids], dtype=torch.long)
    theirs = RepetitionPenaltyLogitsProcessor(float(config.repetition_penalty))(given_ids, z[None])
    if len(set(theirs[0].tolist())) < len(values):
        return  # of equals, each library keeps others
    theirs = TemperatureLogitsWarper(float(config.temperature))(None, theirs)
    if config.top_k:
        theirs = TopKLogitsWarper(config.top_k)(None, theirs)
    near = (theirs.softmax(-1).sort().values.cumsum(-1) - (1 - config.top_p)).abs().min()
    if config.top_p < 1:
        theirs = TopPLogitsWarper(config.top_p)(None, theirs)
    near = min(near, (theirs.exp() / theirs.max().exp() - config.min_p).abs().min())
    theirs = MinPLogitsWarper(config.min_p)(None, theirs)[0]
    if near > 1e-9:
        torch.testing.assert_close(reshape(z, ids, config), theirs)


def test_the_order_matters():
    z = tensor(P).log()
    hot_first = reshape(z, [], SamplingConfig(temperature=3, top_p=0.75))
    filtered_first = top_p_filter(z, 0.75)
    assert len(survivors(hot_first)) == 4 > len(survivors(filtered_first)) == 2


@given(logit_lists, configs)
def test_reshaping_never_forbids_the_favourite_nor_changes_its_argument(values, config):
    z = tensor(values)
    before = z.clone()
    assert reshape(z, [], config)[z.argmax()].isfinite() and torch.equal(z, before)


def test_settings_that_are_off_change_nothing():
    z = tensor(P).log()
    assert torch.equal(reshape(z, [0, 1], SamplingConfig()), z)
    assert survivors(reshape(z, [], GREEDY)) == [0]


# ---------------------------------------------------------------------------------------- writing


@pytest.mark.parametrize(
    "config",
    [
        SamplingConfig(),
        SamplingConfig(temperature=0.7),
        SamplingConfig(top_k=3),
        SamplingConfig(top_p=0.8),
        SamplingConfig(min_p=0.3),
        SamplingConfig(temperature=1.5, repetition_penalty=1.3, top_p=0.9),
    ],
    ids=str,
)
def test_texts_come_as_often_as_they_should(config):
    """Two tokens after a prompt, drawn 1000 times, against the exact probability of each pair."""
    model, prompt, dice = random_gpt(), [1, 2, 3], torch.Generator().manual_seed(5)
    exact = {}
    for first in range(7):
        p = reshape(next_logits(model, prompt), prompt, config).softmax(0)[first].item()
        text = [*prompt, first]
        q = reshape(next_logits(model, text), text, config).softmax(0)
        exact |= {(first, second): p * q[second].item() for second in range(7)}
    drawn = Counter(tuple(generate(model, prompt, 2, config, (), dice).ids) for _ in range(1000))
    assert all(exact[pair] > 0 for pair in drawn)
    common = [pair for pair in exact if 1000 * exact[pair] >= 5]
    counts = [drawn[pair] for pair in common] + [1000 - sum(drawn[pair] for pair in common)]
    expected = [1000 * exact[pair] for pair in common]
    expected.append(1000 - sum(expected))
    if expected[-1] < 5:  # too rare for the test: leave the last two together
        counts[-2:], expected[-2:] = [sum(counts[-2:])], [sum(expected[-2:])]
    assert scipy.stats.chisquare(counts, expected).pvalue > 0.01


def test_greedy_is_temperature_zero_and_a_beam_of_one():
    for seed in range(5):
        model = random_gpt(seed)
        greedy = generate(model, [seed], 12, GREEDY)
        assert greedy.ids == beam_search(model, [seed], 12, width=1)[0].ids
        ids = [seed]
        for _ in range(12):
            ids.append(int(next_logits(model, ids).argmax()))
        assert greedy.ids == ids[1:]


def test_generation_is_repeatable_whatever_the_threads():
    model, threads, texts = random_gpt(), torch.get_num_threads(), []
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            dice = torch.Generator().manual_seed(3)
            texts.append(generate(model, [1], 40, generator=dice).ids)
    finally:
        torch.set_num_threads(threads)
    assert texts[0] == texts[1]


def test_it_draws_from_its_generator_alone():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    generate(random_gpt(), [1], 5, generator=torch.Generator())
    torch.manual_seed(0)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_window_slides():
    model = random_gpt(context_length=4)
    long, last = [0, 6, 5, 1, 2, 3, 4], [1, 2, 3, 4]
    assert torch.equal(next_logits(model, long), next_logits(model, last))
    assert generate(model, long, 9, GREEDY).ids == generate(model, last, 9, GREEDY).ids


def test_stopping():
    model = Table([[0, 1.0, 0], [0, 0, 1.0], [1.0, 0, 0]])  # 0 1 2 0 1 2 …
    assert generate(model, [0], 7).ids == [1, 2, 0, 1, 2, 0, 1]
    assert generate(model, [0], 7, stop=[0]).ids == [1, 2, 0]
    assert generate(model, [0], 7, stop=[0]).stopped
    assert generate(model, [0], 7, stop=[2, 0, 1]).ids == [1, 2, 0, 1]
    assert not generate(model, [0], 7, stop=[1, 0]).stopped
    assert generate(model, [0, 1, 2], 2, stop=[2, 0]).ids == [0, 1]  # 2 was in the prompt
    assert generate(model, [0], 0).ids == []


def test_log_probs_are_the_models_own():
    model = random_gpt(context_length=5)
    config = SamplingConfig(temperature=2, top_k=4, repetition_penalty=1.5)
    for prompt in ([1], [1, 2, 3, 4, 5], [6, 5, 4, 3, 2, 1, 0, 1]):
        found = generate(model, prompt, 11, config, generator=torch.Generator().manual_seed(1))
        expected = log_likelihood(model, prompt, found.ids)
        torch.testing.assert_close(torch.tensor(found.log_probs), expected)


@given(st.integers(1, 9), st.integers(1, 9))
def test_log_likelihood_slowly(before, after):
    model = random_gpt(context_length=4)
    text = torch.randint(7, (before + after,), generator=torch.Generator().manual_seed(before))
    text = text.tolist()
    slow = [
        next_logits(model, text[:end]).log_softmax(0)[text[end]].item()
        for end in range(before, before + after)
    ]
    with torch.no_grad():
        assert log_likelihood(model, text[:before], text[before:]).tolist() == pytest.approx(
            slow, abs=1e-5
        )


def test_probabilities_of_all_continuations_sum_to_one():
    model = random_gpt(vocab_size=4, context_length=3)
    total = sum(
        log_likelihood(model, [0, 1], list(text)).sum().exp().item()
        for text in itertools.product(range(4), repeat=3)
    )
    assert total == pytest.approx(1, abs=1e-5)


# ------------------------------------------------------------------------------------------ loops


def test_cycles_by_hand():
    assert find_cycle([9, 1, 2, 3, 1, 2, 3], 2) == (1, 3)
    assert find_cycle([5, 5, 5], 2) == (0, 1)
    assert find_cycle([1, 2, 1, 3, 1, 2], 3) is None
    assert find_cycle([], 3) is None


def test_greedy_must_loop():
    """A window of 2 of 3 tokens has 9 states: after 9 steps and 2 more one has come twice."""
    for seed in range(5):
        model = random_gpt(seed, vocab_size=3, context_length=2)
        ids = [0, 1, *generate(model, [0, 1], 30, GREEDY).ids]
        start, period = find_cycle(ids[:12], 2)
        assert all(ids[i] == ids[i + period] for i in range(start, len(ids) - period))


# ------------------------------------------------------------------------------------ beam search


def test_beam_search_by_hand():
    greedy, wide = beam_search(TREE, [0], 3, 1, stop=0), beam_search(TREE, [0], 3, 2, stop=0)
    assert greedy[0].ids == [1, 3, 0] and math.exp(greedy[0].log_prob) == pytest.approx(0.3)
    assert wide[0].ids == [2, 4, 0] and math.exp(wide[0].log_prob) == pytest.approx(0.36)
    assert wide[0].stopped and len(wide) == 2


def all_texts(model, prompt, length, stop):
    """Every continuation that ends in stop or has the length, with its log-probability."""
    found = {}
    for text in itertools.product(range(model.config.vocab_size), repeat=length):
        end = text.index(stop) + 1 if stop in text else length
        found[text[:end]] = None
    return {text: log_likelihood(model, prompt, text).sum().item() for text in found}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("power", [0.0, 0.7, 1.0])
def test_a_beam_that_is_wide_enough_is_exhaustive(seed, power):
    model = random_gpt(seed, vocab_size=4, context_length=3)
    with torch.no_grad():
        every = all_texts(model, [1, 2], 3, stop=0)
    best = sorted(every, key=lambda text: -every[text] / len(text) ** power)
    beams = beam_search(model, [1, 2], 3, width=len(every), stop=0, length_power=power)
    assert [tuple(beam.ids) for beam in beams] == best
    assert [beam.log_prob for beam in beams] == pytest.approx([every[t] for t in best], abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_the_widest_beam_is_never_beaten(seed):
    model = random_gpt(seed)
    best = beam_search(model, [1], 4, width=7**4)[0].log_prob
    for width in (1, 2, 3, 5):
        beams = beam_search(model, [1], 4, width)
        assert len(beams) == width and beams[0].log_prob <= best + 1e-5
        assert beams == sorted(beams, key=lambda beam: -beam.log_prob)


@pytest.mark.parametrize("width", [2, 3, 5])
def test_beam_search_is_that_of_transformers(width):
    ours, theirs = alike((20, 16, 16, 2, 2), fused=False)
    for prompt in ([3, 1, 4], [7]):
        beams = beam_search(ours, prompt, 8, width)
        result = theirs.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            num_beams=width,
            num_return_sequences=width,
            max_new_tokens=8,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
            length_penalty=1.0,
            output_scores=True,
            return_dict_in_generate=True,
        )
        assert result.sequences[:, len(prompt) :].tolist() == [beam.ids for beam in beams]
        scores = [beam.score(1.0) for beam in beams]
        assert result.sequences_scores.tolist() == pytest.approx(scores, abs=1e-4)


def test_greedy_is_that_of_transformers():
    ours, theirs = alike((20, 16, 16, 2, 2), fused=False)
    result = theirs.generate(
        torch.tensor([[3, 1]]),
        max_new_tokens=14,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
    )
    assert result[0, 2:].tolist() == generate(ours, [3, 1], 14, GREEDY).ids


def test_beams_by_hand():
    beam = Beam([1, 2, 3, 4], -2.0)
    assert beam.score(0) == -2 and beam.score(1) == -0.5 and beam.score(0.5) == -1
    with torch.no_grad():
        grown = grow(TREE, [0], [Beam([1], math.log(0.6)), Beam([2], math.log(0.4))], stop=0)
    assert [beam.ids for beam in grown] == [[2, 4], [1, 3], [1, 0], [1, 4], [2, 3]]
    assert [beam.stopped for beam in grown] == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: min_p_filter(tensor(P), 1.5), "min_p is 1.5"),
        (lambda: min_p_filter(tensor(P), -0.1), "min_p is -0.1"),
        (lambda: penalise_repetition(tensor(P), [0], 0), "penalty is 0"),
        (lambda: SamplingConfig(temperature=-1), "temperature is -1"),
        (lambda: SamplingConfig(top_k=-1), "k is -1"),
        (lambda: SamplingConfig(top_p=0), "p is 0"),
        (lambda: SamplingConfig(min_p=2), "min_p is 2"),
        (lambda: SamplingConfig(repetition_penalty=-1), "penalty is -1"),
        (lambda: generate(TREE, [], 3), "nothing to continue"),
        (lambda: log_likelihood(TREE, [], [1]), "give ids"),
        (lambda: log_likelihood(TREE, [1], []), "give ids"),
        (lambda: beam_search(TREE, [1], 3, 0), "width 0"),
        (lambda: beam_search(TREE, [], 3, 2), "0 ids"),
    ],
)
def test_bad_input_gets_a_sentence(call, what):
    with pytest.raises(ValueError, match=what):
        call()
