"""What a report keeps of a session, and what of the machine it leaves out."""

from cot_magic.core.events import Faulted, Stamped
from cot_magic.notebook.report.session import without_machine


def told(message: str, cwd: str) -> str:
    (kept,) = without_machine(
        [Stamped(order=0, seconds=0.0, event=Faulted(phase=None, message=message))], cwd
    )
    assert isinstance(kept.event, Faulted)
    return kept.event.message


def test_the_kernels_files_of_cells_lose_their_folder() -> None:
    text = 'File "/tmp/ipykernel_4711/123.py", line 3, and C:\\Temp\\ipykernel_8\\9.py'
    assert told(text, "/") == 'File "123.py", line 3, and 9.py'


def test_the_working_folder_is_named_by_a_point() -> None:
    assert told("open('/home/ada/shop/orders.db')", "/home/ada/shop") == "open('./orders.db')"


def test_a_working_folder_of_one_part_is_left_since_it_may_be_a_word() -> None:
    assert told("GET /somebody/items", "/somebody") == "GET /somebody/items"


def test_a_long_text_without_such_names_stays_as_it_is() -> None:
    text = "ipykernel " * 100_000
    assert told(text, "/home/ada/shop") == text
