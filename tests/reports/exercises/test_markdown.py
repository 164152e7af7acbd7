"""A sheet as Markdown."""

from clearsight.reports.exercises.markdown import markdown


def test_the_sheet_asks_and_the_key_answers(lecture):
    sheet, key = markdown(lecture), markdown(lecture, key=True)
    assert max(len(line) for line in sheet.splitlines() if not line.startswith("- ")) <= 80
    for i, one in enumerate(lecture.exercises):
        assert f"## {i + 1}. {one.title}" in sheet
        assert one.solution[0] in key and one.solution[0] not in sheet
    slips = [slip.comment for one in lecture.exercises for part in one.parts for slip in part.slips]
    assert all(comment in key for comment in slips) and not any(comment in sheet for comment in slips)
