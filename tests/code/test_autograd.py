"""The scalar autograd against values worked by hand and against PyTorch's."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchlm import autograd
from scratchlm.autograd import Value, as_value, topological


def test_the_loss_of_two_logits_by_hand():
    a, b = Value(math.log(3)), Value(0)
    p, q = a.exp(), b.exp()
    s = p + q
    log_sum = s.log()
    loss = log_sum - a
    loss.backward()
    assert loss.data == pytest.approx(math.log(4 / 3))
    found = [value.grad for value in (loss, log_sum, s, p, q, b, a)]
    assert found == pytest.approx([1, 1, 0.25, 0.25, 0.25, 0.25, -0.25])


def test_a_value_used_twice_collects_both_contributions():
    x = Value(3.0)
    (x * x + x).backward()
    assert x.grad == 7
    y = Value(2.0)
    (y + y).backward()
    assert y.grad == 2


def test_the_docstring_is_true():
    x = Value(3.0)
    y = x * x + 2 * x
    y.backward()
    assert (y.data, x.grad) == (15.0, 8.0) and ">>> y.data, x.grad" in Value.__doc__


@pytest.mark.parametrize(
    "function",
    [
        lambda x: 2 + x,
        lambda x: 2 * x,
        lambda x: 2 - x,
        lambda x: x - 2,
        lambda x: x / 2,
        lambda x: -x,
        lambda x: x**3,
        lambda x: x**-1.5,
        lambda x: x.exp(),
        lambda x: x.log(),
        lambda x: x.tanh(),
    ],
)
def test_each_operation_equals_pytorchs(function):
    for number in (0.3, 1.0, 2.5):
        mine, theirs = Value(number), torch.tensor(number, dtype=torch.float64, requires_grad=True)
        result, expected = function(mine), function(theirs)
        result.backward()
        expected.backward()
        assert result.data == pytest.approx(expected.item(), rel=1e-12)
        assert mine.grad == pytest.approx(theirs.grad.item(), rel=1e-12)


# Programs: each instruction takes one or two earlier results, so that nodes are shared at random.
OPERATIONS = {
    "+": (2, lambda a, b: a + b),
    "-": (2, lambda a, b: a - b),
    "*": (2, lambda a, b: a * b),
    "/": (2, lambda a, b: a / (b * b + 1)),
    "tanh": (1, lambda a: a.tanh()),
    "exp": (1, lambda a: a.tanh().exp()),
    "log": (1, lambda a: (a * a + 1).log()),
    "**": (1, lambda a: a.tanh() ** 3),
}
NUMBER = st.floats(-2, 2)
PROGRAM = st.lists(
    st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 99), st.integers(0, 99)),
    min_size=1,
    max_size=12,
)


def execute(program, leaves):
    results = list(leaves)
    for name, i, j in program:
        arity, function = OPERATIONS[name]
        results.append(function(*(results[k % len(results)] for k in (i, j)[:arity])))
    return results[-1]


@settings(max_examples=300, deadline=None)
@given(PROGRAM, st.lists(NUMBER, min_size=1, max_size=4))
def test_any_expression_has_pytorchs_gradients(program, numbers):
    mine = [Value(number) for number in numbers]
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in numbers]
    result, expected = execute(program, mine), execute(program, theirs)
    result.backward()
    expected.backward()
    assert result.data == pytest.approx(expected.item(), rel=1e-9, abs=1e-9)
    for value, tensor in zip(mine, theirs):
        grad = 0.0 if tensor.grad is None else tensor.grad.item()
        assert value.grad == pytest.approx(grad, rel=1e-7, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(PROGRAM, st.lists(NUMBER, min_size=1, max_size=4))
def test_parents_come_before_children_and_nobody_twice(program, numbers):
    root = execute(program, [Value(number) for number in numbers])
    order = topological(root)
    place = {id(value): i for i, value in enumerate(order)}
    assert len(place) == len(order) and order[-1] is root
    assert all(place[id(p)] < place[id(v)] for v in order for p in v.parents)


def test_a_second_call_adds_to_the_leaves_as_pytorch_does():
    a, t = Value(0.5), torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    mine, theirs = (a * a).exp() * a, (t * t).exp() * t
    for _ in range(3):
        mine.backward()
        theirs.backward(retain_graph=True)
        assert a.grad == pytest.approx(t.grad.item())
    other = a * 2
    other.backward()
    (t * 2).backward()
    assert a.grad == pytest.approx(t.grad.item())


def test_deep_graphs_do_not_exhaust_the_stack():
    x = Value(1.0)
    y = x
    for _ in range(20_000):
        y = y + x
    y.backward()
    assert x.grad == 20_001


def test_numbers_become_values():
    x = Value(1)
    assert as_value(x) is x and as_value(2).data == 2.0 and not as_value(2).parents
    assert repr(x) == "Value(1.0000, grad=0.0000)"
    assert sum([Value(1), Value(2)]).data == 3


@pytest.mark.parametrize(
    "wrong, error, words",
    [
        (lambda: Value(0).log(), ValueError, "above 0"),
        (lambda: Value(2) ** Value(2), TypeError, "plain number"),
        (lambda: Value(-2) ** 0.5, ValueError, "base > 0"),
        (lambda: Value(0) ** 0.5, ValueError, "base > 0"),
        (lambda: Value(1) / 0, ZeroDivisionError, "division"),
    ],
)
def test_bad_input_is_one_sentence(wrong, error, words):
    with pytest.raises(error, match=words) as caught:
        wrong()
    assert "\n" not in str(caught.value)


def test_it_fits_into_a_hundred_lines():
    with open(autograd.__file__, encoding="utf-8") as file:
        assert len(file.readlines()) <= 100
