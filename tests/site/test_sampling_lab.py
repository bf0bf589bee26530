"""The lab of sampling on pages of its own: its numbers against PyTorch's and transformers'."""

import torch

from scratchlm import data

CONTEXTS = ["ROMEO:\nWhat, ho", "First Citizen:\nBefore we proceed any further, hear me spea", "the q"]
TEXT = data.load("tiny-shakespeare")
VOCABULARY = sorted(set(TEXT))
IDS = {character: i for i, character in enumerate(VOCABULARY)}


def bigram_logits():
    """Logits (V, V): the logarithm of the next character's share, moved so that both signs occur."""
    V = len(VOCABULARY)
    ids = torch.tensor([IDS[c] for c in TEXT])
    counts = torch.bincount(ids[:-1] * V + ids[1:], minlength=V * V).view(V, V).double() + 0.05
    return (counts / counts.sum(dim=1, keepdim=True)).log() + 5


def prompt(context, logits):
    ids = [IDS[c] for c in context]
    return {"context": context, "ids": ids, "logits": [round(z, 4) for z in logits[ids[-1]].tolist()]}


LOGITS = bigram_logits()
DATA = {"vocabulary": VOCABULARY, "prompts": [prompt(context, LOGITS) for context in CONTEXTS]}
