"""What is known of a test that failed: plain data, so that it can be rebuilt in another process."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectModule:
    """A module of the project that a test runs through.

    `name` is the dotted name it was imported under, `path` the absolute path of its source, `package` whether
    that is an `__init__.py`.
    """

    name: str
    path: str
    package: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingTest:
    """One failing test.

    Attributes
    ----------
    root
        Absolute path of the folder that is the project.
    test_id
        The name of the test as pytest takes it on its command line, relative to `root`.
    module
        The module of the test.
    function
        The name of the test function; with its class if it has one (`TestCart.test_total`).
    firstlineno
        The line of its `def`, or of its first decorator, in the source.
    arguments
        The names of its arguments, `self` included.
    arranged
        Whether anything has to be set up for it: arguments, or fixtures that are used without being named.
    ename
        The class name of its exception.
    modules
        Other modules of the project that it runs through, those of the traceback first.
    path
        Entries of `sys.path` that are in the project.
    options
        Options for another run of pytest that takes its tests as this one does, and starts nothing else.
    sets_up
        Expressions that set up `self` before it runs, beyond what pytest does when it makes the arguments.
    set_up_with
        Names that its fixtures and `setUp` use.
    """

    root: str
    test_id: str
    module: ProjectModule
    function: str
    firstlineno: int
    ename: str
    arguments: tuple[str, ...] = ()
    arranged: bool = False
    modules: tuple[ProjectModule, ...] = ()
    path: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    sets_up: tuple[str, ...] = ()
    set_up_with: tuple[str, ...] = ()
