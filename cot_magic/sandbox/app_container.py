"""Windows: starts a process in an AppContainer and a job object. Not run in tests: there is no Windows there.

An AppContainer is a restricted token: without capabilities it has no network, and reaches no file, process or
object that is not open to all such containers. The job object bounds memory, processes and lifetime. See
"AppContainer isolation", `UpdateProcThreadAttribute` and `SetInformationJobObject` in the pages of Win32.
"""

import ctypes
import os
import subprocess
from collections.abc import Mapping, Sequence
from ctypes import (
    byref,
    c_int32,
    c_size_t,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
    c_wchar_p,
    sizeof,
)
from dataclasses import dataclass
from typing import IO, Any

from cot_magic.sandbox.bounds import Bounds

NAME = "cot-magic"
MEMORY_MB = 4_096
HANDLE_LIST, SECURITY_CAPABILITIES, CHILD_PROCESS_POLICY, JOB_LIST = 0x20002, 0x20009, 0x2000E, 0x2000D
EXTENDED_STARTUPINFO, UNICODE_ENVIRONMENT, NO_WINDOW = 0x80000, 0x400, 0x8000000
USE_STD_HANDLES, HANDLE_INHERIT = 0x100, 1
NO_CHILDREN = 1
EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation
UI_LIMITS, ALL_OF_THE_UI = 4, 0xFF
KILL_ON_CLOSE, ONE_PROCESS, OF_MEMORY, DIE_ON_ERROR = 0x2000, 0x8, 0x100, 0x400
EXISTS = 0x800700B7  # the profile of this name is there already
TIMED_OUT = 0x102


class Startup(ctypes.Structure):
    """STARTUPINFOEXW."""

    _fields_ = [
        ("size", c_uint32), ("_reserved", c_wchar_p), ("desktop", c_wchar_p), ("title", c_wchar_p),
        ("_window", c_uint32 * 7), ("flags", c_uint32), ("_show", c_uint16), ("_size2", c_uint16),
        ("_reserved2", c_void_p), ("stdin", c_void_p), ("stdout", c_void_p), ("stderr", c_void_p),
        ("attributes", c_void_p),
    ]  # fmt: skip


class Created(ctypes.Structure):
    """PROCESS_INFORMATION."""

    _fields_ = [("process", c_void_p), ("thread", c_void_p), ("pid", c_uint32), ("tid", c_uint32)]


class SecurityCapabilities(ctypes.Structure):
    """SECURITY_CAPABILITIES: the container, and no capability."""

    _fields_ = [("sid", c_void_p), ("list", c_void_p), ("count", c_uint32), ("_reserved", c_uint32)]


class JobLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = [
        ("_times", c_uint64 * 2), ("flags", c_uint32), ("_working_set", c_size_t * 2),
        ("processes", c_uint32), ("_affinity", c_size_t), ("_classes", c_uint32 * 2), ("_io", c_uint64 * 6),
        ("process_memory", c_size_t), ("_job_memory", c_size_t), ("_peaks", c_size_t * 2),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AppContainer:
    """The Means of Windows 8 and later."""

    name: str = "an AppContainer"
    confines: bool = True

    def start(
        self, bounds: Bounds, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> "ContainerProcess":
        """Raises OSError; ValueError for a permission that there is no way to give here."""
        permissions = bounds.permissions
        if permissions.net or permissions.proc or permissions.writable:
            raise ValueError("--allow net, proc and write=PATH cannot be given to an AppContainer")
        api = Api()
        container = api.container()
        for folder in bounds.writable:
            api.open_folder(folder, container)
        return ContainerProcess(api, container, arguments, environment)


class Api:
    """The functions of Windows, each of which raises OSError where it fails."""

    def __init__(self) -> None:
        library: Any = getattr(ctypes, "WinDLL")  # noqa: B009 - it is there on Windows only
        self.kernel, self.users = library("kernel32", use_last_error=True), library("userenv")
        self.security = library("advapi32", use_last_error=True)
        self.kernel.CreateJobObjectW.restype = c_void_p

    def must(self, done: Any) -> None:
        """Raises OSError if a call returned 0."""
        if not done:
            raise OSError(getattr(ctypes, "get_last_error")(), "a call of Windows failed")  # noqa: B009

    def container(self) -> c_void_p:
        """The SID of our container, which is registered for this user the first time."""
        sid = c_void_p()
        made = self.users.CreateAppContainerProfile(NAME, NAME, "cells of notebooks", None, 0, byref(sid))
        if made & 0xFFFFFFFF == EXISTS:
            made = self.users.DeriveAppContainerSidFromAppContainerName(NAME, byref(sid))
        if made != 0:
            raise OSError(f"no AppContainer (0x{made & 0xFFFFFFFF:08x})")
        return sid

    def open_folder(self, folder: str, container: c_void_p) -> None:
        """Let the container read and write one of our own temporary folders."""
        text = c_wchar_p()
        self.must(self.security.ConvertSidToStringSidW(container, byref(text)))
        grant = [os.path.join(os.environ["SYSTEMROOT"], "System32", "icacls.exe"), folder, "/grant"]
        done = subprocess.run([*grant, f"*{text.value}:(OI)(CI)M"], capture_output=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise OSError(f"{folder} cannot be opened to the AppContainer")

    def job_object(self) -> c_void_p:
        """One in which one process runs, that ends with the last handle of it."""
        job = c_void_p(self.kernel.CreateJobObjectW(None, None))
        self.must(job)
        limits = JobLimits(flags=KILL_ON_CLOSE | ONE_PROCESS | OF_MEMORY | DIE_ON_ERROR, processes=1)
        limits.process_memory = MEMORY_MB << 20
        for kind, value in ((EXTENDED_LIMITS, limits), (UI_LIMITS, c_uint32(ALL_OF_THE_UI))):
            self.must(self.kernel.SetInformationJobObject(job, kind, byref(value), sizeof(value)))
        return job


class ContainerProcess:
    """A process in the container, as `subprocess.Popen` is one."""

    def __init__(
        self, api: Api, container: c_void_p, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self._api, self._job = api, api.job_object()
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        ours = [pipes[0][1], pipes[1][0], pipes[2][0]]
        try:
            self._process = self._created(container, arguments, environment, theirs)
        except BaseException:
            for fd in ours:
                os.close(fd)
            api.kernel.CloseHandle(self._job)
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        self.stdin: IO[bytes] | None = os.fdopen(ours[0], "wb")
        self.stdout: IO[bytes] | None = os.fdopen(ours[1], "rb")
        self.stderr: IO[bytes] | None = os.fdopen(ours[2], "rb")

    def _created(
        self,
        container: c_void_p,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        descriptors: Sequence[int],
    ) -> c_void_p:
        kernel, must = self._api.kernel, self._api.must
        handles = (c_void_p * 3)(*(_handle_of(fd) for fd in descriptors))
        for handle in handles:
            must(kernel.SetHandleInformation(c_void_p(handle), HANDLE_INHERIT, HANDLE_INHERIT))
        values: dict[int, Any] = {
            SECURITY_CAPABILITIES: SecurityCapabilities(sid=container),
            HANDLE_LIST: handles,
            CHILD_PROCESS_POLICY: c_uint32(NO_CHILDREN),
            JOB_LIST: (c_void_p * 1)(self._job),
        }
        size = c_size_t()
        kernel.InitializeProcThreadAttributeList(None, len(values), 0, byref(size))  # tells the size
        attributes = ctypes.create_string_buffer(size.value)
        must(kernel.InitializeProcThreadAttributeList(attributes, len(values), 0, byref(size)))
        for kind, value in values.items():
            update = kernel.UpdateProcThreadAttribute
            must(update(attributes, 0, c_size_t(kind), byref(value), c_size_t(sizeof(value)), None, None))
        startup = Startup(size=sizeof(Startup), flags=USE_STD_HANDLES)
        startup.stdin, startup.stdout, startup.stderr = handles
        startup.attributes = ctypes.addressof(attributes)
        created, line = Created(), ctypes.create_unicode_buffer(subprocess.list2cmdline(arguments))
        block = ctypes.create_unicode_buffer("".join(f"{k}={v}\0" for k, v in sorted(environment.items())))
        flags = EXTENDED_STARTUPINFO | UNICODE_ENVIRONMENT | NO_WINDOW
        try:
            must(
                kernel.CreateProcessW(
                    arguments[0], line, None, None, True, flags, block, None, byref(startup), byref(created)
                )
            )
        finally:
            kernel.DeleteProcThreadAttributeList(attributes)
        kernel.CloseHandle(c_void_p(created.thread))
        return c_void_p(created.process)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; raises `subprocess.TimeoutExpired`."""
        milliseconds = 0xFFFFFFFF if timeout is None else int(timeout * 1000)
        if self._api.kernel.WaitForSingleObject(self._process, milliseconds) == TIMED_OUT:
            raise subprocess.TimeoutExpired(NAME, timeout or 0.0)
        code = c_uint32()
        self._api.must(self._api.kernel.GetExitCodeProcess(self._process, byref(code)))
        return c_int32(code.value).value if code.value >= 1 << 31 else code.value

    def __del__(self) -> None:
        for handle in (self._process, self._job):
            self._api.kernel.CloseHandle(handle)

    def kill(self) -> None:
        """End all that is in its job object."""
        self._api.kernel.TerminateJobObject(self._job, 1)


def _handle_of(fd: int) -> int:
    import msvcrt

    return int(getattr(msvcrt, "get_osfhandle")(fd))  # noqa: B009
