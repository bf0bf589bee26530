"""The tasks of the chapter on values: what they draw, and what their models compute."""

import pytest
import torch
import torch.nn.functional as F

from scratchlm.head_tasks import (
    OneHeadModel,
    PriceGaps,
    draw_shops,
    next_losses,
    short_training,
)


def draw(seed=0):
    return torch.Generator().manual_seed(seed)


def test_gaps_are_own_prices_minus_those_across_the_street():
    shops, gaps = draw_shops(3, draw())
    assert shops.shape == (3, 8, 16) and gaps.shape == (3, 8, 10)
    for town, answers in zip(shops, gaps):
        addresses = [tuple(shop[:6].tolist()) for shop in town]
        assert len(set(addresses)) == 8 and all(sum(address) == 2 for address in addresses)
        for shop, answer in zip(town, answers):
            [rival] = [
                other
                for other in town
                if torch.equal(other[:4], shop[:4]) and not torch.equal(other[4:6], shop[4:6])
            ]
            assert torch.allclose(answer, shop[6:] - rival[6:])


def test_towns_are_shuffled_and_drawn_by_the_generator():
    one, other, again = draw_shops(4, draw()), draw_shops(4, draw(1)), draw_shops(4, draw())
    assert torch.equal(one[0], again[0]) and not torch.equal(one[0], other[0])
    assert len({tuple(town[:, :6].flatten().tolist()) for town in one[0]}) > 1


def test_what_the_gap_model_adds_up():
    torch.manual_seed(0)
    shops, _ = draw_shops(2, draw())
    full, bare = PriceGaps(), PriceGaps(residual=False)
    bare.load_state_dict(full.state_dict())
    with torch.no_grad():
        assert torch.allclose(full(shops), full.readout(shops) + bare(shops), atol=1e-5)
        plain = PriceGaps(values=False)
        _, weights = plain.head(shops)
        assert torch.allclose(plain(shops), plain.readout(shops + weights @ shops), atol=1e-5)
        assert torch.equal(full.readout(shops), shops[..., 6:])  # own prices, to begin with


def test_a_solution_by_hand():
    """Keys for the address and values for the prices solve the task without training."""
    model, shops, gaps = PriceGaps(), *draw_shops(4, draw())
    street, side = torch.eye(16)[:4], torch.eye(16)[4:6]
    with torch.no_grad():
        for layer in (model.head.query, model.head.key, model.head.value):
            layer.weight.zero_()
        model.head.key.weight[:6] = 30 * torch.cat([street, side])
        model.head.query.weight[:6] = 30 * torch.cat([street, side.flip(0)])
        model.head.value.weight[6:, 6:] = torch.eye(10)
        model.head.output.weight.copy_(-torch.eye(16))
        assert torch.allclose(model(shops), gaps, atol=1e-4)


@pytest.mark.parametrize("causal", [True, False])
def test_only_the_open_model_sees_the_future(causal):
    torch.manual_seed(0)
    model, ids = OneHeadModel(9, 6, 8, causal), torch.randint(9, (2, 6))
    changed = ids.clone()
    changed[:, 4] = (ids[:, 4] + 1) % 9
    with torch.no_grad():
        before, after = model(ids), model(changed)
    assert before.shape == (2, 6, 9) and model(ids[:, :3]).shape == (2, 3, 9)
    assert torch.equal(before[:, :4], after[:, :4]) == causal
    assert not torch.equal(before[:, 4:], after[:, 4:])


def test_losses_are_those_of_the_next_ids():
    torch.manual_seed(0)
    model, ids = OneHeadModel(9, 6, 8), torch.randint(9, (2, 7))
    losses = next_losses(model, ids)
    assert losses.shape == (2, 6)
    chances = model(ids[:, :-1]).log_softmax(dim=-1)
    assert losses[1, 3].item() == pytest.approx(-chances[1, 3, ids[1, 4]].item(), abs=1e-5)


def test_training_lowers_the_loss_and_repeats_itself():
    def run(seed):
        torch.manual_seed(0)
        return short_training(
            PriceGaps(), lambda m, g: F.mse_loss(m(draw_shops(8, g)[0]), draw_shops(8, g)[1]),
            steps=5, seed=seed,
        )  # fmt: skip

    assert run(0) == run(0) and run(0) != run(1) and len(run(0)) == 5
    torch.manual_seed(0)
    fixed = draw_shops(16, draw())
    losses = short_training(PriceGaps(), lambda m, g: F.mse_loss(m(fixed[0]), fixed[1]), 60, 0)
    assert losses[-1] < 0.8 * losses[0]
