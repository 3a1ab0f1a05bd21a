"""Thousands of jobs in a row from a kernel with noisy threads: none hangs or is wrong, and nothing is left."""

import pytest

NOISE = """
import logging, sqlite3, threading, time, glob, tempfile
stop, lines = threading.Event(), []
def be_noisy():
    while not stop.wait(0.002):
        lines.append(len(lines)); logging.getLogger('noise').debug('%s', lines[-1]); del lines[100:]
threads = [threading.Thread(target=be_noisy, daemon=True) for _ in range(3)]
[thread.start() for thread in threads]
base = sqlite3.connect(':memory:'); base.execute('create table t (a)'); base.execute('insert into t values (1)')
kept, file = list(range(100_000)), open('data.csv')
file.readline()
"""
MANY = """
from cot_magic.core.jobs import JobStep
def state():
    return (len(os.listdir('/proc/self/fd')), len(threading.enumerate()), sum(kept), file.tell(),
            base.execute('select * from t').fetchall(), sorted(os.listdir('.')))
def processes():
    return len(open(f'/proc/self/task/{os.getpid()}/children').read().split())
def work(n):
    source = f'kept[0] = {n}; base.execute("insert into t values (2)"); open("data.csv").read(); sum(kept) - 4999950000'
    return Job(steps=(JobStep(source=source),))
S.run([work(0)])
before, parked = state(), processes()
wrong, started = [], time.monotonic()
for start in range(0, COUNT, 100):
    results = S.run([work(n) for n in range(start, min(start + 100, COUNT))])
    wrong += [r for n, r in enumerate(results, start) if r.value != str(n)]
seconds = time.monotonic() - started
print(wrong[:3], state() == before, processes() == parked, all(t.is_alive() for t in threads), S._scratch.path)
print(f'{COUNT / seconds:.0f} jobs a second')
left = os.listdir(S._scratch.path); print(left)
"""


def run_many(kernel, count: int) -> None:
    kernel.park(NOISE)
    printed = kernel.run(f"COUNT = {count}\n{MANY}", timeout=30 + count)
    first, speed, left = printed.strip().splitlines()
    assert first.startswith("[] True True True "), printed
    assert left == "[]", printed
    print(speed)
    kernel.run("stop.set()")


@pytest.mark.slow
def test_some_jobs_in_a_row_leave_nothing(new_kernel):
    run_many(new_kernel, 30)


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
def test_ten_thousand_jobs_in_a_row_leave_nothing(new_kernel):
    run_many(new_kernel, 10_000)
