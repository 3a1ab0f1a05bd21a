"""Words that are written where one of Python's own belongs."""

# Other words that are meant for a keyword, by what people know from elsewhere or by a slip of one key. Where
# a word stands under several keywords, the first is the likelier one.
_WRITTEN = {
    "if": "is i fi of ff it id when",
    "in": "is i im ni on iin inn of",
    "as": "is a an ad",
    "and": "an ad ans add",
    "for": "fro four ofr from or form",
    "from": "form fro fom frm for",
    "def": "function func fun fn define sub proc procedure void method defun fonction deff de df",
    "except": "catch expect rescue",
    "raise": "throw raises rise",
    "match": "switch",
    "case": "when",
    "case _": "default",
    "else": "otherwise els elses elise ese",
    "finally": "finaly ensure",
    "import": "include require using use imports importing",
    "with": "using",
    "return": "returns give",
    "del": "delete remove unset",
    "break": "brake",
    "pass": "skip",
    "continue": "next",
    "while": "wile whiel",
    "try": "t",
    "class": "clas struct object interface",
    "assert": "asign",
    "lambda": "lamda lambada",
    "is": "in are",
    "not": "nto no",
    "or": "nor",
    "async": "await asycn",
    "await": "awiat",
    "yield": "yeild yied",
    "global": "gloabl",
    "print": "echo puts printf say",
    "": "var let const my val local auto new call dim Dim set final public private static protected export"
    " then do begin",
}
MEANT = {
    word: [keyword for keyword, others in _WRITTEN.items() if word in others.split()]
    for words in _WRITTEN.values()
    for word in words.split()
}
