"""Visitors are counted by threads that read and write in two steps."""

import threading


class Door:
    def __init__(self):
        self.count = 0

    def party(self):
        return 2

    def enter(self, times):
        for _ in range(times):
            self.count += self.party()


def main():
    door = Door()
    threads = [threading.Thread(target=door.enter, args=(3,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert door.count == 12, door.count
