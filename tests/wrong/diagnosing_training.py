"""Wrong answers to the exercises of the chapter on diagnosing training."""

from tests.wrong.answers import Wrong

ROWS = """\
@torch.no_grad()
def rows_mixed(trainer):
    model = trainer.model.eval()
    ids = trainer.draw(trainer.ids, trainer.size, trainer.config, 0)[:, :-1]
    other = ids.clone()
    other[1:] = (ids[1:] + 1) % model.config.vocab_size
    return (model(ids) - model(other))[0].abs().max().item()
"""


def rows(old: str, new: str) -> str:
    assert old in ROWS
    return ROWS.replace(old, new)


def strangers(**changes) -> str:
    return f"found_bugs = { ({'X': 'alphabet', 'Y': 'dropout', 'Z': 'gradients'} | changes) }"


WRONG = {
    "diagnosing-training-resample": [
        Wrong("share = 10", "give their share"),
        Wrong("share = 1 / 3", "means of three draws"),
        Wrong("share = 7 / 27", "make up for it"),
        Wrong("share = 0.5", "List the draws"),
        Wrong("share = '10 / 27'", "one number"),
    ],
    "diagnosing-training-rows": [
        Wrong(
            "rows_mixed = lambda trainer: abs(getattr(trainer.model, 'amount', 0.0))"
        ),  # by heart
        Wrong(rows("other[1:] = (ids[1:]", "other[-1] = (ids[-1]"), "with row 1"),
        Wrong(rows("other[1:] = (ids[1:]", "other[1] = (ids[1]"), "with row 4"),
        Wrong(rows("[0].abs().max()", "[0].mean().abs()"), "largest change"),
        Wrong(rows("[0].abs().max()", "[0].max()"), "whatever its sign"),
        Wrong(rows("[0].abs().max()", "[0, -1].max()"), "every place"),
        Wrong(rows("other[1:] = (ids[1:]", "other[0:] = (ids[0:]"), "healthy model"),
        Wrong(rows(".eval()", ".train()"), "dropout off"),
        Wrong(rows("other[1:] = (ids[1:] + 1)", "other[1:] = (ids[1:])"), "misses"),
        Wrong(rows("return ", "return 0 < "), "a number"),
        Wrong("rows_mixed = 0.0", "function"),
    ],
    "diagnosing-training-strangers": [
        Wrong(strangers(X="mask"), "val_ids"),
        Wrong(strangers(Y="rate"), "trainer.model"),
        Wrong(strangers(Z="dead"), "length of the gradient"),
        Wrong(strangers(Z="zero_grad"), "choose from"),
        Wrong("found_bugs = ['alphabet', 'dropout', 'gradients']", "dict"),
    ],
}
