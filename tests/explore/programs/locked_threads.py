"""Threads add to a total under a lock: correct."""

import threading


class Total:
    def __init__(self):
        self.sum, self.lock = 0, threading.Lock()

    def add(self, number):
        with self.lock:
            seen = int(self.sum)
            self.sum = seen + number


def main():
    total = Total()
    threads = [threading.Thread(target=total.add, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total.sum == 6
