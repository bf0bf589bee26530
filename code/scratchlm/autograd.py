"""Backpropagation on single numbers: what `loss.backward()` does, small enough to read."""

import math


class Value:
    """A number that knows what it was computed from, and so can be differentiated.

    `data` is the number; `grad` the derivative by it of what `backward` was called on;
    `parents` are the values that the operation `op` took, and `slopes` the derivatives
    of its result by each of them, here and now.

    >>> x = Value(3.0)
    >>> y = x * x + 2 * x
    >>> y.backward()
    >>> y.data, x.grad
    (15.0, 8.0)
    """

    def __init__(self, data, parents=(), slopes=(), op=""):
        self.data, self.grad = float(data), 0.0
        self.parents, self.slopes, self.op = parents, slopes, op

    def __repr__(self):
        return f"Value({self.data:.4f}, grad={self.grad:.4f})"

    def __add__(self, other):
        other = as_value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __sub__(self, other):
        other = as_value(other)
        return Value(self.data - other.data, (self, other), (1.0, -1.0), "-")

    def __mul__(self, other):
        other = as_value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data), "*")

    def __truediv__(self, other):
        other = as_value(other)
        ratio = self.data / other.data
        return Value(ratio, (self, other), (1 / other.data, -ratio / other.data), "/")

    def __pow__(self, power):
        if not isinstance(power, (int, float)):
            raise TypeError(f"The power is {power!r}: give a plain number, not a Value.")
        if (self.data < 0 and power % 1) or (self.data == 0 and power < 1):
            raise ValueError(f"{self.data} ** {power} has no slope: give a base > 0.")
        slope = power * self.data ** (power - 1)
        return Value(self.data**power, (self,), (slope,), f"**{power}")

    def exp(self):
        result = math.exp(self.data)
        return Value(result, (self,), (result,), "exp")

    def log(self):
        if self.data <= 0:
            raise ValueError(f"log needs a number above 0, not {self.data}.")
        return Value(math.log(self.data), (self,), (1 / self.data,), "log")

    def tanh(self):
        result = math.tanh(self.data)
        return Value(result, (self,), (1 - result**2,), "tanh")

    __radd__, __rmul__ = __add__, __mul__  # for a plain number on the left

    def __neg__(self):
        return 0 - self

    def __rsub__(self, other):
        return as_value(other) - self

    def backward(self):
        """Work out the `grad` of all values behind this one; leaves add it to theirs."""
        order = topological(self)
        for node in order:
            node.grad = 0.0 if node.parents else node.grad  # leaves keep what they have
        self.grad += 1.0  # a number changes as fast as itself
        for node in reversed(order):  # each one's own grad is complete by now
            for parent, slope in zip(node.parents, node.slopes):
                parent.grad += slope * node.grad  # +=: used twice, blamed twice


def as_value(number) -> Value:
    """Return a Value as it is, and a plain number as a Value with no parents."""
    return number if isinstance(number, Value) else Value(number)


def topological(root: Value) -> list[Value]:
    """Return root and all values behind it, parents always before children."""
    order, seen, stack = [], set(), [(root, False)]  # no recursion: graphs are deep
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack += [(parent, False) for parent in node.parents]
    return order
