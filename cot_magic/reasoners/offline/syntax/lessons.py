"""What each kind of syntax error teaches: the lesson of every rule of this package, by its code."""

LESSONS = {
    "argument-name": "A keyword argument has a plain name: `f(size=1)`. A comparison needs `==`.",
    "argument-order": "In a call, positional arguments come first, keyword arguments (`size=3`) follow.",
    "arrow": "An anonymous function is written `lambda x: x + 1`. `->` only precedes a return type.",
    "assignment-target": "The variable goes on the left of `=`, its value on the right.",
    "attribute-sign": "A dot and a name access an attribute: `item.price`. An index takes no dot.",
    "augmented-target": "`+=`, `-=`, `*=` and the like change exactly one variable, the one on their left.",
    "await-outside": "`await` is allowed only in an `async def` function and at the top level of a cell.",
    "backslash": "Outside a string, a backslash must be the last character: it joins its line with the next.",
    "backslash-in-string": "In a string, a backslash changes the meaning of the next letter. Write Windows "
        'paths as raw strings: `r"C:\\Users"`.',
    "backticks": "Strings go in quotes. Backticks belong to other languages and to Python 2.",
    "bytes-and-text": "Literals next to each other are joined, so all must be bytes or all must be strings.",
    "bytes-literal": "A literal with the prefix `b` is a bytes object and can contain only ASCII characters. "
        "Other strings are converted to bytes with `.encode()`.",
    "call-without-brackets": "A function is called with parentheses: `len(data)`, `range(3)`.",
    "class-form": "A class is defined with `class Name:` or `class Name(Base):`.",
    "comprehension-form": "A comprehension is written `[value for item in items if condition]`. Several "
        "values need parentheses, and a conditional expression with `else` is part of the value.",
    "conditional-value": "A conditional expression is written `a if condition else b`. Both values are "
        "required, and statements such as `return` are not values.",
    "crossed-brackets": "`(` is closed by `)`, `[` by `]`, `{` by `}`; the last to open is closed first.",
    "curly-blocks": "A block begins after a colon and is indented. It is not enclosed in braces.",
    "cut-comparison": "`and` and `or` combine complete comparisons: `a == 1 or a == 2`.",
    "dangling-operator": "An operator needs a value on both sides. An expression continues on the next line "
        "only inside parentheses, square brackets or braces, or after a backslash.",
    "declared-type": "Python variables are not declared. They are created when a value is assigned to them.",
    "def-form": "A function is defined with `def name(parameters):`. The parentheses are required even "
        "without parameters, and the name is one word.",
    "default-order": "Parameters without a default come first; those with a default follow.",
    "deletion": "`del` removes names, attributes and items, never a value or the result of a call.",
    "dict-pair": "A dict is written `{key: value, key: value}`: a colon inside each pair and commas between "
        "the pairs. In a call, arguments are named with `=`.",
    "duplicate-parameter": "Each parameter of a function needs a different name.",
    "else-if": "A further condition is written `elif condition:`; `else:` takes none.",
    "except-form": "`as` gives an exception a name: `except ValueError as error:`. Several classes go in "
        "parentheses: `except (ValueError, TypeError):`.",
    "exception-handler": "After a `try` block come `except SomeError as name:` blocks, the most general one "
        "last, and optionally `finally:`.",
    "exec-statement": "Since Python 3, `exec` is a function: `exec(code)`.",
    "extra-comma": "Every comma follows an item: never another comma, nor `(`, `[` or `{`.",
    "extra-sign-in-header": "The line that starts a block ends with exactly one colon.",
    "f-string-braces": "In an f-string, `{` begins an expression, `}` ends it. To show one, double it.",
    "f-string-brackets": "In the braces of an f-string, every `(`, `[` and `{` needs its closing sign too.",
    "f-string-expression": "The braces of an f-string contain an expression, optionally followed by a colon "
        "and a format, as in `{price:.2f}`.",
    "for-loop": "A loop is written `for item in items:`. Use `range` to loop over numbers.",
    "foreign-comment": "A comment begins with `#` and ends with its line. Python has no longer comments.",
    "foreign-loop": "Python has two loops, `for` and `while`. Others come from other languages.",
    "foreign-operator": "Comparison operators are written `<=`, `>=`, `!=` and `==`, with the signs in this "
        "order and without spaces between them. `and`, `or` and `not` are written as words.",
    "future-import":
        "Imports from `__future__` change how the code after them is compiled, so they are first.",
    "generator-argument": "A generator expression needs its own parentheses unless it is the only argument.",
    "global": "`global` comes before the first use of the name, which cannot be a parameter.",
    "global-value": "`global` and `nonlocal` only declare a name. A separate statement assigns the value.",
    "html-entity": "In the source of a web page, `<` is written `&lt;`. Code that was copied from there "
        "contains such entities instead of the characters.",
    "import-form": "Import modules with `import module` or `import module as name`, and single names with "
        "`from module import name, other`.",
    "increment": "Python has no `++` or `--` operators. Add 1 with `x += 1`.",
    "joined-strings": 'Join strings and variables with `+` or, better, use an f-string: `f"Hello {name}"`.',
    "joined-words": "Two words without a space or a sign between them are one name to Python.",
    "keyword-as-name": "Keywords (`class`, `from`, `lambda`, …) cannot be used as names. By convention, an "
        "underscore is appended: `class_`.",
    "lambda-form": "A lambda is parameters, a colon and one expression; no statement such as `return`.",
    "leading-zero": "Integers are written without leading zeros. `0o17` is an octal number; a postcode that "
        'keeps its zeros is a string: `"01"`.',
    "lonely-decorator": "A line that begins with `@` decorates the function or class defined right below it.",
    "loop-target": "`for` and `as` are followed by a name, to which a value is assigned.",
    "lost-branch":
        "`else`, `elif`, `except` and `finally` begin in the column of their `if`, `for` or `try`.",
    "match-pattern":
        "`match` tries its `case` patterns in order. `case _:` matches everything, so it is last.",
    "misplaced-colon": "The condition goes between the keyword and the colon: `if condition:`.",
    "missing-block": "A line that starts a block needs an indented line; `pass` does nothing and fills it.",
    "missing-colon": "A line that starts a block (`if`, `for`, `while`, `def`, `class`, …) ends with a "
        "colon, and the block below it is indented.",
    "missing-comma": "Commas separate items, arguments and the like. Without the comma, Python sees two "
        "values side by side, which means nothing.",
    "missing-condition": "`if` and `while` need a condition: an expression that is true or false.",
    "missing-operator": "Two values side by side mean nothing: an operator, a dot or a comma is missing.",
    "missing-quotes": "Strings go in quotes. Without them, Python takes each word for a variable.",
    "missing-word":
        "Some statements need a second keyword: `for x in y`, `from a import b`, `x if y else z`.",
    "misspelled-keyword": "Keywords must be spelled exactly, in lowercase except for `True`, `False` and "
        "`None`. To Python, a misspelled keyword is an unknown name.",
    "name-with-space": "A name is one word. Its parts are usually joined with underscores: `total_price`.",
    "names-without-commas": "Commas separate names, as in `for key, value in items`.",
    "negation": "`not` negates a condition in Python. `!` occurs only in `!=`.",
    "nonlocal":
        "`nonlocal` refers to a variable of the enclosing function; for one of the cell, use `global`.",
    "number-groups": "A number contains no spaces. Digits may be grouped: `1_000_000`.",
    "number-literal": "Digits may be grouped with single underscores. `0b` allows the digits 0 and 1, `0o` "
        "allows 0 to 7, and a number has at most one decimal point.",
    "number-suffix": "A number ends with its last digit, or with `j` if it is imaginary. A unit, a type "
        "suffix or a variable cannot follow it directly: write `5 * x`, not `5x`. Names cannot begin with a "
        "digit.",
    "old-literal": '`10L` and `ur"…"` are Python 2 syntax. In Python 3, write `10` and `r"…"`.',
    "one-token": "Often a single character or word is missing, superfluous or mistyped. Look at the place "
        "where Python stopped, and right before it.",
    "outside-function": "`return` and `yield` are allowed only inside a function. A notebook shows the value "
        "of a cell's last line without them.",
    "outside-loop": "`break` and `continue` belong in the body of a loop; indentation decides what that is.",
    "parameter-form": "A parameter is a name, perhaps with a type and a default: `count: int = 0`.",
    "parameter-stars": "`*args` takes the remaining positional arguments and comes after the ordinary "
        "parameters. `**kwargs` takes the remaining keyword arguments and comes last.",
    "pasted-line-numbers": "Line numbers belong to the page that the code was copied from, not to the code.",
    "pasted-markdown": "Three backticks mark code in Markdown. They do not belong in a code cell.",
    "pasted-prompt": "`>>>` and `In [1]:` are prompts that Python prints, not part of the code.",
    "percentage": "`%` gives the remainder of a division. Fifty percent is `0.5` or `50 / 100`.",
    "print-statement": "Since Python 3, `print` is a function: `print(x)`.",
    "prose": "Python reads every line as code. Text goes after `#` or in a Markdown cell.",
    "quote-inside-string": "A string ends at the next quote of the kind it began with. If it contains an "
        "apostrophe, put it in double quotes, or put a backslash before the apostrophe.",
    "quoted-name": "Names of functions and classes are written without quotes.",
    "raise-form": 'An exception is raised with its message in parentheses: `raise ValueError("small")`.',
    "raised-digit": "A name consists of letters, ordinary digits and underscores. Superscripts and "
        "subscripts are not digits in this sense.",
    "repeated-argument": "A call can pass each argument only once, by position or by keyword.",
    "repeated-token": "An operator or a word that is typed twice in a row is usually a syntax error.",
    "semicolon-for-comma": "Commas separate items, arguments and the like. A semicolon separates statements.",
    "shell-command": "Shell commands are not Python: put `!` before them, or use `%pip install`.",
    "single-equals": "`=` assigns a value to a variable. `==` tests whether two values are equal.",
    "star": "A star unpacks items into a tuple, a list, or the arguments of a call, never on its own.",
    "star-import": "`from module import *` is not allowed inside a function or class.",
    "statement-word": "Keywords such as `return`, `break` and `import` are not functions and have no value.",
    "stray-closer": "Every `)`, `]` and `}` needs its `(`, `[` or `{` before it: count them.",
    "stray-sign": "Some characters have a meaning in other languages but not in Python, such as `$` before a "
        "name or `?` in a conditional expression.",
    "string-prefix": "The prefixes `f`, `r` and `b` come right before the quote. Others do not exist.",
    "swapped-tokens": "Two neighbours changed places. Read the line from left to right.",
    "tabs": "Tabs and spaces can look alike, but they are different to Python. Indent with spaces only.",
    "tuple-parameter": "A lambda's parameters have no parentheses: `lambda x, y: x`.",
    "two-statements": "Put each statement on a line of its own, or separate statements with a semicolon.",
    "typographic-character": "Word processors and web pages replace quotes, minus signs and spaces with "
        "similar characters that Python does not accept. Write code with the plain characters of the "
        "keyboard.",
    "unclosed-bracket": "Every `(`, `[` and `{` needs its `)`, `]` or `}`. If that is missing, Python reads "
        "on, so the message may point to a line further down.",
    "unexpected-indent": "All lines of a block begin in the same column. Only after a line that ends with a "
        "colon does the indentation increase.",
    "unindent": "When a block ends, the next line must be indented exactly like one of the enclosing blocks.",
    "unterminated-string": "A string begins and ends with the same quote on the same line. Triple quotes "
        "allow a string over several lines.",
    "unterminated-triple-quote": "A triple-quoted string ends at the next three quotes of the same kind.",
    "walrus": "`:=` assigns inside an expression, only to a name. A statement assigns with `=`.",
    "with-as": "`with open(path) as file:` assigns the file to `file`, and closes it after the block.",
    "word-operator": "`in` and `not in` test membership, `is` and `is not` test identity, `==` and `!=` test "
        "equality. Other orders or combinations of these words are not valid.",
    "wrong-sign": "One sign was typed for another, often the neighbour on the keyboard. Read the line aloud "
        "up to the place where Python stopped.",
}  # fmt: skip
