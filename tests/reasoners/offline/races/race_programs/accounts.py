"""Each step of a transfer is safe, the transfer is not."""

import threading


class Ledger:
    def __init__(self):
        self.guard = threading.Lock()
        self.amounts = {"left": 50, "right": 50}

    def change(self, side, amount):
        with self.guard:
            self.amounts[side] = self.amounts[side] + amount

    def move(self, amount):
        self.change("left", -amount)
        self.change("right", amount)

    def total(self):
        with self.guard:
            return sum(self.amounts.values())


def main():
    ledger, totals = Ledger(), []

    def mover():
        for _ in range(2):
            ledger.move(5)

    def auditor():
        for _ in range(2):
            totals.append(ledger.total())

    threads = [threading.Thread(target=mover), threading.Thread(target=auditor)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(total == 100 for total in totals), totals
