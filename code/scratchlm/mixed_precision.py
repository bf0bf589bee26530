"""Loss scaling from scratch: gradients in 16 bits that neither vanish nor overflow."""

from collections.abc import Iterable

from torch import Tensor


class LossScale:
    """A factor on the loss that keeps float16 gradients in range, and adapts.

    A step whose gradients hold an infinity is left out and the factor falls by half; after
    `patience` good steps in a row it doubles. Micikevicius et al. (2018), section 3.2.
    """

    def __init__(self, scale: float = 2.0**16, patience: int = 2_000):
        if not (scale > 0 and patience >= 1):
            raise ValueError(f"scale is {scale}, patience {patience}: give numbers above 0.")
        self.scale, self.patience, self.good = scale, patience, 0

    def up(self, loss: Tensor) -> Tensor:
        """Return the loss to go back from."""
        return loss * self.scale

    def down(self, parameters: Iterable[Tensor]) -> bool:
        """Undo the factor in all gradients; return whether they are numbers, all of them."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        for gradient in gradients:
            gradient.div_(self.scale)
        return all(bool(gradient.isfinite().all()) for gradient in gradients)

    def adapt(self, finite: bool) -> None:
        """Fall after a step that was left out, rise after many that were taken."""
        if not finite:
            self.scale, self.good = self.scale / 2, 0
            return
        self.good += 1
        if self.good == self.patience:
            self.scale, self.good = self.scale * 2, 0


def scaled_step(loss: Tensor, optimizer, parameters: list[Tensor], scale: LossScale) -> bool:
    """Go back from a loss and move the parameters, or leave the step out; return whether."""
    optimizer.zero_grad()
    scale.up(loss).backward()
    finite = scale.down(parameters)
    if finite:
        optimizer.step()
    scale.adapt(finite)
    return finite
