"""Attempts by side doors: other calling conventions, settings in /proc and /sys, devices, buffers of the system."""

from collections.abc import Iterator

from cot_magic.sandbox.attacks.attack import Attack, AttackKind, attacks

BY_32_BIT = """
code = mmap.mmap(-1, 4096, prot=7)
code.write(bytes.fromhex('53b8') + struct.pack('<i', {number}) + bytes.fromhex('bb') + struct.pack('<i', {first})
    + bytes.fromhex('b9') + struct.pack('<i', {second}) + bytes.fromhex('31d2cd805bc3'))
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
call() {condition}
"""
"""Machine code for a call of i386: push rbx; eax, ebx, ecx; xor edx, edx; int 0x80; pop rbx; ret."""
FILES = {
    "write by the asynchronous calls of Linux": "c = ctypes.c_ulong(0); libc.syscall(206, 1, ctypes.byref(c)) == 0",
    "write by pwritev2": "b = ctypes.create_string_buffer(b'evil'); v = struct.pack('QQ', ctypes.addressof(b), 4); libc.syscall(328, written.fileno(), v, 1, 0, 0, 0)",
    "link a file by its descriptor": "f = os.open('data.csv', os.O_PATH); libc.linkat(f, b'', -100, b'linked', 0x1000) == 0",
    "link a file by its entry in /proc": "f = os.open('data.csv', os.O_PATH); libc.linkat(-100, f'/proc/self/fd/{f}'.encode(), -100, b'linked', 0x400) == 0",
    "say how long data of a file lives": "fcntl.fcntl(os.open('data.csv', os.O_RDONLY), 1036, struct.pack('Q', 5)); True",
    "write its map by map_files": "n = next(n for n in os.listdir('/proc/self/map_files') if 'backing' in os.readlink('/proc/self/map_files/' + n)); os.write(os.open('/proc/self/map_files/' + n, os.O_RDWR), b'evil')",
    "change quotas": "libc.syscall(179, 0x80000800, b'/dev/vda', 0, ctypes.create_string_buffer(200)) == 0",
    "make a file by the second calling convention": "libc.syscall(0x40000000 + 2, b'made', 0o101, 0o600) >= 0",
    "make a file by a call of 32 bits": "p = libc.mmap(ctypes.c_void_p(0x20000000), 4096, 3, 0x132, -1, 0); ctypes.memmove(0x20000000, b'made\\0', 5)\n" + BY_32_BIT.format(number=8, first=0x20000000, second=0o600, condition=">= 0"),
    "keep bytecode of a library": "import json, importlib.util; open(importlib.util.cache_from_source(json.__file__), 'ab').close(); True",
    "add a path to the environment": "import site; open(site.getsitepackages()[0] + '/evil.pth', 'w').close(); os.unlink(site.getsitepackages()[0] + '/evil.pth'); True",
}  # fmt: skip
SECRETS = {
    "read a key by way of another entry of /proc": "open(f'/proc/self/../{kernel_pid}/environ', 'rb').read().hex() != ''",
    "read a key by way of a thread's folder": "open(f'/proc/thread-self/../../../{kernel_pid}/environ', 'rb').read().hex() != ''",
    "read a key by linking its descriptor": "f = os.open(key_file, os.O_PATH); libc.linkat(-100, f'/proc/self/fd/{f}'.encode(), -100, (scratch() + '/k').encode(), 0x400) == 0 and open(scratch() + '/k').read()",
    "read a key by preadv2": "b = ctypes.create_string_buffer(99); v = struct.pack('QQ', ctypes.addressof(b), 98); libc.syscall(327, secret_file.fileno(), v, 1, 0, 0, 0); b.value",
    "read a key by the second calling convention": "f = libc.syscall(0x40000000 + 2, key_file.encode(), 0, 0); b = ctypes.create_string_buffer(99); libc.read(f, b, 98); b.value",
    "read what pages of the kernel hold": "os.pread(os.open(f'/proc/{kernel_pid}/pagemap', os.O_RDONLY), 8, 0) != b''",
    "see what another program waits for": "open(f'/proc/{victim_pid}/syscall').read() != ''",
    "list the mounts of the system": "b = ctypes.create_string_buffer(4096); libc.syscall(458, struct.pack('IIQQQ', 32, 0, 0xFFFFFFFFFFFFFFFF, 0, 0), b, 9, 0) > 0",
    "follow a secret by a quota of the page cache": "libc.syscall(451, os.open(key_file, os.O_PATH), struct.pack('QQ', 0, 99), ctypes.create_string_buffer(64), 0) == 0",
}  # fmt: skip
SYSTEM = {
    "a socket by the second calling convention": "libc.syscall(0x40000000 + 41, 2, 1, 0) >= 0",
    "a signal by the second calling convention": "libc.syscall(0x40000000 + 62, victim_pid, 0) == 0",
    "a socket by a call of 32 bits": BY_32_BIT.format(number=359, first=2, second=1, condition=">= 0"),
    "a process by a call of 32 bits": BY_32_BIT.format(number=310, first=0x10000000, second=0, condition="== 0"),
    "a new root folder": "os.chroot(scratch()); True",
    "another user": "os.setuid(1 + os.getuid()); True",
    "another group": "os.setgroups([27]); True",
    "real time": "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)); True",
    "a deadline of the scheduler": "libc.syscall(314, 0, struct.pack('IIQiIQQQ', 48, 6, 0, 0, 0, 10**7, 10**8, 10**8), 0) == 0",
    "be more important": "os.nice(-5) < 0",
    "the ports of the machine": "libc.iopl(3) == 0 or libc.ioperm(0x80, 1, 1) == 0",
    "a segment of its own": "libc.syscall(154, 1, struct.pack('IIII', 0, 0, 0xFFFFF, 0x51), 16) == 0",
    "accounts of processes": "libc.acct(scratch().encode()) == 0",
    "the name of the machine": "libc.sethostname(b'evil', 4) == 0 or libc.setdomainname(b'evil', 4) == 0",
    "hang up the terminal": "libc.vhangup() == 0",
    "empty the caches of the system": "open('/proc/sys/vm/drop_caches', 'w').write('1'); True",
    "a setting of the system": "any(not open(p, 'a').close() for p in ('/proc/sys/kernel/hostname', '/proc/sys/vm/swappiness', '/proc/sys/kernel/core_pattern'))",
    "the weight of its session": "open('/proc/self/autogroup', 'w').write('0'); True",
    "its user on record": "open('/proc/self/loginuid', 'w').write('0'); True",
    "another control group": "top = '/sys/fs/cgroup'; any(not open(os.path.join(a, n), 'a').close() for a, _, names in os.walk(top) for n in names if n in ('cgroup.procs', 'tasks'))",
    "a setting in /sys": "any(not open(p, 'a').close() for p in ('/sys/kernel/mm/transparent_hugepage/enabled', '/sys/power/state', '/sys/kernel/uevent_helper') if os.path.exists(p))",
    "a device": "usual = {'null', 'zero', 'full', 'random', 'urandom'}; bool([n for n in os.listdir('/dev') if n not in usual and stat.S_ISCHR(os.stat('/dev/' + n).st_mode) and os.open('/dev/' + n, os.O_RDONLY | os.O_NONBLOCK) >= 0])",
    "a device that makes others": "any(os.open(p, os.O_RDWR) >= 0 for p in ('/dev/fuse', '/dev/net/tun', '/dev/kvm', '/dev/loop-control', '/dev/uinput') if os.path.exists(p))",
    "pages that nobody sees": "libc.syscall(447, 0) >= 0",
    "answer its own system calls": "f = struct.pack('HBBI', 6, 0, 0, 0x7FFF0000); b = ctypes.create_string_buffer(f); p = struct.pack('HxxxxxxQ', 1, ctypes.addressof(b)); libc.prctl(22, 2, p, 0, 0) == 0",
    "be told of system calls": "f = struct.pack('HBBI', 6, 0, 0, 0x7FFF0000); b = ctypes.create_string_buffer(f); p = struct.pack('HxxxxxxQ', 1, ctypes.addressof(b)); libc.syscall(317, 1, 8, p) >= 0",
    "a message queue that stays": "q = libc.msgget(0, 0o1600); q >= 0 and libc.msgctl(q, 0, None) == 0",
    "semaphores that stay": "q = libc.semget(0, 1, 0o1600); q >= 0 and libc.semctl(q, 0, 0) == 0",
    "a queue of POSIX that stays": "q = libc.syscall(240, marker.encode() + b'x', 66, 0o600, None); q >= 0 and libc.syscall(241, marker.encode() + b'x') == 0",
    "rules of its own for files": "libc.syscall(444, struct.pack('Q', 1), 8, 0) >= 0",
    "rules of its own for ports": "r = libc.syscall(444, struct.pack('QQ', 0, 3), 16, 0); libc.syscall(445, r, 2, struct.pack('QQ', 1, 80), 0) == 0",
    "descriptors of its own for a thread": "found = []; t = threading.Thread(target=lambda: found.append(libc.syscall(436, 100_000, 100_001, 2))); t.start(); t.join(); found == [0]",
    "a thread with other files": "m = mmap.mmap(-1, 4096, prot=7); m.write(bytes.fromhex('b8380000004989ca4d31c00f054885c07402c390b8220000000f05ebf7')); at = ctypes.addressof(ctypes.c_char.from_buffer(m))\nf = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_long)(at); f(0x10900, at + 4096, 0, 0) > 0",
    "hide what it has open": "libc.prctl(4, 0, 0, 0, 0) == 0",
    "hide what it has open by other bits": "libc.syscall(157, ctypes.c_ulong((1 << 32) | 4), 0, 0, 0, 0) == 0",
    "a processor that nobody shares": "libc.prctl(62, 1, 0, 0, 0) == 0",
    "a processor like that of the kernel": "libc.prctl(62, 3, kernel_pid, 0, 0) == 0",
    "pages merged with those of others": "libc.prctl(67, 1, 0, 0, 0) == 0",
    "answer its own calls by a signal": "libc.prctl(59, 1, 0, 0, ctypes.create_string_buffer(1)) == 0",
    "watch a folder by a delegation": "libc.fcntl(os.open(work, 0), 1040, struct.pack('IHHI', 0, 1, 0, 0)) == 0",
    "the locks that the kernel waits with": "p, n = ctypes.c_void_p(), ctypes.c_size_t(); libc.syscall(274, kernel_pid, ctypes.byref(p), ctypes.byref(n)) == 0",
    "let another process trace it": "libc.prctl(0x59616D61, victim_pid, 0, 0, 0) == 0 and libc.prctl(4, 1, 0, 0, 0) == 0 and open('/proc/sys/kernel/yama/ptrace_scope').read() == '9'",
}  # fmt: skip
RESOURCES = {
    "memory in pipes": "n = 0\nfor _ in range(240):\n    r, w = os.pipe(); os.set_blocking(w, False)\n    try: fcntl.fcntl(w, 1031, 1 << 20)\n    except OSError: pass\n    try:\n        while True: n += os.write(w, bytes(65_536))\n    except OSError: pass\nn > 192 << 20",
    "memory in sockets": "n = 0\nfor _ in range(240):\n    for end in (pair := socket.socketpair()):\n        end.setblocking(False); end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)\n        try:\n            while True: n += end.send(bytes(65_536))\n        except OSError: pass\n    globals().setdefault('kept', []).append(pair)\nn > 192 << 20",
    "memory that is locked": "m = mmap.mmap(-1, 64 << 20); libc.mlock(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(m))), 64 << 20) == 0",
    "memory in huge pages": "libc.mmap(None, 256 << 20, 3, 0x40022, -1, 0) not in (None, 2**64 - 1)",
    "room beyond the end of a file": "f = os.open(scratch() + '/x', 66); libc.syscall(285, f, 1, 0, 1 << 28) == 0 and os.fstat(f).st_blocks > 1 << 17",
    "room beyond the end of a deleted file": "f = os.open(scratch(), os.O_TMPFILE | os.O_RDWR, 0o600); libc.syscall(285, f, 1, 0, 1 << 28) == 0 and os.fstat(f).st_blocks > 1 << 17",
    "a hole in a file": "f = os.open(scratch() + '/x', 66); os.write(f, bytes(8192)); libc.syscall(285, f, 0x20, 0, 1 << 30) == 0 and os.fstat(f).st_size > 1 << 29",
    "large pipes": "n = 0\nfor _ in range(200):\n    try: n += fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)\n    except OSError: break\nn > 8 << 20",
    "memory in rules": "import time; until = time.monotonic() + 2; n = 0\nwhile time.monotonic() < until and (r := libc.syscall(444, struct.pack('QQ', 0, 3), 16, 0)) >= 0:\n    n += sum(libc.syscall(445, r, 2, struct.pack('QQ', 3, port), 0) == 0 for port in range(65_536))\nn > 100_000",
    "deleted files of a process that cannot be looked at": "import time; libc.prctl(4, 0, 0, 0, 0); kept = []\nfor _ in range(40): kept.append(os.open(scratch(), os.O_TMPFILE | os.O_RDWR, 0o600)); os.write(kept[-1], bytes(1_000_000))\ntime.sleep(1.5); True",
    "deleted files of a thread": "import time\ndef keep():\n    libc.syscall(436, 100_000, 100_001, 2)\n    for _ in range(40): os.write(os.open(scratch(), os.O_TMPFILE | os.O_RDWR, 0o600), bytes(1_000_000))\n    time.sleep(9)\nthreading.Thread(target=keep, daemon=True).start(); time.sleep(2); True",
    "descriptors of many threads": "import time; n = []\ndef take():\n    libc.syscall(436, 100_000, 100_001, 2); mine = 0\n    try:\n        while True: os.dup(0); mine += 1\n    except OSError: n.append(mine)\n    time.sleep(1)\nt = [threading.Thread(target=take) for _ in range(8)]; [x.start() for x in t]; [x.join() for x in t]; sum(n) > 1_500",
    "timers of descriptors": "n = 0\nwhile n < 5_000: n += libc.syscall(283, 1, 0) >= 0 or 5_000\nlen(os.listdir('/proc/self/fd')) > 3_000",
}  # fmt: skip


def on_side_doors() -> Iterator[Attack]:
    """All of them."""
    yield from attacks(AttackKind.FILES, FILES)
    yield from attacks(AttackKind.SECRETS, SECRETS)
    yield from attacks(AttackKind.SYSTEM, SYSTEM)
    yield from attacks(AttackKind.RESOURCES, RESOURCES)
