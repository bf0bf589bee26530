"""What is written for TensorBoard is what the trainer measured."""

import pytest
import torch

from scratchlm.gpt import GPT, GPTConfig
from scratchlm.tensorboard_log import TensorBoardLog, logged, read_scalars
from scratchlm.trainer import Trainer, TrainerConfig


@pytest.mark.parametrize("every", [1, 2])
def test_round_trip(tmp_path, every):
    torch.manual_seed(0)
    ids = torch.arange(100) % 5
    config = TrainerConfig(steps=4, batch_size=2, warm_up=0, evaluate_every=2, evaluate_on=2)
    trainer = Trainer(GPT(GPTConfig(5, 6, 8, 2, 1)), ids, ids, config)
    watch = TensorBoardLog(tmp_path / "run", every=every)
    log = trainer.run(after=watch)
    watch.judge(trainer)
    watch.close()
    found = read_scalars(tmp_path / "run")
    assert [step for step, _ in found["loss/batch"]] == list(range(every, 5, every))
    assert [v for _, v in found["loss/batch"]] == pytest.approx(log.loss[every - 1 :: every])
    assert [v for _, v in found["gradient/norm"]] == pytest.approx(log.norm[every - 1 :: every])
    for name, losses in [("loss/train", log.train), ("loss/validation", log.val)]:
        assert found[name] == [(s, pytest.approx(v)) for s, v in zip(log.evaluated, losses)]
    assert len(found["rate"]) == 4 // every


def test_a_run_that_stops_is_written(tmp_path):
    ids = torch.arange(100) % 5
    config = TrainerConfig(steps=4, batch_size=2, warm_up=0, evaluate_on=2)
    trainer, seen = Trainer(GPT(GPTConfig(5, 6, 8, 2, 1)), ids, ids, config), []

    def stop(trainer):
        seen.append(trainer.step)
        if trainer.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), logged(trainer, stop, tmp_path) as after:
        trainer.run(after=after)
    assert seen == [1, 2] == [step for step, _ in read_scalars(tmp_path)["loss/batch"]]
    with logged(trainer, stop, None) as after:
        assert after is stop
