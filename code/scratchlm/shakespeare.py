"""Shakespeare's plays, from Markdown to the plain `Speaker:` layout of character-level corpora.

The layout of the well-known tiny-Shakespeare file (Karpathy, char-rnn, 2015):

    First Citizen:
    Before we proceed any further, hear me speak.

    All:
    Speak, speak.

A speech is the speaker's name with a colon, its lines, and one empty line; nothing else is in the
text. What happens to the rest of the source:

- Headings (play, act, scene) are left out, and so is every stage direction, in brackets or in
  italics, whether it stands alone, inside a line or over several lines. A direction inside a
  speech leaves no gap: the speech goes on. A speech of nothing but a direction is left out.
- What the source gives to no speaker is left out: after a heading nobody speaks until someone is
  named. (The prologue and epilogue of Henry VIII, a song and a soliloquy of Timon go this way.)
  The numbered order of the coronation in Henry VIII is a direction too.
- A long dash is written `--` and a double quotation mark `'`, as nearly all plays here do.

The well-known file loses the words that share a line with a direction (most asides); they are
kept here, so the two texts are close, not equal.
"""

import re

# `_[Aside]_` and `*[Aside.]*`; an underscore or the closing bracket is missing here and there
BRACKETED = re.compile(r"[_*]*\[[^]_]*[]_][_*]*")
# `_Exit_` and `*Exit.*`, but not the `**` around a speaker's name
ITALIC = re.compile(r"_[^_]+(?:_|\Z)|(?<!\*)\*(?!\*)[^*]+\*(?!\*)")
ESCAPE = re.compile(r"\\([^\w\s])")
SPEAKER = re.compile(r"\*\*(.+)\*\*")
HEADING = re.compile(r"#|EPILOGUE\b|SCENE [IVX]+:")
NUMBERED = re.compile(r"\d+\. ")
# the source tears the first word off some names and leaves it at the end of the speech before
TORN_NAME = re.compile(
    r"^(BISHOP|CARDINAL|COUNTESS|DON ADRIANO DE|Ghosts?|LADY|RICHARD) *\n\n+\*\*", re.MULTILINE
)
# lines that the source does not mark: directions, running heads, an end torn off a name
NOT_SPOKEN = {
    "SONG.",
    "THE SONG.",
    "DUMB SHOW.",
    "Enter FLAMINIUS.",
    "LOVE'S LABOURS LOST",
    "OF EPHESUS",
}
HOUSE_STYLE = str.maketrans({"—": "--", '"': "'"})


def spoken_lines(paragraph: str) -> list[str]:
    """Return the lines of one Markdown paragraph that are left without stage directions."""
    paragraph = ITALIC.sub("", BRACKETED.sub("", paragraph))
    lines = (" ".join(line.split()) for line in paragraph.split("\n"))
    return [line for line in lines if line and line not in NOT_SPOKEN]


def speeches(markdown: str) -> list[tuple[str, list[str]]]:
    """Return the speeches of a play as (speaker, lines), in order; no speech is empty."""
    found = []
    speaker_known = False
    text = ESCAPE.sub(r"\1", markdown).translate(HOUSE_STYLE)
    for paragraph in re.split(r"\n\s*\n", TORN_NAME.sub(r"\n**\1 ", text)):
        if HEADING.match(paragraph):
            speaker_known = False
        elif not NUMBERED.match(paragraph):
            for line in spoken_lines(paragraph):
                if named := SPEAKER.fullmatch(line):
                    found.append((named.group(1).replace(":", ""), []))
                    speaker_known = True
                elif speaker_known:
                    found[-1][1].append(line)
    return [(speaker, lines) for speaker, lines in found if lines]


def render(markdown: str) -> str:
    """Return a play's text in the `Speaker:` layout; every speech ends with one empty line."""
    return "".join(
        f"{speaker}:\n" + "\n".join(lines) + "\n\n" for speaker, lines in speeches(markdown)
    )
