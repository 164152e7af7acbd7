"""The glossary as rows."""

from clearsight.studio.lecture.glossary import words


def test_a_row_is_word_meaning_and_name():
    rows = {one.word: one for one in words()}
    assert len(rows) >= 60 and "word" not in rows and "---" not in rows
    assert rows["classifier"].here == "Classifier" and rows["receptive field"].meaning
