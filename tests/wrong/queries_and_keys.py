"""Wrong answers to the exercises of the chapter on queries and keys."""

from tests.wrong.answers import Wrong


def weights(scale: str = "W_Q.shape[1] ** 0.5", dim: str = "-1", keys="k.transpose(-2, -1)") -> str:
    """Scaled attention weights with one part exchanged."""
    return f"""\
def attention_weights(x, W_Q, W_K):
    q, k = x @ W_Q, x @ W_K
    return (q @ {keys} / {scale}).softmax(dim={dim})"""


def solved(name: str, signature: str, result: str) -> str:
    """A function that spoils what the solution returns."""
    return f"solved = {name}\ndef {name}({signature}):\n    return {result}"


def shared(body: str) -> str:
    return f"def shared_can(M):\n    return {body}"


def jacobian(result: str) -> str:
    return f"def softmax_jacobian(s):\n    p = s.softmax(0)\n    return {result}"


SEEKERS_AND_FOUND = """\
def attention_weights(x, W_Q, W_K):
    q, k = x @ W_Q, x @ W_K
    return (k @ q.transpose(-2, -1) / W_Q.shape[1] ** 0.5).softmax(dim=-1)"""
NO_SOFTMAX = """\
def attention_weights(x, W_Q, W_K):
    return (x @ W_Q) @ (x @ W_K).transpose(-2, -1) / W_Q.shape[1] ** 0.5"""
SYMMETRIC = "torch.allclose(M, M.T, atol=1e-5)"
POSITIVE = "bool(torch.linalg.eigvalsh(M).min() > -1e-5)"
NO_MINOR = (
    f"{SYMMETRIC} and bool(M.diagonal().min() >= 0 and M[0, 0] * M[1, 1] >= M[0, 1] ** 2 - 1e-5)"
)
STRICT = f"{SYMMETRIC} and bool(torch.linalg.eigvalsh(M).min() > 1e-5)"

WRONG = {
    "queries-and-keys-cash": [
        Wrong("row = [0, 6, 2, 5]", "scores with river"),
        Wrong("row = [-3, 6, 9, 0]", "raw"),
        Wrong("row = [6, 0, 2, 2]", "column"),
        Wrong("row = [0, 3, 2, 5]", "sign"),
        Wrong("row = [0, 6, 8, 2]", "products of keys"),
        Wrong("row = [0, -2.12, 1.41, 3.54]", "before scaling"),
        Wrong("row = [0, -3, 2, 4]", "score for flooded"),
        Wrong("row = [0, -3, 2]", "four"),
        Wrong("row = 'bank'", "four"),
        Wrong("row = ['a', 'b', 'c', 'd']", "number"),
    ],
    "queries-and-keys-weights": [
        Wrong(weights(scale="2")),
        Wrong(weights(scale="1"), "not scaled"),
        Wrong(weights(scale="x.shape[-1] ** 0.5"), "not of C"),
        Wrong(weights(scale="W_Q.shape[1]"), "by its root"),
        Wrong(weights(dim="-2"), "wrong side"),
        Wrong(SEEKERS_AND_FOUND, "seekers"),
        Wrong(NO_SOFTMAX, "missing"),
        Wrong(weights(scale="7"), "are not softmax"),
        Wrong(
            solved("attention_weights", "x, W_Q, W_K", "solved(x, W_Q, W_K) @ x"), "(T, T)", True
        ),
        Wrong(
            solved("attention_weights", "x, W_Q, W_K", "solved(x, W_Q, W_K).tolist()"),
            "tensor",
            True,
        ),
        Wrong(
            solved(
                "attention_weights",
                "x, W_Q, W_K",
                "solved(x.flip(0), W_Q, W_K) if x.ndim == 3 else solved(x, W_Q, W_K)",
            ),
            "batch",
            True,
        ),
        Wrong("attention_weights = 3", "function"),
    ],
    "queries-and-keys-shared": [
        Wrong(shared(NO_MINOR)),
        Wrong(shared(SYMMETRIC), "eigenvalue -1"),
        Wrong(shared(POSITIVE), "not symmetric"),
        Wrong(shared(STRICT), "rank 2"),
        Wrong(shared("True"), "not symmetric"),
        Wrong(shared("False"), "rank 2"),
        Wrong(shared("'yes'"), "True or False"),
        Wrong("shared_can = True", "function"),
    ],
    "queries-and-keys-narrow": [
        Wrong("right = {1: 0.81, 2: 1.0, 6: 1.0}"),
        Wrong("right = {1: 1.0, 2: 1.0, 6: 1.0}", "single slot"),
        Wrong("right = {1: 0.66, 2: 0.66, 6: 1.0}", "nearly all"),
        Wrong("right = {1: 66, 2: 100, 6: 100}", "share"),
        Wrong("right = {1: '0.6', 2: 1.0, 6: 1.0}", "number"),
        Wrong("right = {2: 1.0}", "keys"),
        Wrong("right = [0.6, 1, 1]", "keys"),
    ],
    "queries-and-keys-jacobian": [
        Wrong(jacobian("(torch.diag(p) - p[:, None] * p)[:4, :4]")),
        Wrong(jacobian("torch.diag(p * (1 - p))"), "other weights"),
        Wrong(jacobian("p[:, None] * p - torch.diag(p)"), "signs"),
        Wrong(jacobian("torch.diag(s) - s[:, None] * s"), "weights p"),
        Wrong(jacobian("torch.diag(p) + p[:, None] * p"), "minus"),
        Wrong(jacobian("torch.diag(p)"), "Entry (0, 1)"),
        Wrong(jacobian("p * (1 - p)"), "(T, T)"),
        Wrong("softmax_jacobian = 0.25", "function"),
    ],
}
