"""Reference implementations of the book *Language Models from Scratch*: one module an idea."""
