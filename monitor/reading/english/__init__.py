"""English for readers without Japanese: the gist of a title, and the names of procedures, all from tables of ours."""

from monitor.reading.english.cutting import Kind, Piece
from monitor.reading.english.gist import Explained, Gist, load_gist
from monitor.reading.english.methods import method_english

__all__ = ["Explained", "Gist", "Kind", "Piece", "load_gist", "method_english"]
