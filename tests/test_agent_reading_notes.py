"""Under every answer stands what a person should know of how its files were read."""

from __future__ import annotations

from csvagent_jupyter.agent.reading_notes import MOST_CHARACTERS, reading_notes
from csvagent_jupyter.messages import Note, Profile, Turn

WARNING, INFO, OTHER = Note("warning", "One row is short."), Note("info", "A comma."), Note("info", "Words.")


def _profile(path: str, *notes: Note) -> Profile:
    return Profile(path, "t", 2, (), notes=notes)


def _turn(*paths: str) -> Turn:
    return Turn("t1", "q", None, "", "", paths)


def test_warnings_come_one_by_one_and_information_as_one_note() -> None:
    notes = reading_notes([_profile("/data/a.csv", INFO, WARNING, OTHER)], (), "en")
    assert notes == (WARNING, Note("info", "How a.csv was read: A comma. Words."))
    assert reading_notes([_profile("/data/a.csv")], (), "en") == ()


def test_the_file_is_named_where_there_are_several() -> None:
    notes = reading_notes([_profile("a.csv", WARNING), _profile("b.csv", INFO)], (), "ru")
    assert [note.text for note in notes] == ["a.csv: One row is short.", "Как прочитан b.csv: A comma."]


def test_a_later_question_repeats_the_warnings_only() -> None:
    profiles = [_profile("a.csv", INFO, WARNING)]
    assert reading_notes(profiles, (_turn("a.csv"),), "en") == (WARNING,)
    assert len(reading_notes(profiles, (_turn("b.csv"),), "en")) == 2


def test_much_information_does_not_drown_the_answer() -> None:
    many = [Note("info", f"{number} " + "x" * 100) for number in range(9)]
    (note,) = reading_notes([_profile("a.csv", *many)], (), "en")
    assert len(note.text) < MOST_CHARACTERS + 100
    assert note.text.endswith("And 7 more remarks in the profile.")
