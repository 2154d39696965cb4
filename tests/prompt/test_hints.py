"""Hints at the prompt retire, and leave alone who made a mistake."""

from common.prompt.commands import COMMANDS
from common.prompt.hints import FIRST_HINT, MOST_TIMES, Hints


def test_a_newcomer_is_told_how_to_begin():
    hints = Hints()
    assert hints.next() == FIRST_HINT
    hints.note_line("hidden voyage", failed=False)
    assert hints.next().startswith("diverse SONG")


def test_a_hint_goes_once_its_command_was_used():
    hints = Hints()
    hints.learn(["search x", "DIVERSE x", "", "compare a | b", "like 2"])
    assert hints.next().startswith("why")
    hints.note_line("why 2", failed=False)
    assert hints.next().startswith("match")


def test_no_hint_follows_an_error():
    hints = Hints()
    hints.note_line("hidden voyage", failed=False)
    hints.note_line("diverse nonsense", failed=True)
    assert hints.next() == ""
    hints.note_line("list", failed=False)
    assert hints.next().startswith("diverse")


def test_hints_stop():
    hints = Hints()
    hints.note_line("hidden voyage", failed=False)
    shown = [hints.next() for _ in range(100)]
    hinted = [command for command in COMMANDS if command.hint]
    assert shown[: MOST_TIMES * len(hinted)] == [
        f"{command.usage}: {command.hint}" for command in hinted for _ in range(MOST_TIMES)
    ]
    assert not any(shown[MOST_TIMES * len(hinted) :])
    used = Hints()
    used.learn([command.name for command in COMMANDS])
    assert used.next() == ""
