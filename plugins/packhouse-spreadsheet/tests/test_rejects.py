from typing import Any

import pytest

LINES = "order,no,sku,price,units\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("B,3,,1.00,1", "sku is empty"),
        ("B,,MUG,1.00,1", "no is empty"),
        ("B,3,MUG,,1", "price: a line needs a price"),
        ("B,3,MUG,free,1", "price: 'free' is not a number"),
        ('B,3,MUG,"1,00",1', "price: '1,00' is not a number"),
        ("B,3,MUG,NaN,1", "price: 'NaN' is not a number"),
        ("B,3,MUG,1e3,1", "price: '1e3' is not a number"),
        ("B,3,MUG,\u0661,1", "price: '\u0661' is not a number"),
        ("B,3,MUG,1.005,1", "price: 1.005 has more digits than GBP allows (2)"),
        ("B,3,MUG,99999999999999999999,1", "price: 99999999999999999999 is too large an amount"),
        ("B,3,MUG,-1.00,1", "price: -1.00 is negative"),
        ("B,3,MUG,1.00,0", "units: 0 is not between 1 and 2147483647"),
        ("B,3,MUG,1.00,-2", "units: -2 is not between 1 and 2147483647"),
        ("B,3,MUG,1.00,1.5", "units: 1.5 is not a whole number"),
        ("B,3,MUG,1.00", "has 4 cells, the header has 5"),
        ("B,3,MUG,1.00,1,x", "has 6 cells, the header has 5"),
        ("B,1,MUG,6.00,1", "no: 1 is on line 3 too, with other content"),
        ("B,3,MU\0G,1.00,1", "holds a NUL character"),
    ],
)
def test_a_bad_line_is_told_and_leaves_its_order_out(files: Any, row: str, reason: str) -> None:
    lines = LINES + "A,1,MUG,5.00,2\nB,1,MUG,5.00,1\n" + row + "\n"
    found = files.rejects(lines=lines)
    assert found == [
        ("lines.csv", 4, reason),
        ("orders.csv", 3, f"order B is left out as a whole: lines.csv line 4: {reason}"),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("nowhere,1,MUG,1.00,1", "order 'nowhere' is not in orders.csv"),
        (",1,MUG,1.00,1", "order is empty"),
        ('A,9,"MUG"x,1.00,1', "is no CSV: ',' expected after '\"'"),
    ],
)
def test_a_line_of_no_order_is_told_by_itself(files: Any, row: str, reason: str) -> None:
    assert files.rejects(lines=LINES + row + "\n") == [("lines.csv", 2, reason)]


def test_lines_are_counted_as_an_editor_counts_them(files: Any) -> None:
    lines = LINES + 'A,1,"MUG\nwith a break",5.00,2\n\nB,1,MUG,none,1\n'
    assert files.rejects(lines=lines)[0][:2] == ("lines.csv", 5)


def test_bytes_that_are_no_text_spoil_their_own_row(files: Any) -> None:
    lines = LINES.encode() + b"A,1,MU\xe9,5.00,2\nB,1,MUG,5.00,1\n"
    reason = "holds bytes that are not text in the file's encoding"
    assert files.rejects(lines=lines) == [
        ("lines.csv", 2, reason),
        ("orders.csv", 2, f"order A is left out as a whole: lines.csv line 2: {reason}"),
    ]
    latin = files.mapping_text.replace("[format]", '[format]\nencoding = "latin-1"')
    assert files.orders(latin, lines=lines)["A"].lines[0].sku == "MU\xe9"


def test_an_open_quotation_mark_takes_no_other_file_with_it(files: Any) -> None:
    found = files.rejects(lines=LINES + 'A,1,"MUG,5.00,2\nB,1,MUG,5.00,1\n')
    assert found == [("lines.csv", 2, "is no CSV: unexpected end of data")]


def test_a_repeated_order_counts_once_and_a_contradiction_is_told(files: Any) -> None:
    orders = (
        "id,status,placed,shipped,delivered\nA,paid,2026-01-05,,\nA,paid,2026-01-05,,\nA,new,2026-01-05,,\n"
        "B,paid,2026-01-05,,\nC,lost,2026-01-05,,\n,paid,2026-01-05,,\nD,paid,,,\n"
    )
    assert files.rejects(orders=orders) == [
        ("orders.csv", 4, "order A is on line 2 already, with other content; that line counts"),
        ("orders.csv", 6, "status: 'lost' is no state that the mapping knows (known: new, paid, sent, done, void)"),
        ("orders.csv", 7, "id is empty"),
        ("orders.csv", 8, "placed: an order needs the time at which it was placed"),
    ]


def test_the_same_line_twice_is_one_line(files: Any) -> None:
    lines = LINES + "A,1,MUG,5.00,2\nA,1,MUG,5.00,2\n"
    assert len(files.orders(lines=lines)["A"].lines) == 1
