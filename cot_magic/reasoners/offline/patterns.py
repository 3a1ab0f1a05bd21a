"""What the common exceptions mean, for somebody who meets them for the first time."""

from collections.abc import Sequence

from cot_magic.core.case import Raised

MEANINGS = {
    "SyntaxError": "Python could not read the cell: something is written in a way that the language "
    "does not know. "
    "Nothing of the cell has run.",
    "IndentationError": "The spaces at the beginning of a line do not fit the lines around it. Nothing "
    "of the cell "
    "has run.",
    "NameError": "A name was used that does not exist at that moment: it is misspelt, was never "
    "defined or imported, "
    "or is defined in a cell that has not run.",
    "UnboundLocalError": "A function assigns this name somewhere, so Python takes it for a local "
    "variable of the "
    "whole function, and it was read before that assignment happened.",
    "AttributeError": "The object has no attribute or method of that name. Either the name is wrong, "
    "or the object is "
    "of another type than you expect, often `None`.",
    "TypeError": "An operation got a value of a type that it does not work with, or a function was "
    "called with the "
    "wrong arguments.",
    "KeyError": "The dictionary, table or set has no such key. Keys must match exactly: spelling, "
    "capitals, spaces and "
    "type (`1` is not `'1'`).",
    "IndexError": "The position lies outside of the sequence. Positions count from 0, so a list of 3 "
    "has 0, 1 and 2.",
    "ValueError": "The value has the right type, but the operation cannot work with this value.",
    "ZeroDivisionError": "Something was divided by zero. The question is where the zero comes from.",
    "ModuleNotFoundError": "No module of that name can be imported: it is misspelt, not installed in "
    "this kernel's "
    "environment, or installed under another name.",
    "ImportError": "The module was found, but it does not have the name that was to be imported from it.",
    "FileNotFoundError": "No file has that path, seen from the folder in which the kernel works.",
    "RecursionError": "A function called itself so often that Python stopped it: the case that ends "
    "the calls is "
    "missing, or is never reached.",
    "AssertionError": "A check that the code makes itself did not hold. The values on both sides tell "
    "what is "
    "different from what was expected.",
    "OverflowError": "The result of a calculation is too large for the type of number.",
    "MemoryError": "The computer could not give the memory that was asked for.",
    "UnicodeDecodeError": "The bytes were read as text in an encoding that they are not written in.",
    "UnicodeEncodeError": "The text holds a character that the encoding cannot write.",
    "JSONDecodeError": "The text is not valid JSON at the position that the message names.",
    "StopIteration": "`next()` was asked for one more item than there were.",
    "RuntimeError": "Something was done at a moment at which it is not allowed; the message says what.",
    "KeyboardInterrupt": "The cell was stopped while it ran. The line shows where it was at that moment.",
    "Timeout": "The cell did not come to an end in the time allowed. The line shows where it was at "
    "that moment.",
    "SystemExit": "`exit()` or `sys.exit()` was called. In a notebook it ends the cell, not the program.",
    "NotImplementedError": "The code says itself that this part is still to be written.",
    "PermissionError": "The operating system does not allow this access.",
    "IsADirectoryError": "A file was expected, and the path is a folder.",
    "ConnectionError": "The other side of a connection could not be reached, or ended it.",
    "LookupError": "What was looked up is not there.",
    "ArithmeticError": "A calculation has no result.",
    "OSError": "The operating system refused what was asked of it; the message says why.",
    "Exception": "The code, or a library that it calls, gave up with this message.",
}


def meaning(raised: Raised) -> str:
    """The text for the class, or for the nearest of its bases."""
    for name in (raised.ename, *raised.bases):
        if name in MEANINGS:
            return MEANINGS[name]
    return MEANINGS["Exception"]


def joined(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
