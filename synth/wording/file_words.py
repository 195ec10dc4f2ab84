"""What people say of files: requests and questions by command, what is asked for, reports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from synth.files import Files
from synth.scene import Act
from synth.wording.lexicon import listed, say
from synth.wording.naming import Voice

Said = Mapping[str, str]
NOUNS: Mapping[str, str] = {
    "file": "file name",
    "new file": "file name",
    "folder": "folder name",
    "new folder": "folder name",
    "source": "source",
    "target": "destination",
    "text": "text",
    "word": "search word",
    "part": "search term",
    "lines": "number of lines",
}
REQUESTS: Mapping[str, Sequence[str]] = {
    "enter": ("go to the folder {folder}", "open the folder {folder}", "change to {folder}"),
    "mkdir": (
        "create a folder called {new folder}",
        "make a new folder named {new folder}",
        "set up a folder {new folder}",
    ),
    "touch": (
        "create an empty file called {new file}",
        "make a new file {new file}",
        "add an empty file named {new file}",
    ),
    "write": (
        "write {text} into {file}",
        "put the text {text} into {file}",
        "save {text} as {file}",
    ),
    "copy": ("copy {source} to {target}", "make a copy of {source} as {target}"),
    "copy into": ("copy {source} into the folder {target}", "put a copy of {source} into {target}"),
    "move": ("rename {source} to {target}", "give {source} the new name {target}"),
    "move into": ("move {source} into the folder {target}", "put {source} into {target}"),
    "remove": ("delete {file}", "remove {file}"),
    "rmdir": ("remove the empty folder {folder}", "delete the folder {folder}"),
}
QUESTIONS: Mapping[str, Sequence[str]] = {
    "list": ("what is in the current folder?", "which files and folders are here?"),
    "where": ("which folder am I in?", "what is the path of the current folder?"),
    "read": ("what does {file} say?", "what is written in {file}?"),
    "sort": (
        "which line of {file} comes first in alphabetical order?",
        "if the lines of {file} are sorted, which one is the first?",
    ),
    "grep": (
        "which lines of {file} contain the word {word}?",
        "where in {file} is {word} mentioned?",
    ),
    "tail": (
        "what are the last {lines} lines of {file}?",
        "how does {file} end, in its last {lines} lines?",
    ),
    "head": ("what are the first {lines} lines of {file}?",),
    "count": ("how many lines does {file} have?", "how long is {file}, in lines?"),
    "find": (
        "where are the files and folders with {part} in their name?",
        "what is there below this folder with {part} in its name?",
    ),
    "usage": ("how much space does this folder take up?", "how big is the current folder?"),
}
VAGUE: Mapping[str, str] = {
    "file": "a file",
    "new file": "something",
    "folder": "a folder",
    "new folder": "something",
    "source": "a file",
    "target": "another place",
    "text": "a text",
    "word": "a word",
    "part": "something",
    "lines": "few",
}
SHORT: Mapping[tuple[str, str], str] = {
    ("enter", "folder"): "go to another folder",
    ("rmdir", "folder"): "remove an empty folder",
    ("mkdir", "new folder"): "create a new folder",
    ("touch", "new file"): "create a new empty file",
    ("copy", "target"): "make a copy of {source}",
    ("move", "target"): "move {source} somewhere else",
}
"""Requests that leave open what a plain gap would not."""
WISHES: Mapping[str, str] = {
    "enter": "change the folder",
    "mkdir": "create the folder",
    "touch": "create the file",
    "write": "write the text",
    "copy": "copy it",
    "move": "move it",
    "remove": "remove it",
    "rmdir": "remove the folder",
}
DONE: Mapping[str, str] = {
    "enter": "you are in the folder {folder} now",
    "mkdir": "I have created the folder {new folder}",
    "touch": "I have created the empty file {new file}",
    "write": "the text is in {file} now",
    "copy": "I have copied {source} to {target}",
    "move": "I have moved {source} to {target}",
    "remove": "I have deleted {file}",
    "rmdir": "I have removed the folder {folder}",
}


class FileWords:
    """Words for the acts of one conversation about files."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def knows(self, act: Act) -> bool:
        return act.tool in self.files.commands

    def said(self, act: Act, gaps: Collection[tuple[str, str]] = ()) -> Said:
        """Return what is said for every role; a value that is not told yet stays vague."""
        view = self.files.survey.views[act.tool]
        values = {name: value for name, _, value in act.values}
        found = {}
        for role, name in self.files.roles(view):
            vague = (act.step, name) in gaps or name not in values
            found[role] = VAGUE[role] if vague else say(values[name])
        return found

    def request(self, act: Act, gaps: Collection[tuple[str, str]], voice: Voice) -> str:
        """Word a change as a verb phrase; `gaps` are (step, parameter) that are not told yet."""
        command, said = self.files.commands[act.tool], self.said(act, gaps)
        roles = self.files.roles(self.files.survey.views[act.tool])
        short = [SHORT.get((command, r), "") for r, name in roles if (act.step, name) in gaps]
        if any(short):
            return next(filter(None, short)).format(**said)
        if command in ("copy", "move") and "." not in said["target"]:
            command = f"{command} into"
        return voice.pick(*REQUESTS[command]).format(**said)

    def question(self, act: Act, gaps: Collection[tuple[str, str]], voice: Voice) -> str:
        """Word a read as a question."""
        options = QUESTIONS[self.files.commands[act.tool]]
        return voice.pick(*options).format(**self.said(act, gaps))

    def report(self, act: Act) -> str:
        """Say what was done, or what was found."""
        if act.wish is None:
            return DONE[self.files.commands[act.tool]].format(**self.said(act))
        return f"this is what I found: {listed(str(fact.value) for fact in act.facts)}"

    def wish(self, act: Act) -> str:
        """Name a wish that is refused, without what was to be said for it."""
        return WISHES.get(self.files.commands[act.tool], "answer that")

    def noun(self, tool: str, param: str) -> str:
        """Return how a parameter is asked for; "" of other tools."""
        if tool not in self.files.commands:
            return ""
        roles = {name: role for role, name in self.files.roles(self.files.survey.views[tool])}
        return NOUNS[roles[param]] if param in roles else ""
