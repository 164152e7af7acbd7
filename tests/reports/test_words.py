from clearsight.reports.words import compact, percent, seconds


def test_percent():
    assert percent(0.934, 0.9289, 0.9387) == ["93.4\xa0%", "92.9\xa0%", "93.9\xa0%"]
    assert percent(0.9994, 0.99, 1.0) == ["99.94\xa0%", "99.00\xa0%", "100.00\xa0%"]
    assert percent(1.0, 0.0) == ["100.0\xa0%", "0.0\xa0%"]


def test_short_numbers():
    assert [compact(n) for n in (0, 999, 1000, 9949, 9950, 123456)] == ["0", "999", "1.0k", "9.9k", "10k", "123k"]
    assert [seconds(s) for s in (0.0432, 5.68, 1240)] == ["0.043 s", "5.7 s", "1,240 s"]
