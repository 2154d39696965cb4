"""The commands that hand songs on: save, play and open."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from common.console import UserError
from common.playlists.files import playable
from common.prompt import player
from common.prompt.answers import Answer, facts, written
from common.prompt.session import Session


@dataclass(frozen=True)
class Saved(Answer):
    """A playlist that was written.

    Attributes
    ----------
    files
        Its files, in the order of the formats that were asked for.
    """

    files: list[Path]

    def as_json(self) -> object:
        return [str(path) for path in self.files]

    def as_text(self) -> str:
        return ""

    def write(self, session: Session) -> list[str]:
        return [written(self.files)]


def save(session: Session, arguments: Namespace) -> Saved:
    """Save the songs listed last as a playlist."""
    if not session.listed:
        raise UserError("nothing was listed yet; search first, or give --save NAME to a search")
    name = " ".join(arguments.name) or _default_name(session)
    songs = facts(session.library, session.listed)
    return Saved(session.save_playlist(name, songs, (), arguments.relative, arguments.formats))


def _default_name(session: Session) -> str:
    if session.asked is None:
        return "songs"
    names = [session.library.names[song] for song in session.asked.songs]
    return f"like {' and '.join(names)}"


@dataclass(frozen=True)
class HandedOver(Answer):
    """A file that was handed to the system.

    Attributes
    ----------
    done
        A sentence that says what was done.
    """

    done: str

    def as_json(self) -> object:
        return {"done": self.done}

    def as_text(self) -> str:
        return self.done


def play(session: Session, arguments: Namespace) -> HandedOver:
    """Hand a song, or the playlist written last, to the system's player."""
    song = _song(session, arguments)
    return HandedOver(player.play(song or playable(_last_playlist(session))))


def open_folder(session: Session, arguments: Namespace) -> HandedOver:
    """Show a song, or the playlist written last, in its folder."""
    return HandedOver(player.show(_song(session, arguments) or _last_playlist(session)[0]))


def _song(session: Session, arguments: Namespace) -> Path | None:
    """The file of the song that was asked for, if one was."""
    if not arguments.song:
        return None
    return Path(session.library.paths[session.song(" ".join(arguments.song))])


def _last_playlist(session: Session) -> list[Path]:
    if found := session.last_playlist():
        return found
    raise UserError("which song? No playlist was written yet; write any part of a song's name")
